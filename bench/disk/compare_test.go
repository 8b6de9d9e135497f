package main

import "testing"

// run fails unless both sides find the same matches.
func TestBothSidesFindTheSame(t *testing.T) {
	*docs, *batch, *queries, *singles, *dir = 3000, 500, 300, 5, t.TempDir()
	if err := run(t.Context()); err != nil {
		t.Fatal(err)
	}
}
