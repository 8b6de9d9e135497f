//go:build !unix

package spill

import "syscall"

// errNoSpace is the error of a disk that is full: ERROR_DISK_FULL of Windows.
const errNoSpace = syscall.Errno(112)
