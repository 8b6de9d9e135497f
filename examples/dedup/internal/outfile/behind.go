package outfile

import (
	"io"
	"sync"
)

// A behind collects bytes and writes them on another goroutine, which is never more
// than one buffer behind. The goroutine ends on its own, so a behind need not be
// closed.
type behind struct {
	to               io.Writer
	filling, writing []byte
	running          sync.WaitGroup
	err              error // the first error of the goroutine; valid while it does not run
}

// behindBytes is the size of a buffer.
const behindBytes = 1 << 18

// Write collects p. An error concerns earlier bytes.
func (b *behind) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		if len(b.filling) == behindBytes {
			if err := b.next(nil); err != nil {
				return n, err
			}
		}
		part := p[:min(len(p), behindBytes-len(b.filling))]
		b.filling = append(b.filling, part...)
		n += len(part)
		p = p[len(part):]
	}
	return n, nil
}

// next begins to write the bytes collected, and then calls f if it is not nil.
func (b *behind) next(f func() error) error {
	b.running.Wait()
	if b.err != nil {
		return b.err
	}
	b.filling, b.writing = b.writing[:0], b.filling
	b.running.Go(func() {
		if len(b.writing) > 0 { // even an empty write would begin a member of a gzip file
			_, b.err = b.to.Write(b.writing)
		}
		if b.err == nil && f != nil {
			b.err = f()
		}
	})
	return nil
}

// flush writes the bytes collected and waits.
func (b *behind) flush() error {
	if err := b.next(nil); err != nil {
		return err
	}
	b.running.Wait()
	return b.err
}
