package outfile_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/neardup/neardup/examples/dedup/internal/outfile"
)

// sample returns bytes that compress, several times the size of a buffer.
func sample() []byte {
	r := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 900_000)
	for i := range data {
		data[i] = "abcdefgh \n"[r.IntN(10)]
	}
	return data
}

// writePieces writes data in pieces of different sizes.
func writePieces(w io.Writer, data []byte) error {
	for n := 1; len(data) > 0; n = n*7%100_003 + 1 {
		piece := data[:min(n, len(data))]
		if got, err := w.Write(piece); err != nil || got != len(piece) {
			return errors.Join(err, io.ErrShortWrite)
		}
		data = data[len(piece):]
	}
	return nil
}

// The goroutines of a Packed do not change the bytes of its output.
func TestPackedMatchesCompressor(t *testing.T) {
	compressors := map[string]func(w io.Writer) (io.WriteCloser, error){
		"x.jsonl.gz": func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
		"x.jsonl.zst": func(w io.Writer) (io.WriteCloser, error) {
			return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		},
		"x.jsonl.xz": func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
	}
	all := sample()
	for _, name := range []string{"x.jsonl", "x.jsonl.gz", "x.jsonl.zst", "x.jsonl.xz"} {
		for _, size := range []int{0, 1, 1 << 18, len(all)} {
			if size == len(all) && name == "x.jsonl.xz" {
				size = 300_000 // it takes long
			}
			data := all[:size]
			var got, want bytes.Buffer
			p, err := outfile.NewPacked(&got, name)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(writePieces(p, data), p.Close()); err != nil {
				t.Fatal(err)
			}
			if compressor := compressors[name]; compressor != nil {
				w, err := compressor(&want)
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(writePieces(w, data), w.Close()); err != nil {
					t.Fatal(err)
				}
			} else {
				want.Write(data)
			}
			if !bytes.Equal(got.Bytes(), want.Bytes()) {
				t.Errorf("%s, %d bytes: %d bytes that differ from the compressor's %d", name, size, got.Len(), want.Len())
			}
		}
	}
}

// A full is a writer with room for some bytes.
type full struct{ left int }

var errFull = errors.New("full")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// An error of the file reaches the caller, at the latest from Close.
func TestPackedReportsErrors(t *testing.T) {
	data := sample()
	for _, name := range []string{"x.jsonl", "x.jsonl.gz", "x.jsonl.zst", "x.jsonl.xz"} {
		for _, room := range []int{0, 1 << 14} {
			p, err := outfile.NewPacked(&full{room}, name)
			if err != nil {
				t.Fatal(err)
			}
			err = writePieces(p, data[:300_000])
			if err == nil {
				err = p.Close()
			}
			if !errors.Is(err, errFull) {
				t.Errorf("%s with room for %d bytes: error %v, want %v", name, room, err, errFull)
			}
		}
	}
}
