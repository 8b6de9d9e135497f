package input_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// readAll returns the texts of inputs.
func readAll(b *testing.B, workers int, inputs ...string) (texts []string, bytes int) {
	for d, err := range input.Read(inputs, input.Options{Workers: workers}) {
		if err != nil {
			b.Fatal(err)
		}
		texts = append(texts, d.Text)
		bytes += len(d.Text)
	}
	return texts, bytes
}

// sketchAll sketches texts as the program does.
func sketchAll(texts []string, workers int) {
	mh := minhash.New(minhash.Options{K: 128})
	var running sync.WaitGroup
	for w := range workers {
		running.Go(func() {
			var sh shingle.Shingler
			var hashes []uint64
			var values []uint32
			for i := w; i < len(texts); i += workers {
				hashes = sh.AppendHashes(hashes[:0], texts[i])
				values = mh.AppendValues(values[:0], hashes)
			}
		})
	}
	running.Wait()
}

// BenchmarkReal compares reading real JSON Lines, with one goroutine and with two, with
// sketching their texts on as many. The rounds of both alternate; the metrics are of the
// fastest round of each.
func BenchmarkReal(b *testing.B) {
	for _, path := range [][]string{{"reuters21578", "docs.jsonl"}, {"throughput", "english_rfc.jsonl"}, {"throughput", "japanese_books.jsonl"}, {"throughput", "help_7_languages.jsonl"}} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/workers=%d", path[0]+"/"+path[1], workers), func(b *testing.B) {
				file := corpus.Shared(b, append([]string{"data"}, path...)...)
				reading, sketching := time.Hour, time.Hour
				var size int
				for b.Loop() {
					start := time.Now()
					var texts []string
					texts, size = readAll(b, workers, file)
					reading = min(reading, time.Since(start))
					start = time.Now()
					sketchAll(texts, workers)
					sketching = min(sketching, time.Since(start))
				}
				mb := float64(size) / 1e6
				b.ReportMetric(mb/reading.Seconds(), "read-MB/s")
				b.ReportMetric(mb/sketching.Seconds(), "sketch-MB/s")
				b.ReportMetric(sketching.Seconds()/reading.Seconds(), "read/sketch-rate")
			})
		}
	}
}
