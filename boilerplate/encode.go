package boilerplate

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/neardup/neardup/internal/wire"
)

// The errors of [Detector.UnmarshalBinary], always wrapped.
var (
	// ErrFormat is the error for data that is not an encoded detector.
	ErrFormat = wire.ErrFormat
	// ErrVersion is the error for a detector written by a later version.
	ErrVersion = wire.ErrVersion
	// ErrCorrupt is the error for data that is damaged, truncated or inconsistent.
	ErrCorrupt = wire.ErrCorrupt
)

const (
	magic   = "nbpl"
	version = 2 // the version that is written; 1 is read too
)

// AppendBinary appends the detector to dst, in the format of FORMAT.md, and returns
// the result; the error is always nil. Detectors with the same contents produce the
// same bytes.
func (d *Detector) AppendBinary(dst []byte) ([]byte, error) {
	d.made()
	d.mu.RLock()
	defer d.mu.RUnlock()
	start := len(dst)
	dst = wire.AppendHeader(dst, magic, version)
	for _, v := range d.opts.list() {
		dst = binary.AppendUvarint(dst, v)
	}
	for _, v := range d.tally() {
		dst = binary.AppendUvarint(dst, *v)
	}
	for _, set := range [...]*idSet{&d.ids.old, &d.ids.recent, &d.texts.old, &d.texts.recent} {
		ids := slices.DeleteFunc(slices.Clone(set.slots), func(id uint64) bool { return id == 0 })
		slices.Sort(ids)
		dst = binary.AppendUvarint(dst, uint64(len(ids)))
		dst = wire.AppendUint64s(dst, ids)
	}
	dst = binary.AppendUvarint(dst, uint64(len(d.sites)))
	for _, key := range slices.Sorted(maps.Keys(d.sites)) {
		dst = binary.LittleEndian.AppendUint64(dst, key)
		dst = d.sites[key].append(dst)
	}
	if d.global != nil {
		dst = d.global.append(dst)
	}
	return wire.AppendChecksum(dst, start), nil
}

// MarshalBinary returns the encoding that [Detector.AppendBinary] appends.
func (d *Detector) MarshalBinary() ([]byte, error) { return d.AppendBinary(nil) }

// UnmarshalBinary replaces d by the encoded detector, options included. On an error,
// which wraps [ErrFormat], [ErrVersion] or [ErrCorrupt], d does not change. The data
// is copied, and the memory used is proportional to its length. UnmarshalBinary must
// not run concurrently with other methods.
func (d *Detector) UnmarshalBinary(data []byte) error {
	r, _, err := wire.Open(data, magic, version)
	if err != nil {
		return fmt.Errorf("boilerplate: %w", err)
	}
	n := &Detector{}
	n.read(r)
	if err := r.End(); err != nil {
		return fmt.Errorf("boilerplate: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opts, d.sites, d.global = n.opts, n.sites, n.global
	d.ids, d.texts = n.ids, n.texts
	d.bytes, d.tallies = n.bytes, n.tallies
	return nil
}

// list returns the options in the order of the file format.
func (o *options) list() []uint64 {
	hostOnly := uint64(0)
	if o.hostOnly {
		hostOnly = 1
	}
	return []uint64{
		uint64(o.minDocs), uint64(o.minGlobal), uint64(max(o.gap, -1) + 1),
		uint64(o.coverage), hostOnly, uint64(o.maxBytes), o.seed,
	}
}

// tally returns pointers to those counts of a detector that the file stores.
func (d *Detector) tally() []*uint64 {
	return []*uint64{&d.clock, &d.documents, &d.evictedHosts, &d.evictedBlocks}
}

func (d *Detector) read(r *wire.Reader) {
	var v [7]uint64
	for i := range v {
		v[i] = r.Uvarint()
	}
	if v[0] < 2 || v[0] > listed || v[1] < 2 || v[1] > listed || v[2] > math.MaxInt32 ||
		v[3] > coverageUnit || v[4] > 1 || v[5] < minBytes || v[5] > math.MaxInt64 {
		r.Failf("options out of range")
		return
	}
	d.opts = options{
		minDocs: int(v[0]), minGlobal: int(v[1]), gap: int(v[2]) - 1,
		coverage: uint32(v[3]), hostOnly: v[4] == 1,
		maxBytes: int(min(v[5], math.MaxInt)), seed: v[6],
	}
	d.reset()
	for _, p := range d.tally() {
		*p = r.Uvarint()
	}
	for _, set := range [...]*idSet{&d.ids.old, &d.ids.recent, &d.texts.old, &d.texts.recent} {
		last := uint64(0)
		for range r.Count(8) {
			id := r.Uint64()
			if id <= last {
				r.Failf("documents are out of order")
				return
			}
			set.add(id)
			last = id
		}
	}
	last := uint64(0)
	for i := range r.Count(siteSize) {
		key := r.Uint64()
		if i > 0 && key <= last {
			r.Failf("hosts are out of order")
			return
		}
		last = key
		s := readSite(r, d.opts.placing())
		if r.Err() != nil {
			return
		}
		d.sites[key] = s
		d.bytes += s.bytes()
	}
	if d.global != nil {
		d.bytes -= d.global.bytes()
		if d.global = readSite(r, d.opts.placing()); !d.global.wide {
			r.Failf("the counts of all documents are marked as those of a host")
		}
		d.bytes += d.global.bytes()
	}
}

// siteSize is the smallest encoded size of a host and its key, in bytes.
const siteSize = 8 + 8

func (s *site) append(dst []byte) []byte {
	wide := byte(0)
	if s.wide {
		wide = 1
	}
	dst = append(dst, wide)
	dst = binary.AppendUvarint(dst, s.used)
	dst = binary.AppendUvarint(dst, uint64(s.gramDocs))
	dst = s.docs.append(dst)
	var single, more []slot
	for _, sl := range s.slots {
		switch {
		case sl.key == 0:
		case sl.ref&isCounter == 0:
			single = append(single, sl)
		default:
			more = append(more, sl)
		}
	}
	byKey := func(a, b slot) int { return cmp.Compare(a.key, b.key) }
	slices.SortFunc(single, byKey)
	slices.SortFunc(more, byKey)

	dst = binary.AppendUvarint(dst, uint64(len(single)))
	for _, sl := range single {
		dst = binary.LittleEndian.AppendUint64(dst, sl.key)
		dst = binary.LittleEndian.AppendUint32(dst, sl.ref)
		dst = binary.LittleEndian.AppendUint16(dst, sl.place)
		dst = binary.LittleEndian.AppendUint16(dst, sl.day)
	}
	dst = binary.AppendUvarint(dst, uint64(len(more)))
	for _, sl := range more {
		c, h := s.counterOf(sl)
		dst = binary.LittleEndian.AppendUint64(dst, sl.key)
		dst = c.append(dst)
		if s.wide {
			n := filled(h.least[:])
			dst = append(dst, byte(n))
			for _, x := range h.least[:n] {
				dst = binary.LittleEndian.AppendUint16(dst, x)
			}
			dst = binary.LittleEndian.AppendUint64(dst, h.classes)
		}
	}
	grams := slices.DeleteFunc(slices.Clone(s.grams.slots), func(g uint64) bool { return g == 0 })
	slices.Sort(grams)
	dst = binary.AppendUvarint(dst, uint64(len(grams)))
	return wire.AppendUint64s(dst, grams)
}

func (c *counter) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(c.count))
	dst = binary.LittleEndian.AppendUint16(dst, c.place)
	dst = binary.LittleEndian.AppendUint16(dst, c.days[0])
	dst = binary.LittleEndian.AppendUint16(dst, c.days[1])
	dst = append(dst, byte(len(c.names())))
	return wire.AppendUint32s(dst, c.names())
}

