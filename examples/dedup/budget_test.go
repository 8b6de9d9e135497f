//go:build linux

package main

import (
	"bufio"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/neardup/neardup/internal/race"
)

var long = flag.Bool("long", false, "test the memory of every command, which takes minutes")

// peak runs the program in a separate process and returns its peak memory in MiB. The
// figure that the system reports to the parent would include the parent's own memory.
func peak(t *testing.T, args ...string) (mib int64, stderr string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var errs strings.Builder
	file := filepath.Join(t.TempDir(), "status")
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), "DEDUP_PEAK="+file)
	cmd.Stderr = &errs
	_ = cmd.Run() // an error is only the exit status, which the test ignores
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("peak memory of the process: %v, want it in its file: %s", err, errs.String())
	}
	_, after, ok := strings.Cut(string(data), "VmHWM:")
	if !ok {
		t.Skip("this system does not report the memory of a process")
	}
	kib, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib >> 10, errs.String()
}

// The program stays within 1.25 times -memory as long as half a kilobyte per document
// fits, and otherwise exits with a message that names the necessary size.
func TestMemoryStaysWithinBudget(t *testing.T) {
	if testing.Short() || race.Enabled {
		t.Skip("compares half a million documents")
	}
	t.Chdir(t.TempDir())
	f, err := os.Create("many.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(1, 2))
	const fits = 256 << 20 / 512
	for i := range fits + 20_000 {
		fmt.Fprintf(w, `{"id":"document-%d","host":"h%d.example","text":"`, i, i%1000)
		seed := uint64(i)
		if i%20 == 19 {
			seed-- // a document that repeats the previous one
		}
		words := rand.New(rand.NewPCG(seed, 3))
		for range 10 + r.IntN(10) {
			fmt.Fprintf(w, "w%d ", words.IntN(50_000))
		}
		fmt.Fprintln(w, `"}`)
		if i == fits-1 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			if err := os.Link("many.jsonl", "more.jsonl"); err != nil {
				t.Fatal(err)
			}
			commands := []string{"clean -out out.jsonl", "boilerplate -json"}
			if *long {
				commands = append(commands, "pairs -json", "clusters -json", "pairs -strip -json", "clean -exact -overwrite -out out.jsonl")
			}
			for _, args := range commands {
				mib, stderr := peak(t, append(strings.Fields(args), "-quiet", "-memory", "256MiB", "many.jsonl")...)
				t.Logf("%s: %d MiB", args, mib)
				if mib > 256*5/4 || strings.Contains(stderr, "pass -memory") {
					t.Errorf("%s -memory 256MiB: peak of %d MiB, want at most %d and no advice to raise it: %s", args, mib, 256*5/4, stderr)
				}
			}
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, stderr := peak(t, "pairs", "-memory", "256MiB", "many.jsonl"); !strings.Contains(stderr, "so many documents take about 320MiB of memory, and -memory is 256MiB: pass -memory 320MiB") {
		t.Errorf("pairs of more documents than fit: %s, want advice to pass -memory 320MiB", stderr)
	}
	for _, command := range []string{"passages"} {
		mib, stderr := peak(t, command, "-memory", "256MiB", "many.jsonl")
		if !strings.Contains(stderr, "of memory, and -memory is 256MiB: pass -memory ") || mib > 256*5/4 {
			t.Errorf("%s of more documents than fit: peak of %d MiB, %s, want at most %d and advice to pass -memory", command, mib, stderr, 256*5/4)
		}
	}
}

// Many files that unpack to a thousand times their size take no more memory than one, on
// any number of processors.
func TestPackedBombsTakeBoundedMemory(t *testing.T) {
	if testing.Short() || race.Enabled {
		t.Skip("unpacks gigabytes")
	}
	t.Chdir(t.TempDir())
	z, err := zstd.NewWriter(nil, zstd.WithWindowSize(128<<20), zstd.WithSingleSegment(false))
	if err != nil {
		t.Fatal(err)
	}
	bomb := z.EncodeAll([]byte(strings.Repeat("all work and no play ", 200<<20/21)), nil)
	small, err := zstd.NewWriter(nil, zstd.WithWindowSize(8<<20))
	if err != nil {
		t.Fatal(err)
	}
	another := small.EncodeAll([]byte(strings.Repeat("all work and no play ", 200<<20/21)), nil)
	for i := range 12 {
		put(t, map[string]string{fmt.Sprintf("in/%d.txt.zst", i): string(bomb), fmt.Sprintf("in/%d.html.zst", i): string(another)})
	}
	mib, stderr := peak(t, "pairs", "-memory", "256MiB", "-workers", "16", "in")
	t.Logf("%d MiB", mib)
	if mib > 256*5/4 || !strings.Contains(stderr, "takes 128 MiB of memory to unpack; raise -memory") || !strings.Contains(stderr, "longer than 32 MiB; skipped") {
		t.Errorf("peak of %d MiB, want at most %d; messages %s, want both kinds of bombs skipped", mib, 256*5/4, stderr)
	}
}
