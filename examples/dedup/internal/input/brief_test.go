package input_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/internal/race"
)

// A document read with Options.Brief equals the one read without that option until
// the next one is read, and its Sketch is the one of its own text.
func TestBriefDocumentsMatchLastingOnes(t *testing.T) {
	dir := t.TempDir()
	var lines, table strings.Builder
	table.WriteString("id,text,host\n")
	n := 1500
	if race.Short() {
		n = 500
	}
	for i := range n {
		switch i % 7 {
		case 0:
			fmt.Fprintf(&lines, `{"id":"e%d","text":"with \"escapes\"\nand \u00e9 %s","meta":{"n":%d}}`+"\n", i, strings.Repeat("x\\n", i%900), i)
		case 1:
			fmt.Fprintf(&lines, `{"text":"without an id %d","url":"https://h%d.example/"}`+"\n", i, i%5)
		case 2:
			fmt.Fprintf(&lines, `{"id":"e%d","text":"an id that is there, \xff"}`+"\n", i-2)
		case 3:
			fmt.Fprintf(&lines, `{"id":%d,"text":""}`+"\n", i)
		case 4:
			lines.WriteString("{broken\n")
		default:
			fmt.Fprintf(&lines, `{"id":"p%d","text":"%s","time":"2026-01-01"}`+"\n", i, strings.Repeat("plain ", i%400))
		}
		fmt.Fprintf(&table, "t%d,\"a row, %d\",h\n", i, i)
	}
	lines.WriteString(`{"id":"long","text":"` + strings.Repeat("long\\t", 1<<19) + "\"}\n")
	for name, data := range map[string]string{"a.jsonl": lines.String(), "b.csv": table.String(), "c.txt": "a file", "d.html": "<p>a page<p>of two", "small.jsonl": `{"text":"one \n line"}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	copied := func(d *input.Doc) input.Doc {
		c := *d
		for _, s := range []*string{&c.ID, &c.Text, &c.Host, &c.URL, &c.Time, &c.Rank} {
			*s = strings.Clone(*s)
		}
		c.Raw, c.Head, c.Sketch = []byte(string(c.Raw)), []byte(string(c.Head)), nil
		return c
	}
	for _, raw := range []bool{false, true} {
		var want []any
		for d, err := range input.Read([]string{dir}, input.Options{KeepRaw: raw, Fields: input.Fields{Rank: "meta.n"}}) {
			if d != nil {
				want = append(want, copied(d))
			}
			if err != nil {
				want = append(want, err.Error())
			}
		}
		for _, workers := range []int{0, 1, 3} {
			for _, interrupt := range []chan struct{}{nil, make(chan struct{})} {
				o := input.Options{KeepRaw: raw, Fields: input.Fields{Rank: "meta.n"}, Workers: workers, Brief: true, Interrupt: interrupt}
				o.Sketch = func(dst []uint32, d *input.Doc) []uint32 {
					if strings.HasPrefix(d.Text, "without") {
						return dst
					}
					return append(dst, uint32(len(d.Text)), uint32(len(d.ID)))
				}
				var got []any
				for d, err := range input.Read([]string{dir}, o) {
					if d != nil {
						switch s := d.Sketch; {
						case strings.HasPrefix(d.Text, "without"):
							if s != nil {
								t.Fatalf("Sketch = %v, want nil where nothing was appended", s)
							}
						case len(s) != 2 || int(s[0]) != len(d.Text):
							t.Fatalf("Sketch = %v, want two numbers, the first %d", s, len(d.Text))
						}
						got = append(got, copied(d))
					}
					if err != nil {
						got = append(got, err.Error())
					}
				}
				if len(got) != len(want) {
					t.Fatalf("raw %v, %d workers: %d documents and errors, want %d", raw, workers, len(got), len(want))
				}
				for i := range got {
					if !reflect.DeepEqual(got[i], want[i]) {
						t.Fatalf("raw %v, %d workers: %.300v, want %.300v", raw, workers, got[i], want[i])
					}
				}
			}
		}
	}
}

// An interrupt ends Read even if nothing is typed.
func TestInterruptEndsRead(t *testing.T) {
	in, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go fmt.Fprintln(w, `{"id":"1","text":"the first line"}`)
	ended := make(chan int)
	go func() {
		n := 0
		for d := range input.Read([]string{"-"}, input.Options{Stdin: in, Interrupt: ctx.Done(), Workers: 2, Brief: true}) {
			if d != nil {
				n++
				cancel()
			}
		}
		ended <- n
	}()
	select {
	case n := <-ended:
		if n != 1 {
			t.Errorf("%d documents, want 1", n)
		}
	case <-time.After(time.Minute):
		t.Fatal("Read still runs a minute after the interrupt, want its end")
	}
}
