package texts

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/neardup/neardup/internal/wire"
	"github.com/neardup/neardup/shingle"
)

// prose returns n words determined by a seed.
func prose(seed uint64, n int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	words := make([]string, n)
	for i := range words {
		words[i] = fmt.Sprintf("w%c%c%c", 'a'+r.IntN(26), 'a'+r.IntN(26), 'a'+r.IntN(26))
	}
	return strings.Join(words, " ")
}

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t testing.TB, s *Store, all ...Text) {
	t.Helper()
	for _, x := range all {
		if err := s.Put(x); err != nil {
			t.Fatal(err)
		}
	}
}

// near returns the IDs of all candidates.
func near(t testing.TB, s *Store, text string) (got []string) {
	t.Helper()
	all, left, err := s.Near(t.Context(), Text{Text: text}, 1000)
	if err != nil || left != 0 {
		t.Fatalf("Near leaves out %d texts, error %v; want 0, nil", left, err)
	}
	for i, c := range all {
		got = append(got, c.Text.ID)
		if one, left, err := s.Near(t.Context(), Text{Text: text}, i); len(one) != i || left != len(all)-i || err != nil {
			t.Fatalf("Near with limit %d = %d texts, %d left out, error %v; want %[1]d texts, %[5]d left out", i, len(one), left, err, len(all)-i)
		}
	}
	return got
}

