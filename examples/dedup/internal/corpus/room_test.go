package corpus

import (
	"strings"
	"testing"

	"github.com/neardup/neardup/examples/dedup/internal/spool"
)

// Room for documents that are still to come takes memory from texts.
func TestRoom(t *testing.T) {
	text := strings.Repeat("a", 1<<20)
	for _, test := range []struct {
		room int
		held bool
	}{{2048, true}, {300_000, false}} {
		c := &Corpus{Docs: make([]Document, 1024, test.room), o: Options{Memory: 64 << 20, Texts: Large}, texts: spool.NewTexts(40 << 20)}
		defer c.Close()
		for range 30 {
			if err := c.texts.Append(text); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.makeRoom(new(growth)); err != nil {
			t.Fatal(err)
		}
		if got := c.texts.Held(); got > 0 != test.held {
			t.Errorf("room for %d documents: %d bytes of texts in memory, want texts in memory = %v", test.room, got, test.held)
		}
	}
}

// Room is made once it is needed, for as many documents as the bytes read suggest.
func TestRoomGrows(t *testing.T) {
	g := &growth{total: 100 << 20}
	g.read.Store(10 << 20)
	for _, test := range []struct{ room, least, most int }{{4096, 4096, 4096}, {2100, 2100, 2100}, {2047, 11_264, 13_000}} {
		c := &Corpus{Docs: make([]Document, 1024, test.room), o: Options{Memory: 64 << 20}, texts: spool.NewTexts(0)}
		defer c.Close()
		if err := c.makeRoom(g); err != nil {
			t.Fatal(err)
		}
		if got := cap(c.Docs); got < test.least || got > test.most {
			t.Errorf("room for %d documents, 1024 of them read with a tenth of the bytes: then room for %d, want %d to %d", test.room, got, test.least, test.most)
		}
	}
}
