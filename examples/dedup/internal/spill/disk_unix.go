//go:build unix

package spill

import "syscall"

// errNoSpace is the error of a disk that is full.
const errNoSpace = syscall.ENOSPC
