package seen_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/neardup/neardup/boilerplate/seen"
)

// Two sites print five stories, each in the frame of its site; one story is on both.
func Example() {
	dir, err := os.MkdirTemp("", "seen")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	filter, err := seen.Open(dir, seen.Options{Settle: 3})
	if err != nil {
		log.Fatal(err)
	}
	defer filter.Close()

	const (
		ferry   = "The night ferry between the two harbours will sail again from May, nine years after the last crossing, with forty cabins, a single saloon and room for eleven lorries on the lower deck."
		bread   = "The bakers of the old town let their rye rest for two nights now, since a spring so cold that no dough would rise in one, and their customers have learnt to order on a Tuesday for the weekend."
		glacier = "The glacier above the village lost another metre of its height in July, and the poles that the school planted in the ice nine years ago stand on bare rock today, four hundred steps below its edge."
		kites   = "Rain kept most visitors away from the festival of kites on the long beach, yet three hundred children came all the same, and the largest dragon flew above the dunes for an hour before its line broke."
		orchard = "The orchard behind the monastery has been let to a cooperative of seven families, who mean to press their own cider from the autumn after next, and to open the gate to walkers on the first of each month."
		post    = "\n\nHarbour Post reporters file from the quay every morning but Sunday; write to them at the old customs house, or call on any day before the tide."
		wire    = "\n\nNorthern Wire keeps this page current until midnight. All times shown are those of the capital, and all prices are in kroner unless marked otherwise."
	)
	judge := filter.Judge // a func(context.Context, seen.Page) (seen.Verdict, error)

	ctx := context.Background()
	for _, p := range []seen.Page{
		{ID: "post/ferry", Host: "post", Text: ferry + post},
		{ID: "post/bread", Host: "post", Text: bread + post},
		{ID: "post/kites", Host: "post", Text: kites + post},
		{ID: "wire/glacier", Host: "wire", Text: glacier + wire},
		{ID: "wire/orchard", Host: "wire", Text: orchard + wire},
		{ID: "wire/ferry", Host: "wire", Text: ferry + wire},
	} {
		v, err := judge(ctx, p)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %v\n", p.ID, v)
		released, err := filter.Release(ctx, false)
		if err != nil {
			log.Fatal(err)
		}
		for _, r := range released {
			fmt.Printf("  released: %s: %v\n", r.Page.ID, r.Verdict)
		}
	}
	if err := filter.Save(ctx, nil); err != nil {
		log.Fatal(err)
	}
	// Output:
	// post/ferry: held
	// post/bread: held
	// post/kites: new
	//   released: post/ferry: new
	//   released: post/bread: new
	// wire/glacier: held
	// wire/orchard: held
	// wire/ferry: near-duplicate of post/ferry at 1.00
	//   released: wire/glacier: new
	//   released: wire/orchard: new
}

func ExampleFilter_Release() {
	dir, err := os.MkdirTemp("", "seen")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	filter, err := seen.Open(dir, seen.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer filter.Close()
	ctx := context.Background()
	text := "Nobody in the valley remembers who planted the walnut trees along the road."
	for _, id := range []string{"a", "b"} {
		if _, err := filter.Judge(ctx, seen.Page{ID: id, Host: id, Text: text}); err != nil {
			log.Fatal(err)
		}
	}
	// There will be no more pages of these sites.
	released, err := filter.Release(ctx, true)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range released {
		fmt.Println(r.Page.ID, r.Verdict)
	}
	// Output:
	// a new
	// b near-duplicate of a at 1.00
}
