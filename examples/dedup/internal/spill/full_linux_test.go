package spill

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFullDiskLeadsToAdvice writes to a device that is always full: every possible error
// comes with advice, and no file appears.
func TestFullDiskLeadsToAdvice(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	for _, size := range []int{0, 10, 1 << 20} { // small files fail in commit, large ones in add
		out, err := create(name, 2)
		if err != nil {
			t.Fatal(err)
		}
		temporary := out.f.Name()
		_ = out.f.Close()
		if out.f, err = os.OpenFile("/dev/full", os.O_WRONLY, 0); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if err == nil {
				err = out.add(1, bytes.Repeat([]byte("x"), size))
			}
		}
		if err == nil {
			err = out.commit()
		}
		_ = out.f.Close()
		_ = os.Remove(temporary)
		if !errors.Is(err, errNoSpace) {
			t.Errorf("records of %d bytes: %v, want an error of a full disk", size, err)
		}
		r := &Run{s: Spill{Dir: "run"}}
		if got := r.advise(err); !errors.Is(got, errNoSpace) || !strings.Contains(got.Error(), "free space on the disk of run") {
			t.Errorf("advise(%v) = %v, want the error with advice to free space on the disk of run", err, got)
		}
		if _, err := os.Stat(name); err == nil {
			t.Errorf("records of %d bytes: the file appeared, want none", size)
		}
	}
	r := &Run{}
	if err := errors.New("other"); r.advise(err) != err {
		t.Errorf("advise(%v) = %v, want the same", err, r.advise(err))
	}
}
