package disk

import (
	"context"
	"io"
	"math"
	"math/bits"
	"slices"
	"sync/atomic"
	"time"

	"github.com/neardup/neardup/lsh"
)

// Metrics counts the work of an [Index] since it was opened. It works with expvar or
// a JSON encoder.
type Metrics struct {
	Documents int // documents in the index

	Added      int64 // stored documents, including those replaced later
	Inserted   int64 // calls of Insert and InsertNew
	Duplicates int64 // inserted documents that had a match
	Removed    int64
	Expired    int64

	Queries    int64
	Matches    int64 // matches that queries returned
	Candidates int64 // documents that queries and Insert compared
	Bounded    int64 // queries and Inserts that did not compare every document that shares a band

	Syncs       int64
	BytesSynced int64
	Flushes     int64 // times that tables were written to a file
	Merges      int64 // times that files of tables were merged
	Compactions int64

	// Durations of calls. Those of Add and Insert include the writing of tables that
	// some calls do, but not Sync.
	Add, Query, Sync Latency
}

// A Latency is the distribution of the durations of one kind of call. Percentiles
// cover all calls since the index was opened and are at most one eighth too high.
type Latency struct {
	Calls              int64
	P50, P90, P99, Max time.Duration
}

// meter collects the counts that Metrics returns.
type meter struct {
	adds, inserts, duplicates, removed, expired atomic.Int64
	queries, matches, candidates, bounded       atomic.Int64
	syncs, bytes, flushes, merges, compactions  atomic.Int64
	addLatency, queryLatency, syncLatency       histogram
}

func (m *meter) added(began time.Time, how adding, dup bool, sc *scratch) {
	if how != addNew || !dup {
		m.adds.Add(1)
	}
	if how != addAll {
		m.inserts.Add(1)
		m.looked(sc)
	}
	if dup {
		m.duplicates.Add(1)
	}
	m.addLatency.add(time.Since(began))
}

func (m *meter) queried(began time.Time, matches int, sc *scratch) {
	m.queries.Add(1)
	m.matches.Add(int64(matches))
	m.looked(sc)
	m.queryLatency.add(time.Since(began))
}

func (m *meter) looked(sc *scratch) {
	m.candidates.Add(int64(sc.candidates))
	if sc.bounded {
		m.bounded.Add(1)
	}
}

func (m *meter) synced(began time.Time, n int) {
	m.syncs.Add(1)
	m.bytes.Add(int64(n))
	m.syncLatency.add(time.Since(began))
}

// Metrics returns the counts since the index was opened. It does not wait for other
// calls.
func (ix *Index) Metrics() Metrics {
	m := &ix.meter
	return Metrics{
		Documents:   ix.Len(),
		Added:       m.adds.Load(),
		Inserted:    m.inserts.Load(),
		Duplicates:  m.duplicates.Load(),
		Removed:     m.removed.Load(),
		Expired:     m.expired.Load(),
		Queries:     m.queries.Load(),
		Matches:     m.matches.Load(),
		Candidates:  m.candidates.Load(),
		Bounded:     m.bounded.Load(),
		Syncs:       m.syncs.Load(),
		BytesSynced: m.bytes.Load(),
		Flushes:     m.flushes.Load(),
		Merges:      m.merges.Load(),
		Compactions: m.compactions.Load(),
		Add:         m.addLatency.latency(),
		Query:       m.queryLatency.latency(),
		Sync:        m.syncLatency.latency(),
	}
}

// A histogram counts durations in buckets, eight to each power of two of
// nanoseconds.
type histogram struct {
	buckets [8 * 62]atomic.Int64
	max     atomic.Int64
}

func (h *histogram) add(d time.Duration) {
	n := max(0, int64(d))
	h.buckets[bucketOf(uint64(n))].Add(1)
	for {
		m := h.max.Load()
		if n <= m || h.max.CompareAndSwap(m, n) {
			return
		}
	}
}

func bucketOf(n uint64) int {
	if n < 8 {
		return int(n)
	}
	e := bits.Len64(n) - 4
	return 8*e + int(n>>e)
}

