//go:build !before

package main

import (
	"context"

	"github.com/neardup/neardup"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// The ways of the version that holds this file.

var (
	sh     shingle.Shingler
	mh     = minhash.New(minhash.Options{})
	hashes []uint64
	sig    minhash.Signature
)

var ways = map[string]func(texts []string){
	"reused": each(func(text string) {
		hashes = sh.AppendHashes(hashes[:0], text)
		mh.SketchInto(&sig, hashes)
	}),
	"one-line": each(func(text string) { sig = mh.Sketch(sh.Hashes(text)) }),
	"sequence": each(func(text string) { sig = mh.SketchSeq(sh.HashesSeq(text)) }),
	"set+sketch": each(func(text string) {
		set := sh.Set(text)
		sig = mh.Sketch(set)
	}),
	"index": func(texts []string) {
		ix := lsh.New(lsh.Options{Threshold: 0.8})
		for i, text := range texts {
			h := sh.AppendHashes(nil, text)
			ix.AddSet(ids[i], mh.Sketch(h), h)
		}
		count = ix.Len()
	},
	"corpus": func(texts []string) {
		var c neardup.Corpus
		for i, text := range texts {
			c.Add(neardup.Document{ID: ids[i], Text: text})
		}
		pairs, err := c.Pairs(context.Background())
		if err != nil {
			panic(err)
		}
		count += len(pairs)
	},
}
