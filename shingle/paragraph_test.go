package shingle_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/neardup/neardup/shingle"
)

func paragraphs(text string) (got []string) {
	for p := range shingle.Paragraphs(text) {
		got = append(got, p.Of(text))
	}
	return got
}

func TestParagraphsAreFound(t *testing.T) {
	for _, c := range []struct {
		why, text string
		want      []string
	}{
		{"nothing", "", nil},
		{"white space", " \n\t\r\n\u3000\u2028 ", nil},
		{"one line", "  one line \n", []string{"one line"}},
		{"blank lines", "first\n\nsecond\n \t\nthird", []string{"first", "second", "third"}},
		{"carriage returns", "first\r\n\r\nsecond\r\rthird", []string{"first", "second", "third"}},
		{"separators", "first\u2029second\fthird\u0085\u0085fourth", []string{"first", "second", "third", "fourth"}},
		{
			"wrapped lines",
			"The keeper of the lighthouse wrote every evening into a book that\nnobody was ever going to read, and he did so with great care, for\nthirty years.\n\nThen he stopped.",
			[]string{"The keeper of the lighthouse wrote every evening into a book that\nnobody was ever going to read, and he did so with great care, for\nthirty years.", "Then he stopped."},
		},
		{
			"a last line that ends early",
			"The keeper of the lighthouse wrote every evening into a book that\nnobody read.\nOne day a visitor came and asked what the book was for, and whether\nhe might look.",
			[]string{"The keeper of the lighthouse wrote every evening into a book that\nnobody read.", "One day a visitor came and asked what the book was for, and whether\nhe might look."},
		},
		{
			"first lines indented",
			"    The keeper of the lighthouse wrote every evening into a book that\nnobody was ever going to read, and he did so with great care, indeed.\n    One day a visitor came and asked what the book was for, and whether\nhe might look.",
			[]string{"The keeper of the lighthouse wrote every evening into a book that\nnobody was ever going to read, and he did so with great care, indeed.", "One day a visitor came and asked what the book was for, and whether\nhe might look."},
		},
		{
			"all lines indented",
			"   The keeper of the lighthouse wrote every evening into a book that\n   nobody was ever going to read.\n\n   Then he stopped.",
			[]string{"The keeper of the lighthouse wrote every evening into a book that\n   nobody was ever going to read.", "Then he stopped."},
		},
		{
			"a hanging paragraph",
			"Keeper  The man who lives in the lighthouse and who writes every evening\n        into a book that nobody was ever going to read, with great care\n        and for thirty years.",
			[]string{"Keeper  The man who lives in the lighthouse and who writes every evening\n        into a book that nobody was ever going to read, with great care\n        and for thirty years."},
		},
		{
			"hanging list items of two lines",
			"   o  The keeper of the lighthouse wrote every evening into a book that\n      nobody was ever going to read.\n   o  He did so for thirty years.\n\n   Then  he stopped, and nobody knows why he did so, or has ever asked for\n         the reason.",
			[]string{"o  The keeper of the lighthouse wrote every evening into a book that\n      nobody was ever going to read.", "o  He did so for thirty years.", "Then  he stopped, and nobody knows why he did so, or has ever asked for\n         the reason."},
		},
		{
			"mail",
			"On Monday the keeper wrote:\n> > Is there anybody who would like to read the book that I have written\n> > for thirty years?\n> >\n> > It is long.\n> I would, if I only knew where the lighthouse is and how one gets there,\n> and when.\nSo would I.\n",
			[]string{"On Monday the keeper wrote:", "> > Is there anybody who would like to read the book that I have written\n> > for thirty years?", "> > It is long.", "> I would, if I only knew where the lighthouse is and how one gets there,\n> and when.", "So would I."},
		},
		{
			"a list",
			"What he needed:\n- ink, of which there was never enough in that place by the\n  sea\n- paper\n* a pen\n1. first\n2) second\n(c) third\n• bullet",
			[]string{"What he needed:", "- ink, of which there was never enough in that place by the\n  sea", "- paper", "* a pen", "1. first", "2) second", "(c) third", "• bullet"},
		},
		{"initials and years are not numbers", "The story of the keeper was told for the first time by Mr\nA. Porter in the year of our Lord and of the great storm\n1887. Nobody believed it.",
			[]string{"The story of the keeper was told for the first time by Mr\nA. Porter in the year of our Lord and of the great storm\n1887. Nobody believed it."}},
		{"headings", "# The keeper\nHe wrote.\n## The book\nIt was long.", []string{"# The keeper", "He wrote.", "## The book", "It was long."}},
		{"underlined heading", "The keeper\n==========\nHe wrote.\n* * *\nHe stopped.", []string{"The keeper", "He wrote.", "He stopped."}},
		{"a title", "The keeper\nThe keeper of the lighthouse wrote every evening into a book that\nnobody was ever going to read.",
			[]string{"The keeper", "The keeper of the lighthouse wrote every evening into a book that\nnobody was ever going to read."}},
		{"a menu", "Home\nNews\nAbout us\nContact", []string{"Home", "News", "About us", "Contact"}},
		{"a paragraph a line", strings.Repeat("word ", 40) + "end.\n" + strings.Repeat("more ", 50) + "end.",
			[]string{strings.Repeat("word ", 40) + "end.", strings.Repeat("more ", 50) + "end."}},
		{"Chinese", "\u3000\u3000灯塔看守人每天晚上都在一本书里写字。\n\u3000\u3000有一天来了一位客人。", []string{"灯塔看守人每天晚上都在一本书里写字。", "有一天来了一位客人。"}},
		{"wrapped Chinese", "灯塔看守人每天晚上都在一本没有人会读的书里写字，他写得非常认\n真，写了三十年。", []string{"灯塔看守人每天晚上都在一本没有人会读的书里写字，他写得非常认\n真，写了三十年。"}},
		{"Chinese list", "一、墨水\n二、纸\n（三）笔", []string{"一、墨水", "二、纸", "（三）笔"}},
	} {
		if diff := cmp.Diff(c.want, paragraphs(c.text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, diff)
		}
	}
}

