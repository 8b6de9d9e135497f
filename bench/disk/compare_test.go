package main

import "testing"

// Both sides find the same, or run fails.
func TestBothSidesFindTheSame(t *testing.T) {
	*docs, *batch, *queries, *singles, *dir = 3000, 500, 300, 5, t.TempDir()
	if err := run(t.Context()); err != nil {
		t.Fatal(err)
	}
}