func readSite(r *wire.Reader, place placing) *site {
	wide := r.Byte()
	if wide > 1 {
		r.Failf("unknown kind %d of counts", wide)
	}
	s := newSite(wide == 1, place)
	s.used = r.Uvarint()
	gramDocs := r.Uvarint()
	s.docs = readCounter(r)
	if gramDocs > uint64(s.docs.count) {
		r.Failf("more documents have runs of words than there are documents")
	}
	s.gramDocs = uint32(gramDocs)

	n := r.Count(16)
	s.reserve(n)
	for last := uint64(0); n > 0 && r.Err() == nil; n-- {
		sl := slot{key: r.Uint64(), ref: r.Uint32()}
		sl.place, sl.day = readUint16(r), readUint16(r)
		if sl.key <= last || sl.ref == 0 || sl.ref&isCounter != 0 {
			r.Failf("blocks are out of order")
			break
		}
		last = sl.key
		s.slots[s.find(sl.key)] = sl
		s.filled++
	}
	n = r.Count(16)
	s.reserve(n)
	s.counters = make([]counter, 0, n)
	if s.wide {
		s.hosts = make([]hosts, 0, n)
	}
	for last := uint64(0); n > 0 && r.Err() == nil; n-- {
		key := r.Uint64()
		c := readCounter(r)
		var h hosts
		if s.wide {
			h = readHosts(r)
		}
		if r.Err() != nil {
			break
		}
		sl := &s.slots[s.find(key)]
		if key <= last || sl.key != 0 || c.count < 2 {
			r.Failf("blocks are out of order")
			break
		}
		last = key
		*sl = slot{key: key, ref: isCounter | uint32(len(s.counters))}
		s.filled++
		s.counters = append(s.counters, c)
		if s.wide {
			s.hosts = append(s.hosts, h)
		}
	}
	last := uint64(0)
	for range r.Count(8) {
		g := r.Uint64()
		if g>>16 <= last>>16 && last != 0 || g&maxGram == 0 {
			r.Failf("runs of words are out of order")
			break
		}
		last = g
		s.grams.add(g&^maxGram, int(g&maxGram))
	}
	return s
}

func readUint16(r *wire.Reader) uint16 {
	if b := r.Bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func readCounter(r *wire.Reader) (c counter) {
	count := r.Uvarint()
	c.place = readUint16(r)
	c.days = [2]uint16{readUint16(r), readUint16(r)}
	n := uint64(r.Byte())
	if count > math.MaxUint32 || n > min(listed, count) || n == 0 && count > 0 ||
		c.days[0] > c.days[1] || c.days[0] == 0 && c.days[1] != 0 {
		r.Failf("a block of %d documents lists %d of them", count, n)
		return c
	}
	c.count = uint32(count)
	last := uint32(0)
	for i := range n {
		doc := r.Uint32()
		if doc <= last || doc&isCounter != 0 {
			r.Failf("the listed documents are out of order")
			return c
		}
		c.docs[i], last = doc, doc
	}
	return c
}

func readHosts(r *wire.Reader) (h hosts) {
	n := int(r.Byte())
	if n > len(h.least) {
		r.Failf("too many hosts are listed: %d", n)
		return h
	}
	last := uint16(0)
	for i := range n {
		x := readUint16(r)
		if x <= last {
			r.Failf("hosts are out of order")
			return h
		}
		h.least[i], last = x, x
	}
	h.classes = r.Uint64()
	return h
}
