package minhash_test

import (
	"slices"
	"syscall"
	"testing"
	"unsafe"

	"github.com/neardup/neardup/minhash"
)

// guarded returns size bytes of memory that end just before a protected page, or begin
// just after one.
func guarded(t *testing.T, size int, atEnd bool) []byte {
	page := syscall.Getpagesize()
	inner := (size + page - 1) / page * page
	mem, err := syscall.Mmap(-1, 0, inner+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip("no memory to guard:", err)
	}
	t.Cleanup(func() { syscall.Munmap(mem) })
	for _, guard := range [][]byte{mem[:page], mem[page+inner:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Skip("no guard:", err)
		}
	}
	if atEnd {
		return mem[page+inner-size : page+inner : page+inner]
	}
	return mem[page : page+size : page+size]
}

// No kernel reads or writes outside the elements and registers that it gets; otherwise
// the test would crash.
func TestKernelsStayInside(t *testing.T) {
	for _, k := range []int{16, 128, 1024} {
		for _, n := range []int{1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 200, 1000, 1025, 4099} {
			for _, atEnd := range []bool{false, true} {
				elements := guarded(t, 8*n, atEnd)
				set := unsafe.Slice((*uint64)(unsafe.Pointer(&elements[0])), n)
				copy(set, stream(uint64(n), n))
				registers := guarded(t, 4*k, atEnd)
				regs := unsafe.Slice((*uint32)(unsafe.Pointer(&registers[0])), k)
				for _, a := range []minhash.Algorithm{minhash.Bucket, minhash.Classic} {
					s := minhash.New(minhash.Options{K: k, Algorithm: a})
					want := s.OnTier("Go").Sketch(set).Values()
					for _, tier := range minhash.Tiers() {
						got := s.OnTier(tier).AppendValues(regs[:0], set)
						if &got[0] != &regs[0] || !slices.Equal(got, want) {
							t.Fatalf("%v n=%d on %s: got %x, want %x as in Go", s.Scheme(), n, tier, got, want)
						}
						if same := minhash.AgreeOnTier(tier, regs, want); same != k {
							t.Fatalf("Agree on %s = %d, want %d", tier, same, k)
						}
					}
				}
				for _, rows := range []int{1, 3, 8} {
					if got, want := minhash.BandKeys(nil, regs, k/rows, rows, 1), minhash.BandKeysGeneric(regs, k/rows, rows, 1); !slices.Equal(got, want) {
						t.Fatalf("k=%d rows=%d: BandKeys = %x, want %x", k, rows, got, want)
					}
				}
			}
		}
	}
}
