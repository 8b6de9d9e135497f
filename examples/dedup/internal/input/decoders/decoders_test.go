package decoders_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/examples/dedup/internal/input/decoders"
	"github.com/neardup/neardup/internal/corpus"
)

// generated returns n lines of prose in several scripts, with the usual escapes.
func generated(n int) []byte {
	rng := rand.New(rand.NewPCG(5, 6))
	words := []string{"naïve", "\"quoted\"", "Москва", "新聞", "a\tb", "back\\slash", "😀"}
	var file bytes.Buffer
	for i := range n {
		var b strings.Builder
		for j := range 50 + rng.IntN(500) {
			switch {
			case j%14 == 13:
				b.WriteByte('\n')
			case rng.IntN(20) == 0:
				b.WriteString(words[rng.IntN(len(words))] + " ")
			default:
				fmt.Fprintf(&b, "word%d ", rng.IntN(5000))
			}
		}
		line, _ := json.Marshal(map[string]any{"id": i, "text": b.String(), "url": "https://example.org/" + fmt.Sprint(i), "tags": []string{"one", "two"}})
		file.Write(line)
		file.WriteByte('\n')
	}
	return file.Bytes()
}

// files returns the files to decode: generated lines and real ones.
func files(tb testing.TB) map[string][]byte {
	all := map[string][]byte{"generated": generated(2000)}
	for _, name := range []string{"english_rfc", "help_7_languages", "japanese_books", "russian_docs"} {
		data, err := os.ReadFile(corpus.Shared(tb, "data", "throughput", name+".jsonl"))
		if err != nil {
			tb.Fatal(err)
		}
		all[name] = data
	}
	return all
}

// All decoders return the same.
func TestDecodersAgree(t *testing.T) {
	for name, file := range files(t) {
		var want []string
		for i, d := range decoders.All {
			var got []string
			if err := d.Decode(file, func(id, text string) { got = append(got, id, text) }); err != nil {
				t.Fatalf("%s: %s: %v", name, d.Name, err)
			}
			if i == 0 {
				if want = got; len(want) < 20 {
					t.Errorf("%s: %d fields", name, len(want))
				}
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: fields (-want of %s +got of %s): %.500s", name, decoders.All[0].Name, d.Name, diff)
			}
		}
	}
}

// The decoders alternate over the same bytes. The metrics are of each one's fastest
// round: its rate, and its time relative to the scanner's.
func BenchmarkDecoders(b *testing.B) {
	for name, file := range files(b) {
		b.Run(name, func(b *testing.B) {
			fastest := make([]time.Duration, len(decoders.All))
			for b.Loop() {
				for i, d := range decoders.All {
					start := time.Now()
					if err := d.Decode(file, func(id, text string) {}); err != nil {
						b.Fatal(err)
					}
					if took := time.Since(start); fastest[i] == 0 || took < fastest[i] {
						fastest[i] = took
					}
				}
			}
			for i, d := range decoders.All {
				b.ReportMetric(float64(len(file))/1e6/fastest[i].Seconds(), d.Name+"-MB/s")
				b.ReportMetric(fastest[i].Seconds()/fastest[0].Seconds(), d.Name+"-times")
			}
		})
	}
}
