package disk

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

// The tests of this file perform random operations on an index on a simulated disk, and
// compare it with a model of the acknowledged operations.
var (
	powerCuts = flag.Int("powercuts", 1000, "number of losses of power in TestPowerCutLosesNothing")
	faultRuns = flag.Int("faultruns", 1, "number of workloads in which TestFailedCallLosesNothing lets each call fail")
	modelSeed = flag.Uint64("modelseed", 0, "run TestPowerCutLosesNothing with only this seed; 0 for all")
)

var modelSketcher = minhash.New(minhash.Options{K: 16, Elements: minhash.Name("model")})

var modelOptions = Options{
	Scheme:    modelSketcher.Scheme(),
	Threshold: .6,
	Banding:   lsh.Banding{Bands: 4, Rows: 2},
	TableSize: 3,
	Seed:      5,
}

// modelDocument returns document n, which is a version of one of a few texts. Its time is
// n.
func modelDocument(id string, n int) Document {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	text := uint64(r.IntN(12)) << 32
	var set []uint64
	for i := range uint64(14) {
		set = append(set, text+i*7919)
	}
	for range r.IntN(6) {
		set[r.IntN(len(set))] = uint64(r.IntN(1000))
	}
	if r.IntN(40) == 0 {
		set = nil
	}
	d := Document{ID: id, Signature: modelSketcher.Sketch(set), Time: time.UnixMilli(int64(n))}
	if r.IntN(2) == 0 {
		r.Shuffle(len(set), func(i, j int) { set[i], set[j] = set[j], set[i] })
		d.Set = append(set, set[:len(set)/3]...) // unsorted, with repeats
	}
	return d
}

// An entry is document n under an id.
type entry struct {
	id string
	n  int
}

// A state is the documents of an index in the order in which they were added.
type state []entry

func (s state) without(id string) state {
	return slices.DeleteFunc(slices.Clone(s), func(e entry) bool { return e.id == id })
}

func (s state) with(e entry) state { return append(s.without(e.id), e) }

func (s state) has(id string) bool {
	return slices.ContainsFunc(s, func(e entry) bool { return e.id == id })
}

func (s state) expire(before int) state {
	return slices.DeleteFunc(slices.Clone(s), func(e entry) bool { return e.n < before })
}

// oracle returns an index in memory with the documents.
func (s state) oracle() *lsh.Index {
	ix := lsh.New(lsh.Options{Threshold: modelOptions.Threshold, Banding: modelOptions.Banding, Seed: modelOptions.Seed})
	for _, e := range s {
		d := modelDocument(e.id, e.n)
		ix.AddSet(e.id, d.Signature, ascendingSet(d.Set))
	}
	return ix
}

func ascendingSet(set []uint64) []uint64 {
	var buf []uint64
	return ascending(&buf, set)
}

func containsState(states []state, s state) bool {
	return slices.ContainsFunc(states, func(t state) bool { return slices.Equal(s, t) })
}

// A world is an index on a simulated disk, with the contents that it may have.
type world struct {
	t       testing.TB
	seed    uint64
	r       *rand.Rand
	disk    *simDisk
	ix      *Index
	reader  *Index
	n       int
	durable []state            // possible contents after a loss of power
	now     []state            // possible contents of the index: one state, unless an operation failed
	snaps   map[string][]state // possible contents of the copies: one state, once it was read
	trace   []string

	busy   bool    // whether an operation is in progress, in the middle of which others happen
	outer  func()  // records the operation in progress; called before another one happens in the middle of it
	during []state // states since the operation in progress began
}

func newWorld(t testing.TB, seed uint64) *world {
	return &world{
		t:       t,
		seed:    seed,
		r:       rand.New(rand.NewPCG(seed, 9)),
		disk:    newSimDisk(seed),
		durable: []state{nil},
		now:     []state{nil},
		snaps:   map[string][]state{},
	}
}

func (w *world) fatal(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("seed %d: %s\n%s", w.seed, fmt.Sprintf(format, args...), strings.Join(w.trace, "\n"))
}

