package transform_test

import (
	"context"
	"fmt"
	"log"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/neardup/neardup/examples/beam/transform"
)

// printFn prints removals.
type printFn struct{}

func (*printFn) ProcessElement(r transform.Removal) {
	fmt.Printf("%s repeats %s: %.2f\n", r.ID, r.Representative, r.Similarity)
}

func init() { beam.RegisterDoFn(reflect.TypeFor[printFn]()) }

func Example() {
	p, s := beam.NewPipelineWithRoot()
	documents := beam.CreateList(s, []transform.Document{
		{ID: "harbour", Text: "The night ferry sails again from May, after nine years", Order: transform.Order{Offset: 0}},
		{ID: "glacier", Text: "The glacier lost another metre of its height in July", Order: transform.Order{Offset: 1}},
		{ID: "reprint", Text: "The night ferry sails again from May, after nine years!", Order: transform.Order{Offset: 2}},
	})
	r := transform.NearDuplicates(s, documents, transform.Options{})
	beam.ParDo0(s, &printFn{}, r.Removed)
	if _, err := beam.Run(context.Background(), "direct", p); err != nil {
		log.Fatal(err)
	}
	// Output:
	// reprint repeats harbour: 1.00
}
