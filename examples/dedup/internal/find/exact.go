package find

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/shingle"
)

// Equal returns the clusters of documents whose texts are equal after normalisation:
// the same tokens in the same order, ignoring masked spans. It needs no sketches:
// only one pass over the texts, and a second one over texts with equal keys.
// Documents without a token, and those in out, match none.
func Equal(c *corpus.Corpus, o Options, masks [][]shingle.Span, out map[int]bool) ([]lsh.Cluster[int], error) {
	e := equal{c: c, sh: o.Confirmer(), masks: masks}
	keys := make([]uint64, len(c.Docs))
	err := c.Parallel("reading", func(i int) error {
		if !out[i] {
			keys[i] = e.key(i)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s := &Sketches{c: c, o: o}
	prefer := s.preference()
	// Documents with the same key and the same tokens form a group.
	groups := map[uint64][][]int{}
	var order []*[]int
	for i, key := range keys {
		if key == 0 {
			continue
		}
		found := false
		for g, group := range groups[key] {
			if found = e.same(group[0], i); found {
				groups[key][g] = append(group, i)
				break
			}
		}
		if !found {
			groups[key] = append(groups[key], []int{i})
		}
	}
	for i, key := range keys {
		for g := range groups[key] {
			if group := groups[key][g]; group[0] == i && len(group) > 1 {
				order = append(order, &groups[key][g])
			}
		}
	}
	var clusters []lsh.Cluster[int]
	for _, group := range order {
		best := (*group)[0]
		for _, i := range *group {
			if prefer != nil && prefer(i, best) {
				best = i
			}
		}
		k := lsh.Cluster[int]{Representative: best, Members: []lsh.Member[int]{{ID: best, Similarity: 1}}}
		for _, i := range *group {
			if i != best {
				k.Members = append(k.Members, lsh.Member[int]{ID: i, Similarity: 1})
			}
		}
		clusters = append(clusters, k)
	}
	return clusters, c.Err()
}

// An equal compares the tokens of documents.
type equal struct {
	c     *corpus.Corpus
	sh    shingle.Shingler
	masks [][]shingle.Span
}

// hashes returns the hashes of the tokens of document i, in order. They are the
// hashes of one-token shingles.
func (e *equal) hashes(i int) []uint64 {
	sh := e.sh
	sh.Size = 1
	var mask []shingle.Span
	if e.masks != nil {
		mask = e.masks[i]
	}
	return sh.Hashes(e.c.Text(i), mask...)
}

// key returns a hash of all tokens of document i, 0 if it has none.
func (e *equal) key(i int) uint64 {
	hashes := e.hashes(i)
	if len(hashes) == 0 {
		return 0
	}
	var d xxhash.Digest
	d.ResetWithSeed(e.sh.Seed)
	var b [8]byte
	for _, h := range hashes {
		binary.LittleEndian.PutUint64(b[:], h)
		_, _ = d.Write(b[:])
	}
	return d.Sum64() | 1
}

// same reports whether two documents have the same tokens.
func (e *equal) same(i, j int) bool {
	if e.c.Text(i) == e.c.Text(j) && e.masks == nil {
		return true
	}
	x, y := e.hashes(i), e.hashes(j)
	if len(x) != len(y) {
		return false
	}
	for n := range x {
		if x[n] != y[n] {
			return false
		}
	}
	return true
}