func (w *world) log(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

const modelDir = "/data/index"

// open opens the index for writing. The power may fail meanwhile.
func (w *world) open() error {
	ix, err := openOn(w.disk, modelDir, modelOptions)
	w.log("open: %v", err)
	if err != nil {
		return err
	}
	w.ix = ix
	return nil
}

// recover opens the index after a crash, on a working disk. It fails unless the index
// has all acknowledged operations and an initial part of the others.
func (w *world) recover() {
	w.t.Helper()
	w.reader = nil
	var before state
	reader, err := openOn(w.disk, modelDir, Options{ReadOnly: true})
	if err == nil {
		before = w.read(reader)
		_ = reader.Close()
	} else if !errors.Is(err, fs.ErrNotExist) {
		w.fatal("a reader cannot open the index: %v", err)
	}
	if err := w.open(); err != nil {
		w.fatal("the index does not open: %v", err)
	}
	got := w.read(w.ix)
	if !containsState(w.durable, got) {
		w.fatal("after the crash the index holds\n%v\nwant one of\n%v", got, w.durable)
	}
	if err == nil && !slices.Equal(got, before) {
		w.fatal("a reader found\n%v\nbut the writer found\n%v", before, got)
	}
	w.now, w.durable = []state{got}, []state{got}
	w.checkAll(w.ix, got)
	for dir, want := range w.snaps {
		ix, err := openOn(w.disk, dir, Options{ReadOnly: true})
		if err != nil {
			w.fatal("snapshot: %v", err)
		}
		got := w.read(ix)
		if !containsState(want, got) {
			w.fatal("the snapshot holds\n%v\nwant one of\n%v", got, want)
		}
		w.snaps[dir] = []state{got}
		w.checkAll(ix, got)
		_ = ix.Close()
	}
}

// read returns the documents of an index.
func (w *world) read(ix *Index) state {
	w.t.Helper()
	s, err := readState(ix)
	if err != nil {
		w.fatal("reading the index: %v", err)
	}
	return s
}

func readState(ix *Index) (state, error) {
	var s state
	for d, err := range ix.All(context.Background()) {
		if err != nil {
			return nil, err
		}
		n := int(d.Time.UnixMilli())
		want := modelDocument(d.ID, n)
		if !slices.Equal(d.Signature.Values(), want.Signature.Values()) || !slices.Equal(d.Set, ascendingSet(want.Set)) || (d.Set == nil) != (want.Set == nil) {
			return nil, fmt.Errorf("%s is not document %d as it was added", d.ID, n)
		}
		s = append(s, entry{d.ID, n})
	}
	return s, nil
}

// checkAll searches the index for everything and compares the answers with those of an
// index in memory.
func (w *world) checkAll(ix *Index, s state) {
	w.t.Helper()
	ctx := context.Background()
	if err := ix.Verify(ctx); err != nil {
		w.fatal("Verify: %v", err)
	}
	if ix.Len() != len(s) {
		w.fatal("Len() = %d, want %d as yielded by All", ix.Len(), len(s))
	}
	oracle := s.oracle()
	for _, e := range s {
		if d, ok, err := ix.Get(ctx, e.id); err != nil || !ok || d.Time.UnixMilli() != int64(e.n) {
			w.fatal("Get(%s) = %v, %v, %v, want document %d", e.id, d.Time.UnixMilli(), ok, err, e.n)
		}
		w.search(ix, oracle, modelDocument("", e.n), 0)
	}
	for range 3 {
		if _, ok, err := ix.Get(ctx, "nobody"); ok || err != nil {
			w.fatal("Get of an id that is not there = _, %v, %v, want false, nil", ok, err)
		}
		w.search(ix, oracle, modelDocument("", w.r.IntN(1<<20)), w.r.IntN(3))
	}
}

func (w *world) search(ix *Index, oracle *lsh.Index, q Document, limit int) {
	w.t.Helper()
	got, err := ix.Search(context.Background(), q.Signature, lsh.SearchOptions{Set: q.Set, Limit: limit})
	want := oracle.Search(q.Signature, lsh.SearchOptions{Set: ascendingSet(q.Set), Limit: limit})
	if err != nil || !slices.Equal(got, want) {
		w.fatal("Search with %d elements and limit %d = %v, %v, want %v", len(q.Set), limit, got, err, want)
	}
}

// did records the outcome of an operation: apply returns the state after it, or false if
// it cannot have had this outcome in a state.
func (w *world) did(err error, what string, apply func(state) (state, bool)) {
	w.t.Helper()
	w.log("%s: %v", what, err)
	var after []state
	for _, s := range w.now {
		next, ok := apply(s)
		if ok && !containsState(after, next) {
			after = append(after, next)
		}
	}
	if err != nil {
		for _, s := range w.now {
			if !containsState(after, s) {
				after = append(after, s)
			}
		}
	}
	if len(after) == 0 {
		w.fatal("%s: no state allows this outcome, of\n%v", what, w.now)
	}
	w.now = after
	for _, s := range after {
		if !containsState(w.durable, s) {
			w.durable = append(w.durable, s)
		}
	}
	w.during = append(w.during, after...)
}

// interleave lets other operations happen in the middle of op; note may record op before
// the first of them.
func (w *world) interleave(note func(), op func() error) error {
	w.during = slices.Clone(w.now)
	if w.r.IntN(2) == 0 {
		w.outer, w.busy, w.disk.between = note, true, w.nested
	}
	err := op()
	w.outer, w.busy, w.disk.between = nil, false, nil
	return err
}

// nested performs an operation inside another one, as another goroutine would if it did
// not have to wait for a lock.
func (w *world) nested() {
	ix := w.ix
	if w.r.IntN(20) > 0 || ix == nil || !ix.mu.TryLock() {
		return
	}
	full := ix.st == nil || ix.st.mem.rows()+1 >= modelOptions.TableSize
	ix.mu.Unlock()
	if w.outer != nil {
		w.outer()
		w.outer = nil
	}
	ctx := context.Background()
	switch p := w.r.IntN(10); {
	case p < 6:
		w.remove(ctx)
	case p < 7:
		w.expire(ctx)
	case p < 9 && !full:
		w.add(ctx)
	case ix.syncing.tryEnter():
		ix.syncing.leave()
		w.sync(ctx)
	}
}

// synced records that everything before the operation is acknowledged.
func (w *world) synced(err error, what string) {
	w.log("%s: %v", what, err)
	if err == nil {
		w.durable = slices.Clone(w.during)
	}
}

func (w *world) sync(ctx context.Context) error {
	during := w.during
	w.during = slices.Clone(w.now)
	err := w.ix.Sync(ctx)
	w.synced(err, "Sync")
	w.during = append(during, w.during...)
	return err
}

func (w *world) remove(ctx context.Context) error {
	w.t.Helper()
	id := w.id()
	was, err := w.ix.Remove(ctx, id)
	w.did(err, fmt.Sprintf("Remove(%s) = %v", id, was), func(s state) (state, bool) { return s.without(id), err != nil || s.has(id) == was })
	return err
}

func (w *world) expire(ctx context.Context) error {
	w.t.Helper()
	before := w.n - w.r.IntN(40)
	n, err := w.ix.Expire(ctx, time.UnixMilli(int64(before)))
	w.did(err, fmt.Sprintf("Expire(%d) = %d", before, n), func(s state) (state, bool) {
		after := s.expire(before)
		return after, err != nil || len(s)-len(after) == n
	})
	return err
}

func (w *world) add(ctx context.Context) error {
	w.t.Helper()
	w.n++
	e := entry{w.id(), w.n}
	d := modelDocument(e.id, e.n)
	noted := false
	note := func(err error) {
		if !noted {
			w.did(err, fmt.Sprintf("Add(%s, %d)", e.id, e.n), func(s state) (state, bool) { return s.with(e), true })
		}
		noted = true
	}
	if !w.busy {
		// Operations in the middle of an insertion count as later ones: it writes files
		// only after the document has been inserted.
		err := w.interleave(func() { note(nil) }, func() error { return w.ix.Add(ctx, d) })
		note(err)
		return err
	}
	err := w.ix.Add(ctx, d)
	note(err)
	return err
}

func (w *world) id() string { return fmt.Sprintf("d%d", w.r.IntN(24)) }

// step performs one random operation and reports whether the index can still be used.
func (w *world) step(ctx context.Context) bool {
	w.t.Helper()
	var err error
	switch p := w.r.IntN(1000); {
	case p < 200:
		err = w.add(ctx)
	case p < 450:
		w.n++
		e := entry{w.id(), w.n}
		d := modelDocument(e.id, e.n)
		if w.r.IntN(2) == 0 {
			m, seen, failed := w.ix.Insert(ctx, d)
			err = failed
			w.did(err, fmt.Sprintf("Insert(%s, %d) = %v, %v", e.id, e.n, m, seen), func(s state) (state, bool) {
				return s.with(e), err != nil || w.bestMatch(s, d) == m
			})
			break
		}
		m, seen, failed := w.ix.InsertNew(ctx, d)
		err = failed
		w.did(err, fmt.Sprintf("InsertNew(%s, %d) = %v, %v", e.id, e.n, m, seen), func(s state) (state, bool) {
			want := w.bestMatch(s, d)
			ok := err != nil || want == m && seen == (want.ID != "")
			if want.ID != "" {
				return s, ok
			}
			return s.with(e), ok
		})
	case p < 600:
		err = w.remove(ctx)
	case p < 630:
		err = w.expire(ctx)
	case p < 800:
		err = w.interleave(nil, func() error { return w.ix.Sync(ctx) })
		w.synced(err, "Sync")
	case p < 830:
		err = w.interleave(nil, func() error { return w.ix.Compact(ctx) })
		w.synced(err, "Compact")
	case p < 840:
		dir := fmt.Sprintf("/copies/%d", w.n)
		if _, ok := w.snaps[dir]; ok || len(w.snaps) > 2 {
			break
		}
		err = w.interleave(nil, func() error { return w.ix.Snapshot(ctx, dir) })
		w.log("Snapshot: %v", err)
		if err == nil {
			w.snaps[dir] = slices.Clone(w.during)
		}
	case p < 900:
		err = w.read1(ctx)
	case p < 960:
		d := modelDocument("", w.r.IntN(1<<20))
		if len(w.now) > 1 {
			break
		}
		so := lsh.SearchOptions{Set: d.Set, Limit: w.r.IntN(3)}
		got, e := w.ix.Search(ctx, d.Signature, so)
		so.Set = ascendingSet(so.Set)
		if want := w.now[0].oracle().Search(d.Signature, so); e == nil && !slices.Equal(got, want) {
			w.fatal("Search = %v, want %v", got, want)
		}
		w.log("Search: %v", e)
		err = e
	default:
		return w.reopen()
	}
	if err == nil || w.disk.off {
		return true
	}
	// The index still answers from its contents, which shows the outcome of the failed
	// operation.
	if s, err := readState(w.ix); err == nil {
		if !containsState(w.now, s) {
			w.fatal("after the failure the index holds\n%v\nwant one of\n%v", s, w.now)
		}
		w.now = []state{s}
	}
	if w.r.IntN(2) == 0 {
		return w.reopen()
	}
	return len(w.now) <= 8 // stop before there are too many possible states
}

// reopen closes the index and opens it again, and reports whether that succeeded.
func (w *world) reopen() bool {
	w.t.Helper()
	w.during = slices.Clone(w.now)
	w.synced(w.ix.Close(), "Close")
	w.ix = nil
	w.now = slices.Clone(w.durable) // an index that failed to close loses unsynced operations
	if w.open() != nil {
		return false
	}
	s, err := readState(w.ix)
	if err != nil {
		return false
	}
	if !containsState(w.durable, s) {
		w.fatal("opened again, the index holds\n%v\nwant one of\n%v", s, w.durable)
	}
	w.now, w.durable = []state{s}, []state{s}
	return true
}

// read1 opens or refreshes a reader next to the writer. It sees at least the
// acknowledged operations.
func (w *world) read1(ctx context.Context) error {
	w.t.Helper()
	var err error
	if w.reader == nil {
		w.reader, err = openOn(w.disk, modelDir, Options{ReadOnly: true})
	} else {
		err = w.reader.Refresh(ctx)
	}
	w.log("reader: %v", err)
	if err != nil {
		return err
	}
	s, err := readState(w.reader)
	if err == nil && !containsState(w.durable, s) {
		w.fatal("a reader finds\n%v\nwant one of\n%v", s, w.durable)
	}
	return err
}

// bestMatch returns the match that an insertion of the document into a state must report.
func (w *world) bestMatch(s state, d Document) lsh.Match[string] {
	found := s.without(d.ID).oracle().Search(d.Signature, lsh.SearchOptions{Set: ascendingSet(d.Set), Limit: 1})
	if len(found) == 0 {
		return lsh.Match[string]{}
	}
	return found[0]
}

// live performs some operations. The disk may fail in the middle of any of them.
func (w *world) live(steps int) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if w.r.IntN(6) == 0 { // the caller gives up in the middle of an operation
		w.disk.hookAt = w.disk.calls + 1 + w.r.IntN(200)
		w.disk.hook = cancel
	}
	if w.ix == nil && w.open() != nil {
		return
	}
	for range steps {
		if w.disk.off || !w.step(ctx) {
			return
		}
		if ctx.Err() != nil {
			ctx = context.Background()
		}
	}
}

