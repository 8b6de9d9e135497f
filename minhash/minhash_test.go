package minhash_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/minhash"
)

// stream returns the first n numbers of SplitMix64, which look random and are always the
// same.
func stream(seed uint64, n int) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		seed += 0x9E3779B97F4A7C15
		z := seed
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		out[i] = z ^ z>>31
	}
	return out
}

func everyOptions() []minhash.Options {
	var all []minhash.Options
	for _, k := range []int{16, 32, 64, 128, 256, 512, 1024} {
		all = append(all, minhash.Options{K: k, Seed: 7})
	}
	for _, k := range []int{1, 15, 16, 100, 128, 200} {
		all = append(all,
			minhash.Options{K: k, Seed: 7, Algorithm: minhash.Classic},
			minhash.Options{K: k, Seed: 7, Algorithm: minhash.Affine32},
			minhash.Options{K: k, Seed: 7, Algorithm: minhash.Legacy})
	}
	return all
}

func name(o minhash.Options) string { return minhash.New(o).Scheme().String() }

// Only the set counts, not the order, repeats, division into blocks or source of the
// elements.
func TestOrderAndRepeatsDoNotMatter(t *testing.T) {
	for _, o := range everyOptions() {
		t.Run(name(o), func(t *testing.T) {
			s := minhash.New(o)
			for _, n := range []int{1, 2, 5, 20, 64, 65, 200, 257, 1024, 1025, 3000} {
				set := stream(uint64(n), n)
				want := s.Sketch(set)
				for _, size := range []int{1, 100, n} {
					if got := s.SketchSeq(slices.Chunk(set, size)); !slices.Equal(want.Values(), got.Values()) {
						t.Fatalf("n=%d: SketchSeq of blocks of %d = %x, want %x as by Sketch", n, size, got.Values(), want.Values())
					}
				}
				again := slices.Concat(set, set[n/3:], set)
				slices.Reverse(again)
				if got := s.Sketch(again); !slices.Equal(want.Values(), got.Values()) {
					t.Fatalf("n=%d: signature of reversed and repeated elements = %x, want %x", n, got.Values(), want.Values())
				}
				cut := n / 3
				union := s.Sketch(set[:cut]).Union(s.Sketch(set[cut/2:]))
				if !slices.Equal(want.Values(), union.Values()) {
					t.Fatalf("n=%d: union of the parts = %x, want %x of the whole", n, union.Values(), want.Values())
				}
				if got := want.Similarity(union); got != 1 {
					t.Fatalf("n=%d: similarity of equal sets = %g, want 1", n, got)
				}
				if want.IsEmpty() {
					t.Fatalf("n=%d: IsEmpty() = true, want false", n)
				}
			}
		})
	}
}

// Repetitive text does not reduce accuracy; it takes the path that drops repeats before
// the fallback.
func TestRepeatsCostNoAccuracy(t *testing.T) {
	s := minhash.New(minhash.Options{})
	for _, distinct := range []int{1, 3, 20, 100, 300} {
		set := stream(9, distinct)
		want := s.Sketch(set)
		var long []uint64
		for i := range 5000 {
			long = append(long, set[i*i%distinct], set[i%distinct])
		}
		if got := s.Sketch(long); !slices.Equal(want.Values(), got.Values()) {
			t.Errorf("%d elements, %d of them distinct: got %x, want %x", len(long), distinct, got.Values(), want.Values())
		}
	}
}

