package datasketch_test

import (
	"fmt"

	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/minhash/datasketch"
)

// A signature made by Python's datasketch is compared with one made here.
func Example() {
	mh := minhash.New(minhash.Options{Algorithm: minhash.Affine32, Seed: 1, Elements: minhash.Name("tokens")})
	var set []uint64
	for _, token := range []string{"ferry", "harbour", "fog"} {
		set = append(set, datasketch.Hash([]byte(token)))
	}
	lean, err := datasketch.Append(nil, mh.Sketch(set)) // LeanMinHash.serialize
	if err != nil {
		fmt.Println(err)
		return
	}
	sig, err := datasketch.Read(lean, minhash.Name("tokens"))
	fmt.Println(len(lean), sig.Similarity(mh.Sketch(set)), err)
	// Output: 528 1 <nil>
}
