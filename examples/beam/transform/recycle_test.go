package transform_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/examples/beam/transform"
)

type collectRecycled struct{ Run string }

var recycled sync.Map // name of a run -> *[]transform.Recycled

var recycledLock sync.Mutex

func (f *collectRecycled) ProcessElement(x transform.Recycled) {
	v, _ := recycled.Load(f.Run)
	recycledLock.Lock()
	defer recycledLock.Unlock()
	all := v.(*[]transform.Recycled)
	*all = append(*all, x)
}

func init() { beam.RegisterDoFn(reflect.TypeFor[collectRecycled]()) }

// TestRecycled compares the blocks with those of one detector, on sites of which
// one has most pages.
func TestRecycled(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var docs []transform.Document
	frames := [4][3]string{}
	for i := range frames {
		for j := range frames[i] {
			frames[i][j] = strings.Join(words(r, 12), " ")
		}
	}
	quoted := strings.Join(words(r, 40), " ")
	for i := range 400 {
		site := min(i%8, 3)
		paragraphs := []string{frames[site][0], strings.Join(words(r, 60), " "), frames[site][r.IntN(3)], strings.Join(words(r, 60), " ")}
		if i%9 == 0 {
			paragraphs = append(paragraphs, quoted)
		}
		docs = append(docs, transform.Document{
			ID: fmt.Sprint(i), Host: fmt.Sprint("site", site), Text: strings.Join(paragraphs, "\n\n"), Order: transform.Order{Offset: int64(i)},
		})
	}
	d := boilerplate.New(boilerplate.Options{HostOnly: true})
	for _, x := range docs {
		d.Observe(boilerplate.Page{ID: x.ID, Host: x.Host, Text: x.Text})
	}
	var want []transform.Recycled
	for _, x := range docs {
		for _, b := range d.Judge(boilerplate.Page{ID: x.ID, Host: x.Host, Text: x.Text}) {
			if b.Flagged {
				want = append(want, transform.Recycled{ID: x.ID, Start: b.Start, End: b.End, Documents: b.Documents, Hosts: b.Hosts, Scope: b.Scope.String(), Reason: b.Reason.String()})
			}
		}
	}
	if len(want) < 800 {
		t.Fatalf("%d blocks: too few to say anything", len(want))
	}
	order := func(a, b transform.Recycled) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }
	slices.SortFunc(want, order)
	for _, runner := range []string{"direct", "prism"} {
		name := "recycled " + runner
		got := new([]transform.Recycled)
		recycled.Store(name, got)
		sources.Store(name, docs)
		p, s := beam.NewPipelineWithRoot()
		in := beam.ParDo(s, &sourceFn{name, 1, 0}, beam.Impulse(s))
		beam.ParDo0(s, &collectRecycled{name}, transform.RecycledBlocks(s, in, boilerplate.Options{}, transform.Options{Salts: 7}))
		if _, err := beam.Run(t.Context(), runner, p); err != nil {
			t.Fatalf("%.2000s", err.Error())
		}
		slices.SortFunc(*got, order)
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Errorf("%s (-one detector +pipeline):\n%.2000s", runner, diff)
		}
	}
}
