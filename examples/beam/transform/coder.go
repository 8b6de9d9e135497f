package transform

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/graph/coder"
)

// Every element that travels between workers has a coder here. Numbers are
// uvarints or little-endian words, strings have their length before them. Coders
// of keys give equal bytes for equal values, which is all that a GroupByKey
// compares.

var errCut = errors.New("transform: an element is cut short")

// A decoder takes fields off the front of an element. Once something is missing
// it returns zeros and remembers the error.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail() {
	d.b, d.err = nil, errCut
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail()
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) string() string { return string(d.bytes(d.uvarint())) }

func (d *decoder) ref() Ref { return Ref(d.string()) }

// count reads a number of things that take at least size bytes each, and so
// never more than there are.
func (d *decoder) count(size uint64) int {
	n := d.uvarint()
	if n > uint64(len(d.b))/size {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) uint64() uint64 {
	if b := d.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (d *decoder) float() float64 { return math.Float64frombits(d.uint64()) }

func (d *decoder) refs() []Ref {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	refs := make([]Ref, n)
	for i := range refs {
		refs[i] = d.ref()
	}
	return refs
}

func (d *decoder) words64() []uint64 {
	n := d.count(8)
	if n == 0 {
		return nil
	}
	v := make([]uint64, n)
	for i := range v {
		v[i] = binary.LittleEndian.Uint64(d.b[8*i:])
	}
	d.b = d.b[8*n:]
	return v
}

func (d *decoder) words32() []uint32 {
	n := d.count(4)
	if n == 0 {
		return nil
	}
	v := make([]uint32, n)
	for i := range v {
		v[i] = binary.LittleEndian.Uint32(d.b[4*i:])
	}
	d.b = d.b[4*n:]
	return v
}

func (d *decoder) words16() []uint16 {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	v := make([]uint16, n)
	for i := range v {
		v[i] = uint16(d.uvarint())
	}
	return v
}

func appendString[T ~string](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendFloat(b []byte, f float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
}

func appendRefs(b []byte, refs []Ref) []byte {
	b = binary.AppendUvarint(b, uint64(len(refs)))
	for _, r := range refs {
		b = appendString(b, r)
	}
	return b
}

func appendWords64(b []byte, v []uint64) []byte {
	b = binary.AppendUvarint(b, uint64(len(v)))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, x)
	}
	return b
}

func appendWords32(b []byte, v []uint32) []byte {
	b = binary.AppendUvarint(b, uint64(len(v)))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, x)
	}
	return b
}

func appendWords16(b []byte, v []uint16) []byte {
	b = binary.AppendUvarint(b, uint64(len(v)))
	for _, x := range v {
		b = binary.AppendUvarint(b, uint64(x))
	}
	return b
}