func FuzzParagraphs(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(strings.ReplaceAll(randomText(seed, 30), " ", "\n "))
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, inside := 0, 0
		words := shingle.Shingler{Unit: shingle.Chars}
		for p := range shingle.Paragraphs(text) {
			if p.Start < at || p.End <= p.Start || p.End > len(text) {
				t.Fatalf("%q: paragraph %v follows byte %d, want paragraphs in order, not empty and within the text", text, p, at)
			}
			if utf8.ValidString(text) && !utf8.ValidString(p.Of(text)) {
				t.Fatalf("%q: paragraph %v cuts a code point, want borders of code points", text, p)
			}
			if trimmed := strings.Trim(p.Of(text), " \t\r\n\u00a0\u3000\u2028"); trimmed != p.Of(text) {
				t.Fatalf("%q: paragraph %q, want it without space at its ends", text, p.Of(text))
			}
			inside += len(words.AppendTokens(nil, p.Of(text)))
			at = p.End
		}
		// No word is outside, though a character may be if a paragraph break separates
		// marks from their letters.
		if all := len(words.AppendTokens(nil, text)); inside < all {
			t.Fatalf("%q: %d characters are in paragraphs, want all %d", text, inside, all)
		}
	})
}

// TestParagraphsDoNotAllocate checks that finding paragraphs does not allocate unless
// more than a few lines follow one another without a blank line.
func TestParagraphsDoNotAllocate(t *testing.T) {
	text := strings.Repeat(randomText(1, 300)+"\n\n", 10)
	if n := testing.AllocsPerRun(20, func() {
		for range shingle.Paragraphs(text) {
		}
	}); n != 0 {
		t.Errorf("Paragraphs makes %v allocations, want 0", n)
	}
}

// BenchmarkParagraphs compares finding paragraphs with hashing the shingles of the same
// text; they alternate, and the shortest time of several rounds counts.
func BenchmarkParagraphs(b *testing.B) {
	for _, c := range []struct{ name, prefix, file string }{
		{"english", "", "english_rfc.jsonl"},
		{"russian", "", "russian_docs.jsonl"},
		{"japanese", "", "japanese_books.jsonl"},
		{"turkish", "tr", "help_7_languages.jsonl"},
		{"hindi", "hi", "help_7_languages.jsonl"},
		{"korean", "ko", "help_7_languages.jsonl"},
	} {
		b.Run(c.name, func(b *testing.B) {
			texts := sample(b, 1<<20, c.prefix, "throughput", c.file)
			find := func(text string) {
				for range shingle.Paragraphs(text) {
				}
			}
			b.SetBytes(int64(size(texts)))
			for b.Loop() {
				for _, t := range texts {
					find(t)
				}
			}
			b.StopTimer()
			var hashes []uint64
			best := fastest(rounds(b), texts, find,
				func(text string) { hashes = shingle.Shingler{}.AppendHashes(hashes[:0], text) })
			b.ReportMetric(float64(size(texts))/1e6/best[0].Seconds(), "best-MB/s")
			b.ReportMetric(best[1].Seconds()/best[0].Seconds(), "of-hashing")
		})
	}
}