// bucketTop returns the largest duration of bucket i, in nanoseconds.
func bucketTop(i int) int64 {
	if i < 16 {
		return int64(i)
	}
	e := i/8 - 1
	return int64(i-8*e+1)<<e - 1
}

func (h *histogram) latency() Latency {
	var counts [len(h.buckets)]int64
	l := Latency{Max: time.Duration(h.max.Load())}
	for i := range counts {
		counts[i] = h.buckets[i].Load()
		l.Calls += counts[i]
	}
	at := func(share float64) time.Duration {
		rank := int64(math.Ceil(share * float64(l.Calls)))
		for i, n := range counts {
			if rank -= n; rank <= 0 {
				return min(l.Max, time.Duration(bucketTop(i)))
			}
		}
		return l.Max
	}
	if l.Calls > 0 {
		l.P50, l.P90, l.P99 = at(.5), at(.9), at(.99)
	}
	return l
}

// Stats describes an [Index].
type Stats struct {
	Documents int
	Removed   int // rows of documents that were removed, replaced or expired, until Compact
	Segments  int // files of tables
	Banding   lsh.Banding
	Threshold float64

	LogBytes    int64 // size of the log of documents
	TableBytes  int64 // size of the files of tables
	MemoryBytes int64 // approximate memory in use, without the file pages that the system caches

	// Largest lists the number of documents in the ten largest buckets of all bands, in
	// descending order. Very large buckets mean that very many documents are the same,
	// or share text, such as a template, without being alike.
	Largest []int
}

// Stats returns figures about the index. It reads every bucket; writers wait
// meanwhile.
func (ix *Index) Stats(ctx context.Context) (s Stats, err error) {
	defer faults(&err)()
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	if err := ix.usable(); err != nil {
		return Stats{}, err
	}
	st := ix.st
	s = Stats{
		Documents:   st.live,
		Removed:     int(st.rows) - st.live,
		Segments:    len(st.segs),
		Banding:     st.p.banding,
		Threshold:   st.p.threshold,
		LogBytes:    st.log.pendingBase,
		MemoryBytes: st.mem.bytes() + int64(8*len(st.dead)+cap(st.log.pending)+cap(st.log.spare)+cap(st.log.writing)),
	}
	if st.frozen != nil {
		s.MemoryBytes += st.frozen.bytes()
	}
	for _, seg := range st.segs {
		s.TableBytes += seg.size
		s.MemoryBytes += int64(8 * (len(seg.sums) + len(seg.seen)))
	}
	for b := range st.p.banding.Bands {
		if err := st.buckets(ctx, b, s.bucket); err != nil {
			return Stats{}, ix.wrap(err)
		}
	}
	return s, nil
}

// bucket counts the size of one more bucket.
func (s *Stats) bucket(n int) {
	const top = 10
	if len(s.Largest) == top && n <= s.Largest[top-1] {
		return
	}
	i, _ := slices.BinarySearchFunc(s.Largest, n, func(x, n int) int { return n - x })
	s.Largest = slices.Insert(s.Largest, i, n)
	s.Largest = s.Largest[:min(top, len(s.Largest))]
}

// buckets calls f with the number of documents of every tag of a kind.
func (st *store) buckets(ctx context.Context, kind int, f func(n int)) error {
	m, err := newMerger(st.segs, kind)
	if err != nil {
		return err
	}
	var recent []uint64 // entries of the tables in memory
	if st.frozen != nil {
		recent = st.frozen.entries(recent, kind, st.dead)
	}
	recent = st.mem.entries(recent, kind, st.dead)
	tag, n := uint64(0), 0
	count := func(e uint64) {
		if e>>32 != tag && n > 0 {
			f(n)
			n = 0
		}
		tag = e >> 32
		n++
	}
	for i := 0; ; i++ {
		if i&0xffff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		e, err := m.next()
		for len(recent) > 0 && (err == io.EOF || recent[0] < e) {
			count(recent[0])
			recent = recent[1:]
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if !st.dead.has(uint32(e)) {
			count(e)
		}
	}
	if n > 0 {
		f(n)
	}
	return nil
}
