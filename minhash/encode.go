package minhash

import (
	"encoding"
	"fmt"

	"github.com/neardup/neardup/internal/wire"
)

const (
	formatMagic   = "NDmh"
	formatVersion = 1
)

// kind identifies the type of value in an envelope.
type kind byte

const (
	kindScheme    kind = 0
	kindSignature kind = 1
	kindPacked    kind = 2
)

var (
	_ encoding.BinaryAppender    = Signature{}
	_ encoding.BinaryMarshaler   = Signature{}
	_ encoding.BinaryUnmarshaler = (*Signature)(nil)
	_ encoding.BinaryAppender    = Scheme{}
	_ encoding.BinaryMarshaler   = Scheme{}
	_ encoding.BinaryUnmarshaler = (*Scheme)(nil)
)

// AppendBinary appends the signature with its scheme to dst, in the format that
// FORMAT.md describes. It fails only for the zero Signature, with an error that
// wraps [ErrScheme].
func (s Signature) AppendBinary(dst []byte) ([]byte, error) {
	if s.scheme == nil {
		return dst, fmt.Errorf("minhash: the zero Signature has no encoded form: %w", ErrScheme)
	}
	start := len(dst)
	dst = appendHeader(dst, kindSignature, *s.scheme)
	dst = wire.AppendUint32s(dst, s.values)
	return wire.AppendChecksum(dst, start), nil
}

// MarshalBinary returns what [Signature.AppendBinary] appends.
func (s Signature) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary sets s to the encoded signature, without keeping data. The error
// wraps [ErrFormat], [ErrVersion] or [ErrCorrupt]; s is then unchanged. To read many
// signatures of one scheme, use [Sketcher.Decode], which refuses other schemes.
func (s *Signature) UnmarshalBinary(data []byte) error {
	sc, r, err := open(data, kindSignature)
	if err != nil {
		return err
	}
	values, err := readValues(r, sc)
	if err != nil {
		return err
	}
	*s = Signature{&sc, values}
	return nil
}

// Decode returns the encoded signature. The error wraps [ErrMismatch] if the
// signature has a different scheme than s; other errors are as for
// [Signature.UnmarshalBinary].
func (s *Sketcher) Decode(data []byte) (Signature, error) {
	sc, r, err := open(data, kindSignature)
	if err != nil {
		return Signature{}, err
	}
	if sc != s.scheme {
		return Signature{}, fmt.Errorf("minhash: signature of %v, want %v: %w", sc, s.scheme, ErrMismatch)
	}
	values, err := readValues(r, sc)
	if err != nil {
		return Signature{}, err
	}
	return Signature{&s.scheme, values}, nil
}

// AppendBinary appends the scheme to dst, in the format of FORMAT.md, for files
// that hold registers and keep the scheme once. It fails for an invalid scheme,
// with an error that wraps [ErrScheme] or [ErrVersion].
func (sc Scheme) AppendBinary(dst []byte) ([]byte, error) {
	if err := sc.valid(); err != nil {
		return dst, fmt.Errorf("minhash: %w", err)
	}
	start := len(dst)
	return wire.AppendChecksum(appendHeader(dst, kindScheme, sc), start), nil
}

// MarshalBinary returns what [Scheme.AppendBinary] appends.
func (sc Scheme) MarshalBinary() ([]byte, error) { return sc.AppendBinary(nil) }

// UnmarshalBinary sets sc to the encoded scheme. The error wraps [ErrFormat],
// [ErrVersion] or [ErrCorrupt]; sc is then unchanged.
func (sc *Scheme) UnmarshalBinary(data []byte) error {
	got, r, err := open(data, kindScheme)
	if err == nil {
		err = r.End()
	}
	if err != nil {
		return err
	}
	*sc = got
	return nil
}

func appendHeader(dst []byte, k kind, sc Scheme) []byte {
	dst = wire.AppendHeader(dst, formatMagic, formatVersion)
	return sc.append(append(dst, byte(k)))
}

// open reads an envelope up to its scheme.
func open(data []byte, want kind) (Scheme, *wire.Reader, error) {
	r, _, err := wire.Open(data, formatMagic, formatVersion)
	if err != nil {
		return Scheme{}, nil, fmt.Errorf("minhash: %w", err)
	}
	if got := kind(r.Byte()); r.Err() == nil && got != want {
		return Scheme{}, nil, fmt.Errorf("minhash: record of kind %d, want kind %d: %w", got, want, ErrFormat)
	}
	sc := readScheme(r)
	if err := r.Err(); err != nil {
		return Scheme{}, nil, fmt.Errorf("minhash: %w", err)
	}
	return sc, r, nil
}

func readValues(r *wire.Reader, sc Scheme) ([]uint32, error) {
	if r.Len() != 4*sc.K {
		return nil, fmt.Errorf("minhash: %d bytes for %d registers: %w", r.Len(), sc.K, ErrCorrupt)
	}
	values := r.Uint32s(make([]uint32, 0, sc.K), sc.K)
	if err := sc.checkValues(values); err != nil {
		return nil, fmt.Errorf("minhash: %w", err)
	}
	return values, nil
}
