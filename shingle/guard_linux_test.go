package shingle_test

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/neardup/neardup/shingle"
)

// guarded returns a copy of text in write-protected memory between inaccessible pages, at
// the end or at the start of that memory.
func guarded(t *testing.T, text string, atEnd bool) string {
	page := syscall.Getpagesize()
	inner := (len(text) + page - 1) / page * page
	mem, err := syscall.Mmap(-1, 0, inner+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip("no memory to guard:", err)
	}
	t.Cleanup(func() { syscall.Munmap(mem) })
	at := page
	if atEnd {
		at += inner - len(text)
	}
	copy(mem[at:], text)
	for part, prot := range map[int]int{0: syscall.PROT_NONE, page: syscall.PROT_READ, page + inner: syscall.PROT_NONE} {
		end := part + page
		if part == page {
			end = part + inner
		}
		if err := syscall.Mprotect(mem[part:end], prot); err != nil {
			t.Skip("no guard:", err)
		}
	}
	return unsafe.String(&mem[at], len(text))
}

// No kernel reads outside a text or writes to it; otherwise the test would crash.
func TestTextsStayInside(t *testing.T) {
	file, err := os.ReadFile("testdata/multilingual.txt")
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{string(file), randomText(1, 2000)}
	for _, unit := range []string{"a", "word ", "漢", "かな ", "слово ", "ខ្មែរ", "e\u0301", "\xff", "𠀀", "ﷺ"} {
		texts = append(texts, strings.Repeat(unit, 200/len(unit)+1))
	}
	for _, text := range texts {
		for _, n := range []int{1, 2, 3, 15, 16, 17, 31, 33, 63, 64, 65, 79, 80, 81, 127, 128, 143, 144, 145, 200, 4095, 4096, 4097, 4200} {
			if n > len(text) {
				break
			}
			// Both the first bytes and the last.
			for _, part := range []string{text[:n], text[len(text)-n:]} {
				for _, atEnd := range []bool{false, true} {
					inside := guarded(t, part, atEnd)
					shingle.EachTier(func(tier string) {
						for _, s := range []shingle.Shingler{{Size: 2}, {Unit: shingle.Chars, KeepAccents: true}} {
							if !slices.Equal(s.AppendHashes(nil, inside), s.AppendHashes(nil, part)) || !slices.Equal(s.AppendTokens(nil, inside), s.AppendTokens(nil, part)) {
								t.Fatalf("%s: hashes or tokens of %q next to a guard page differ from those of a copy in ordinary memory", tier, part)
							}
						}
					})
					if !slices.Equal(slices.Collect(shingle.Paragraphs(inside)), slices.Collect(shingle.Paragraphs(part))) {
						t.Fatalf("paragraphs of %q next to a guard page differ from those of a copy in ordinary memory", part)
					}
				}
			}
		}
	}
}
