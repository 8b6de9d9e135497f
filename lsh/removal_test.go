package lsh

import (
	"fmt"
	"slices"
	"testing"

	"github.com/neardup/neardup/minhash"
)

// A family makes sets that all resemble each other: most elements are common to all, the
// others depend on the number.
func family(number uint64) []uint64 {
	set := make([]uint64, 200)
	for i := range set {
		set[i] = uint64(i)<<56 | uint64(i)*0x9E3779B97F4A7C15>>8
		if i >= 190 {
			state := number<<8 | uint64(i)
			set[i] = uint64(i)<<56 | splitMix(&state)>>8
		}
	}
	return set
}

// chains returns the length of the longest chain of a tag and of the longest chain of
// documents with one signature, including removed ones.
func chains(ix *Index) (entries, documents int) {
	for b := range ix.tables.bands {
		for _, slot := range ix.tables.bands[b].slots {
			n := 0
			for e := uint32(slot); e != 0; e = ix.tables.next.at(int(e - 1))[b] {
				n++
			}
			entries = max(entries, n)
		}
	}
	for _, f := range ix.first {
		n := 0
		for ; f != 0; f = ix.next[f-1] {
			n++
		}
		documents = max(documents, n)
	}
	return entries, documents
}

// TestRemovedLeavesNoTrail replaces some pages repeatedly in an index of many: the steps
// of a search must not grow with the number of replacements, and removed versions must
// not hide the pages present.
func TestRemovedLeavesNoTrail(t *testing.T) {
	sk := minhash.New(minhash.Options{})
	sig := func(number uint64) minhash.Signature { return sk.Sketch(family(number)) }
	const pages, rounds = 5, 600
	for _, test := range []struct {
		name    string
		version func(page, round int) uint64
	}{
		{"every version different", func(page, round int) uint64 { return uint64(1000 + page*rounds + round) }},
		{"all pages alike", func(_, round int) uint64 { return uint64(1000 + round) }},
		{"two versions in turn", func(page, round int) uint64 { return uint64(1000 + page*2 + round%2) }},
		{"each page unchanged", func(page, _ int) uint64 { return uint64(1000 + page) }},
		{"one text for all pages", func(int, int) uint64 { return 1000 }},
		{"copies of the page that stays", func(int, int) uint64 { return 1 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			ix := New(Options{})
			for i := range pages*rounds + 2000 { // enough documents that nothing is compacted
				state := uint64(i)
				ix.Add(fmt.Sprint("other", i), sk.Sketch([]uint64{splitMix(&state), splitMix(&state), splitMix(&state)}))
			}
			ix.Add("still", sig(1))
			for round := range rounds {
				for page := range pages {
					ix.Add(fmt.Sprint("page", page), sig(test.version(page, round)))
				}
			}
			s := ix.Stats()
			if s.Removed != pages*(rounds-1) {
				t.Fatalf("Stats().Removed = %d, want %d (else the index was compacted and nothing is tested)", s.Removed, pages*(rounds-1))
			}
			// One for the page that stays, one for each other page, and one for a
			// version that may come back.
			if entries, documents := chains(ix); entries > pages+2 || documents > pages+1 {
				t.Errorf("chains of %d signatures and of %d documents, want at most %d and %d", entries, documents, pages+2, pages+1)
			}
			if got := len(ix.Search(sig(2), SearchOptions{})); got != pages+1 {
				t.Errorf("a query finds %d documents, want %d", got, pages+1)
			}
			for page := range pages {
				ix.Remove(fmt.Sprint("page", page))
			}
			if m, ok := ix.Insert("new", sig(2), nil); !ok || m.ID != "still" {
				t.Errorf("Insert(copy of the page that stays) = %+v, %v, want a match with %q", m, ok, "still")
			}
			if s := ix.Stats(); s.BoundedQueries != 0 {
				t.Errorf("BoundedQueries = %d, want 0", s.BoundedQueries)
			}
		})
	}
}

// TestRemovalAmongCopiesLeavesNoTrail removes and adds documents; hundreds have one
// signature and hundreds more share bands with it, more than one sweep covers. It
// compares the results of queries with a list.
func TestRemovalAmongCopiesLeavesNoTrail(t *testing.T) {
	sk := minhash.New(minhash.Options{K: 64})
	const ids = 900
	sigs := make([]minhash.Signature, 300) // most documents have sigs[0]
	for i := range sigs {
		sigs[i] = sk.Sketch(family(uint64(i)))
	}
	ix := New(Options{Threshold: .8})
	type doc struct{ id, text int }
	var docs []doc // in the order in which they were added
	state := uint64(17)
	pick := func(n int) int { return int(splitMix(&state) % uint64(n)) }
	for step := range 12_000 {
		id := pick(ids)
		if step > 6000 && step < 9000 {
			id = ids - 1 - pick(60) // replaces a few ids again and again
		}
		gone := slices.IndexFunc(docs, func(d doc) bool { return d.id == id })
		if gone >= 0 {
			docs = slices.Delete(docs, gone, gone+1)
		}
		if pick(3) == 0 {
			if ix.Remove(fmt.Sprint(id)) != (gone >= 0) {
				t.Fatalf("step %d: Remove(%d) = %v, want %v", step, id, gone < 0, gone >= 0)
			}
		} else {
			text := 0
			if pick(2) == 0 {
				text = pick(len(sigs))
			}
			docs = append(docs, doc{id, text})
			ix.Add(fmt.Sprint(id), sigs[text])
		}
		if step%500 != 499 {
			continue
		}
		for _, q := range []int{0, pick(len(sigs))} {
			var same, alike []string // in the order of search results, which list the same text first
			for _, d := range docs {
				if d.text == q || sigs[d.text].Similarity(sigs[q]) == 1 {
					same = append(same, fmt.Sprint(d.id))
				} else if sigs[d.text].Similarity(sigs[q]) >= .8 && shareBand(ix.Banding(), sigs[d.text], sigs[q]) {
					alike = append(alike, fmt.Sprint(d.id))
				}
			}
			got := make([]string, 0, ids)
			for _, m := range ix.Search(sigs[q], SearchOptions{}) {
				got = append(got, m.ID)
			}
			if len(got) != len(same)+len(alike) || !slices.Equal(got[:len(same)], same) {
				t.Fatalf("step %d: Search finds %d documents, want the %d equal ones and then %d alike", step, len(got), len(same), len(alike))
			}
			limit := min(3, len(same))
			if limit == 0 {
				continue
			}
			got = got[:0]
			for _, m := range ix.Search(sigs[q], SearchOptions{Limit: limit}) {
				got = append(got, m.ID)
			}
			if !slices.Equal(got, same[:limit]) {
				t.Fatalf("step %d: a query with limit %d finds %v, want %v", step, limit, got, same[:limit])
			}
		}
	}
	if s := ix.Stats(); s.Documents != len(docs) || s.Largest[0] <= sweepDepth {
		t.Errorf("Stats() = %+v, want %d documents and a chain longer than %d (else nothing is tested)", s, len(docs), sweepDepth)
	}
}

func shareBand(b Banding, x, y minhash.Signature) bool {
	for i := range b.Bands {
		lo, hi := i*b.Rows, (i+1)*b.Rows
		if slices.Equal(x.Values()[lo:hi], y.Values()[lo:hi]) {
			return true
		}
	}
	return false
}
