package seen_test

import (
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/neardup/neardup/boilerplate/seen"
)

var benchPages = flag.Int("pages", 500, "pages of BenchmarkPassages")

// BenchmarkPassages reports the cost of a page of 3 KB with and without its stored text:
// bytes on disk and in memory, and the time to judge it and to find its passages.
func BenchmarkPassages(b *testing.B) {
	pages := *benchPages
	article := func(i int) string {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		words := make([]string, 600)
		for j := range words {
			words[j] = fmt.Sprintf("w%c%c%c", 'a'+r.IntN(26), 'a'+r.IntN(26), 'a'+r.IntN(26))
		}
		return strings.Join(words, " ")
	}
	for _, o := range []seen.Options{{}, {Passages: true}, {Covered: .5}} {
		b.Run(fmt.Sprintf("passages=%v,covered=%v", o.Passages, o.Covered), func(b *testing.B) {
			for b.Loop() {
				dir := b.TempDir()
				f, err := seen.Open(dir, o)
				if err != nil {
					b.Fatal(err)
				}
				defer f.Close()
				var judging, asking time.Duration
				for i := range pages {
					p := seen.Page{ID: fmt.Sprint(i), Text: article(i)}
					start := time.Now()
					if _, err := f.Judge(b.Context(), p); err != nil {
						b.Fatal(err)
					}
					if i%1000 == 999 {
						if err := f.Save(b.Context(), nil); err != nil {
							b.Fatal(err)
						}
					}
					judging += time.Since(start)
				}
				if o.Passages {
					for i := range pages / 20 {
						p := seen.Page{ID: "q", Text: article(1<<30+i) + " " + article(i)[:300]}
						start := time.Now()
						s, err := f.Passages(b.Context(), p, 0)
						asking += time.Since(start)
						if err != nil || len(s.Pages) != 1 {
							b.Fatalf("%d pages, %v", len(s.Pages), err)
						}
					}
				}
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				size := int64(0)
				err = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
					if info, _ := e.Info(); err == nil && info != nil && info.Mode().IsRegular() {
						size += info.Size()
					}
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(size)/float64(pages), "disk-B/page")
				b.ReportMetric(float64(m.HeapAlloc)/float64(pages), "heap-B/page")
				b.ReportMetric(float64(judging.Microseconds())/float64(pages), "judge-µs/page")
				b.ReportMetric(float64(asking.Microseconds())/float64(pages/20), "ask-µs/page")
			}
		})
	}
}
