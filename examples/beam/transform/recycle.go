package transform

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/neardup/neardup/boilerplate"
)

// A Recycled is a block that other documents of its host hold too.
type Recycled struct {
	ID        string `json:"id"`
	Start     int    `json:"start"` // half-open byte offsets into the text
	End       int    `json:"end"`
	Documents int    `json:"documents"` // distinct documents of the host that hold it
	Hosts     int    `json:"hosts"`
	Scope     string `json:"scope"`
	Reason    string `json:"reason"`
}

// RecycledBlocks returns the recycled blocks of documents by host, as Recycled: the
// same as a [boilerplate.Detector] with HostOnly that has observed them all, as
// long as a host's blocks fit the bound on memory; what was forgotten is counted
// in the metric forgotten_blocks. Documents must have distinct ids.
//
// The documents of a host are observed in as many parts as Options.Salts says, one
// detector each; these are merged, and the parts judged by the result. A worker
// must be able to hold the texts of one part, and two detectors of a host. What
// recurs among all hosts is not looked for: that would be one detector of
// everything.
func RecycledBlocks(s beam.Scope, documents beam.PCollection, b boilerplate.Options, o Options) beam.PCollection {
	s = s.Scope("RecycledBlocks")
	o = o.withDefaults()
	b.HostOnly = true
	boilerplate.New(b) // panics if it cannot be made
	visits := beam.ParDo(s, &hostFn{Salts: o.Salts}, documents)
	parts := beam.ParDo(s, &observeFn{b}, beam.GroupByKey(s, visits))
	detectors := beam.ParDo(s, &mergeFn{b}, beam.GroupByKey(s, parts))
	return beam.ParDo(s, &judgeFn{b}, beam.GroupByKey(s, beam.Flatten(s, visits, detectors)))
}

// A HostKey names a host, or the documents of it with a salt.
type HostKey struct {
	Host string
	Salt uint16
}

// A Visit is what meets under a host: documents, or what a detector has learnt.
type Visit struct {
	Document Document
	Detector []byte // in its file format; nil: a document
	Salt     uint16 // of the documents that the detector has observed
}

// hostFn puts a document under its host.
type hostFn struct{ Salts int }

// ProcessElement returns the salted host and the document.
func (f *hostFn) ProcessElement(d Document) (HostKey, Visit) {
	return HostKey{d.Host, saltOf(Ref(d.ID), f.Salts)}, Visit{Document: d}
}

// page is what a detector sees of a document.
func page(d Document) boilerplate.Page {
	return boilerplate.Page{ID: d.ID, Host: d.Host, Text: d.Text, Time: d.Time}
}

// observeFn observes the documents of a part.
type observeFn struct{ Options boilerplate.Options }

// ProcessElement emits what was learnt under the host.
func (f *observeFn) ProcessElement(k HostKey, visits func(*Visit) bool, emit func(HostKey, Visit)) error {
	d := boilerplate.New(f.Options)
	var v Visit
	for visits(&v) {
		d.Observe(page(v.Document))
	}
	b, err := d.MarshalBinary()
	emit(HostKey{k.Host, whole}, Visit{Detector: b, Salt: k.Salt})
	return err
}

// mergeFn merges the detectors of a host.
type mergeFn struct{ Options boilerplate.Options }

var forgottenCounter = beam.NewCounter(Namespace, "forgotten_blocks")

// ProcessElement emits the result under every salt that has documents.
func (f *mergeFn) ProcessElement(ctx context.Context, k HostKey, parts func(*Visit) bool, emit func(HostKey, Visit)) error {
	d := boilerplate.New(f.Options)
	var (
		v     Visit
		salts []uint16
	)
	for parts(&v) {
		part := new(boilerplate.Detector)
		if err := part.UnmarshalBinary(v.Detector); err != nil {
			return fmt.Errorf("transform: detector of %s: %w", k.Host, err)
		}
		if err := d.Merge(part); err != nil {
			return fmt.Errorf("transform: detector of %s: %w", k.Host, err)
		}
		salts = append(salts, v.Salt)
	}
	forgottenCounter.Inc(ctx, int64(d.Stats().EvictedBlocks))
	b, err := d.MarshalBinary()
	for _, salt := range salts {
		emit(HostKey{k.Host, salt}, Visit{Detector: b})
	}
	return err
}

// judgeFn judges the documents of a part.
type judgeFn struct{ Options boilerplate.Options }

var recycledCounter = beam.NewCounter(Namespace, "recycled_blocks")

// ProcessElement emits the recycled blocks of every document.
func (f *judgeFn) ProcessElement(ctx context.Context, k HostKey, visits func(*Visit) bool, emit func(Recycled)) error {
	d := new(boilerplate.Detector)
	var (
		v    Visit
		docs []Document
	)
	for visits(&v) {
		if v.Detector == nil {
			docs = append(docs, v.Document)
		} else if err := d.UnmarshalBinary(v.Detector); err != nil {
			return fmt.Errorf("transform: detector of %s: %w", k.Host, err)
		}
	}
	slices.SortFunc(docs, func(a, b Document) int {
		return cmp.Or(cmp.Compare(a.Order.File, b.Order.File), cmp.Compare(a.Order.Offset, b.Order.Offset))
	})
	var blocks []boilerplate.Block
	for _, doc := range docs {
		blocks = d.AppendBlocks(blocks[:0], page(doc))
		for _, b := range blocks {
			if b.Flagged {
				recycledCounter.Inc(ctx, 1)
				emit(Recycled{doc.ID, b.Start, b.End, b.Documents, b.Hosts, b.Scope.String(), b.Reason.String()})
			}
		}
	}
	return nil
}

func encodeHostKey(k HostKey) []byte {
	return append(binary.LittleEndian.AppendUint16(make([]byte, 0, 2+len(k.Host)), k.Salt), k.Host...)
}

func decodeHostKey(b []byte) (HostKey, error) {
	if len(b) < 2 {
		return HostKey{}, errCut
	}
	return HostKey{string(b[2:]), binary.LittleEndian.Uint16(b)}, nil
}

func encodeVisit(v Visit) []byte {
	if v.Detector == nil {
		return append([]byte{0}, encodeDocument(v.Document)...)
	}
	b := append(make([]byte, 0, 3+len(v.Detector)), 1)
	return append(binary.LittleEndian.AppendUint16(b, v.Salt), v.Detector...)
}

func decodeVisit(b []byte) (Visit, error) {
	switch {
	case len(b) > 0 && b[0] == 0:
		d, err := decodeDocument(b[1:])
		return Visit{Document: d}, err
	case len(b) > 3 && b[0] == 1:
		return Visit{Salt: binary.LittleEndian.Uint16(b[1:]), Detector: bytes.Clone(b[3:])}, nil
	}
	return Visit{}, errCut
}

func encodeRecycled(r Recycled) ([]byte, error) { return json.Marshal(r) }
func decodeRecycled(b []byte) (Recycled, error) { return fromJSON[Recycled](b) }

func init() {
	registerCoder(encodeHostKey, decodeHostKey)
	registerCoder(encodeVisit, decodeVisit)
	registerCoder(encodeRecycled, decodeRecycled)
	registerDoFn[hostFn]()
	registerDoFn[observeFn]()
	registerDoFn[mergeFn]()
	registerDoFn[judgeFn]()
	register.Emitter2[HostKey, Visit]()
	register.Emitter1[Recycled]()
	register.Iter1[Visit]()
}