func encodeDocument(d Document) []byte {
	b := make([]byte, 0, len(d.ID)+len(d.Host)+len(d.Text)+48)
	b = appendString(b, d.ID)
	b = appendString(b, d.Host)
	b = appendString(b, d.Text)
	b = binary.AppendVarint(b, d.Time.Unix())
	b = binary.AppendUvarint(b, uint64(d.Time.Nanosecond()))
	b = binary.AppendUvarint(b, uint64(d.Order.File))
	return binary.AppendVarint(b, d.Order.Offset)
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func decodeDocument(b []byte) (Document, error) {
	d := decoder{b: b}
	x := Document{ID: d.string(), Host: d.string(), Text: d.string()}
	x.Time = time.Unix(d.varint(), int64(d.uvarint())).UTC()
	x.Order = Order{int(d.uvarint()), d.varint()}
	return x, d.err
}

func encodeRef(r Ref) []byte { return []byte(r) }

func decodeRef(b []byte) (Ref, error) { return Ref(b), nil }

func encodeSaltedRef(r SaltedRef) []byte {
	return append(binary.LittleEndian.AppendUint16(make([]byte, 0, 2+len(r.Ref)), r.Salt), r.Ref...)
}

func decodeSaltedRef(b []byte) (SaltedRef, error) {
	if len(b) < 2 {
		return SaltedRef{}, errCut
	}
	return SaltedRef{Ref(b[2:]), binary.LittleEndian.Uint16(b)}, nil
}

func encodeTwinKey(k TwinKey) []byte {
	return binary.LittleEndian.AppendUint16(append(make([]byte, 0, 18), k.Hash[:]...), k.Salt)
}

func decodeTwinKey(b []byte) (k TwinKey, err error) {
	if len(b) != 18 {
		return k, errCut
	}
	copy(k.Hash[:], b)
	k.Salt = binary.LittleEndian.Uint16(b[16:])
	return k, nil
}

func encodeTwin(t Twin) []byte {
	b := make([]byte, 0, len(t.Ref)+8*len(t.Keys)+8)
	b = appendString(b, t.Ref)
	b = binary.AppendUvarint(b, uint64(t.Count))
	return appendWords64(b, t.Keys)
}

func decodeTwin(b []byte) (Twin, error) {
	d := decoder{b: b}
	return Twin{d.ref(), int64(d.uvarint()), d.words64()}, d.err
}

func encodeSketch(s Sketch) []byte {
	b := make([]byte, 0, len(s.Ref)+4*len(s.Registers)+8*len(s.Set)+12)
	b = appendString(b, s.Ref)
	b = appendWords32(b, s.Registers)
	return appendWords64(b, s.Set)
}

func decodeSketch(b []byte) (Sketch, error) {
	d := decoder{b: b}
	return Sketch{d.ref(), d.words32(), d.words64()}, d.err
}

func encodeBucketKey(k BucketKey) []byte {
	b := make([]byte, 0, 12)
	b = binary.LittleEndian.AppendUint64(b, k.Key)
	b = binary.LittleEndian.AppendUint16(b, k.Band)
	return binary.LittleEndian.AppendUint16(b, k.Salt)
}

func decodeBucketKey(b []byte) (BucketKey, error) {
	if len(b) != 12 {
		return BucketKey{}, errCut
	}
	return BucketKey{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint16(b[8:]), binary.LittleEndian.Uint16(b[10:])}, nil
}

func encodePart(p Part) []byte {
	b := make([]byte, 0, 16+16*len(p.Refs))
	b = binary.AppendUvarint(b, uint64(p.Count))
	b = binary.AppendUvarint(b, uint64(p.Salt))
	return appendRefs(b, p.Refs)
}

func decodePart(b []byte) (Part, error) {
	d := decoder{b: b}
	return Part{int64(d.uvarint()), uint16(d.uvarint()), d.refs()}, d.err
}

func encodeLarge(l Large) []byte {
	b := encodeBucketKey(l.Key)
	b = binary.AppendUvarint(b, uint64(l.Documents))
	b = binary.AppendUvarint(b, uint64(l.Count))
	b = appendRefs(b, l.Heads)
	return appendWords16(b, l.Salts)
}

func decodeLarge(b []byte) (Large, error) {
	d := decoder{b: b}
	key, err := decodeBucketKey(d.bytes(12))
	if err != nil {
		return Large{}, err
	}
	return Large{key, int64(d.uvarint()), int64(d.uvarint()), d.refs(), d.words16()}, d.err
}

func encodeHeld(h Held) []byte {
	b := make([]byte, 0, 8+16*len(h.Refs))
	b = append(b, byte(h.Kind))
	return appendRefs(b, h.Refs)
}

func decodeHeld(b []byte) (Held, error) {
	if len(b) == 0 {
		return Held{}, errCut
	}
	d := decoder{b: b[1:]}
	return Held{heldKind(b[0]), d.refs()}, d.err
}

func encodeStar(st Star) []byte {
	b := make([]byte, 0, 16+16*len(st.B))
	return appendRefs(appendString(b, st.A), st.B)
}

func decodeStar(b []byte) (Star, error) {
	d := decoder{b: b}
	st := Star{d.ref(), d.refs()}
	if len(st.B) == 0 {
		d.fail()
	}
	return st, d.err
}

func encodePair(p Pair) []byte {
	b := make([]byte, 0, len(p.A)+len(p.B)+2)
	return append(appendString(b, p.A), p.B...)
}

func decodePair(b []byte) (Pair, error) {
	d := decoder{b: b}
	a := d.ref()
	return Pair{a, Ref(d.b)}, d.err
}

func encodeRole(r Role) []byte {
	b := make([]byte, 0, 16+len(r.Ref)+4*len(r.Sketch.Registers)+8*len(r.Sketch.Set))
	b = append(b, byte(r.Kind))
	switch r.Kind {
	case roleSketch:
		return append(b, encodeSketch(r.Sketch)...)
	case roleAsked:
		return binary.LittleEndian.AppendUint16(b, r.Salt)
	}
	return append(b, r.Ref...)
}

func decodeRole(b []byte) (Role, error) {
	if len(b) == 0 {
		return Role{}, errCut
	}
	r := Role{Kind: roleKind(b[0])}
	var err error
	switch b = b[1:]; r.Kind {
	case roleSketch:
		r.Sketch, err = decodeSketch(b)
	case roleAsked:
		if len(b) != 2 {
			return r, errCut
		}
		r.Salt = binary.LittleEndian.Uint16(b)
	default:
		r.Ref = Ref(b)
	}
	return r, err
}

func encodeEdge(e Edge) []byte {
	b := make([]byte, 0, len(e.A)+len(e.B)+10)
	b = appendString(b, e.A)
	b = appendString(b, e.B)
	return appendFloat(b, e.Similarity)
}

func decodeEdge(b []byte) (Edge, error) {
	d := decoder{b: b}
	return Edge{d.ref(), d.ref(), d.float()}, d.err
}

func encodeFate(f Fate) []byte {
	b := make([]byte, 0, len(f.Ref)+len(f.Representative)+len(f.ID)+12)
	b = append(b, byte(f.Kind))
	b = appendString(b, f.Ref)
	b = appendString(b, f.Representative)
	b = appendString(b, f.ID)
	return appendFloat(b, f.Similarity)
}

func decodeFate(b []byte) (Fate, error) {
	if len(b) == 0 {
		return Fate{}, errCut
	}
	d := decoder{b: b[1:]}
	return Fate{fateKind(b[0]), d.ref(), d.ref(), d.string(), d.float()}, d.err
}

// registerCoder makes enc and dec the coder of T.
func registerCoder[T any](enc any, dec func([]byte) (T, error)) {
	t := reflect.TypeFor[T]()
	beam.RegisterType(t)
	beam.RegisterFunction(enc)
	beam.RegisterFunction(dec)
	coder.RegisterDeterministicCoder(t, enc, dec) // which package beam does not pass on
}

// registerDoFn registers a DoFn or CombineFn. The generated callers of package
// register spare a call by reflection, but for the DoFns here they take the
// compiler minutes and gigabytes: their number grows with the ways to choose
// among the parameters. Emitters and iterators, where most of the time goes, are
// registered with it.
func registerDoFn[T any]() { beam.RegisterDoFn(reflect.TypeFor[T]()) }

func init() {
	registerCoder(encodeDocument, decodeDocument)
	registerCoder(encodeRef, decodeRef)
	registerCoder(encodeSaltedRef, decodeSaltedRef)
	registerCoder(encodeTwinKey, decodeTwinKey)
	registerCoder(encodeTwin, decodeTwin)
	registerCoder(encodeSketch, decodeSketch)
	registerCoder(encodeBucketKey, decodeBucketKey)
	registerCoder(encodePart, decodePart)
	registerCoder(encodeLarge, decodeLarge)
	registerCoder(encodeHeld, decodeHeld)
	registerCoder(encodeStar, decodeStar)
	registerCoder(encodePair, decodePair)
	registerCoder(encodeRole, decodeRole)
	registerCoder(encodeEdge, decodeEdge)
	registerCoder(encodeFate, decodeFate)
}
