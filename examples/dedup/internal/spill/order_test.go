package spill

import (
	"bytes"
	"cmp"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/internal/doctime"
)

// TestPreferenceOrdersBytesLikeDocuments compares the order of the bytes with that of the documents.
func TestPreferenceOrdersBytesLikeDocuments(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	times := []string{"", "2011-01-02", "0001-01-01T00:00:00.000000001Z", "1900-01-01", "2262-05-01", "9999-12-31T23:59:59.999999999Z", "1300000000", "-5", "2011-01-02T00:00:00.5Z"}
	ranks := []float64{math.Inf(-1), math.Inf(1), 0, math.Copysign(0, -1), 1, -1, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 3.5, -3.5}
	names := []string{"", "\x00", "\x00\x00", "\x00\x01", "a", "a\x00", "a\x00b", "ab", "\xff", "a\xff", "b"}
	random := func() *named {
		d := new(named)
		d.Size = r.IntN(4) << r.IntN(40)
		d.Time = times[r.IntN(len(times))]
		d.Rank = ranks[r.IntN(len(ranks))]
		d.ID = names[r.IntN(len(names))]
		return d
	}
	parse := func(d *named) time.Time {
		at, err := doctime.Parse(d.Time)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for keep, order := range map[string]func(a, b *named) int{
		"longest":   func(a, b *named) int { return cmp.Compare(b.Size, a.Size) },
		"newest":    func(a, b *named) int { return parse(b).Compare(parse(a)) },
		"max:score": func(a, b *named) int { return cmp.Compare(b.Rank, a.Rank) },
	} {
		run := &Run{o: find.Options{Keep: keep}}
		for range 20_000 {
			a, b := random(), random()
			x, err := run.appendPreference(nil, a, nil)
			if err != nil {
				t.Fatal(err)
			}
			y, err := run.appendPreference(nil, b, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(x) != preferenceSize {
				t.Fatalf("%s: %d bytes, want %d", keep, len(x), preferenceSize)
			}
			rest := []byte{byte(r.IntN(256)), byte(r.IntN(3))}
			x = append(appendName(x, a.ID), rest...)
			y = append(appendName(y, b.ID), 1, 1)
			want := cmp.Or(order(a, b), cmp.Compare(a.ID, b.ID))
			if got := bytes.Compare(x, y); want != 0 && got != want {
				t.Fatalf("%s: %+v and %+v compare as %d, want %d", keep, a, b, got, want)
			}
			if got, err := afterName(x[preferenceSize:]); err != nil || !bytes.Equal(got, rest) {
				t.Fatalf("after the name %q: %q, %v, want %q", a.ID, got, err, rest)
			}
		}
	}
	for _, b := range []string{"", "a", "a\x00", "a\x00\x01", "\x00\x01\x00"} {
		if got, err := afterName([]byte(b)); err == nil {
			t.Errorf("afterName(%q) = %q, want an error", b, got)
		}
	}
}
