package outfile

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

// The system may report an error of the disk only once. If an early sync gets it, the
// last one may succeed, but the file is not durable.
func TestFailedEarlySyncFailsCommit(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out")
	f, err := Create(name, false)
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe() // it cannot be synced
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan int64)
	go func() {
		n, _ := io.Copy(io.Discard, r)
		read <- n
	}()
	file := f.File
	f.File = w
	buf := make([]byte, 1<<20)
	for range syncBytes/len(buf) + 1 {
		if _, err := f.Write(buf); err != nil {
			t.Fatal(err)
		}
	}
	f.early.Wait()
	f.File = file
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if n := <-read; n <= syncBytes {
		t.Fatalf("%d bytes were written, want more than %d", n, syncBytes)
	}
	if err := f.Commit(); err == nil {
		t.Error("Commit succeeds after a failed sync, want an error")
	}
	f.Abort()
	if _, err := os.Stat(name); !os.IsNotExist(err) {
		t.Errorf("Stat of the file: %v, want that it does not exist", err)
	}
}
