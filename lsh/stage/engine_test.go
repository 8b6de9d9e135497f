package stage_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/stage"
)

// An engine runs the stages in partitions and, between them, splits, sorts and joins
// lines, as any engine can.
type engine struct {
	t     testing.TB
	o     stage.Options
	parts int
}

// A doc is a document of a corpus; its ref is its place.
type doc struct{ id, text string }

// filter runs a stage on lines that are split by their first n columns (0 for the
// position of the line) and sorted by all columns. The first partition is run twice,
// because a retry must give the same output.
func (e *engine) filter(name string, n int, lines []string, o stage.Options) []string {
	e.t.Helper()
	parts := make([][]string, e.parts)
	for i, line := range lines {
		p := i % e.parts
		if n > 0 {
			h := fnv.New32a()
			h.Write([]byte(strings.Join(strings.Split(line, "\t")[:n], "\t")))
			p = int(h.Sum32()) % e.parts
		}
		parts[p] = append(parts[p], line)
	}
	var out []string
	for i, part := range parts {
		if n > 0 {
			sortLines(part)
		}
		got := e.run(name, part, o)
		if i == 0 && !slices.Equal(got, e.run(name, part, o)) {
			e.t.Fatalf("%s run twice gives other lines, want the same", name)
		}
		out = append(out, got...)
	}
	return out
}

// run runs a stage on one partition.
func (e *engine) run(name string, lines []string, o stage.Options) []string {
	e.t.Helper()
	in, out := strings.NewReader(strings.Join(lines, "\n")), new(bytes.Buffer)
	if err := o.Run(name, in, out); err != nil {
		e.t.Fatal(err)
	}
	return linesOf(out)
}

func linesOf(b *bytes.Buffer) []string {
	if b.Len() == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// sortLines sorts lines by all columns, numbers as numbers.
func sortLines(lines []string) {
	type column struct {
		text   string
		number int64
	}
	type row struct {
		columns [4]column // as many columns as decide the order
		line    string
	}
	rows := make([]row, len(lines))
	for i, line := range lines {
		rows[i].line = line
		rest := line
		for j := range rows[i].columns {
			c := &rows[i].columns[j]
			c.text, rest, _ = strings.Cut(rest, "\t")
			if n, err := strconv.ParseInt(c.text, 10, 64); err == nil {
				*c = column{number: n}
			}
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		for i := range a.columns {
			x, y := &a.columns[i], &b.columns[i]
			if order := cmp.Or(cmp.Compare(x.text, y.text), cmp.Compare(x.number, y.number)); order != 0 {
				return order
			}
		}
		return 0
	})
	for i, r := range rows {
		lines[i] = r.line
	}
}

// join runs a stage on pairs, with the column that a table has for the second document.
// Lines are made as they are read, since lines with sets would fill the memory.
func (e *engine) join(name string, pairs []string, table map[string][]string, column int) []string {
	e.t.Helper()
	sortLines(pairs)
	var out []string
	for part := range e.parts {
		r, w := io.Pipe()
		go func() {
			for _, pair := range pairs {
				a, b, _ := strings.Cut(pair, "\t")
				if n, err := strconv.Atoi(a); err != nil || n%e.parts != part {
					continue
				}
				if _, err := io.WriteString(w, pair+"\t"+table[b][column]+"\n"); err != nil {
					break
				}
			}
			w.Close()
		}()
		var b bytes.Buffer
		if err := e.o.Run(name, r, &b); err != nil {
			e.t.Fatal(err)
		}
		out = append(out, linesOf(&b)...)
	}
	return out
}

// duplicates runs the stage Duplicates on digests and refs.
func (e *engine) duplicates(digests []string) []string {
	sortLines(digests)
	var out []string
	for part := range e.parts {
		var lines []string
		for _, d := range digests {
			digest, ref, _ := strings.Cut(d, "\t")
			if int(digest[0])%e.parts == part {
				lines = append(lines, ref+"\t"+digest)
			}
		}
		out = append(out, e.run("duplicates", lines, e.o)...)
	}
	return out
}

// clusters runs all stages.
func (e *engine) clusters(docs []doc) ([]lsh.Cluster[string], lsh.Work) {
	e.t.Helper()
	o := e.o
	input := make([]string, len(docs))
	for i, d := range docs {
		b, err := json.Marshal(map[string]any{"ref": i, "text": d.text, "id": d.id})
		if err != nil {
			e.t.Fatal(err)
		}
		input[i] = string(b)
	}
	sketches := map[string][]string{}
	var digests []string
	for _, line := range e.filter("sketch", 0, input, o) {
		c := strings.Split(line, "\t")
		sketches[c[0]] = c
		digests = append(digests, c[1]+"\t"+c[0]) // the columns are in the order of the sort
	}

	first := map[string]string{}
	var keys []string
	for _, line := range e.duplicates(digests) {
		ref, of, _ := strings.Cut(line, "\t")
		first[ref] = of
		if ref == of {
			keys = append(keys, ref+"\t"+sketches[ref][2])
		}
	}
	bands := e.filter("bands", 0, keys, o)

	sizes := e.filter("sizes", 2, bands, o)
	o.Documents = len(sketches)
	o.FullSizes = nil
	work := lsh.Work{Documents: len(sketches), ExactDuplicates: len(sketches) - len(keys)}
	for _, line := range e.run("full", sizes, o) {
		var band, full, bounded, documents int
		var skipped int64
		if _, err := fmt.Sscan(line, &band, &full, &bounded, &documents, &skipped); err != nil {
			e.t.Fatal(err)
		}
		o.FullSizes = append(o.FullSizes, full)
		work.Bounded += bounded
		work.BoundedDocuments += documents
		work.Skipped += skipped
	}

	candidates := e.filter("candidates", 2, bands, o)
	slices.Sort(candidates)
	candidates = slices.Compact(candidates)
	screened := e.join("screen", candidates, sketches, 3)
	matches := e.join("verify", screened, sketches, 4)
	sortLines(matches)

	type place struct{ rep, similarity string }
	places := map[string]place{}
	for _, line := range e.run("cluster", matches, o) {
		c := strings.Split(line, "\t")
		places[c[0]] = place{c[1], c[2]}
	}
	var members []string
	for i := range docs {
		ref := strconv.Itoa(i)
		if first[ref] == "" {
			continue // an empty document
		}
		p, ok := places[first[ref]]
		if !ok {
			p = place{first[ref], "1"}
		}
		members = append(members, strings.Join([]string{p.rep, ref, p.similarity, sketches[ref][5]}, "\t"))
	}
	var out []lsh.Cluster[string]
	for _, line := range e.filter("members", 1, members, o) {
		var c struct {
			Representative string         `json:"representative"`
			Members        []stage.Member `json:"members"`
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			e.t.Fatal(err)
		}
		cluster := lsh.Cluster[string]{Representative: c.Representative}
		for _, m := range c.Members {
			cluster.Members = append(cluster.Members, lsh.Member[string](m))
		}
		out = append(out, cluster)
	}
	return out, work
}
