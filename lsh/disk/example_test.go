package disk_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// A crawler checks for each page whether it has seen a similar one, and resumes after any
// crash.
func Example() {
	dir, err := os.MkdirTemp("", "seen")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{Elements: sh})

	crawl := func(url, text string) {
		ix, err := disk.Open(dir, disk.Options{Scheme: mh.Scheme()})
		if err != nil {
			log.Fatal(err)
		}
		defer ix.Close()
		set := sh.Set(text)
		match, seen, err := ix.Insert(ctx, disk.Document{ID: url, Signature: mh.Sketch(set), Set: set})
		if err == nil {
			err = ix.Sync(ctx) // a crash cannot lose the document any more
		}
		if err != nil {
			log.Fatal(err)
		}
		if seen {
			fmt.Printf("%s: %.2f of %s\n", url, match.Similarity, match.ID)
		} else {
			fmt.Printf("%s: new\n", url)
		}
	}
	crawl("a.example/ferry", "The night ferry between the two harbours will sail again from May.")
	crawl("b.example/bread", "The rye now rests for two nights before it sees the oven.")
	crawl("c.example/ferry", "THE NIGHT FERRY between the two harbours will sail again from May!")
	// Output:
	// a.example/ferry: new
	// b.example/bread: new
	// c.example/ferry: 1.00 of a.example/ferry
}

func exampleIndex() (*disk.Index, *minhash.Sketcher, func()) {
	dir, err := os.MkdirTemp("", "seen")
	if err != nil {
		log.Fatal(err)
	}
	mh := minhash.New(minhash.Options{Elements: minhash.Name("numbers")})
	ix, err := disk.Open(dir, disk.Options{Scheme: mh.Scheme()})
	if err != nil {
		log.Fatal(err)
	}
	return ix, mh, func() {
		if err := ix.Close(); err != nil {
			log.Fatal(err)
		}
		_ = os.RemoveAll(dir)
	}
}

// Documents may be forgotten by age; the time need not come from a clock.
func ExampleIndex_Expire() {
	ix, mh, done := exampleIndex()
	defer done()
	ctx := context.Background()
	for crawl, id := range []string{"first", "second", "third"} {
		d := disk.Document{ID: id, Signature: mh.Sketch([]uint64{1, 2, 3}), Time: time.UnixMilli(int64(crawl))}
		if err := ix.Add(ctx, d); err != nil {
			log.Fatal(err)
		}
	}
	n, err := ix.Expire(ctx, time.UnixMilli(2))
	fmt.Println(n, err)
	found, err := ix.Search(ctx, mh.Sketch([]uint64{1, 2, 3}), lsh.SearchOptions{})
	fmt.Println(found, err)
	// Output:
	// 2 <nil>
	// [{third {1 1 1 false}}] <nil>
}

// Metrics fit expvar: expvar.Publish("seen", expvar.Func(func() any { return ix.Metrics() })).
func ExampleMetrics() {
	ix, mh, done := exampleIndex()
	defer done()
	ctx := context.Background()
	for i := range 10 {
		d := disk.Document{ID: fmt.Sprint(i), Signature: mh.Sketch([]uint64{uint64(i / 2)})}
		if _, _, err := ix.Insert(ctx, d); err != nil {
			log.Fatal(err)
		}
	}
	m := ix.Metrics()
	fmt.Println(m.Documents, "documents,", m.Duplicates, "duplicates,", m.Add.Calls, "latencies")
	s, err := ix.Stats(ctx)
	fmt.Println(s.Documents, s.Banding, s.Largest[:3], err)
	// Output:
	// 10 documents, 5 duplicates, 10 latencies
	// 10 16x6 [2 2 2] <nil>
}
