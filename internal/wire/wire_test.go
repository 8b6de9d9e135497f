package wire_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/internal/wire"
)

type message struct {
	Small uint64
	Name  string
	Words []uint32
	Longs []uint64
	Tail  byte
}

func (m message) append(dst []byte) []byte {
	start := len(dst)
	dst = wire.AppendHeader(dst, "test", 3)
	dst = binary.AppendUvarint(dst, m.Small)
	dst = wire.AppendString(dst, m.Name)
	dst = binary.AppendUvarint(dst, uint64(len(m.Words)))
	dst = wire.AppendUint32s(dst, m.Words)
	dst = binary.AppendUvarint(dst, uint64(len(m.Longs)))
	dst = wire.AppendUint64s(dst, m.Longs)
	dst = append(dst, m.Tail)
	return wire.AppendChecksum(dst, start)
}

func decode(data []byte) (message, error) {
	var m message
	r, _, err := wire.Open(data, "test", 3)
	if err != nil {
		return m, err
	}
	m.Small = r.Uvarint()
	m.Name = r.String()
	m.Words = r.Uint32s(nil, r.Count(4))
	m.Longs = r.Uint64s(nil, r.Count(8))
	m.Tail = r.Byte()
	return m, r.End()
}

var sample = message{1 << 40, "words:5", []uint32{1, 1 << 31}, []uint64{7, 1 << 63}, 9}

func TestReaderReadsWhatWriterWrote(t *testing.T) {
	got, err := decode(sample.append([]byte("before"))[len("before"):])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample, got); diff != "" {
		t.Errorf("decode() mismatch (-want +got):\n%s", diff)
	}
}

func TestDamageIsRefused(t *testing.T) {
	data := sample.append(nil)
	for i := range data {
		if _, err := decode(data[:i]); err == nil {
			t.Errorf("decode(first %d of %d bytes) = nil error, want an error", i, len(data))
		}
		for bit := range 8 {
			bad := append([]byte(nil), data...)
			bad[i] ^= 1 << bit
			if _, err := decode(bad); err == nil {
				t.Errorf("decode(bit %d of byte %d flipped) = nil error, want an error", bit, i)
			}
		}
	}
	if _, err := decode(append(data, 0)); !errors.Is(err, wire.ErrCorrupt) {
		t.Errorf("decode(one byte too many) = %v, want ErrCorrupt", err)
	}
}

func TestErrorsWrapTheirKind(t *testing.T) {
	for _, c := range []struct {
		why  string
		data []byte
		want error
	}{
		{"nothing at all", nil, wire.ErrFormat},
		{"another magic", wire.AppendChecksum(wire.AppendHeader(nil, "tEst", 1), 0), wire.ErrFormat},
		{"version 0", wire.AppendChecksum(wire.AppendHeader(nil, "test", 0), 0), wire.ErrVersion},
		{"version of the future, however it ends", wire.AppendHeader(nil, "test", 4), wire.ErrVersion},
		{"no payload", wire.AppendChecksum(wire.AppendHeader(nil, "test", 1), 0), wire.ErrCorrupt},
		{"version in two bytes", wire.AppendChecksum([]byte("test\x81\x00"), 0), wire.ErrCorrupt},
	} {
		if _, err := decode(c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.why, err, c.want)
		}
	}
}

// A declared length is not trusted until the bytes are present.
func TestDeclaredLengthIsNotAllocated(t *testing.T) {
	for _, n := range []uint64{1, 1 << 20, 1 << 33, 1 << 62, 1<<64 - 1} {
		r := wire.NewReader(binary.AppendUvarint(nil, n))
		got := testing.AllocsPerRun(10, func() {
			q := *r
			if c := q.Count(8); c != 0 || !errors.Is(q.Err(), wire.ErrCorrupt) {
				t.Fatalf("Count() of %d declared = %d, %v, want 0 and ErrCorrupt", n, c, q.Err())
			}
		})
		if got > 10 {
			t.Errorf("%g allocations to refuse %d items, want at most 10", got, n)
		}
	}
	r := wire.NewReader(make([]byte, 12))
	if v := r.Uint64s(nil, 2); v != nil || r.Err() == nil {
		t.Errorf("Uint64s(2) of 12 bytes = %v, %v, want nil and an error", v, r.Err())
	}
	if v := r.Uint32(); v != 0 {
		t.Errorf("Uint32() after a failure = %d, want 0", v)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(sample.append(nil))
	f.Add([]byte("test\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := decode(data)
		if err != nil {
			return
		}
		// Only the version is not part of the message.
		if data[4] == 3 {
			if diff := cmp.Diff(data, m.append(nil)); diff != "" {
				t.Errorf("encode(decode(data)) (-want +got):\n%s", diff)
			}
		}
	})
}
