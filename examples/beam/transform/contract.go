package transform

import (
	"fmt"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
)

// Connected components by alternating large-star and small-star: R. Kiveris,
// S. Lattanzi, V. Mirrokni, V. Rastogi and S. Vassilvitskii, Connected Components
// in MapReduce and Beyond, SoCC 2014. A round is one of each. Beam has no loops,
// so the number of rounds is fixed when the pipeline is built; whether they
// sufficed is checked by the edges, both ends of which must then have one label.

// components returns the edges under the first document of their component, as
// KV<Ref, Edge>.
func components(s beam.Scope, edges beam.PCollection, rounds int) beam.PCollection {
	s = s.Scope("StarContraction")
	stars := beam.ParDo(s, &endsFn{}, edges) // KV<v, m>, v behind m
	for range rounds {
		stars = beam.ParDo(s, &largeStarFn{}, beam.GroupByKey(s, beam.ParDo(s, &bothWaysFn{}, stars)))
		stars = beam.ParDo(s, &smallStarFn{}, beam.GroupByKey(s, stars))
	}
	labels := beam.ParDo(s, &labelFn{}, stars)
	byA := beam.ParDo(s, &firstEndFn{}, edges)
	byB := beam.ParDo(s, &labelAFn{Rounds: rounds}, beam.GroupByKey(s, beam.Flatten(s, labels, byA)))
	return beam.ParDo(s, &labelBFn{Rounds: rounds}, beam.GroupByKey(s, beam.Flatten(s, labels, byB)))
}

// endsFn makes an edge a link from the later document to the earlier one.
type endsFn struct{}

// ProcessElement returns the link.
func (*endsFn) ProcessElement(e Edge) (Ref, Ref) { return e.B, e.A }

// bothWaysFn puts a link under both its ends.
type bothWaysFn struct{}

// ProcessElement emits the link in both directions.
func (*bothWaysFn) ProcessElement(a, b Ref, emit func(Ref, Ref)) {
	emit(a, b)
	emit(b, a)
}

// neighbours returns the distinct neighbours in order.
func neighbours(next func(*Ref) bool) []Ref {
	var r Ref
	var all []Ref
	for next(&r) {
		all = append(all, r)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// largeStarFn links the later neighbours of a document to the first of all.
type largeStarFn struct{}

// ProcessElement emits the new links.
func (*largeStarFn) ProcessElement(u Ref, next func(*Ref) bool, emit func(Ref, Ref)) {
	all := neighbours(next)
	m := min(u, all[0])
	for _, v := range all {
		if v > u {
			emit(v, m)
		}
	}
}

// smallStarFn links a document and its earlier neighbours, which are all that it
// is sent, to the first of them.
type smallStarFn struct{}

// ProcessElement emits the new links.
func (*smallStarFn) ProcessElement(u Ref, next func(*Ref) bool, emit func(Ref, Ref)) {
	all := neighbours(next)
	for _, v := range all[1:] {
		emit(v, all[0])
	}
	emit(u, all[0])
}

// A Label is the component of a document, or an edge on its way to be labelled.
type Label struct {
	Label Ref
	Edge  Edge // with a B: the edge
}

// labelFn makes a link the label of its later end.
type labelFn struct{}

// ProcessElement returns the label.
func (*labelFn) ProcessElement(v, m Ref) (Ref, Label) { return v, Label{Label: m} }

// firstEndFn puts an edge under its first document.
type firstEndFn struct{}

// ProcessElement returns the edge.
func (*firstEndFn) ProcessElement(e Edge) (Ref, Label) { return e.A, Label{Edge: e} }

// labelAFn labels edges with the component of their first document.
type labelAFn struct{ Rounds int }

// ProcessElement emits the labelled edges under their second document.
func (f *labelAFn) ProcessElement(a Ref, labels func(*Label) bool, emit func(Ref, Label)) error {
	label, edges, err := split(a, labels, f.Rounds)
	for _, e := range edges {
		emit(e.Edge.B, Label{label, e.Edge})
	}
	return err
}

// labelBFn compares the components of the two documents of edges.
type labelBFn struct{ Rounds int }

// ProcessElement emits the edges under their component.
func (f *labelBFn) ProcessElement(b Ref, labels func(*Label) bool, emit func(Ref, Edge)) error {
	label, edges, err := split(b, labels, f.Rounds)
	if err != nil {
		return err
	}
	for _, e := range edges {
		if e.Label != label {
			return notConverged(f.Rounds)
		}
		emit(label, e.Edge)
	}
	return nil
}

// split returns the label of a document, which is itself unless there is one, and
// the edges.
func split(r Ref, labels func(*Label) bool, rounds int) (label Ref, edges []Label, err error) {
	var l Label
	label = r
	for labels(&l) {
		switch {
		case l.Edge.B != "":
			edges = append(edges, l)
		case label != r && label != l.Label:
			return "", nil, notConverged(rounds)
		default:
			label = l.Label
		}
	}
	return label, edges, nil
}

func notConverged(rounds int) error {
	return fmt.Errorf("transform: star contraction has not converged in %d rounds: run again with twice as many (Options.Rounds), or with 0 to cluster all matches on one worker", rounds)
}

func encodeLabel(l Label) []byte { return append(appendString(nil, l.Label), encodeEdge(l.Edge)...) }

func decodeLabel(b []byte) (Label, error) {
	d := decoder{b: b}
	label := d.ref()
	e, err := decodeEdge(d.b)
	return Label{label, e}, err
}

func init() {
	registerCoder(encodeLabel, decodeLabel)
	registerDoFn[endsFn]()
	registerDoFn[bothWaysFn]()
	registerDoFn[largeStarFn]()
	registerDoFn[smallStarFn]()
	registerDoFn[labelFn]()
	registerDoFn[firstEndFn]()
	registerDoFn[labelAFn]()
	registerDoFn[labelBFn]()
	register.Emitter2[Ref, Ref]()
	register.Emitter2[Ref, Label]()
	register.Emitter2[Ref, Edge]()
	register.Iter1[Label]()
}
