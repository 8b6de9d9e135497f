package files

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/local"

	"github.com/neardup/neardup/examples/beam/transform"
)

// Wherever a file is cut in two, each line is read once, at its offset.
func TestRanges(t *testing.T) {
	var all []byte
	var want []int64
	for i := range 6 {
		want = append(want, int64(len(all)))
		all = fmt.Appendf(all, `{"id":"%d","text":"x"}`, i)
		if i < 5 {
			all = append(all, '\n') // the last line has no end
		}
	}
	name := filepath.Join(t.TempDir(), "a.jsonl")
	if err := os.WriteFile(name, all, 0o644); err != nil {
		t.Fatal(err)
	}
	f := readFn{Fields{ID: "id", Text: "text"}}
	size := int64(len(all))
	for cut := int64(1); cut < size; cut++ {
		var got []int64
		for _, p := range []Part{{name, 3, 0, cut}, {name, 3, cut, size}} {
			err := f.ProcessElement(context.Background(), p, func(d transform.Document) {
				got = append(got, d.Order.Offset)
			}, func(b Bad) { t.Errorf("cut at %d: %v", cut, b) })
			if err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("cut at %d (-want +got):\n%s", cut, diff)
		}
	}
}
