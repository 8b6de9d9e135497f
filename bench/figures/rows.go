package main

import (
	"fmt"
	"regexp"
	"strings"
)

// A row is a line of the table: a command, and the figures in its output.
type row struct {
	What    string // describes the measurement and its unit
	Command string // run by a shell in the top folder of the repository
	metrics []metric
	once    bool // run the command once: it takes minutes, or its figures do not vary
	readme  bool // the row is also in the README
}

// A metric finds figures in the output of a command.
type metric struct {
	label  string // text before the figure, unless the pattern has a group "label"
	unit   string // text after the figure
	find   *regexp.Regexp
	format string // format of the figure, for package fmt; "" shows up to three digits
}

// bench returns the pattern for a figure that a benchmark reports: the benchmark's
// name, which may have a group "label", and the unit.
func bench(name, unit string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)^Benchmark` + name + `(?:-\d+)?\s.*?\s(?P<value>[\d.e+]+) ` + unit + `(?:\s|$)`)
}

// rows is the table. Ratios compare two things that take turns in one process.
var rows = []row{
	{
		What:    "text to five-word shingles, times as fast as strings.ToLower, FieldsFunc, Join and xxhash",
		readme:  true,
		Command: "go test ./shingle -run '^$' -bench English -benchtime 3x",
		metrics: []metric{{find: bench(`English/(?P<label>\S+?)`, "x-idiomatic")}},
	},
	{
		What:    "shingles to a signature of 128 registers, times as fast as classic 64-bit MinHash in AVX-512, by size of the set",
		Command: "GOWORK=off go -C bench/speed test -run '^$' -bench Kernels",
		metrics: []metric{{find: bench(`Kernels/(?P<label>n=(?:20|200|1000))`, `\S+-x-classic`)}},
	},
	{
		What:    "text to signature, times as fast as ekzhu/minhash-lsh, documents",
		readme:  true,
		Command: "GOWORK=off go -C bench/peers test ./minhash -run '^$' -bench TextToSignature/documents -benchtime 1x",
		metrics: []metric{{find: bench(`TextToSignature/documents/(?P<label>\S+?)`, "x-ekzhu")}},
	},
	{
		What:    "the same, paragraphs",
		Command: "GOWORK=off go -C bench/peers test ./minhash -run '^$' -bench TextToSignature/paragraphs -benchtime 1x",
		metrics: []metric{{find: bench(`TextToSignature/paragraphs/(?P<label>\S+?)`, "x-ekzhu")}},
	},
	{
		What:    "index of 100,000 documents, times as fast as a Go map per band",
		Command: "go test ./lsh -run '^$' -bench Tables/docs=100000",
		metrics: []metric{
			{label: "insert, presized", find: bench(`Tables/docs=100000`, "map/presized")},
			{label: "insert, growing", find: bench(`Tables/docs=100000`, "map/growing")},
			{label: "query", find: bench(`Tables/docs=100000`, "map/query")},
		},
	},
	{
		What:    "clustering 10 million signatures in a file: memory and processor time",
		readme:  true,
		Command: "GOWORK=off go -C bench/scale run . 10000000",
		metrics: []metric{
			{unit: "MiB", find: regexp.MustCompile(`(?m)^ *10000000 +\d+ +[\d.]+% +[\d.]+ +(?P<value>\d+)`)},
			{unit: "µs of processor time per document", find: regexp.MustCompile(`(?m)^ *10000000 +\d+ +[\d.]+% +(?P<value>[\d.]+)`)},
		},
		once: true,
	},
	{
		What:    "passages planted with 10 % of the words edited, plagdet",
		readme:  true,
		Command: "go test ./lsh/passage -count 1 -v -run 'TestPlanted/real/10%_of_words$'",
		metrics: []metric{{find: regexp.MustCompile(`(?P<label>seed \d+): .* plagdet (?P<value>[\d.]+)`), format: "%.3f"}},
		once:    true,
	},
	{
		What:    "content kept of five news portals, F1",
		readme:  true,
		Command: "go test ./boilerplate -count 1 -v -run TestCleanPortalEval",
		metrics: []metric{{find: regexp.MustCompile(`(?P<label>two passes|streaming): .* F1 (?P<value>[\d.]+)`), format: "%.3f"}},
		once:    true,
	},
}

// A figure is the outcome of a metric: a value for each round.
type figure struct {
	Label  string    `json:",omitempty"`
	Unit   string    `json:",omitempty"`
	Format string    `json:",omitempty"`
	Values []float64 // in the order of the rounds
}

// figures returns the figures in the output of the row's command, each with one
// value, or an error if a metric finds nothing.
func (r row) figures(output string) ([]figure, error) {
	var out []figure
	for _, m := range r.metrics {
		found := m.find.FindAllStringSubmatch(output, -1)
		if found == nil {
			return nil, fmt.Errorf("%s: the output has no figure %s", r.Command, m.find)
		}
		for _, f := range found {
			label := m.label
			if i := m.find.SubexpIndex("label"); i >= 0 {
				label = strings.ReplaceAll(f[i], "_", " ")
			}
			var v float64
			if _, err := fmt.Sscan(f[m.find.SubexpIndex("value")], &v); err != nil {
				return nil, fmt.Errorf("%s: %w", r.Command, err)
			}
			out = append(out, figure{label, m.unit, m.format, []float64{v}})
		}
	}
	return out, nil
}
