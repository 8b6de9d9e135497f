package input_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/neardup/neardup/examples/dedup/internal/input"
)

// Reads JSON Lines of prose with one goroutine and with several.
func BenchmarkJSONLines(b *testing.B) {
	var file bytes.Buffer
	for i := range 2000 {
		file.WriteString(fmt.Sprintf(`{"id":"%d",`, i))
		file.Write(benchLine(300)[len(`{"id":"some/id",`):])
		file.WriteByte('\n')
	}
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			b.SetBytes(int64(file.Len()))
			for b.Loop() {
				n := 0
				for _, err := range input.Read([]string{"-"}, input.Options{Stdin: bytes.NewReader(file.Bytes()), Workers: workers}) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				if n != 2000 {
					b.Fatalf("%d documents, want 2000", n)
				}
			}
		})
	}
}
