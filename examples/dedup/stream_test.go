//go:build linux

package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/neardup/neardup/internal/race"
)

// Commands that need no texts after reading keep none, neither in memory nor in a file:
// they take less memory than the size of the texts, and no folder for temporary files.
func TestCommandsWithoutTextsKeepNone(t *testing.T) {
	if testing.Short() || race.Enabled {
		t.Skip("reads 160 MB several times")
	}
	t.Chdir(t.TempDir())
	f, err := os.Create("large.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(5, 6))
	const docs, paragraphs = 4000, 80
	for i := range docs {
		fmt.Fprintf(w, `{"id":"%d","text":"The frame of all pages, which any of them has at its top.`, i)
		for range paragraphs {
			x := r.Uint64()
			fmt.Fprintf(w, `\n\n%s`, strings.Repeat(fmt.Sprintf("w%x of a paragraph ", x), 13))
		}
		fmt.Fprintln(w, `"}`)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if info, err := f.Stat(); err != nil || info.Size() < 120<<20 {
		t.Fatalf("%v bytes, %v", info.Size(), err)
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	// Without -estimate the texts are kept, which this test must notice.
	if _, stderr := peak(t, "pairs", "-strip=false", "-memory", "64MiB", "-quiet", "large.jsonl"); !strings.Contains(stderr, "temporary file") {
		t.Fatalf("pairs without -estimate: %s, want an error about a temporary file (else nothing is tested)", stderr)
	}
	for _, args := range []string{"pairs -estimate -strip=false", "bands -strip=false -out bands.tsv", "boilerplate -stream -json -out texts.jsonl.zst"} {
		mib, stderr := peak(t, append(strings.Fields(args), "-memory", "64MiB", "-quiet", "large.jsonl")...)
		t.Logf("%s: %d MiB", args, mib)
		if mib > 112 || stderr != "" {
			t.Errorf("%s: %d MiB of memory for %d MiB of text, want at most 112; %s", args, mib, 120, stderr)
		}
	}
}