func TestEmptySetMatchesNothing(t *testing.T) {
	for _, o := range everyOptions() {
		s := minhash.New(o)
		none, some := s.Sketch(nil), s.Sketch([]uint64{1, 2, 3})
		if !none.IsEmpty() || !s.SketchSeq(slices.Chunk([]uint64{}, 1)).IsEmpty() {
			t.Errorf("%s: signature of no elements: IsEmpty() = false, want true", name(o))
		}
		for _, pair := range [][2]minhash.Signature{{none, none}, {none, some}, {some, none}} {
			if j, c := pair[0].Similarity(pair[1]), pair[0].Containment(pair[1]); j != 0 || c != 0 {
				t.Errorf("%s: similarity %g, containment %g with the empty set, want 0 and 0", name(o), j, c)
			}
		}
		if c := none.Cardinality(); c != 0 {
			t.Errorf("%s: Cardinality() of the empty set = %g, want 0", name(o), c)
		}
		if u := none.Union(some); !slices.Equal(u.Values(), some.Values()) {
			t.Errorf("%s: union with the empty set = %x, want %x", name(o), u.Values(), some.Values())
		}
		if keys := none.BandKeys(nil, 1, 1, 0); len(keys) != 0 {
			t.Errorf("%s: BandKeys of the empty set = %x, want none", name(o), keys)
		}
	}
}

