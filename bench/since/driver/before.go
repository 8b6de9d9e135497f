//go:build before

package main

import (
	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// The ways of the version at commit 723a90a.

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
	"set+sketch": each(func(text string) {
		set := sh.Set(text)
		sig = mh.SketchHashes(set)
	}),
	"index": func(texts []string) {
		ix := lsh.New(lsh.Options{Threshold: 0.8})
		for i, text := range texts {
			set := sh.Set(text)
			ix.AddSet(ids[i], mh.SketchHashes(set), set)
		}
		count = ix.Len()
	},
	"corpus": func(texts []string) {
		sites := boilerplate.New(boilerplate.Options{})
		ix := lsh.New(lsh.Options{Threshold: 0.8})
		for i, text := range texts {
			sites.Observe(boilerplate.Page{ID: ids[i], Text: text})
		}
		for i, text := range texts {
			set := sh.Set(text, sites.MaskPage(boilerplate.Page{ID: ids[i], Text: text})...)
			ix.AddSet(ids[i], mh.SketchHashes(set), set)
		}
		for range ix.Pairs() {
			count++
		}
	},
}
