//go:build unix

package input_test

import (
	"os"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/examples/dedup/internal/input"
)

// A pipe in a folder is skipped, because nobody may ever write to it; a pipe that is
// named is read.
func TestPipeInFolderIsSkipped(t *testing.T) {
	tree(t, map[string]string{"in/a.txt": "a text"})
	if err := syscall.Mkfifo("in/pipe.jsonl", 0o600); err != nil {
		t.Skip(err)
	}
	docs, messages := read(t, input.Options{}, "in")
	if diff := cmp.Diff([]string{"in/pipe.jsonl: a pipe in a folder; skipped (name it to read it)"}, messages); diff != "" || len(docs) != 1 {
		t.Errorf("%d documents, messages (-want +got):\n%s", len(docs), diff)
	}
	go os.WriteFile("in/pipe.jsonl", []byte(`{"id":"p","text":"x"}`), 0) // the test fails without it
	docs, messages = read(t, input.Options{Workers: 2}, "in/pipe.jsonl")
	if len(docs) != 1 || docs[0].ID != "p" || messages != nil {
		t.Errorf("pipe named as input: got %v, messages %v, want document p and none", docs, messages)
	}
}

// Ids are valid UTF-8, and those of different files differ, whatever the names of the
// files.
func TestNamesBecomeDistinctUTF8IDs(t *testing.T) {
	tree(t, map[string]string{"in/plain": "x"})
	names := []string{"in/\xff\xfe", "in/\xfe\xff", "in/\ufffd\ufffd", "in/a\nb"}
	for _, name := range names {
		if err := os.WriteFile(name, []byte("x"), 0o666); err != nil {
			t.Skip(err) // this system wants UTF-8
		}
	}
	docs, messages := read(t, input.Options{}, "in", names[0])
	want := []string{"in/a\nb", "in/plain", "in/\ufffd\ufffd", `in/\xfe\xff`, `in/\xff\xfe`}
	if diff := cmp.Diff(want, ids(docs)); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if len(messages) != 1 { // about names[0], which is also in the folder
		t.Errorf("messages = %q, want one, about the file that is named twice", messages)
	}
}

// The bytes reported to Progress add up to Size.
func TestProgressAddsUpToSize(t *testing.T) {
	tree(t, map[string]string{
		"in/a.txt": "some text", "in/b.html": "<p>a page", "in/c.jsonl": "{\"id\":\"c\",\"text\":\"x\"}\n\n",
		"in/d.jsonl.gz": gzipped(`{"id":"d","text":"x"}`), "e1.txt": "e", "e2.txt": "ee",
	})
	for _, workers := range []int{1, 3} {
		var most atomic.Int64
		o := input.Options{Workers: workers, Progress: func(n int64) {
			for {
				if was := most.Load(); n <= was || most.CompareAndSwap(was, n) {
					return
				}
			}
		}}
		inputs := []string{"in", "e?.txt"}
		docs, messages := read(t, o, inputs...)
		if len(docs) != 6 || messages != nil || most.Load() != input.Size(inputs) {
			t.Errorf("%d workers: %d documents, Progress reached %d bytes, messages %q, want 6 documents, %d bytes as by Size, none", workers, len(docs), most.Load(), messages, input.Size(inputs))
		}
	}
}

// A document without a host gets that of its URL.
func TestHostComesFromURL(t *testing.T) {
	tree(t, map[string]string{"a.jsonl": `{"id":1,"text":"x","url":"https://News.example:8080/a"}
{"id":2,"text":"x","url":"https://news.example/","host":"other"}
{"id":3,"text":"x","url":"%"}
{"id":4,"text":"x","link":"http://four.example/"}`})
	hosts := func(o input.Options) (hosts []string) {
		docs, _ := read(t, o, "a.jsonl")
		for _, d := range docs {
			hosts = append(hosts, d.Host)
		}
		return hosts
	}
	if diff := cmp.Diff([]string{"news.example", "other", "", ""}, hosts(input.Options{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"", "other", "", "four.example"}, hosts(input.Options{Fields: input.Fields{URL: "link"}})); diff != "" {
		t.Errorf("another field (-want +got):\n%s", diff)
	}
}
