package passage

import (
	"iter"
	"math"
)

// A numbering gives each token of an index a number: the tokens of all documents are
// counted in the order in which the documents were added. The zero value is the
// numbering of an empty index. Numbers never change, so a copy stays valid while
// documents are added.
type numbering struct {
	first []uint32 // number of each document's first token, and one past the last token; nil without documents
	block []uint32 // document that holds every blockTokens-th token
}

// blockTokens is a compromise: the table of blocks takes 4 bytes per block, and a
// block should hold few documents.
const blockTokens = 64

// fits reports whether there are enough numbers for the given number of new tokens.
func (n *numbering) fits(tokens int) bool {
	return uint64(tokens) <= math.MaxUint32-uint64(n.end())
}

// end returns the number that follows the number of the last token.
func (n *numbering) end() uint32 {
	if len(n.first) == 0 {
		return 0
	}
	return n.first[len(n.first)-1]
}

// add numbers the tokens of the next document.
func (n *numbering) add(tokens int) {
	if !n.fits(tokens) {
		panic("passage: too many tokens for 32-bit numbers")
	}
	if len(n.first) == 0 {
		n.first = append(n.first, 0)
	}
	doc, end := uint32(len(n.first)-1), n.end()+uint32(tokens)
	for uint64(len(n.block))*blockTokens < uint64(end) {
		n.block = append(n.block, doc)
	}
	n.first = append(n.first, end)
}

// doc returns the document that holds a token.
func (n *numbering) doc(at uint32) uint32 {
	k := at / blockTokens
	lo, hi := n.block[k], uint32(len(n.first)-2)
	if int(k)+1 < len(n.block) {
		hi = n.block[k+1]
	}
	for lo < hi { // most blocks are within one document
		if m := lo + (hi-lo)/2; n.first[m+1] <= at {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// A postings is a sorted run of postings with the numbers of their documents.
type postings struct {
	run []posting
	numbering
}

// same reports whether two postings have the same fingerprint.
func (p *postings) same(i, k int) bool {
	return p.run[i].low == p.run[k].low && p.run[i].high == p.run[k].high
}

// docOf returns the document of a posting.
func (p *postings) docOf(k int) uint32 { return p.doc(p.run[k].at) }

// place returns the document of a posting, and the token of the document.
func (p *postings) place(k int) (doc, pos uint32) {
	doc = p.docOf(k)
	return doc, p.run[k].at - p.first[doc]
}

// after returns the first posting after k that has another fingerprint or another
// document; doc is the document of k.
func (p *postings) after(k int, doc uint32) int {
	end, from := p.first[doc+1], k
	for k++; k < len(p.run) && p.run[k].at < end && p.same(k, from); k++ {
	}
	return k
}

// fingerprints yields the fingerprints with several postings: the first posting of
// each, and the number of documents that hold it.
func (p *postings) fingerprints() iter.Seq2[int, int] {
	return func(yield func(first, documents int) bool) {
		for i, k := 0, 0; i < len(p.run); i = k {
			if k = i + 1; k == len(p.run) || !p.same(i, k) {
				continue // most fingerprints have one posting
			}
			documents := 0
			for k = i; k < len(p.run) && p.same(i, k); documents++ {
				k = p.after(k, p.docOf(k))
			}
			if !yield(i, documents) {
				return
			}
		}
	}
}
