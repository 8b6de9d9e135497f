package shingle_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/cespare/xxhash/v2"
	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/shingle"
)

// idiomatic is the usual pipeline without this package: convert the text to lower case,
// split it into fields, join every five, hash.
func idiomatic(dst []uint64, text string) []uint64 {
	fields := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	for i := 0; i+5 <= len(fields); i++ {
		dst = append(dst, xxhash.Sum64String(strings.Join(fields[i:i+5], " ")))
	}
	return dst
}

// sample returns up to n bytes of the documents whose id begins with prefix, in parts of
// about 8 KB that end at line ends. Each part is timed separately.
func sample(tb testing.TB, n int, prefix string, file ...string) []string {
	tb.Helper()
	var texts []string
	for _, d := range corpus.Docs(tb, file...) {
		if !strings.HasPrefix(d.ID, prefix) {
			continue
		}
		for text := d.Text; text != "" && n > 0; {
			k := len(text)
			if k > 8192 {
				k = 8192 + strings.IndexByte(text[8192:]+"\n", '\n')
				k = min(k+1, len(text))
			}
			texts = append(texts, text[:k])
			text, n = text[k:], n-k
		}
	}
	if len(texts) == 0 {
		tb.Fatalf("no text of %q in %v, want at least 1", prefix, file)
	}
	return texts
}

// repeated8K returns texts of 8 KB, each of which repeats the given text.
func repeated8K(text string) (texts []string) {
	for range 16 {
		texts = append(texts, strings.Repeat(text, 8192/len(text)))
	}
	return texts
}

func size(texts []string) (n int) {
	for _, t := range texts {
		n += len(t)
	}
	return n
}

// fastest runs the functions on each text in alternation, rounds times, and returns for
// each function the sum over the texts of its shortest times, which other load on the
// machine hardly affects.
func fastest(rounds int, texts []string, fs ...func(string)) []time.Duration {
	best := make([]time.Duration, len(fs))
	for _, text := range texts {
		shortest := make([]time.Duration, len(fs))
		for range rounds {
			for i, f := range fs {
				start := time.Now()
				f(text)
				if d := time.Since(start); shortest[i] == 0 || d < shortest[i] {
					shortest[i] = d
				}
			}
		}
		for i, d := range shortest {
			best[i] += d
		}
	}
	return best
}

// BenchmarkEnglish compares five-word shingles of English text, on each instruction set,
// with the idiomatic pipeline and with xxhash over the same bytes. They alternate, and
// the shortest time of several rounds counts.
func BenchmarkEnglish(b *testing.B) {
	texts := sample(b, 2<<20, "", "throughput", "english_rfc.jsonl")
	var hashes []uint64
	var sum uint64
	run := func(text string) { hashes = (shingle.Shingler{}).AppendHashes(hashes[:0], text) }
	shingle.EachTier(func(tier string) {
		b.Run(tier, func(b *testing.B) {
			b.SetBytes(int64(size(texts)))
			for b.Loop() {
				for _, t := range texts {
					run(t)
				}
			}
			b.StopTimer()
			best := fastest(rounds(b), texts, run,
				func(text string) { sum += xxhash.Sum64String(text) },
				func(text string) { hashes = idiomatic(hashes[:0], text) })
			b.ReportMetric(float64(size(texts))/1e6/best[0].Seconds(), "best-MB/s")
			b.ReportMetric(best[2].Seconds()/best[0].Seconds(), "x-idiomatic")
			b.ReportMetric(best[1].Seconds()/best[0].Seconds(), "of-xxhash")
		})
	})
}

// BenchmarkUnits measures other uses: characters, tokens with their spans, a stream, and
// short texts.
func BenchmarkUnits(b *testing.B) {
	for _, lang := range []struct{ name, file string }{{"english", "english_rfc.jsonl"}, {"russian", "russian_docs.jsonl"}} {
		texts := sample(b, 1<<20, "", "throughput", lang.file)
		var paragraphs []string
		for _, t := range texts {
			for p := range shingle.Paragraphs(t) {
				paragraphs = append(paragraphs, p.Of(t))
			}
		}
		var hashes []uint64
		var toks []shingle.Token
		n := 0
		for _, c := range []struct {
			name  string
			texts []string
			f     func(string)
		}{
			{"words", texts, func(t string) { hashes = (shingle.Shingler{}).AppendHashes(hashes[:0], t) }},
			{"words by paragraph", paragraphs, func(t string) { hashes = (shingle.Shingler{}).AppendHashes(hashes[:0], t) }},
			{"accents kept", texts, func(t string) { hashes = (shingle.Shingler{KeepAccents: true}).AppendHashes(hashes[:0], t) }},
			{"chars", texts, func(t string) { hashes = (shingle.Shingler{Unit: shingle.Chars}).AppendHashes(hashes[:0], t) }},
			{"tokens", texts, func(t string) { toks = (shingle.Shingler{}).AppendTokens(toks[:0], t) }},
			{"sequence", texts, func(t string) {
				for block := range (shingle.Shingler{}).HashesSeq(t) {
					n += len(block)
				}
			}},
			{"stream", texts, func(t string) {
				for block := range (shingle.Shingler{}).HashesFrom(strings.NewReader(t)) {
					n += len(block)
				}
			}},
			{"set", texts, func(t string) {
				hashes = (shingle.Shingler{}).AppendHashes(hashes[:0], t)
				n += len(shingle.MakeSet(hashes))
			}},
			{"paragraphs", texts, func(t string) {
				for range shingle.Paragraphs(t) {
					n++
				}
			}},
		} {
			b.Run(lang.name+"/"+c.name, func(b *testing.B) {
				b.SetBytes(int64(size(c.texts)))
				for b.Loop() {
					for _, t := range c.texts {
						c.f(t)
					}
				}
				b.StopTimer()
				best := fastest(rounds(b), c.texts, c.f)
				b.ReportMetric(float64(size(c.texts))/1e6/best[0].Seconds(), "best-MB/s")
			})
		}
	}
}

