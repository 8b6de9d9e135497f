package input_test

import (
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/internal/race"
)

// A repeater repeats the same bytes, n bytes in all.
type repeater struct {
	b []byte
	n int64
}

func (r *repeater) Read(p []byte) (int, error) {
	if r.n == 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) && int64(n) < r.n {
		n += copy(p[n:], r.b)
	}
	n = int(min(int64(n), r.n))
	r.n -= int64(n)
	return n, nil
}

// heapOf runs f and returns the peak size of the heap.
func heapOf(f func()) uint64 {
	runtime.GC()
	done := make(chan bool)
	peak := make(chan uint64)
	go func() {
		most := uint64(0)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			select {
			case <-done:
				peak <- most
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	return <-peak
}

// A line of a gigabyte is an error with the number of the line; memory is bounded, and
// the lines around it are read.
func TestLongLineIsAnError(t *testing.T) {
	if testing.Short() || race.Enabled {
		t.Skip("reads a gigabyte")
	}
	in := func() io.Reader {
		return io.MultiReader(
			strings.NewReader(`{"id":"before","text":"a"}`+"\n"+`{"id":"long","text":"`),
			&repeater{[]byte(strings.Repeat("some text that never ends ", 4096)), 1 << 30},
			strings.NewReader("\"}\n"+`{"id":"after","text":"b"}`+"\n"))
	}
	for _, workers := range []int{1, 3} {
		peak := heapOf(func() {
			docs, messages := read(t, input.Options{Stdin: in(), Workers: workers}, "-")
			if len(docs) != 2 || docs[0].ID != "before" || docs[1].ID != "after" || docs[1].Line != 3 {
				t.Errorf("%d workers: ids %q, want before and after, the latter on line 3", workers, ids(docs))
			}
			if len(messages) != 1 || messages[0] != "-:2: line longer than 64 MiB; skipped" {
				t.Errorf("%d workers: messages %q, want one: line 2 is longer than 64 MiB", workers, messages)
			}
		})
		if peak > 400<<20 {
			t.Errorf("%d workers: peak of %d MiB of memory, want at most 400", workers, peak>>20)
		}
	}
}

// A gzip file that expands a thousandfold ends with an error, at a gigabyte or at the
// limit of its format; memory is bounded.
func TestBombEndsWithAnError(t *testing.T) {
	if testing.Short() || race.Enabled {
		t.Skip("unpacks gigabytes")
	}
	t.Chdir(t.TempDir())
	for name, line := range map[string]string{"zeros.jsonl.gz": "0", "blank.jsonl.gz": strings.Repeat(" ", 1<<20-1) + "\n", "zeros.txt.gz": "0"} {
		// One member, repeated.
		member := gzipped(strings.Repeat(line, 64<<20/len(line)))
		if err := os.WriteFile(name, []byte(strings.Repeat(member, 24)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("z.jsonl", []byte(`{"id":"a","text":"b"}`), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"zeros.jsonl.gz": "zeros.jsonl.gz:1: line longer than 64 MiB; skipped",
		"blank.jsonl.gz": "expands to more than 1000 times its size, like a decompression bomb; the rest of the file is lost",
		"zeros.txt.gz":   "zeros.txt.gz: longer than 256 MiB; skipped",
	} {
		peak := heapOf(func() {
			docs, messages := read(t, input.Options{Workers: 2}, name, "z.jsonl")
			if len(docs) != 1 || docs[0].ID != "a" {
				t.Errorf("%s: ids %q, want %q of the other file alone", name, ids(docs), "a")
			}
			if len(messages) == 0 || !strings.Contains(messages[0], want) {
				t.Errorf("%s: messages %q, want %q", name, messages, want)
			}
		})
		if peak > 1<<30 {
			t.Errorf("%s: peak of %d MiB of memory, want at most 1024", name, peak>>20)
		}
	}
}
