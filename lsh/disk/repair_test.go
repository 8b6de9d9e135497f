package disk

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// repairIndex creates an index with some history, and returns its disk and its documents.
func repairIndex(t *testing.T, closed bool) (*simDisk, state) {
	t.Helper()
	ctx := t.Context()
	disk := newSimDisk(1)
	ix, err := openOn(disk, modelDir, modelOptions)
	if err != nil {
		t.Fatal(err)
	}
	fillIndex(t, ix, 30)
	for i := range 5 {
		if _, err := ix.Remove(ctx, fmt.Sprint(2*i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ix.Expire(ctx, time.UnixMilli(4)); err != nil {
		t.Fatal(err)
	}
	fillIndex(t, ix, 3)
	s, err := readState(ix)
	if err != nil {
		t.Fatal(err)
	}
	if closed {
		if err := ix.Close(); err != nil {
			t.Fatal(err)
		}
	} else {
		disk.crash()
	}
	return disk, s
}

// Repair saves all documents of an undamaged index, and of one that has only its log
// left.
func TestRepairSavesWholeIndex(t *testing.T) {
	for _, closed := range []bool{true, false} {
		disk, want := repairIndex(t, closed)
		for round := range 2 {
			to := fmt.Sprintf("/saved/%d", round)
			r, err := repair(t.Context(), disk, modelDir, to)
			if err != nil || len(r.Lost) > 0 || r.Documents != len(want) || r.Records != 39 || r.Log != logName(1) {
				t.Fatalf("Repair = %+v, %v, want %d documents in 39 records of %s, none lost", r, err, len(want), logName(1))
			}
			ix, err := openOn(disk, to, modelOptions)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := readState(ix); err != nil || !containsState([]state{want}, got) {
				t.Fatalf("the new index holds %v, %v, want %v", got, err, want)
			}
			if err := ix.Verify(t.Context()); err != nil {
				t.Fatal(err)
			}
			names, _ := disk.names(modelDir)
			for _, name := range names {
				if !strings.HasSuffix(name, ".log") {
					_ = disk.remove(filePath(modelDir, name))
				}
			}
		}
		if _, err := repair(t.Context(), disk, modelDir, "/saved/0"); err == nil {
			t.Error("Repair into a folder with an index = nil error, want an error")
		}
		if _, err := repair(t.Context(), disk, "/nothing", "/saved/9"); err == nil {
			t.Error("Repair of a missing folder = nil error, want an error")
		}
	}
}

// A flipped bit anywhere in the log loses at most one record, which is listed; the
// damaged files are not changed.
func TestRepairLosesOneRecordPerFlip(t *testing.T) {
	disk, want := repairIndex(t, true)
	node := disk.find(modelDir + "/" + logName(1))
	ids := map[string]bool{}
	for _, e := range want {
		ids[e.id] = true
	}
	r := rand.New(rand.NewPCG(3, 3))
	lostSomething := 0
	for i := 0; i < len(node.data); i += 1 + r.IntN(20) {
		node.data[i] ^= 1 << (i % 8)
		before := bytes.Clone(node.data)
		to := fmt.Sprintf("/saved/%d", i)
		rep, err := repair(t.Context(), disk, modelDir, to)
		if err != nil {
			t.Fatalf("byte %d flipped: Repair = %v, want nil", i, err)
		}
		if len(rep.Lost) > 1 || rep.Records < 38 {
			t.Fatalf("byte %d flipped: Repair = %+v, want at most 1 record lost and 38 or 39 read", i, rep)
		}
		if !bytes.Equal(before, node.data) {
			t.Fatalf("byte %d flipped: the damaged log has changed, want it as it was", i)
		}
		ix, err := openOn(disk, to, modelOptions)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for d, err := range ix.All(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			w := modelDocument(d.ID, int(d.Time.UnixMilli()))
			if !bytes.Equal(registerBytes(d), registerBytes(w)) {
				t.Fatalf("byte %d flipped: signature of %s differs, want the one that was added", i, d.ID)
			}
			if ids[d.ID] {
				got++
			}
		}
		if got < len(want)-1 || got < len(want) && len(rep.Lost) == 0 {
			t.Fatalf("byte %d flipped: %d of %d documents are left, want all but at most one that is reported lost: %+v", i, got, len(want), rep)
		}
		lostSomething += len(rep.Lost)
		node.data[i] ^= 1 << (i % 8)
		_ = ix.Close()
	}
	if lostSomething < 100 {
		t.Errorf("%d losses, want at least 100 (else nothing is proved)", lostSomething)
	}
}

func registerBytes(d Document) []byte { return fmt.Append(nil, d.Signature.Values()) }

// Only records that are cut off or overwritten are lost.
func TestRepairLosesOnlyCutRecords(t *testing.T) {
	disk, _ := repairIndex(t, true)
	node := disk.find(modelDir + "/" + logName(1))
	whole := bytes.Clone(node.data)
	r := rand.New(rand.NewPCG(3, 3))
	saved := 0
	for i := range 200 {
		node.data = bytes.Clone(whole)
		from := r.IntN(len(whole))
		size := r.IntN(600)
		if i%2 == 0 {
			node.data = node.data[:from]
			size = len(whole)
		} else {
			clear(node.data[from:min(len(whole), from+size)])
		}
		rep, err := repair(t.Context(), disk, modelDir, fmt.Sprintf("/saved/%d", i))
		if err != nil {
			t.Fatal(err)
		}
		var lost int64
		for _, l := range rep.Lost {
			lost += l.Bytes
		}
		// Records of the model have at most 200 bytes.
		if lost > int64(size)+400 {
			t.Errorf("%d bad bytes from %d: %d bytes are lost, want at most %d: %+v", size, from, lost, size+400, rep)
		}
		saved += rep.Records
	}
	if saved < 200*39/3 {
		t.Errorf("%d records saved, want at least %d", saved, 200*39/3)
	}
	node.data = append([]byte("NDlg\x01"), make([]byte, 200)...)
	_ = disk.remove(filePath(modelDir, manifestName))
	if _, err := repair(t.Context(), disk, modelDir, "/saved/none"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("Repair without manifest and log header = %v, want ErrCorrupt", err)
	}
}

// The bytes of a record inside an id do not count as a record.
func TestRepairIgnoresRecordsInIDs(t *testing.T) {
	disk := newSimDisk(1)
	ix, err := openOn(disk, modelDir, modelOptions)
	if err != nil {
		t.Fatal(err)
	}
	fake := appendRecord(nil, kindRemove, 0, "0", nil, nil)
	if err := ix.Add(t.Context(), modelDocument("0", 1)); err != nil {
		t.Fatal(err)
	}
	d := modelDocument(string(bytes.Repeat(fake, 3)), 2)
	if err := ix.Add(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := ix.Close(); err != nil {
		t.Fatal(err)
	}
	node := disk.find(modelDir + "/" + logName(1))
	at := bytes.Index(node.data, fake)
	node.data[at-recordFixed] ^= 1 // damages the size of the head
	rep, err := repair(t.Context(), disk, modelDir, "/saved")
	if err != nil || rep.Documents != 1 || len(rep.Lost) != 1 {
		t.Errorf("Repair = %+v, %v, want 1 document and 1 loss", rep, err)
	}
}
