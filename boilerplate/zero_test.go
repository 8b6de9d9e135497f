package boilerplate_test

import (
	"testing"

	"github.com/neardup/neardup/boilerplate"
)

// TestZeroDetectorPanics checks that a detector not made by New panics instead of
// returning verdicts.
func TestZeroDetectorPanics(t *testing.T) {
	for name, call := range map[string]func(*boilerplate.Detector){
		"Observe":       func(d *boilerplate.Detector) { d.Observe(boilerplate.Page{Host: "h", Text: "some words"}) },
		"Judge":         func(d *boilerplate.Detector) { d.Judge(boilerplate.Page{Host: "h", Text: "some words"}) },
		"Next":          func(d *boilerplate.Detector) { d.Next(boilerplate.Page{Host: "h", Text: "some words"}) },
		"Prepare":       func(d *boilerplate.Detector) { d.Prepare(boilerplate.Page{}) },
		"Stats":         func(d *boilerplate.Detector) { d.Stats() },
		"MarshalBinary": func(d *boilerplate.Detector) { d.MarshalBinary() },
		"Merge":         func(d *boilerplate.Detector) { d.Merge(boilerplate.New(boilerplate.Options{})) },
		"Mask":          func(d *boilerplate.Detector) { d.Mask(boilerplate.Page{Text: "some words"}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s of a zero Detector did not panic, want a panic", name)
				}
			}()
			call(new(boilerplate.Detector))
		}()
	}
}