// rounds returns the number of rounds for fastest.
func rounds(b *testing.B) int {
	if b.N == 1 {
		return 1
	}
	return 15
}

// BenchmarkScripts compares the speed on other scripts, and on texts that take more work
// than most, with that on English help pages, on each instruction set.
func BenchmarkScripts(b *testing.B) {
	english := sample(b, 1<<20, "en", "throughput", "help_7_languages.jsonl")
	type kind struct {
		name  string
		texts []string
	}
	var kinds []kind
	for _, c := range []struct{ name, prefix, file string }{
		{"english", "en", "help_7_languages.jsonl"},
		{"rfcs", "", "english_rfc.jsonl"},
		{"russian", "", "russian_docs.jsonl"},
		{"japanese", "", "japanese_books.jsonl"},
		{"greek", "el", "help_7_languages.jsonl"},
		{"turkish", "tr", "help_7_languages.jsonl"},
		{"hindi", "hi", "help_7_languages.jsonl"},
		{"korean", "ko", "help_7_languages.jsonl"},
		{"chinese", "zh", "help_7_languages.jsonl"},
		{"khmer", "km", "help_7_languages.jsonl"},
	} {
		kinds = append(kinds, kind{c.name, sample(b, 1<<20, c.prefix, "throughput", c.file)})
	}
	kinds = append(kinds,
		kind{"thai", repeated8K("ในวันที่อากาศร้อนจัด ชาวบ้านพากันไปนั่งพักใต้ต้นไม้ใหญ่ริมแม่น้ำ และเล่าเรื่องเก่าให้เด็กฟังจนค่ำ ")},
		kind{"polytonic greek", repeated8K("Ἐν ἀρχῇ ἦν ἡ θάλασσα, καὶ ὁ ναύτης ἔβλεπε πρὸς τὸν οὐρανόν· οὐδεὶς δὲ τῶν ἀνθρώπων ᾔδει ποῖ πλέοι ἡ ναῦς. ")},
		kind{"mathematical letters", repeated8K("𝐓𝐡𝐞 𝐟𝐞𝐫𝐫𝐲 𝐥𝐞𝐚𝐯𝐞𝐬 𝐭𝐡𝐞 𝐡𝐚𝐫𝐛𝐨𝐮𝐫 𝐚𝐭 𝐬𝐢𝐱, 𝐚𝐧𝐝 𝐢𝐭 𝐰𝐢𝐥𝐥 𝐧𝐨𝐭 𝐰𝐚𝐢𝐭. ")},
		kind{"a broken byte every 100", repeated8K("The ferry leaves the harbour at six, and it will not wait for anyone who is late again tod\xffy, rain or shine. ")},
		kind{"one giant token", []string{strings.Repeat("endlessletters", 20000)}},
	)
	for _, c := range kinds {
		texts := c.texts
		// Each text alternates with an English one, so that both are timed under
		// the same load.
		var pairs []string
		for i := range texts {
			pairs = append(pairs, english[i%len(english)])
		}
		var hashes []uint64
		run := func(text string) { hashes = (shingle.Shingler{}).AppendHashes(hashes[:0], text) }
		shingle.EachTier(func(tier string) {
			b.Run(c.name+"/"+tier, func(b *testing.B) {
				b.SetBytes(int64(size(texts)))
				for b.Loop() {
					for _, t := range texts {
						run(t)
					}
				}
				b.StopTimer()
				var best [2]time.Duration
				for i := range texts {
					d := fastest(rounds(b), texts[i:i+1], run, func(string) { run(pairs[i]) })
					best[0], best[1] = best[0]+d[0], best[1]+d[1]
				}
				mbs := float64(size(texts)) / 1e6 / best[0].Seconds()
				b.ReportMetric(mbs, "best-MB/s")
				b.ReportMetric(mbs/(float64(size(pairs))/1e6/best[1].Seconds()), "of-english")
			})
		})
	}
}
