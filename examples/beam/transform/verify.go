package transform

import (
	"context"
	"fmt"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// A Pair is two documents, A preferred to B.
type Pair struct{ A, B Ref }

// An Edge is a verified pair.
type Edge struct {
	A, B       Ref
	Similarity float64
}

// A SaltedRef is a document together with a salt of those it is paired with.
type SaltedRef struct {
	Ref  Ref
	Salt uint16
}

// roleKind tells the contents of a Role.
type roleKind byte

const (
	roleSketch roleKind = iota // the sketch of the document itself
	roleFirst                  // it is A of a pair with Ref
	roleSecond                 // it is B of a pair with Ref
	roleAsked                  // its pairs wait under Salt for its sketch
)

// A Role is what meets under a document: its sketch, and where that is needed.
type Role struct {
	Kind   roleKind
	Salt   uint16
	Ref    Ref
	Sketch Sketch
}

// Verify returns the pairs of stars that match, as Edges, each once however often
// it comes. References travel to the sketches, and each sketch to the pairs that it is in.
// A document in very many pairs, such as the head of a bounded bucket, sends its
// sketch to the salted parts of its pairs first.
func Verify(s beam.Scope, stars, sketches beam.PCollection, o Options) beam.PCollection {
	return verify(s.Scope("Verify"), stars, sketches, o.withDefaults(), false)
}

// verify is Verify; with all, it returns pairs that do not match too.
func verify(s beam.Scope, stars, sketches beam.PCollection, o Options, all bool) beam.PCollection {
	salted := beam.ParDo(s, &saltStarFn{Salts: o.Salts}, stars)
	roles, waiting := beam.ParDo2(s, &pairsFn{}, beam.GroupByKey(s, salted))
	own := beam.ParDo(s, &ownFn{}, sketches)
	met, sent := beam.ParDo2(s, &meetFn{}, beam.GroupByKey(s, beam.Flatten(s, roles, own)))
	rest := beam.ParDo(s, &waitingFn{}, beam.GroupByKey(s, beam.Flatten(s, waiting, sent)))
	return beam.ParDo(s, &verifyFn{Options: o, All: all}, beam.GroupByKey(s, beam.Flatten(s, met, rest)))
}

// saltStarFn puts pairs under their first document and the salts of the second.
type saltStarFn struct{ Salts int }

// ProcessElement emits the second documents of each salt.
func (f *saltStarFn) ProcessElement(st Star, emit func(SaltedRef, Star)) {
	salt := saltOf(st.B[0], f.Salts)
	same := true
	for _, r := range st.B[1:] {
		same = same && saltOf(r, f.Salts) == salt
	}
	if same { // always so in what a held part emits
		emit(SaltedRef{st.A, salt}, Star{B: st.B})
		return
	}
	parts := map[uint16][]Ref{}
	for _, r := range st.B {
		salt := saltOf(r, f.Salts)
		parts[salt] = append(parts[salt], r)
	}
	for salt, refs := range parts {
		emit(SaltedRef{st.A, salt}, Star{B: refs})
	}
}

// pairsFn makes pairs distinct and gives both documents their roles.
type pairsFn struct{}

// directPairs is how many pairs of one salt are sent to their first document
// itself.
const directPairs = 16

// ProcessElement emits the roles of the documents of each pair; pairs of a
// document that has many wait for its sketch.
func (*pairsFn) ProcessElement(k SaltedRef, stars func(*Star) bool, role func(Ref, Role), wait func(SaltedRef, Role)) {
	var st Star
	seen := map[Ref]bool{}
	for stars(&st) {
		for _, r := range st.B {
			if seen[r] {
				continue
			}
			seen[r] = true
			role(r, Role{Kind: roleSecond, Ref: k.Ref})
			first := Role{Kind: roleFirst, Ref: r}
			if len(seen) <= directPairs {
				role(k.Ref, first)
				continue
			}
			if len(seen) == directPairs+1 {
				role(k.Ref, Role{Kind: roleAsked, Salt: k.Salt})
			}
			wait(k, first)
		}
	}
}

// ownFn puts a sketch under its document.
type ownFn struct{}

// ProcessElement returns the sketch as a role.
func (*ownFn) ProcessElement(s Sketch) (Ref, Role) {
	return s.Ref, Role{Kind: roleSketch, Sketch: s}
}

// meetFn sends the sketch of a document to its pairs.
type meetFn struct{}

// ProcessElement emits the sketch once for each role.
func (*meetFn) ProcessElement(ref Ref, roles func(*Role) bool, met func(Pair, Sketch), sent func(SaltedRef, Role)) error {
	return eachRole(ref, roles, func(own, r Role) {
		switch r.Kind {
		case roleFirst:
			met(Pair{ref, r.Ref}, own.Sketch)
		case roleSecond:
			met(Pair{r.Ref, ref}, own.Sketch)
		case roleAsked:
			sent(SaltedRef{ref, r.Salt}, own)
		}
	})
}

// waitingFn sends the sketch of a document to the pairs that wait for it.
type waitingFn struct{}

// ProcessElement emits the sketch once for each pair.
func (*waitingFn) ProcessElement(k SaltedRef, roles func(*Role) bool, met func(Pair, Sketch)) error {
	return eachRole(k.Ref, roles, func(own, r Role) { met(Pair{k.Ref, r.Ref}, own.Sketch) })
}

// eachRole calls f for every role with the sketch, in whatever order they come.
func eachRole(ref Ref, roles func(*Role) bool, f func(own, r Role)) error {
	var (
		r, own Role
		known  bool
		early  []Role
	)
	for roles(&r) {
		switch {
		case r.Kind == roleSketch:
			own, known = r, true
		case known:
			f(own, r)
		default:
			early = append(early, r)
		}
	}
	if !known && len(early) > 0 {
		return fmt.Errorf("transform: no sketch of document %q, which is in a pair: is the order of every document its own?", string(ref))
	}
	for _, r := range early {
		f(own, r)
	}
	return nil
}

var (
	candidatesCounter = beam.NewCounter(Namespace, "candidates")
	verifiedCounter   = beam.NewCounter(Namespace, "verified")
	matchesCounter    = beam.NewCounter(Namespace, "matches")
)

// verifyFn compares two sketches.
type verifyFn struct {
	Options Options
	All     bool

	rule lsh.Rule
}

// Setup makes the rule of what to let through.
func (f *verifyFn) Setup() { f.rule = lsh.NewRule(f.Options.K, f.Options.Threshold) }

// ProcessElement emits the pair if it matches.
func (f *verifyFn) ProcessElement(ctx context.Context, p Pair, sketches func(*Sketch) bool, emit func(Edge)) error {
	var a, b, more Sketch
	if !sketches(&a) || !sketches(&b) || sketches(&more) {
		return fmt.Errorf("transform: documents %q and %q do not have one sketch each: is the order of every document its own?", string(p.A), string(p.B))
	}
	agree := minhash.Agree(a.Registers, b.Registers)
	exact := a.Set != nil && b.Set != nil
	sim := float64(agree) / float64(f.Options.K)
	if f.All {
		if exact {
			sim = shingle.Set(a.Set).Jaccard(b.Set)
		}
		emit(Edge{p.A, p.B, sim})
		return nil
	}
	candidatesCounter.Inc(ctx, 1)
	s, ok := f.rule.Judge(agree, func() (x, y []uint64, known bool) {
		if exact {
			verifiedCounter.Inc(ctx, 1)
		}
		return a.Set, b.Set, exact
	}, nil)
	if !ok {
		return nil
	}
	matchesCounter.Inc(ctx, 1)
	emit(Edge{p.A, p.B, s.Similarity})
	return nil
}

func init() {
	registerDoFn[saltStarFn]()
	register.Emitter2[SaltedRef, Star]()
	register.Iter1[Star]()
	registerDoFn[pairsFn]()
	registerDoFn[ownFn]()
	registerDoFn[meetFn]()
	registerDoFn[waitingFn]()
	registerDoFn[verifyFn]()
	register.Emitter2[Ref, Role]()
	register.Emitter2[SaltedRef, Role]()
	register.Emitter2[Pair, Sketch]()
	register.Emitter1[Edge]()
	register.Iter1[Role]()
	register.Iter1[Sketch]()
}
