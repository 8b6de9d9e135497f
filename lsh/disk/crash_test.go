package disk_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/neardup/neardup/lsh/disk"
)

var (
	kills = flag.Int("kills", 20, "how many times TestKill kills a writer")
	flips = flag.Int("flips", 97, "TestFlip flips a bit in one byte out of so many of large files")
)

// crashDocument returns the document that a writer adds as number n: every third
// one replaces an earlier one.
func crashDocument(n int) disk.Document {
	id := n
	if n%3 == 2 {
		id = n / 2
	}
	return makeDocument("page/"+strconv.Itoa(id), n%1000, n, n%2 == 0)
}

// crashWriter adds documents and removes some, and says on standard output what
// is durable: "+ n" that all up to number n were added, "- id" that one is gone.
// It goes on until it is killed.
func crashWriter(dir string, first int, seed uint64) error {
	ctx := context.Background()
	o := options
	o.TableSize = 50
	ix, err := disk.Open(dir, o)
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(seed, 3))
	fmt.Println("ready")
	for n := first; ; {
		for range 1 + r.IntN(40) {
			if err := ix.Add(ctx, crashDocument(n)); err != nil {
				return err
			}
			n++
		}
		var gone string
		if r.IntN(3) == 0 {
			gone = "page/" + strconv.Itoa(r.IntN(n))
			fmt.Println("? " + gone) // from now on it may be gone
			if _, err := ix.Remove(ctx, gone); err != nil {
				return err
			}
		}
		if err := ix.Sync(ctx); err != nil {
			return err
		}
		if gone != "" {
			fmt.Println("- " + gone)
		}
		fmt.Println("+", n-1)
		if r.IntN(50) == 0 {
			if err := ix.Compact(ctx); err != nil {
				return err
			}
		}
	}
}

