// Package cpu says which vector instructions of amd64 may be used: those that
// the processor has and whose registers the operating system saves. Elsewhere,
// and with the tag purego, there are none.
package cpu
