package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// inParallel calls f with the numbers below n on two goroutines.
func inParallel(n int, f func(worker, i int)) {
	var running sync.WaitGroup
	for w := range 2 {
		running.Go(func() {
			for i := w; i < n; i += 2 {
				f(w, i)
			}
		})
	}
	running.Wait()
}

// BenchmarkRate compares the whole program with its indispensable work: reading the texts
// and sketching them with the library, each on two goroutines. The three alternate; the
// metrics are of the fastest round of each. The program's share is the time of reading
// and sketching divided by the program's: 1 would mean that finding pairs and everything
// else cost nothing. For a folder of texts the last metric is the rate divided by that of
// sketching alone.
func BenchmarkRate(b *testing.B) {
	for _, path := range []string{"reuters21578/docs.jsonl", "throughput/english_rfc.jsonl"} {
		file := corpus.Shared(b, "data", filepath.FromSlash(path))
		folder := b.TempDir()
		for d := range input.Read([]string{file}, input.Options{}) {
			name := filepath.Join(folder, strings.Map(func(r rune) rune {
				if r == '/' || r == '\\' || r == ':' {
					return '_'
				}
				return r
			}, d.ID)+".txt")
			if err := os.WriteFile(name, []byte(strings.ReplaceAll(d.Text, "\x00", " ")), 0o666); err != nil {
				b.Fatal(err)
			}
		}
		for _, in := range []struct{ name, input string }{{path, file}, {path + " as texts", folder}} {
			for _, args := range [][]string{{"-estimate"}, {}} {
				b.Run(fmt.Sprintf("%s/%s", in.name, strings.Join(args, "")), func(b *testing.B) {
					args := append([]string{"pairs", "-json", "-quiet", "-workers", "2", in.input}, args...)
					rate(b, in.input, args)
				})
			}
		}
	}
}

func rate(b *testing.B, in string, args []string) {
	mh := minhash.New(minhash.Options{K: 128})
	reading, sketching, whole := time.Hour, time.Hour, time.Hour
	size := 0
	for b.Loop() {
		start := time.Now()
		var texts []string
		size = 0
		for d, err := range input.Read([]string{in}, input.Options{Workers: 2}) {
			if err != nil {
				b.Fatal(err)
			}
			texts = append(texts, d.Text)
			size += len(d.Text)
		}
		reading = min(reading, time.Since(start))
		start = time.Now()
		var sh shingle.Shingler
		var hashes [2][]uint64
		var values [2][]uint32
		inParallel(len(texts), func(w, i int) {
			hashes[w] = sh.AppendHashes(hashes[w][:0], texts[i])
			values[w] = mh.AppendValues(values[w][:0], hashes[w])
		})
		sketching = min(sketching, time.Since(start))
		texts = nil
		start = time.Now()
		var out, errs strings.Builder
		if status := program().Run(b.Context(), args, nil, &out, &errs); status != cli.ExitDone {
			b.Fatalf("status %d, %s, want %d", status, errs.String(), cli.ExitDone)
		}
		whole = min(whole, time.Since(start))
	}
	mb := float64(size) / 1e6
	b.ReportMetric(mb/reading.Seconds(), "read-MB/s")
	b.ReportMetric(mb/sketching.Seconds(), "sketch-MB/s")
	b.ReportMetric(mb/whole.Seconds(), "program-MB/s")
	b.ReportMetric((reading+sketching).Seconds()/whole.Seconds(), "share")
	b.ReportMetric(sketching.Seconds()/whole.Seconds(), "of-sketching")
}