func TestMain(m *testing.M) {
	if dir := os.Getenv("DISK_CRASH_WRITER"); dir != "" {
		first, _ := strconv.Atoi(os.Args[1])
		seed, _ := strconv.ParseUint(os.Args[2], 10, 64)
		fmt.Fprintln(os.Stderr, crashWriter(dir, first, seed))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// A ledger is what a test knows of an index whose writers were killed.
type ledger struct {
	durable int            // number of the last document known to be durable
	gone    map[string]int // ids known to be removed, when durable was the number
	asked   map[string]int // ids whose removal was asked for, when durable was the number
}

// kill lets a writer run for a while and notes what it says.
func (l *ledger) kill(t *testing.T, dir string, seed uint64, after time.Duration) {
	t.Helper()
	exe, err := os.Executable()
	check(t, err)
	cmd := exec.CommandContext(t.Context(), exe, strconv.Itoa(l.durable+1), strconv.FormatUint(seed, 10))
	cmd.Env = append(os.Environ(), "DISK_CRASH_WRITER="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	lines := bufio.NewScanner(out)
	ready := make(chan bool, 1)
	go func() {
		<-ready
		time.Sleep(after)
		_ = cmd.Process.Kill()
	}()
	for lines.Scan() {
		what, arg, _ := strings.Cut(lines.Text(), " ")
		switch what {
		case "ready":
			ready <- true
		case "+":
			n, err := strconv.Atoi(arg)
			check(t, err)
			l.durable = n
		case "-":
			l.gone[arg] = l.durable
		case "?":
			l.asked[arg] = l.durable
		}
	}
	select {
	case ready <- true:
	default:
	}
	_ = cmd.Wait()
	if stderr.Len() > 0 {
		t.Fatalf("the writer ended by itself: %s", stderr.String())
	}
}

// TestKill kills a writer at random moments, and finds every document that it
// said was durable, as it was, and none that it never added.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("a writer is killed only without -short")
	}
	ctx := t.Context()
	dir := t.TempDir()
	l := ledger{durable: -1, gone: map[string]int{}, asked: map[string]int{}}
	r := rand.New(rand.NewPCG(4, 4))
	cuts := 0
	for i := range *kills {
		l.kill(t, dir, uint64(i), time.Duration(r.IntN(60_000))*time.Microsecond)
		ix, err := disk.Open(dir, disk.Options{TableSize: 50})
		if err != nil {
			t.Fatalf("kill %d: %v", i, err)
		}
		if ix.Recovery().Bytes > 0 {
			cuts++
		}
		check(t, ix.Verify(ctx))
		l.check(t, ix, i)
		check(t, ix.Close())
	}
	t.Logf("%d kills, %d documents added, an unfinished end cut off %d times", *kills, l.durable+1, cuts)
}

// check compares the index with what the writers said.
func (l *ledger) check(t *testing.T, ix *disk.Index, kill int) {
	t.Helper()
	ctx := t.Context()
	// The newest document of each id among the durable ones, and those that may
	// have been added after them.
	newest := map[string]int{}
	for n := range l.durable + 1 {
		newest[crashDocument(n).ID] = n
	}
	const ahead = 100 // more than a writer adds at a time
	later := map[string][]int{}
	for n := l.durable + 1; n < l.durable+ahead; n++ {
		id := crashDocument(n).ID
		later[id] = append(later[id], n)
	}
	seen := map[string]bool{}
	last := l.durable
	for d, err := range ix.All(ctx) {
		check(t, err)
		n := int(d.Time.UnixMilli())
		if seen[d.ID] {
			t.Fatalf("kill %d: two documents of the id %s", kill, d.ID)
		}
		seen[d.ID] = true
		was, ok := newest[d.ID]
		if !(ok && n == was) && !slices.Contains(later[d.ID], n) {
			t.Fatalf("kill %d: phantom: %s as of number %d, the newest that is durable is %d, %v", kill, d.ID, n, was, ok)
		}
		last = max(last, n)
		want := crashDocument(n)
		if !slices.Equal(d.Signature.Values(), want.Signature.Values()) || !slices.Equal(d.Set, want.Set) {
			t.Fatalf("kill %d: %s is not as it was added", kill, d.ID)
		}
		matches, err := ix.Query(ctx, d.Signature)
		check(t, err)
		if !slices.ContainsFunc(matches, func(m match) bool { return m.ID == d.ID && m.Similarity == 1 }) {
			t.Fatalf("kill %d: %s is there and is not found", kill, d.ID)
		}
	}
	for id, n := range newest {
		// It was removed for good if that was said after it was added, and may
		// have been if it was asked for.
		at, gone := l.gone[id]
		gone = gone && at >= n
		at, asked := l.asked[id]
		asked = asked && at+ahead > n
		switch {
		case !seen[id] && !gone && !asked && len(later[id]) == 0:
			t.Fatalf("kill %d: %s, durable as of number %d, is lost", kill, id, n)
		case seen[id] && gone && n <= l.gone[id] && len(later[id]) == 0:
			t.Fatalf("kill %d: %s is there, though it was durably removed", kill, id)
		}
	}
	// The writer to come goes on behind what this one added at last.
	l.durable = last
}

// TestTorn cuts the log at every length: what is whole is there, the rest is said
// to be cut off.
func TestTorn(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	ix := open(t, dir, options)
	name := dir + "/documents-000001.log"
	size := func() int64 { return must(os.Stat(name))(t).Size() }
	ends := []int64{size()}
	for i := range 4 {
		check(t, ix.Add(ctx, makeDocument(fmt.Sprint(i), i, i, i%2 == 0)))
		check(t, ix.Sync(ctx))
		ends = append(ends, size())
	}
	whole := must(os.ReadFile(name))(t)
	manifest := must(os.ReadFile(dir + "/MANIFEST"))(t) // of an index that was not closed
	for n := ends[0]; n <= ends[4]; n += 1 + n%41 {
		torn := t.TempDir()
		check(t, os.WriteFile(torn+"/documents-000001.log", whole[:n], 0o666))
		check(t, os.WriteFile(torn+"/MANIFEST", manifest, 0o666))
		ix := open(t, torn, disk.Options{})
		docs := 0
		for ends[docs+1:][0] <= n {
			if docs++; docs == 4 {
				break
			}
		}
		if ix.Len() != docs {
			t.Fatalf("%d documents of a log cut at %d, want %d", ix.Len(), n, docs)
		}
		r := ix.Recovery()
		if want := n - ends[docs]; r.Bytes != want || want > 0 && (r.Offset != ends[docs] || r.File != "documents-000001.log") {
			t.Fatalf("log cut at %d: %+v, want %d bytes", n, r, want)
		}
		check(t, ix.Add(ctx, makeDocument("new", 9, 9, true)))
		check(t, ix.Close())
		ix = open(t, torn, disk.Options{})
		if ix.Len() != docs+1 || ix.Recovery().Bytes != 0 {
			t.Fatalf("%d documents after another, want %d", ix.Len(), docs+1)
		}
		check(t, ix.Close())
	}
	// A log that lacks what was durable when it was closed is damaged.
	check(t, ix.Close())
	check(t, os.Truncate(name, ends[3]+5))
	if _, err := disk.Open(dir, options); !errors.Is(err, disk.ErrCorrupt) {
		t.Errorf("a closed log cut short: %v", err)
	}
}

// TestFlip flips bits all over the files of a closed index. Every flip is found by
// Verify or by opening, and until then no answer is wrong.
func TestFlip(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	o := options
	o.TableSize = 20
	ix := open(t, dir, o)
	const docs = 70
	for i := range docs {
		check(t, ix.Add(ctx, makeDocument(fmt.Sprint(i), i/3, i, i%2 == 0)))
	}
	var want [][]match
	for i := range docs {
		want = append(want, must(ix.Query(ctx, makeDocument("", i/3, i, false).Signature))(t))
	}
	check(t, ix.Close())
	entries := must(os.ReadDir(dir))(t)
	step := *flips
	if testing.Short() {
		step *= 10
	}
	opened, refused, answered := 0, 0, 0
	for _, e := range entries {
		if e.Name() == "LOCK" {
			continue
		}
		name := dir + "/" + e.Name()
		whole := must(os.ReadFile(name))(t)
		fileStep := step
		if len(whole) < 4000 {
			fileStep = min(5, step)
		}
		for at := 0; at < len(whole); at += fileStep {
			whole[at] ^= 1 << (at % 8)
			check(t, os.WriteFile(name, whole, 0o666))
			whole[at] ^= 1 << (at % 8)
			flipped, err := disk.Open(dir, disk.Options{ReadOnly: at%2 == 0})
			if err != nil {
				if !errors.Is(err, disk.ErrCorrupt) && !errors.Is(err, disk.ErrFormat) && !errors.Is(err, disk.ErrVersion) {
					t.Fatalf("%s, byte %d: %v", e.Name(), at, err)
				}
				refused++
				continue
			}
			opened++
			for i := range docs {
				got, err := flipped.Query(ctx, makeDocument("", i/3, i, false).Signature)
				if err != nil {
					if !errors.Is(err, disk.ErrCorrupt) {
						t.Fatalf("%s, byte %d: %v", e.Name(), at, err)
					}
					continue
				}
				answered++
				if !slices.Equal(got, want[i]) {
					t.Fatalf("%s, byte %d: wrong answer to query %d: %v, want %v", e.Name(), at, i, got, want[i])
				}
			}
			if err := flipped.Verify(ctx); !errors.Is(err, disk.ErrCorrupt) {
				t.Fatalf("%s, byte %d: Verify says %v", e.Name(), at, err)
			}
			_ = flipped.Close()
		}
		check(t, os.WriteFile(name, whole, 0o666))
	}
	if opened == 0 || refused == 0 || answered == 0 {
		t.Errorf("%d flips were seen on opening, %d later, %d queries were answered", refused, opened, answered)
	}
	t.Logf("%d flips were seen on opening, %d later; %d queries were answered, all right", refused, opened, answered)
	ix = open(t, dir, o)
	check(t, ix.Verify(ctx))
}

// A file that shrinks below its mapping is an error like any other damage.
func TestShrunk(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a mapped file is read into memory on Windows")
	}
	ctx := t.Context()
	dir := t.TempDir()
	o := options
	o.TableSize = 1000
	ix := open(t, dir, o)
	for i := range 3000 {
		check(t, ix.Add(ctx, makeDocument(strconv.Itoa(i), i, i, false)))
	}
	names := must(filepath.Glob(dir + "/tables-*.idx"))(t)
	for _, name := range names {
		check(t, os.Truncate(name, 0))
	}
	failed := 0
	for i := range 100 {
		if _, err := ix.Query(ctx, makeDocument("", i, i, false).Signature); errors.Is(err, disk.ErrCorrupt) {
			failed++
		}
	}
	if failed != 100 || len(names) == 0 {
		t.Errorf("%d of 100 queries of %d files without content were refused", failed, len(names))
	}
	if err := ix.Verify(ctx); !errors.Is(err, disk.ErrCorrupt) {
		t.Errorf("Verify: %v", err)
	}
	if _, _, err := ix.Insert(ctx, makeDocument("new", 1, 1, false)); !errors.Is(err, disk.ErrCorrupt) {
		t.Errorf("Insert: %v", err)
	}
}
