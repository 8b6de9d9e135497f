package stage_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/neardup/neardup/lsh/stage"
)

// Matches of four documents: 2 and 3 match 1, and 4 matches only 3, which is not a
// representative. Clusters do not chain, so 4 is in none.
func ExampleOptions_Cluster() {
	matches := "2\t1\t0.9\n3\t1\t0.8\n3\t2\t0.95\n4\t3\t0.85\n"
	if err := (stage.Options{}).Cluster(strings.NewReader(matches), os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 2	1	0.9
	// 3	1	0.8
}

func ExampleOptions_Candidates() {
	// Documents 1, 4 and 9 share a key of band 0, documents 4 and 9 one of band 1.
	buckets := "0\t-77\t1\n0\t-77\t4\n0\t-77\t9\n1\t12345\t4\n1\t12345\t9\n"
	if err := (stage.Options{}).Candidates(strings.NewReader(buckets), os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1	1
	// 1	4
	// 1	9
	// 4	4
	// 4	9
	// 4	4
	// 4	9
}
