package disk

import (
	"encoding/binary"
	"os"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

// FuzzFile puts arbitrary bytes in place of one file of an index, with a correct
// checksum at the end if asked. Opening, searching and repairing may return errors, but
// must not panic.
func FuzzFile(f *testing.F) {
	names := []string{"MANIFEST", "documents-000001.log", "tables-000002.idx"}
	files := map[string][]byte{}
	for i, name := range names {
		b, err := os.ReadFile("testdata/v1/" + name)
		if err != nil {
			f.Fatal(err)
		}
		files[name] = b
		f.Add(uint8(i), b, false)
		f.Add(uint8(i), b[:len(b)/2], true)
		f.Add(uint8(i), b, true)
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte, fix bool) {
		dir, sim := t.TempDir(), newSimDisk(0)
		if err := sim.mkdir("/damaged"); err != nil {
			t.Fatal(err)
		}
		name := names[int(which)%len(names)]
		if fix && len(data) > 8 {
			data = append([]byte(nil), data...)
			binary.LittleEndian.PutUint64(data[len(data)-8:], xxhash.Sum64(data[:len(data)-8]))
		}
		for n, b := range files {
			if n == name {
				b = data
			}
			if err := os.WriteFile(filePath(dir, n), b, 0o666); err != nil {
				t.Fatal(err)
			}
			if err := writeFile(sim, filePath("/damaged", n), b); err != nil {
				t.Fatal(err)
			}
		}
		_, _ = repair(t.Context(), sim, "/damaged", "/repaired")
		ix, err := Open(dir, Options{ReadOnly: true})
		if err != nil {
			return
		}
		defer ix.Close()
		mh, err := minhash.ForScheme(ix.Scheme())
		if err != nil {
			t.Fatal(err)
		}
		set := []uint64{4, 5, 6}
		_, _ = ix.Search(t.Context(), mh.Sketch(set), lsh.SearchOptions{Set: set})
		_, _, _ = ix.Get(t.Context(), "c")
		_, _ = ix.Stats(t.Context())
		_ = ix.Verify(t.Context())
		for _, err := range ix.All(t.Context()) {
			if err != nil {
				break
			}
		}
	})
}

// FuzzManifest checks that a manifest that can be read is written back unchanged.
func FuzzManifest(f *testing.F) {
	b, err := os.ReadFile("testdata/v1/MANIFEST")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 8 {
			data = append([]byte(nil), data...)
			binary.LittleEndian.PutUint64(data[len(data)-8:], xxhash.Sum64(data[:len(data)-8]))
		}
		var m manifest
		if m.unmarshal(data) != nil {
			return
		}
		got, err := m.marshal()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(data, got); diff != "" {
			t.Errorf("manifest read and written again (-want +got):\n%s", diff)
		}
	})
}

// FuzzRecord checks that a record that can be read is written back unchanged.
func FuzzRecord(f *testing.F) {
	const k = 16
	regs := make([]uint32, k)
	f.Add(appendRecord(nil, kindAdd, 5, "an id", regs, nil))
	f.Add(appendRecord(nil, kindAddSet, 5, "", regs, []uint64{1, 2}))
	f.Add(appendRecord(nil, kindRemove, 0, "x", nil, nil))
	f.Add(appendRecord(nil, kindExpire, 1<<40, "", nil, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < recordLeast {
			return
		}
		data = append([]byte(nil), data...)
		if n := headSize(data, k); n > 0 && n <= len(data) {
			binary.LittleEndian.PutUint64(data[n-8:], xxhash.Sum64(data[:n-8]))
		}
		r, err := decodeHead(data, k)
		if err != nil || r.size() > int64(len(data)) {
			return
		}
		var set []uint64
		if r.kind == kindAddSet {
			if checkSet(data[r.head:r.size()]) != nil {
				return
			}
			set = appendSet(nil, data[r.head:r.size()])
		}
		got := appendRecord(nil, r.kind, r.time, string(r.id), appendRegisters(nil, r.regs), set)
		if diff := cmp.Diff(data[:r.size()], got); diff != "" {
			t.Errorf("record read and written again (-want +got):\n%s", diff)
		}
	})
}