// Texts that share a run of eight words are found wherever they are stored: in memory, in
// one file, in several, after a merge, and after the store is reopened.
func TestNearFindsSharedRuns(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	run := prose(1<<40, 8)
	for i := range 40 {
		text := prose(uint64(i), 30)
		if i%3 == 0 {
			text += " " + run + " " + prose(uint64(i)<<20, 20)
		}
		put(t, s, Text{ID: fmt.Sprint(i), Text: text})
		if i%5 == 4 {
			if err := s.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		var want []string
		for k := 0; k <= i; k += 3 {
			want = append(want, fmt.Sprint(k))
		}
		if got := near(t, s, "before "+run+" after"); !slices.Equal(got, want) {
			t.Fatalf("after %d texts: Near = %q, want %q", i+1, got, want)
		}
	}
	if st := s.Stats(); st.Files > 4 || st.Texts != 40 {
		t.Errorf("Stats = %+v, want 40 texts in a few files", st)
	}
	want := near(t, s, run)
	if err := errors.Join(s.Flush(), s.Close()); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if got := near(t, s, run); !slices.Equal(got, want) {
		t.Errorf("opened again: Near = %q, want %q", got, want)
	}
	if got := near(t, s, prose(1<<41, 40)); len(got) > 0 {
		t.Errorf("Near(unrelated text) = %q, want none", got)
	}
}

// Skipped spans yield no candidates, and are returned with the text.
func TestSkippedSpansProposeNothing(t *testing.T) {
	s := open(t, t.TempDir())
	frame, own := prose(1, 20), prose(2, 20)
	x := Text{ID: "a", Text: frame + "\n\n" + own, Skip: []shingle.Span{{Start: 0, End: len(frame)}}}
	put(t, s, x, x)
	for range 2 {
		if got := near(t, s, frame); len(got) > 0 {
			t.Errorf("Near(skipped text) = %q, want none", got)
		}
		if got := near(t, s, own); !slices.Equal(got, []string{"a"}) {
			t.Errorf("Near(text of a) = %q, want a once", got)
		}
		got, err := s.Get("a")
		if err != nil || len(got) != 1 || !got[0].equal(x) {
			t.Errorf("Get = %+v, %v, want %+v once", got, err, x)
		}
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
		put(t, s, x) // x is already stored
	}
	// An empty text, and one with fewer words than a shingle.
	put(t, s, Text{ID: "empty"}, Text{ID: "short", Text: "two words"})
	if got := near(t, s, "two words"); !slices.Equal(got, []string{"short"}) {
		t.Errorf("Near(two words) = %q, want short", got)
	}
	if got := near(t, s, ""); len(got) > 0 {
		t.Errorf("Near(empty text) = %q, want none", got)
	}
}

// Compact drops the texts before the mark that keep rejects, and frees their space.
func TestCompactDropsUnkeptTexts(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	shared := prose(5, 10)
	for i := range 600 {
		put(t, s, Text{ID: fmt.Sprint(i), Text: fmt.Sprintf("%s %s", prose(uint64(i+10), 200), shared)})
		if i%100 == 99 {
			if err := s.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	mark := s.Mark()
	put(t, s, Text{ID: "late", Text: shared})
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	before := s.Stats()
	err := s.Compact(mark, func(x Text) (bool, error) { return strings.HasSuffix(x.ID, "7"), nil })
	if err != nil {
		t.Fatal(err)
	}
	after := s.Stats()
	if before.Texts != 601 || after.Texts != 61 || after.Bytes > before.Bytes/8 {
		t.Errorf("Stats before Compact = %+v, after = %+v; want 601 and 61 texts, and at most an eighth of the bytes", before, after)
	}
	check := func(s *Store) {
		t.Helper()
		got := near(t, s, shared)
		if len(got) != 61 || !slices.Contains(got, "late") {
			t.Errorf("Near = %d texts %q, want 61", len(got), got)
		}
		if x, err := s.Get("8"); err != nil || len(x) > 0 {
			t.Errorf("Get(dropped text) = %v, %v, want none", x, err)
		}
		if x, err := s.Get("107"); err != nil || len(x) != 1 {
			t.Errorf("Get(kept text) = %v, %v, want 1 text", x, err)
		}
	}
	check(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	check(open(t, dir))
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != after.Files {
		t.Errorf("the folder has %d files (error %v), want %d", len(files), err, after.Files)
	}
}

// For a fingerprint that very many texts have, the first texts are the candidates.
func TestCommonFingerprintProposesFirstTexts(t *testing.T) {
	s := open(t, t.TempDir())
	formula := prose(9, 10)
	for i := range common + 50 {
		put(t, s, Text{ID: fmt.Sprint(i), Text: formula + " " + prose(uint64(i+100), 20)})
		if i == 100 {
			if err := s.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := near(t, s, formula)
	if want := []string{"0", "1", "2", "3", "4", "5", "6", "7"}; !slices.Equal(got, want) {
		t.Errorf("Near = %q, want %q", got, want)
	}
}

// A store that is killed at any point of a merge opens with every text.
func TestKilledMergeLosesNoText(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for i := range 3 {
		put(t, s, Text{ID: fmt.Sprint(i), Text: prose(uint64(i), 2000*(10-4*i))})
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	old := t.TempDir()
	if err := os.CopyFS(old, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := s.Compact(s.Mark(), func(Text) (bool, error) { return true, nil }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// The merged file and the old ones are all present.
	merged, err := os.ReadDir(dir)
	if err != nil || len(merged) != 1 {
		t.Fatalf("ReadDir after the merge = %v, %v, want 1 file", merged, err)
	}
	b, err := os.ReadFile(filepath.Join(dir, merged[0].Name()))
	if err != nil {
		t.Fatal(err)
	}
	for name, contents := range map[string][]byte{merged[0].Name(): b, merged[0].Name() + temporary: b[:len(b)/2]} {
		both := t.TempDir()
		if err := errors.Join(os.CopyFS(both, os.DirFS(old)), os.WriteFile(filepath.Join(both, name), contents, 0o666)); err != nil {
			t.Fatal(err)
		}
		s := open(t, both)
		for i := range 3 {
			if got, err := s.Get(fmt.Sprint(i)); err != nil || len(got) != 1 {
				t.Errorf("with file %s: Get(%d) = %d texts, %v, want 1", name, i, len(got), err)
			}
		}
	}
}

// Every changed byte and every cut is reported when the file is opened or read.
func TestDamageIsNoticed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	text := prose(1, 60)
	put(t, s, Text{ID: "a", Text: text, Skip: []shingle.Span{{Start: 3, End: 9}}}, Text{ID: "b", Text: prose(2, 400)})
	if err := errors.Join(s.Flush(), s.Close()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("ReadDir = %v, %v, want 1 file", entries, err)
	}
	name := filepath.Join(dir, entries[0].Name())
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	try := func(b []byte, what string) {
		t.Helper()
		if err := os.WriteFile(name, b, 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := Open(dir)
		if err == nil {
			defer s.Close()
			for _, id := range []string{"a", "b"} {
				var got []Text
				if got, err = s.Get(id); err == nil && len(got) != 1 {
					t.Fatalf("%s: Get(%s) = %v, nil, want 1 text or an error", what, id, got)
				}
				if err != nil {
					break
				}
			}
			if err == nil {
				_, _, err = s.Near(t.Context(), Text{Text: prose(2, 400)}, 10)
			}
		}
		if err == nil || !errors.Is(err, wire.ErrCorrupt) && !errors.Is(err, wire.ErrFormat) {
			t.Fatalf("%s: error = %v, want ErrCorrupt or ErrFormat", what, err)
		}
	}
	for at := 0; at < len(whole); at += 5 {
		b := slices.Clone(whole)
		b[at] ^= 1 << (at % 8)
		try(b, fmt.Sprintf("byte %d changed", at))
	}
	for end := 0; end < len(whole); end += 41 {
		try(whole[:end], fmt.Sprintf("%d bytes of %d", end, len(whole)))
	}
}

// Readers and writers work at the same time, while files are written and merged in the
// background.
func TestReadersAndWritersRunConcurrently(t *testing.T) {
	s := open(t, t.TempDir())
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 40 {
				x := Text{ID: fmt.Sprintf("%d/%d", g, i), Text: prose(uint64(g*1000+i), 5000)}
				if err := s.Put(x); err != nil {
					t.Error(err)
					return
				}
				got, err := s.Get(x.ID)
				if err != nil || len(got) != 1 {
					t.Errorf("Get(%s) = %d texts, %v, want 1", x.ID, len(got), err)
				}
				if i%16 == 15 {
					if err := s.Flush(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if st := s.Stats(); st.Texts != 160 {
		t.Errorf("Stats = %+v, want 160 texts", st)
	}
}