// TestPowerCutLosesNothing cuts the power in the middle of random operations, repeatedly
// on what remains of the same disk, or kills the process, or lets calls fail before
// either. All acknowledged operations are present each time.
func TestPowerCutLosesNothing(t *testing.T) {
	if *modelSeed != 0 {
		cuts, kills := powerCut(t, *modelSeed, 20)
		t.Logf("%d losses of power, %d kills", cuts, kills)
		return
	}
	const lives = 20
	most := int64(*powerCuts)
	if race.Short() {
		most /= 5
	}
	var cuts, kills, next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for cuts.Load() < most && !t.Failed() {
				c, k := powerCut(t, uint64(next.Add(1)), lives)
				cuts.Add(int64(c))
				kills.Add(int64(k))
			}
		})
	}
	wg.Wait()
	t.Logf("%d losses of power and %d kills over %d disks, seeds 1 to %d: nothing acknowledged was lost", cuts.Load(), kills.Load(), next.Load(), next.Load())
}

// powerCut runs one disk of TestPowerCutLosesNothing.
func powerCut(t testing.TB, seed uint64, lives int) (cuts, kills int) {
	w := newWorld(t, seed)
	for life := range lives {
		w.trace = w.trace[:0]
		w.log("life %d", life)
		if w.r.IntN(5) == 0 {
			w.disk.failAt = w.disk.calls + 1 + w.r.IntN(400)
			w.disk.forever = w.r.IntN(2) == 0
			w.log("call %d fails, forever=%v", w.disk.failAt, w.disk.forever)
		}
		if w.r.IntN(3) > 0 {
			w.disk.cutAt = w.disk.changes + 1 + w.r.IntN(60)
		}
		w.live(10 + w.r.IntN(70))
		w.ix = nil
		if kill := w.r.IntN(2) == 0; kill && !w.disk.off {
			w.log("kill")
			w.disk.crash()
			kills++
		} else {
			seed := w.r.Uint64()
			w.log("loss of power, outcome %d", seed)
			w.disk = w.disk.reboot(seed)
			cuts++
		}
		w.recover()
	}
	return cuts, kills
}

// TestFailedCallLosesNothing lets each call of a workload fail, once or permanently, and
// then kills the process or cuts the power.
func TestFailedCallLosesNothing(t *testing.T) {
	race.Alone(t)
	points := 0
	for seed := range uint64(*faultRuns) {
		calls := faultRun(t, seed, 0, false)
		for at := 1; at <= calls; at++ {
			faultRun(t, seed, at, false)
			faultRun(t, seed, at, true)
			points++
		}
	}
	t.Logf("each of %d calls failed, once and from then on: nothing acknowledged was lost", points)
}

func faultRun(t *testing.T, seed uint64, failAt int, forever bool) (calls int) {
	w := newWorld(t, seed)
	w.disk.failAt, w.disk.forever = failAt, forever
	w.log("call %d fails, forever=%v", failAt, forever)
	w.live(45)
	calls = w.disk.calls
	w.ix = nil
	if failAt%2 == 0 {
		w.disk.crash()
	} else {
		w.disk = w.disk.reboot(seed + uint64(failAt))
	}
	w.recover()
	return calls
}