func TestUnlikeSchemesDoNotCompare(t *testing.T) {
	base := minhash.Options{K: 64, Seed: 1, Elements: minhash.Name("words:5")}
	a := minhash.New(base).Sketch([]uint64{1})
	if err := a.Compatible(minhash.New(base).Sketch([]uint64{2})); err != nil {
		t.Errorf("Compatible() with a sketcher of equal options = %v, want nil", err)
	}
	for _, c := range []struct {
		why string
		o   minhash.Options
	}{
		{"K", minhash.Options{K: 128, Seed: 1, Elements: minhash.Name("words:5")}},
		{"seed", minhash.Options{K: 64, Seed: 2, Elements: minhash.Name("words:5")}},
		{"algorithm", minhash.Options{K: 64, Seed: 1, Elements: minhash.Name("words:5"), Algorithm: minhash.Classic}},
		{"shingling", minhash.Options{K: 64, Seed: 1, Elements: minhash.Name("words:4")}},
	} {
		b := minhash.New(c.o).Sketch([]uint64{1})
		if err := a.Compatible(b); !errors.Is(err, minhash.ErrMismatch) {
			t.Errorf("other %s: Compatible() = %v, want ErrMismatch", c.why, err)
		}
		for what, f := range map[string]func(){
			"Similarity":  func() { a.Similarity(b) },
			"Containment": func() { a.Containment(b) },
			"Union":       func() { a.Union(b) },
		} {
			if !panics(f) {
				t.Errorf("other %s: %s did not panic, want a panic", c.why, what)
			}
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return
}

func TestNewPanics(t *testing.T) {
	for _, o := range []minhash.Options{
		{K: -1}, {K: 8}, {K: 100}, {K: 2048},
		{Algorithm: minhash.Classic, K: -1}, {Algorithm: minhash.Classic, K: 1<<16 + 1},
		{Algorithm: 99}, {Algorithm: minhash.Affine32, Seed: 1 << 32},
		{Elements: minhash.Name(make([]byte, 256))},
	} {
		if !panics(func() { minhash.New(o) }) {
			t.Errorf("New(%+v) did not panic, want a panic", o)
		}
	}
}

func TestForSchemeMakesTheSameSketcher(t *testing.T) {
	for _, o := range everyOptions() {
		sc := minhash.New(o).Scheme()
		s, err := minhash.ForScheme(sc)
		if err != nil {
			t.Fatal(err)
		}
		want := minhash.New(o).Sketch(stream(3, 50))
		if diff := cmp.Diff(want.Values(), s.Sketch(stream(3, 50)).Values()); diff != "" {
			t.Errorf("%v: registers differ (-want +got):\n%s", sc, diff)
		}
		later := sc
		later.Version++
		if _, err := minhash.ForScheme(later); !errors.Is(err, minhash.ErrVersion) {
			t.Errorf("ForScheme(%v) = %v, want ErrVersion", later, err)
		}
		wrong := sc
		wrong.Rounds++
		if _, err := minhash.ForScheme(wrong); !errors.Is(err, minhash.ErrScheme) {
			t.Errorf("ForScheme(%v) = %v, want ErrScheme", wrong, err)
		}
	}
}

// The error for a wrong scheme names the wrong field and does not mention damaged data.
func TestSchemeErrorsNameTheField(t *testing.T) {
	good := minhash.New(minhash.Options{}).Scheme()
	for _, c := range []struct {
		change func(*minhash.Scheme)
		want   string
	}{
		{func(sc *minhash.Scheme) { sc.K = 100 }, "minhash: invalid scheme: k is 100, but bucket needs a power of two from 16 to 1024"},
		{func(sc *minhash.Scheme) { sc.Rounds = 3 }, "minhash: invalid scheme: 3 rounds, but bucket has 2"},
		{func(sc *minhash.Scheme) { sc.Algorithm = minhash.Classic }, "minhash: invalid scheme: 2 rounds, but classic has none"},
		{func(sc *minhash.Scheme) { sc.Elements = strings.Repeat("x", 256) }, "minhash: invalid scheme: the name of the elements has 256 bytes, limit 255"},
		{func(sc *minhash.Scheme) { sc.Algorithm, sc.Rounds, sc.Seed = minhash.Legacy, 0, 1<<32 }, "minhash: invalid scheme: seed 4294967296 does not fit in the 32 bits of legacy"},
	} {
		sc := good
		c.change(&sc)
		for what, err := range map[string]error{
			"ForScheme":     second(minhash.ForScheme(sc)),
			"MarshalBinary": second(sc.MarshalBinary()),
			"MarshalText":   second(sc.MarshalText()),
			"Wrap":          second(sc.Wrap(make([]uint32, sc.K))),
		} {
			if !errors.Is(err, minhash.ErrScheme) || err.Error() != c.want {
				t.Errorf("%s: %v, want %s", what, err, c.want)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

// The zero values of the exported types: which methods work, and what they return.
func TestZeroValuesAreEmpty(t *testing.T) {
	var sig minhash.Signature
	var packed minhash.Packed
	var sc minhash.Scheme
	var sk minhash.Sketcher
	real := minhash.New(minhash.Options{}).Sketch([]uint64{1})
	if sig.Scheme() != sc || !sig.IsEmpty() || sig.Values() != nil || sig.Similarity(sig) != 0 || sig.Cardinality() != 0 || sig.Union(sig).Values() != nil {
		t.Errorf("zero Signature = %+v, want zero Scheme, empty, no values, similarity, cardinality and union zero", sig)
	}
	if packed.Scheme() != sc || !packed.IsEmpty() || packed.Bits() != 0 || packed.Similarity(packed) != 0 || sig.Pack(8).Scheme() != sc {
		t.Errorf("zero Packed = %+v, want zero Scheme, empty, 0 bits, similarity 0", packed)
	}
	if sig.Compatible(real) == nil || packed.Compatible(real.Pack(8)) == nil || !panics(func() { sig.Similarity(real) }) {
		t.Error("zero Signature and Packed compare with real ones, want an error from Compatible and a panic from Similarity")
	}
	for what, err := range map[string]error{
		"Signature":      second(sig.MarshalBinary()),
		"Signature text": second(sig.MarshalText()),
		"Packed":         second(packed.MarshalBinary()),
		"Packed text":    second(packed.MarshalText()),
	} {
		if !errors.Is(err, minhash.ErrScheme) {
			t.Errorf("encoding the zero %s = %v, want ErrScheme", what, err)
		}
	}
	if _, err := minhash.ForScheme(sc); !errors.Is(err, minhash.ErrVersion) {
		t.Errorf("ForScheme(zero Scheme) = %v, want ErrVersion", err)
	}
	for what, f := range map[string]func(){
		"Sketch":       func() { sk.Sketch([]uint64{1}) },
		"SketchInto":   func() { sk.SketchInto(&sig, []uint64{1}) },
		"AppendValues": func() { sk.AppendValues(nil, nil) },
		"SketchSeq":    func() { sk.SketchSeq(slices.Chunk([]uint64{1}, 1)) },
		"Wrap":         func() { _, _ = sk.Wrap(nil) },
	} {
		func() {
			defer func() {
				if got := recover(); got != "minhash: the Sketcher was not made by New or ForScheme" {
					t.Errorf("%s of the zero Sketcher panics with %v, want %q", what, got, "minhash: the Sketcher was not made by New or ForScheme")
				}
			}()
			f()
		}()
	}
	if !sig.IsEmpty() || sig.Scheme() != sc {
		t.Errorf("after a failed SketchInto: Scheme() = %v, IsEmpty() = %v, want the zero Signature", sig.Scheme(), sig.IsEmpty())
	}
}

func TestWrapTakesAppendedValues(t *testing.T) {
	for _, o := range everyOptions() {
		s := minhash.New(o)
		set := stream(5, 300)
		want := s.Sketch(set).Values()
		k := s.Scheme().K
		// Memory after the registers must not be touched.
		buf := slices.Repeat([]uint32{77}, k+40)
		got := s.AppendValues(buf[:3], set)
		if !slices.Equal(got[:3], []uint32{77, 77, 77}) || !slices.Equal(got[3:], want) {
			t.Errorf("%s: AppendValues = %x, want the prefix and then %x as by Sketch", name(o), got, want)
		}
		if !slices.Equal(buf[3+k:], slices.Repeat([]uint32{77}, 37)) {
			t.Errorf("%s: AppendValues wrote %x after the registers, want them untouched", name(o), buf[3+k:])
		}
		sig, err := s.Wrap(got[3:])
		if err != nil || sig.Similarity(s.Sketch(set)) != 1 {
			t.Errorf("%s: Wrap(values) = %v, want nil and similarity 1", name(o), err)
		}
		if _, err := s.Wrap(got); !errors.Is(err, minhash.ErrCorrupt) {
			t.Errorf("%s: Wrap of %d registers = %v, want ErrCorrupt", name(o), len(got), err)
		}
	}
	if _, err := minhash.New(minhash.Options{}).Wrap(slices.Repeat([]uint32{1 << 31}, 128)); !errors.Is(err, minhash.ErrCorrupt) {
		t.Errorf("Wrap of registers that no set has = %v, want ErrCorrupt", err)
	}
}

func TestCardinalityWithinDocumentedError(t *testing.T) {
	for _, o := range []minhash.Options{{}, {K: 1024}, {Algorithm: minhash.Classic}, {Algorithm: minhash.Affine32}} {
		for _, n := range []int{1, 5, 20, 64, 128, 150, 200, 300, 1000, 5000} {
			const trials = 200
			var sum, squares float64
			for i := range trials {
				o.Seed = uint64(i)
				c := minhash.New(o).Sketch(stream(uint64(i)<<32, n)).Cardinality()
				sum += c
				squares += (c - float64(n)) * (c - float64(n))
			}
			k := float64(minhash.New(o).Scheme().K)
			mean, rms := sum/trials, math.Sqrt(squares/trials)
			bar := float64(n) / math.Sqrt(k) // the documented standard error
			if math.Abs(mean-float64(n)) > 4*bar/math.Sqrt(trials)+.015*float64(n)+.04 || rms > 1.25*bar+.5 {
				t.Errorf("%s n=%d: mean estimate %.1f, rms error %.2f, want a mean near n and an error near %.2f", name(o), n, mean, rms, bar)
			}
		}
	}
}

func TestContainmentFollowsFromCounts(t *testing.T) {
	s := minhash.New(minhash.Options{K: 1024, Seed: 3})
	all := stream(8, 4000)
	for _, c := range []struct {
		a, b []uint64
		want float64
	}{
		{all[:1000], all[:2000], 1},
		{all[:2000], all[:1000], .5},
		{all[:1000], all[500:1500], .5},
		{all[:1000], all[1000:], 0},
	} {
		got := s.Sketch(c.a).Containment(s.Sketch(c.b))
		if math.Abs(got-c.want) > .12 {
			t.Errorf("containment %.3f of %d in %d elements, want %.3f", got, len(c.a), len(c.b), c.want)
		}
	}
	for _, c := range []struct{ j, a, b, want float64 }{
		{.5, 100, 100, 2. / 3}, {1, 7, 7, 1}, {0, 5, 5, 0}, {.9, 100, 10, .1}, {.5, 0, 10, 0}, {.5, 10, 0, 0},
	} {
		if got := minhash.Containment(c.j, c.a, c.b); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("Containment(%g, %g, %g) = %g, want %g", c.j, c.a, c.b, got, c.want)
		}
	}
}

func TestAgreeCountsEqualRegisters(t *testing.T) {
	a := make([]uint32, 1030)
	for i := range a {
		a[i] = uint32(i) * 77
	}
	for n := range len(a) + 1 {
		b := slices.Clone(a[:n])
		want := n
		for i := n % 5; i < n; i += 1 + i%7 {
			b[i] ^= 1 << (i % 32)
			want--
		}
		if got := minhash.Agree(a[:n], b); got != want {
			t.Fatalf("Agree() = %d of %d, want %d", got, n, want)
		}
	}
	if !panics(func() { minhash.Agree(a[:3], a[:4]) }) {
		t.Error("Agree(3 values, 4 values) did not panic, want a panic")
	}
}

func TestReusedBuffersDoNotAllocate(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	for _, n := range []int{1, 20, 50, 200, 1000, 5000} {
		s, s64 := minhash.New(minhash.Options{}), minhash.New(minhash.Options{K: 64})
		set := stream(1, n)
		sig, sig64, other := s.Sketch(set), s64.Sketch(set), s.Sketch(set[:1])
		var values []uint32
		var keys []uint64
		var data []byte
		for what, f := range map[string]func(){
			"SketchInto":   func() { s.SketchInto(&sig, set) },
			"AppendValues": func() { values = s.AppendValues(values[:0], set) },
			"BandKeys":     func() { keys = sig.BandKeys(keys[:0], 16, 8, 1) },
			"Similarity":   func() { sig.Similarity(other) },
			"Merge":        func() { sig.Merge(other) },
			"AppendBinary": func() { data, _ = sig.AppendBinary(data[:0]) },
		} {
			f() // grow the buffers
			if got := testing.AllocsPerRun(100, f); got != 0 {
				t.Errorf("n=%d: %s makes %g allocations, want 0", n, what, got)
			}
		}
		// Registers that are not kept are on the stack of the caller.
		var kept minhash.Signature
		blocks := func(yield func([]uint64) bool) { _ = yield(set[:n/2]) && yield(set[n/2:]) }
		for what, c := range map[string]struct {
			f    func()
			want float64
		}{
			"Sketch":                   {func() { sig.Merge(s.Sketch(set)) }, 0},
			"Sketch, if kept,":         {func() { kept = s.Sketch(set) }, 1},
			"SketchSeq":                {func() { sig.Merge(s.SketchSeq(blocks)) }, 0},
			"SketchSeq, if kept,":      {func() { kept = s.SketchSeq(blocks) }, 1},
			"Sketch with another K":    {func() { sig64.Merge(s64.Sketch(set)) }, 1},
			"SketchSeq with another K": {func() { sig64.Merge(s64.SketchSeq(blocks)) }, 1},
		} {
			// A pool may be emptied at any time, so one run in ten may allocate.
			if got := testing.AllocsPerRun(100, c.f); got > c.want+0.1 {
				t.Errorf("n=%d: %s makes %g allocations, want %g", n, what, got, c.want)
			}
		}
		if !slices.Equal(kept.Values(), sig.Values()) {
			t.Errorf("n=%d: SketchSeq differs from SketchInto", n)
		}
	}
}

// One Sketcher serves many goroutines.
func TestOneSketcherServesManyGoroutines(t *testing.T) {
	s := minhash.New(minhash.Options{})
	set := stream(6, 3000)
	want := s.Sketch(set)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			var sig minhash.Signature
			for range 20 {
				s.SketchInto(&sig, set)
				if got := s.SketchSeq(slices.Chunk(set, 512)); got.Similarity(want) != 1 || sig.Similarity(want) != 1 {
					t.Errorf("similarity of concurrent sketches = %v by SketchSeq, %v by SketchInto, want 1 and 1", got.Similarity(want), sig.Similarity(want))
				}
			}
		})
	}
	wg.Wait()
}
