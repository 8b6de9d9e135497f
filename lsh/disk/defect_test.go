package disk

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/neardup/neardup/lsh"
)

// Each test in this file covers a defect that was found and fixed.

func fillIndex(t testing.TB, ix *Index, n int) {
	t.Helper()
	for i := range n {
		if err := ix.Add(t.Context(), modelDocument(fmt.Sprint(i), i+1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := ix.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// If a document is removed while segments are merged, and the removal is lost with the
// process, the document is found again.
func TestRemovalLostInMergeIsUndone(t *testing.T) {
	disk := newSimDisk(1)
	ix, err := openOn(disk, modelDir, modelOptions)
	if err != nil {
		t.Fatal(err)
	}
	removed := 0
	disk.between = func() {
		if !ix.mu.TryLock() {
			return
		}
		merging := mergeFrom(ix.st.segs) >= 0 && ix.st.frozen == nil
		ix.mu.Unlock()
		if merging && removed < 5 {
			if ok, err := ix.Remove(context.Background(), fmt.Sprint(removed)); !ok || err != nil {
				t.Fatalf("Remove(%d) = %v, %v, want true, nil", removed, ok, err)
			}
			removed++
		}
	}
	var merges int64
	for i := 0; merges == 0 || removed < 5; i++ {
		if err := ix.Add(t.Context(), modelDocument(fmt.Sprint(i), i+1)); err != nil {
			t.Fatal(err)
		}
		merges = ix.Metrics().Merges
	}
	disk.crash()
	ix, err = openOn(disk, modelDir, modelOptions)
	if err != nil {
		t.Fatal(err)
	}
	for i := range removed {
		if _, ok, err := ix.Get(t.Context(), fmt.Sprint(i)); !ok || err != nil {
			t.Errorf("Get(%d) = _, %v, %v, want true, nil", i, ok, err)
		}
	}
	if err := ix.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// Verify finds the damage that the defect tested above caused: a document whose entries
// are missing.
func TestVerifyFindsMissingEntries(t *testing.T) {
	disk := newSimDisk(1)
	ix, err := openOn(disk, modelDir, modelOptions)
	if err != nil {
		t.Fatal(err)
	}
	fillIndex(t, ix, 3)
	if err := ix.Verify(t.Context()); err != nil || len(ix.st.segs) == 0 {
		t.Fatalf("Verify = %v with %d segments, want nil and at least 1", err, len(ix.st.segs))
	}
	dead := bitmap{}
	dead.set(1)
	w, err := newSegmentWriter(disk, modelDir, 99, 0, 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := mergeTables(t.Context(), w, ix.st.segs, ix.p.tags(), dead); err != nil {
		t.Fatal(err)
	}
	s, _, err := ix.st.adopt(w)
	if err != nil {
		t.Fatal(err)
	}
	ix.st.segs = []*segment{s}
	if err := ix.Verify(t.Context()); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "row 1") {
		t.Errorf("Verify = %v, want ErrCorrupt that names row 1", err)
	}
}

// If Compact fails at any of its calls to the disk, the index still opens with all
// documents.
func TestFailedCompactLosesNothing(t *testing.T) {
	const docs = 14
	run := func(at int, forever, power bool) (calls int) {
		disk := newSimDisk(uint64(at))
		ix, err := openOn(disk, modelDir, modelOptions)
		if err != nil {
			t.Fatal(err)
		}
		fillIndex(t, ix, docs)
		before := disk.calls
		disk.failAt, disk.forever = before+at, forever
		failed := ix.Compact(t.Context())
		calls = disk.calls - before
		disk.failAt = 0
		if power {
			disk = disk.reboot(uint64(at))
		} else {
			disk.crash()
		}
		ix, err = openOn(disk, modelDir, modelOptions)
		if err != nil {
			t.Fatalf("Open after call %d of Compact failed (%v), forever=%v: %v, want nil", at, failed, forever, err)
		}
		if err := ix.Verify(t.Context()); err != nil || ix.Len() != docs {
			t.Fatalf("after call %d of Compact failed, forever=%v: Len() = %d, Verify = %v, want %d and nil", at, forever, ix.Len(), err, docs)
		}
		return calls
	}
	calls := run(-1, false, false)
	for at := 1; at <= calls; at++ {
		for i := range 4 {
			run(at, i&1 != 0, i&2 != 0)
		}
	}
}

// The declared size of a set is compared with the bytes present before memory is
// allocated for it.
func TestClaimedSetIsNotAllocated(t *testing.T) {
	disk := newSimDisk(1)
	ix, err := openOn(disk, modelDir, modelOptions)
	if err != nil {
		t.Fatal(err)
	}
	set := []uint64{1, 2, 3}
	d := Document{ID: "a", Signature: modelSketcher.Sketch(set), Set: set}
	for _, d.ID = range []string{"a", "b", "c"} { // enough to fill a table
		if err := ix.Add(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if err := ix.Close(); err != nil {
		t.Fatal(err)
	}
	node := disk.find(modelDir + "/" + logName(1))
	at := ix.p.headerSize(t) + frameHead
	head := node.data[at:]
	head = head[:binary.LittleEndian.Uint32(head)]
	binary.LittleEndian.PutUint32(head[4:], maxSet)
	binary.LittleEndian.PutUint64(head[len(head)-8:], xxhash.Sum64(head[:len(head)-8]))
	if ix, err = openOn(disk, modelDir, modelOptions); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, _, err := ix.Get(t.Context(), "a"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("Get = %v, want ErrCorrupt", err)
	}
	if _, err := ix.Search(t.Context(), d.Signature, lsh.SearchOptions{Set: set}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("Search = %v, want ErrCorrupt", err)
	}
	if err := ix.Verify(t.Context()); !errors.Is(err, ErrCorrupt) {
		t.Errorf("Verify = %v, want ErrCorrupt", err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
		t.Errorf("%d bytes allocated for a log of %d bytes, want at most %d", n, len(node.data), 64<<20)
	}
}

func (p params) headerSize(t testing.TB) int {
	b, err := logHeader(1, p)
	if err != nil {
		t.Fatal(err)
	}
	return len(b)
}

// A log that lost bytes covered by tables does not open.
func TestShortLogDoesNotOpen(t *testing.T) {
	disk := newSimDisk(1)
	ix, err := openOn(disk, modelDir, modelOptions)
	if err != nil {
		t.Fatal(err)
	}
	fillIndex(t, ix, 3)
	if err := ix.Close(); err != nil {
		t.Fatal(err)
	}
	node := disk.find(modelDir + "/" + logName(1))
	whole := node.data
	for n := len(whole) - 1; n > 0; n -= 11 {
		node.data = whole[:n]
		for _, readOnly := range []bool{false, true} {
			if _, err := openOn(disk, modelDir, Options{ReadOnly: readOnly}); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("Open with %d of %d bytes of the log, readOnly=%v: %v, want ErrCorrupt", n, len(whole), readOnly, err)
			}
		}
	}
}

// An index that lost its manifest is not treated as a new one, however small it is.
func TestLostManifestIsNotANewIndex(t *testing.T) {
	disk := newSimDisk(1)
	ix, err := openOn(disk, modelDir, modelOptions)
	if err != nil {
		t.Fatal(err)
	}
	fillIndex(t, ix, 1)
	if err := ix.Close(); err != nil {
		t.Fatal(err)
	}
	if err := disk.remove(modelDir + "/" + manifestName); err != nil {
		t.Fatal(err)
	}
	if _, err := openOn(disk, modelDir, modelOptions); !errors.Is(err, ErrCorrupt) {
		t.Errorf("Open without MANIFEST = %v, want ErrCorrupt", err)
	}
}

// An id may contain the bytes of a frame: a torn end after it is still cut off.
func TestTornEndAfterFrameInIDIsCut(t *testing.T) {
	disk := newSimDisk(1)
	ix, err := openOn(disk, modelDir, modelOptions)
	if err != nil {
		t.Fatal(err)
	}
	fillIndex(t, ix, 1)
	at := ix.st.log.pendingBase
	var id []byte
	for off := at + frameHead + recordFixed; len(id) < 2000; off += frameHead {
		id = append(id, frameHeader(1, 100, off, ix.p.seed)...)
	}
	if err := ix.Add(t.Context(), Document{ID: string(id), Signature: modelSketcher.Sketch(nil)}); err != nil {
		t.Fatal(err)
	}
	if err := ix.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	disk.crash()
	node := disk.find(modelDir + "/" + logName(1))
	node.data = node.data[:len(node.data)-3]
	if ix, err = openOn(disk, modelDir, modelOptions); err != nil {
		t.Fatal(err)
	}
	if r := ix.Recovery(); ix.Len() != 1 || r.Offset != at || r.Bytes == 0 {
		t.Errorf("after the cut: Len() = %d, Recovery() = %+v, want 1 document and Offset %d with Bytes above 0", ix.Len(), r, at)
	}
}

// The bytes written per row grow with the logarithm of the number of rows, and so does
// the number of segments.
func TestMergesRewriteRowsLogarithmically(t *testing.T) {
	for _, n := range []uint32{30, 300, 3000, 30_000} {
		var segs []*segment
		written, most := uint64(0), 0
		for row := range n {
			segs = append(segs, &segment{lo: row, hi: row + 1})
			written++
			for from := mergeFrom(segs); from >= 0; from = mergeFrom(segs) {
				lo, hi := segs[from].lo, segs[len(segs)-1].hi
				segs = append(segs[:from], &segment{lo: lo, hi: hi})
				written += uint64(hi - lo)
			}
			most = max(most, len(segs))
		}
		log := math.Log2(float64(n))
		if each := float64(written) / float64(n); each > log || float64(most) > log {
			t.Errorf("%d tables: each row is written %.1f times, %d segments, want at most %.1f of each", n, each, most, log)
		}
	}
}
