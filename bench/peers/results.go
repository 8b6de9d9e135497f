package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"slices"
)

// Locations of the figures and the page, relative to the folder of this program.
const (
	resultsFile = "results.json"
	docsFolder  = "../../docs"
)

// results holds all measurements; the page is made from them alone.
type results struct {
	Date         string
	Minutes      map[string]float64 // duration of each part
	Rounds       int
	LimitSeconds float64
	Machine      machineInfo
	Versions     []version
	Missing      []string
	Corpora      []corpus
	Pairs        []nearResult
	Growth       []nearResult
	Passages     []sharedResult
	Blocks       []sharedResult
}

// A corpus is a set of documents with known pairs.
type corpus struct {
	Name             string
	Documents, Bytes int
	Due              []due
}

// A due is the number of pairs at or above a threshold.
type due struct {
	Threshold float64
	Pairs     int
}

// A nearRun is one run of one peer.
type nearRun struct {
	Process cost
	Loop    *report `json:",omitempty"` // nil if the peer is a complete program
}

// A nearResult is the result of one peer on one corpus.
type nearResult struct {
	Corpus    string
	Threshold float64
	Documents int
	Bytes     int
	Peer      string
	Stopped   string    `json:",omitempty"` // why there are no figures
	Runs      []nearRun `json:",omitempty"`
	Quality   quality
}

// A sharedResult is the result of one peer for passages or blocks.
type sharedResult struct {
	Set, Peer                             string
	Bytes                                 int
	Given                                 bool // the peer was given the pairs to compare
	Runs                                  []nearRun
	Precision, Recall, Score, Granularity float64
	Stopped                               string `json:",omitempty"`
}

// TotalMinutes returns the total duration of all parts.
func (r *results) TotalMinutes() (sum float64) {
	for _, part := range slices.Sorted(maps.Keys(r.Minutes)) {
		sum += r.Minutes[part]
	}
	return sum
}

func readResults(name string) (*results, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return &results{}, nil
	}
	if err != nil {
		return nil, err
	}
	var r results
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &r, nil
}

func (r *results) write(name string) error {
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(data, '\n'), 0o666)
}

// median returns the median of f over the runs; NaN if there are none.
func median(runs []nearRun, f func(nearRun) float64) float64 {
	var vs []float64
	for _, r := range runs {
		if v := f(r); !math.IsNaN(v) {
			vs = append(vs, v)
		}
	}
	if len(vs) == 0 {
		return math.NaN()
	}
	slices.Sort(vs)
	return (vs[(len(vs)-1)/2] + vs[len(vs)/2]) / 2
}

func processCPU(r nearRun) float64  { return r.Process.CPU }
func processRSS(r nearRun) float64  { return float64(r.Process.RSS) }
func processWall(r nearRun) float64 { return r.Process.Wall }

func loopCPU(r nearRun) float64 {
	if r.Loop == nil {
		return math.NaN()
	}
	return r.Loop.LoopCPU
}

func indexBytes(r nearRun) float64 {
	if r.Loop == nil {
		return math.NaN()
	}
	return float64(r.Loop.IndexBytes)
}
