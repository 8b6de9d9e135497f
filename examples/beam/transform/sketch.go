package transform

import (
	"context"
	"crypto/sha256"
	"encoding/binary"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/neardup/neardup/minhash"
)

// A Sketch is what a document is compared by.
type Sketch struct {
	Ref       Ref
	Registers []uint32
	Set       []uint64 // nil with Options.Estimate
}

// Sketched is what [SketchDocuments] makes of documents.
type Sketched struct {
	Sketches beam.PCollection // of Sketch, without empty documents
	Twins    beam.PCollection // of KV<TwinKey, Twin>, without empty documents
	Names    beam.PCollection // of KV<Ref, Fate>: the id of every document
}

// SketchDocuments shingles and sketches documents.
func SketchDocuments(s beam.Scope, documents beam.PCollection, o Options) Sketched {
	s = s.Scope("Sketch")
	o = o.withDefaults()
	sketches, twins, names := beam.ParDo3(s, &sketchFn{Options: o}, documents)
	return Sketched{sketches, twins, names}
}

// Namespace is that of the metrics, by which a program tells what happened.
const Namespace = "neardup"

var (
	documentsCounter = beam.NewCounter(Namespace, "documents")
	emptyCounter     = beam.NewCounter(Namespace, "empty_documents")
)

// sketchFn is one ParDo from a text to everything that the stages need of it.
type sketchFn struct {
	Options Options
	mh      *minhash.Sketcher
}

// Setup makes the sketcher.
func (f *sketchFn) Setup() { f.mh = f.Options.sketcher() }

// ProcessElement sketches one document.
func (f *sketchFn) ProcessElement(ctx context.Context, d Document, sketch func(Sketch), twin func(TwinKey, Twin), name func(Ref, Fate)) {
	o := f.Options
	ref := d.Ref(o.Keep)
	documentsCounter.Inc(ctx, 1)
	name(ref, Fate{Kind: fateName, Ref: ref, ID: d.ID})
	set := o.Shingler.Set(d.Text)
	if len(set) == 0 {
		emptyCounter.Inc(ctx, 1)
		return
	}
	sk := Sketch{Ref: ref, Registers: f.mh.AppendValues(nil, set)}
	if !o.Estimate {
		sk.Set = set
	}
	sketch(sk)
	twin(TwinKey{Hash: sk.hash(), Salt: saltOf(ref, o.Salts)},
		Twin{Ref: ref, Count: 1, Keys: minhash.BandKeys(nil, sk.Registers, o.Banding.Bands, o.Banding.Rows, o.Seed)})
}

// hash names signature and set: half of a SHA-256, which no author of texts can
// make collide.
func (s Sketch) hash() (h [16]byte) {
	b := make([]byte, 0, 4*len(s.Registers)+8*len(s.Set))
	for _, v := range s.Registers {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	for _, v := range s.Set {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	sum := sha256.Sum256(b)
	copy(h[:], sum[:])
	return h
}

func init() {
	registerDoFn[sketchFn]()
	register.Emitter1[Sketch]()
	register.Emitter2[TwinKey, Twin]()
	register.Emitter2[Ref, Fate]()
}
