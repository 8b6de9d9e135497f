package shingle_test

import (
	"fmt"
	"github.com/neardup/neardup/shingle"
	"testing"
)

func TestZZ(t *testing.T) {
	en := sample(t, 300<<10, "", "throughput", "english_rfc.jsonl")
	langs := []struct{ name, prefix, file string }{
		{"rfc", "", "english_rfc.jsonl"},
		{"russian", "", "russian_docs.jsonl"},
		{"japanese", "", "japanese_books.jsonl"},
		{"english", "en", "help_7_languages.jsonl"},
		{"greek", "el", "help_7_languages.jsonl"},
		{"turkish", "tr", "help_7_languages.jsonl"},
		{"hindi", "hi", "help_7_languages.jsonl"},
		{"korean", "ko", "help_7_languages.jsonl"},
		{"chinese", "zh", "help_7_languages.jsonl"},
		{"khmer", "km", "help_7_languages.jsonl"},
	}
	_ = en
	shingle.EachTier(func(tier string) {
		if tier == "generic" {
			return
		}
		var base float64
		for _, c := range langs {
			texts := sample(t, 300<<10, c.prefix, "throughput", c.file)
			var hashes []uint64
			run := func(text string) { hashes = (shingle.Shingler{}).AppendHashes(hashes[:0], text) }
			s := float64(size(texts)) / 1e6 / fastest(60, texts, run)[0].Seconds()
			if base == 0 {
				base = s
			}
			fmt.Printf("%s %s %.0f %.3f\n", tier, c.name, s, s/base)
		}
	})
}
