package boilerplate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/internal/growth"
	"github.com/neardup/neardup/internal/race"
)

// TestHostilePagesTakeLinearTime judges and observes hostile pages: the time grows only
// with the length of the text.
func TestHostilePagesTakeLinearTime(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector is too slow to measure")
	}
	const size = 1 << 18
	fill := func(s string, n int) string { return strings.Repeat(s, n/len(s)) }
	numbered := func(format string, n int) string {
		var b strings.Builder
		for w := writer(0); b.Len() < n; {
			fmt.Fprintf(&b, format, w.next())
		}
		return b.String()
	}
	letters := strings.NewReplacer("0", "k", "1", "l", "2", "m", "3", "n", "4", "o",
		"5", "p", "6", "q", "7", "r", "8", "s", "9", "t")
	for name, text := range map[string]func(n int) string{
		"one block again":   func(n int) string { return fill("the same block again and again\n\n", n) },
		"one word":          func(n int) string { return fill("word ", n) },
		"one long word":     func(n int) string { return fill("w", n) },
		"words of a letter": func(n int) string { return fill("a\n\n", n) },
		"short blocks":      func(n int) string { return letters.Replace(numbered("%x\n\n", n)) },
		"one long block":    func(n int) string { return letters.Replace(numbered("%x ", n)) },
		"numbers":           func(n int) string { return fill("12 3 4\n\n5 ", n) },
		"ideographs":        func(n int) string { return fill("字符 汉字\n\n", n) },
		"digits all over":   func(n int) string { return fill("٣4੫ ", n) },
		"no words":          func(n int) string { return fill("--- \n\n", n) },
		"no text":           func(n int) string { return fill("\xff\xfe\x80", n) },
		"high bytes": func(n int) string {
			return fill("é ", n)
		},
	} {
		t.Run(name, func(t *testing.T) {
			growth.Linear(t, size, func(n int) {
				text := text(n)
				d := boilerplate.New(boilerplate.Options{})
				// Three times, so that blocks recur and are copies.
				for i := range 3 {
					d.Next(boilerplate.Page{ID: fmt.Sprint(i), Host: "h", Text: fmt.Sprintf("page x%c\n\n", 'a'+i) + text})
				}
				d.Judge(boilerplate.Page{Host: "h", Text: text})
			})
		})
	}
}
