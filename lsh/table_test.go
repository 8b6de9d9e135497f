package lsh

import (
	"fmt"
	"slices"
	"testing"
)

// checkTable compares a table with the newest entry of each tag, and checks that every
// slot can be reached from its home.
func checkTable(t *testing.T, table *table, want map[uint32]uint32) {
	t.Helper()
	n, size := 0, len(table.slots)
	run := 0                  // the slots since the last free one
	for i := range 2 * size { // the first round finds how long the run at the start is
		at := i % size
		s := table.slots[at]
		if s == 0 {
			run = 0
			continue
		}
		run++
		if home := table.home(uint32(s >> 32)); i >= size && (at-home+size)%size >= run {
			t.Fatalf("%d slots: slot %d cannot be reached from its home %d", size, at, home)
		}
		n++
	}
	n /= 2
	if n != len(want) || table.used != n {
		t.Fatalf("%d slots: %d are taken and %d are counted, want %d", size, n, table.used, len(want))
	}
	for tag, e := range want {
		if got := table.get(tag); got != e+1 {
			t.Fatalf("%d slots: tag %#x has entry %d, want %d", size, tag, int(got)-1, e)
		}
	}
}

// TestTableGrows checks a table of each band, made for few tags or none, before and after
// every growth, with tags in random order, in order, crowded, and wrapping around at the
// end of the slots.
func TestTableGrows(t *testing.T) {
	const bands, entries = 3, 6_000
	for _, test := range []struct {
		name string
		tag  func(e uint32, random uint64) uint32
	}{
		{"random", func(_ uint32, r uint64) uint32 { return uint32(r) }},
		{"ascending", func(e uint32, _ uint64) uint32 { return e * (1<<32/entries - 1) }},
		{"descending", func(e uint32, _ uint64) uint32 { return ^(e * (1<<32/entries - 1)) }},
		{"one in four new", func(_ uint32, r uint64) uint32 { return uint32(r%(entries/4)) * 0x9E3779B1 }},
		{"in a sixteenth", func(_ uint32, r uint64) uint32 { return 5<<28 | uint32(r%1000)<<18 }},
		{"at the start", func(_ uint32, r uint64) uint32 { return uint32(r % 500) }},
		{"at the end", func(_ uint32, r uint64) uint32 { return ^uint32(r % 500) }},
		{"at both ends", func(_ uint32, r uint64) uint32 { return uint32(r%500) - 250 }},
	} {
		for _, capacity := range []int{0, 1, 100, 1000, 3333} {
			t.Run(fmt.Sprintf("%s/capacity=%d", test.name, capacity), func(t *testing.T) {
				tables := makeTables(bands, capacity)
				state := uint64(capacity)
				for b := range tables.bands {
					table, want := &tables.bands[b], map[uint32]uint32{}
					for e := range uint32(entries) {
						tag := test.tag(e, splitMix(&state))
						size := len(table.slots)
						grows := table.used*fullDen >= size*fullNum
						if grows {
							checkTable(t, table, want)
						}
						old, had := want[tag]
						if got := table.put(tag, e); (got != 0) != had || had && got != old+1 {
							t.Fatalf("put of tag %#x returns %d, want entry %d+1, if there was one: %v", tag, got, old, had)
						}
						want[tag] = e
						if grows != (len(table.slots) != size) || capacity >= len(want) && grows {
							t.Fatalf("%d slots became %d with %d tags, room for %d", size, len(table.slots), len(want), capacity)
						}
						if grows {
							checkTable(t, table, want)
						}
					}
					checkTable(t, table, want)
				}
			})
		}
	}
}

// FuzzTable puts the tags made of the bytes given into a table and checks it whenever it
// grows.
func FuzzTable(f *testing.F) {
	f.Add(uint16(0), uint8(0), []byte("0123456789abcdef0123456789abcdef0123456789abcdef"))
	f.Add(uint16(40), uint8(20), []byte{255, 254, 253, 0, 1, 2, 255, 255})
	f.Fuzz(func(t *testing.T, capacity uint16, shift uint8, data []byte) {
		table, want := makeTable(int(capacity%1000), minSlots+int(shift)%minSlots), map[uint32]uint32{}
		e := uint32(0)
		// Each byte places a run of tags close together somewhere.
		for _, c := range data[:min(len(data), 500)] {
			for i := range uint32(12) {
				tag := uint32(c)<<24 | i*(1+uint32(c)%7)<<(shift%24)
				size := len(table.slots)
				table.put(tag, e)
				want[tag] = e
				if e++; len(table.slots) != size {
					checkTable(t, &table, want)
				}
			}
		}
		checkTable(t, &table, want)
	})
}

// TestBlocksKeepRecords adds records of several widths, past the first block, and checks
// that all of them keep their content, also in copies made earlier.
func TestBlocksKeepRecords(t *testing.T) {
	for _, width := range []int{1, 17, 128, blockWords, blockWords + 1} {
		for _, capacity := range []int{0, 1, 600} {
			n := min(3000, 5*blockWords/width)
			b := makeBlocks(width, capacity)
			var copies []blocks
			for i := range n {
				r := b.add()
				if len(r) != width || slices.Max(r) != 0 {
					t.Fatalf("width %d: record %d has %d words, largest %d, want %d words of 0", width, i, len(r), slices.Max(r), width)
				}
				for j := range r {
					r[j] = uint32(i*31 + j)
				}
				if i&(i+1) == 0 || i == n-1 {
					c := b
					c.list = slices.Clone(b.list)
					copies = append(copies, c)
				}
			}
			for _, c := range copies {
				for i := range c.n {
					if r := c.at(i); len(r) != width || r[0] != uint32(i*31) || r[width-1] != uint32(i*31+width-1) {
						t.Fatalf("width %d, %d records: record %d has changed", width, c.n, i)
					}
				}
			}
		}
	}
}
