package disk_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
)

var kills = flag.Int("kills", 50, "how many times TestKilledWritersLoseNothing kills a process of four writers")

const killWriters = 4

// A killOp is one operation of a writer. It is determined by a seed and its number alone,
// so that the test knows it too.
type killOp struct {
	kind    killKind
	id      string
	version int // version of the document, or the time before which documents expire
}

type killKind int

const (
	killAdd killKind = iota
	killInsert
	killInsertNew
	killRemove
	killExpire
	killSync
	killCompact
)

// A killPlan yields the operations of one writer. The documents of writer 0 have early
// times, so that it expires only its own.
type killPlan struct {
	writer  int
	version int
	r       *rand.Rand
}

func newKillPlan(writer, version int, seed uint64) *killPlan {
	return &killPlan{writer, version, rand.New(rand.NewPCG(seed, uint64(writer)))}
}

func (p *killPlan) next() killOp {
	op := killOp{id: fmt.Sprintf("%d/%d", p.writer, p.r.IntN(200))}
	switch n := p.r.IntN(1000); {
	case n < 640:
		p.version++
		op.kind, op.version = killKind(p.r.IntN(3)), p.version
	case n < 860:
		op.kind = killRemove
	case n < 880 && p.writer == 0:
		op.kind, op.version = killExpire, p.version-p.r.IntN(200)
	case n < 995:
		op.kind = killSync
	default:
		op.kind = killCompact
	}
	return op
}

func killDocument(id string, version int) disk.Document {
	return makeDocument(id, version%300, version, version%2 == 0)
}

// do performs an operation, and reports whether InsertNew left the document out.
func (op killOp) do(ctx context.Context, ix *disk.Index) (leftOut bool, err error) {
	switch op.kind {
	case killAdd:
		err = ix.Add(ctx, killDocument(op.id, op.version))
	case killInsert:
		_, _, err = ix.Insert(ctx, killDocument(op.id, op.version))
	case killInsertNew:
		_, leftOut, err = ix.InsertNew(ctx, killDocument(op.id, op.version))
	case killRemove:
		_, err = ix.Remove(ctx, op.id)
	case killExpire:
		_, err = ix.Expire(ctx, time.UnixMilli(int64(op.version)))
	case killSync:
		err = ix.Sync(ctx)
	case killCompact:
		err = ix.Compact(ctx)
	}
	return leftOut, err
}

// apply performs the operation on the documents of its writer, by id.
func (op killOp) apply(docs map[string]int, leftOut bool) {
	switch op.kind {
	case killAdd, killInsert:
		docs[op.id] = op.version
	case killInsertNew:
		if !leftOut {
			docs[op.id] = op.version
		}
	case killRemove:
		delete(docs, op.id)
	case killExpire:
		maps.DeleteFunc(docs, func(_ string, v int) bool { return v < op.version })
	}
}

// killProcess is the process that is killed: four writers, each of which prints a line
// when an operation returns.
func killProcess(dir string, args []string) error {
	o := options
	o.TableSize = 40
	ix, err := disk.Open(dir, o)
	if err != nil {
		return err
	}
	seed, err := strconv.ParseUint(args[0], 10, 64)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	failed := make(chan error)
	for w := range killWriters {
		version, err := strconv.Atoi(args[1+w])
		if err != nil {
			return err
		}
		p := newKillPlan(w, version, seed)
		go func() {
			for {
				leftOut, err := p.next().do(context.Background(), ix)
				if err != nil {
					failed <- err
					return
				}
				fmt.Printf("%d %v\n", w, leftOut)
			}
		}()
	}
	return <-failed
}

