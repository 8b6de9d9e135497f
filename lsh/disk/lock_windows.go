package disk

import (
	"errors"
	"io"
	"os"
	"syscall"
	"unsafe"
)

var lockFileEx = syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx")

const (
	exclusiveLock, failImmediately = 2, 1 // LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY
	errorLockViolation             = syscall.Errno(33)
)

// lockFile takes the lock on an open file without waiting; closing the file, or the
// end of the process, releases it. The lock is on one byte far beyond the end, so
// that other processes can still read the id of the one that holds it.
func lockFile(f *os.File) error {
	at := syscall.Overlapped{OffsetHigh: 1 << 30}
	ok, _, err := lockFileEx.Call(f.Fd(), exclusiveLock|failImmediately, 0, 1, 0, uintptr(unsafe.Pointer(&at)))
	switch {
	case ok != 0:
		return nil
	case errors.Is(err, errorLockViolation):
		return ErrLocked
	}
	return err
}

// syncDir does nothing: NTFS keeps its own journal of names.
func syncDir(string) error { return nil }

// mapFile reads a file, which must have the given size.
func mapFile(f *os.File, size int) ([]byte, error) {
	b := make([]byte, size)
	_, err := io.ReadFull(io.NewSectionReader(f, 0, int64(size)), b)
	return b, err
}

func unmapFile([]byte) error { return nil }
