package transform_test

import (
	"fmt"
	"testing"

	"github.com/neardup/neardup/examples/beam/transform"
)

// What a document costs on the direct runner must not grow with their number:
//
//	go test ./transform -run '^$' -bench Direct -benchtime 1x -timeout 60m
func BenchmarkDirect(b *testing.B) {
	for _, n := range []int{10_000, 50_000, 200_000} {
		docs := crowd(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, _, err := run(b, "direct", docs, 1, transform.Options{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/doc")
		})
	}
}