func TestMain(m *testing.M) {
	if dir := os.Getenv("DISK_KILLED"); dir != "" {
		fmt.Fprintln(os.Stderr, killProcess(dir, os.Args[1:]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// killAfter runs a process on the index, kills it, and returns the printed outcomes
// of each writer.
func killAfter(t *testing.T, dir string, seed uint64, versions [killWriters]int, after time.Duration) (out [killWriters][]bool) {
	t.Helper()
	exe, err := os.Executable()
	check(t, err)
	args := []string{strconv.FormatUint(seed, 10)}
	for _, v := range versions {
		args = append(args, strconv.Itoa(v))
	}
	cmd := exec.CommandContext(t.Context(), exe, args...)
	cmd.Env = append(os.Environ(), "DISK_KILLED="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	pipe, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		if lines.Text() == "ready" {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
			continue
		}
		w, leftOut, ok := strings.Cut(lines.Text(), " ")
		n, err := strconv.Atoi(w)
		if !ok || err != nil || leftOut != "true" && leftOut != "false" {
			break // the line was cut off when the process died
		}
		out[n] = append(out[n], leftOut == "true")
	}
	_ = cmd.Wait()
	if stderr.Len() > 0 {
		t.Fatalf("the process wrote to stderr and ended before it was killed: %s", stderr.String())
	}
	return out
}

// TestKilledWritersLoseNothing kills a process whose four writers mix all operations,
// synced and unsynced, during merges and compactions. After each kill, all acknowledged
// operations of each writer are present, and an initial part of its other operations.
func TestKilledWritersLoseNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("a process is killed only without -short")
	}
	ctx := t.Context()
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(4, 4))
	var versions [killWriters]int
	var docs [killWriters]map[string]int
	for w := range killWriters {
		versions[w] = 1 + w*1_000_000_000
		docs[w] = map[string]int{}
	}
	cuts, done, lost := 0, 0, 0
	for kill := range *kills {
		seed := uint64(kill)
		out := killAfter(t, dir, seed, versions, time.Duration(r.IntN(60_000))*time.Microsecond)
		ix, err := disk.Open(dir, disk.Options{TableSize: 40})
		if err != nil {
			t.Fatalf("kill %d: Open = %v, want nil", kill, err)
		}
		if ix.Recovery().Bytes > 0 {
			cuts++
		}
		if err := ix.Verify(ctx); err != nil {
			t.Fatalf("kill %d: Verify = %v, want nil", kill, err)
		}
		found := readKilled(t, ix, kill)
		for w := range killWriters {
			p := newKillPlan(w, versions[w], seed)
			kept := settleKilled(t, kill, p, docs[w], out[w], found[w])
			versions[w], docs[w] = p.version, found[w]
			done += len(out[w])
			lost += max(0, len(out[w])-kept)
		}
		check(t, ix.Close())
	}
	t.Logf("%d kills, %d operations that returned, of which the last %d, not acknowledged, are lost; an unfinished end cut off %d times", *kills, done, lost, cuts)
}

// readKilled returns the documents of each writer. It fails unless every one of them is
// as it was added, is found by its id and by its signature, and occurs once.
func readKilled(t *testing.T, ix *disk.Index, kill int) (out [killWriters]map[string]int) {
	t.Helper()
	ctx := t.Context()
	for w := range killWriters {
		out[w] = map[string]int{}
	}
	n := 0
	for d, err := range ix.All(ctx) {
		check(t, err)
		version := int(d.Time.UnixMilli())
		want := killDocument(d.ID, version)
		w, _ := strconv.Atoi(d.ID[:1])
		if _, twice := out[w][d.ID]; twice {
			t.Fatalf("kill %d: All yields id %s twice, want once", kill, d.ID)
		}
		out[w][d.ID] = version
		if !slices.Equal(d.Signature.Values(), want.Signature.Values()) || !slices.Equal(d.Set, want.Set) {
			t.Fatalf("kill %d: %s version %d: signature or set differ, want those that were added", kill, d.ID, version)
		}
		if n++; n%5 != kill%5 {
			continue
		}
		if _, ok, err := ix.Get(ctx, d.ID); !ok || err != nil {
			t.Fatalf("kill %d: Get(%s) = _, %v, %v, want true, nil", kill, d.ID, ok, err)
		}
		matches, err := ix.Search(ctx, d.Signature, lsh.SearchOptions{})
		check(t, err)
		if !slices.ContainsFunc(matches, func(m match) bool { return m.ID == d.ID && m.Similarity == 1 }) {
			t.Fatalf("kill %d: Search(signature of %s) = %v, want %s at similarity 1", kill, d.ID, matches, d.ID)
		}
	}
	if n != ix.Len() {
		t.Fatalf("kill %d: Len() = %d, want %d as yielded by All", kill, ix.Len(), n)
	}
	return out
}

// settleKilled counts the operations of a writer that are in the index: at least the
// acknowledged ones, at most the one in progress. docs are its documents before these
// operations, found those in the index.
func settleKilled(t *testing.T, kill int, p *killPlan, docs map[string]int, out []bool, found map[string]int) int {
	t.Helper()
	ops := make([]killOp, len(out)+1)
	acknowledged := 0
	for i := range ops {
		ops[i] = p.next()
		if i < len(out) && (ops[i].kind == killSync || ops[i].kind == killCompact) {
			acknowledged = i
		}
	}
	kept, state := -1, maps.Clone(docs)
	for i := 0; ; i++ {
		if i >= acknowledged && maps.Equal(state, found) {
			kept = i
		}
		if i == len(ops) {
			break
		}
		ops[i].apply(state, i < len(out) && out[i])
	}
	if kept < 0 {
		state = maps.Clone(docs)
		for i := range acknowledged {
			ops[i].apply(state, out[i])
		}
		var diff []string
		for id, v := range state {
			if found[id] != v {
				diff = append(diff, fmt.Sprintf("%s: version %d was acknowledged, %d is there", id, v, found[id]))
			}
		}
		for id, v := range found {
			if _, ok := state[id]; !ok {
				diff = append(diff, fmt.Sprintf("%s: version %d is there, none was acknowledged", id, v))
			}
		}
		t.Fatalf("kill %d: writer %d, %d operations returned, %d acknowledged: got a state that no operation left, want the acknowledged one or a later one; differences from the acknowledged one:\n%s", kill, p.writer, len(out), acknowledged, strings.Join(diff, "\n"))
	}
	return kept
}
