package main

import (
	"cmp"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strconv"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/input/table"
	"github.com/neardup/neardup/examples/dedup/internal/outfile"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

var bandsCommand = cli.Command{
	Name:    "bands",
	Summary: "print band keys for engines that group them: SQL, Spark, DuckDB",
	Help: `Prints a row (band, key, id) for each band of each document's signature. Two
documents with the same band and key are candidates. Any engine that groups rows
finds them, in corpora of any size. Rows from several machines can be combined if
their flags were the same. docs/bands.md has the SQL.

Rows are tab-separated with a header, or a Parquet file if -out ends in
.parquet. A key is a signed 64-bit number. Documents without a word have no
rows. With -registers there is one row (id, registers) for each document: the share
of equal registers estimates the similarity of a candidate pair.
`,
	Example: `corpus.jsonl > bands.tsv
-strip -out bands.parquet 'crawl/*.warc.gz'
`,
	New: func() cli.Action { return new(bands) },
}

type bands struct {
	find.Options
	read      corpus.Options
	out       string
	overwrite bool
	registers bool
	banding   banding
	cli.Output
}

func (k *bands) Flags() []cli.Flags {
	own := cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.StringVar(&k.out, "out", "", "`file` to write to instead of standard output; .parquet, or .tsv, also with .gz or .zst")
		fs.BoolVar(&k.overwrite, "overwrite", false, "replace the file of -out if it exists")
		fs.BoolVar(&k.registers, "registers", false, "print one row per document with its registers instead, to verify candidates")
		fs.TextVar(&k.banding, "banding", banding{}, "bands and rows per band, as in `16x6` (default: the bands that find 99 % of the pairs at -threshold)")
	}}
	return []cli.Flags{
		own, find.ThresholdFlags(&k.Options), find.ShingleFlags(&k.Options), find.StripOnlyFlag(&k.Options),
		k.read.InputFlags(), cli.OutputFlags(&k.Output),
	}
}

// A banding is the flag value for an lsh.Banding; the zero value is the empty
// string.
type banding lsh.Banding

// MarshalText returns the form that UnmarshalText reads.
func (b banding) MarshalText() ([]byte, error) {
	if b == (banding{}) {
		return nil, nil
	}
	return []byte(lsh.Banding(b).String()), nil
}

// UnmarshalText reads "16x6".
func (b *banding) UnmarshalText(text []byte) error {
	var rest string
	n, _ := fmt.Sscanf(string(text)+"\n", "%dx%d%s", &b.Bands, &b.Rows, &rest)
	if n != 2 || b.Bands < 1 || b.Rows < 1 {
		return errors.New("must be bands x rows, as in 16x6")
	}
	return nil
}

func (k *bands) Run(e *cli.Env) error {
	b := lsh.Banding(k.banding)
	switch {
	case b == (lsh.Banding{}):
		b = k.Banding()
	case e.Given["threshold"]:
		return errors.New("-banding and -threshold both choose the bands: use one of them")
	case b.Bands > k.K/b.Rows:
		return fmt.Errorf("-banding %v needs %d registers, but -k is %d", b, b.Bands*b.Rows, k.K)
	}
	if k.JSON && k.out != "" {
		return errors.New("-json prints to standard output and cannot be combined with -out")
	}
	if k.registers {
		return writeRows(k, e, b, rowFormat[show.RegisterRow]{[]string{"id", "registers"}, registerColumns, table.Registers}, appendRegisters)
	}
	var keys []uint64
	return writeRows(k, e, b, rowFormat[show.BandRow]{[]string{"band", "key", "id"}, bandColumns, table.Bands}, func(rows []show.BandRow, id string, sig minhash.Signature) []show.BandRow {
		keys = sig.BandKeys(keys[:0], b.Bands, b.Rows, 0)
		for band, key := range keys {
			rows = append(rows, show.BandRow{Band: int32(band), Key: int64(key), ID: id})
		}
		return rows
	})
}

// A rowFormat is how rows are written as text and as a Parquet file.
type rowFormat[T any] struct {
	header  []string
	columns func(dst []string, row T) []string
	table   func(io.Writer, table.Metadata) (write func([]T) error, flush func() error)
}

func bandColumns(dst []string, r show.BandRow) []string {
	return append(dst, strconv.Itoa(int(r.Band)), strconv.FormatInt(r.Key, 10), r.ID)
}

// appendRegisters appends the row of a document, unless the document is empty.
func appendRegisters(rows []show.RegisterRow, id string, sig minhash.Signature) []show.RegisterRow {
	if sig.IsEmpty() {
		return rows
	}
	r := show.RegisterRow{ID: id}
	for _, v := range sig.Values() {
		r.Registers = append(r.Registers, int32(v)) // many SQL engines have no unsigned integers
	}
	return append(rows, r)
}

func registerColumns(dst []string, r show.RegisterRow) []string {
	var text []byte
	for i, v := range r.Registers {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, int64(v), 10)
	}
	return append(dst, r.ID, string(text))
}

// writeRows writes the rows of all documents.
func writeRows[T any](k *bands, e *cli.Env, b lsh.Banding, format rowFormat[T], appendRows func(rows []T, id string, sig minhash.Signature) []T) error {
	w, err := newRowWriter(k, e, b, format)
	if err != nil {
		return err
	}
	defer w.abort()
	o := k.Options
	o.Estimate = true // bands need only signatures, not sets of shingles
	k.read.Texts = corpus.Nowhere
	c, err := o.Load(e, k.read, e.Inputs)
	if err != nil {
		return err
	}
	defer c.Close()
	s, err := find.SketchStripped(c, o)
	if err != nil {
		return err
	}
	defer s.Close()
	p := e.Progress("writing", "documents", len(c.Docs))
	defer p.Stop()
	total := 0
	var rows []T
	for i, d := range c.Docs {
		if err := e.Ctx.Err(); err != nil {
			return err
		}
		sig, err := s.Signature(i)
		if err != nil {
			return err
		}
		rows = appendRows(rows[:0], d.ID, sig)
		if err := w.write(rows); err != nil {
			return err
		}
		total += len(rows)
		p.Add(1)
	}
	if err := w.close(); err != nil {
		return err
	}
	of := fmt.Sprintf("in %d bands of %s", b.Bands, show.Count(b.Rows, "register"))
	if k.registers {
		of = "of " + show.Count(k.K, "register")
	}
	where := ""
	if k.out != "" {
		where = "; written to " + k.out
	}
	e.Summary("%s, %s %s%s", c.Counted(), show.Count(total, "row"), of, where)
	return nil
}

// A rowWriter writes rows in one of the formats.
type rowWriter[T any] struct {
	write func([]T) error
	flush func() error
	file  *outfile.File // nil for standard output
}

// close writes the pending rows and makes the file visible.
func (w *rowWriter[T]) close() error {
	if err := w.flush(); err != nil {
		return err
	}
	if w.file == nil {
		return nil
	}
	return w.file.Commit()
}

// abort removes a file that was not closed.
func (w *rowWriter[T]) abort() {
	if w.file != nil {
		w.file.Abort()
	}
}

func newRowWriter[T any](k *bands, e *cli.Env, b lsh.Banding, format rowFormat[T]) (*rowWriter[T], error) {
	switch {
	case k.JSON:
		return &rowWriter[T]{write: func(rows []T) error { return printRows(e, rows) }, flush: func() error { return nil }}, nil
	case k.out == "":
		w := new(rowWriter[T])
		w.write, w.flush = rowsAsText(e.Out, format)
		return w, nil
	}
	f, err := outfile.Create(k.out, k.overwrite)
	if err != nil {
		return nil, err
	}
	w := &rowWriter[T]{file: f}
	if filepath.Ext(k.out) == ".parquet" {
		// The metadata record everything that the rows depend on.
		w.write, w.flush = format.table(f, table.Metadata{{"neardup.scheme", k.Sketcher().Scheme().String()}, {"neardup.banding", b.String()}})
		return w, nil
	}
	s, err := outfile.NewPacked(f, k.out)
	if err != nil {
		f.Abort()
		return nil, err
	}
	write, flush := rowsAsText(s, format)
	w.write, w.flush = write, func() error { return cmp.Or(flush(), s.Close()) }
	return w, nil
}

func printRows[T any](e *cli.Env, rows []T) error {
	for _, r := range rows {
		if err := e.Print(r); err != nil {
			return err
		}
	}
	return nil
}

// rowsAsText writes rows with tabs between the columns. Ids that contain a tab, a
// quote or a line break are quoted as in RFC 4180, as CSV readers expect.
func rowsAsText[T any](w io.Writer, format rowFormat[T]) (write func([]T) error, flush func() error) {
	c := csv.NewWriter(w)
	c.Comma = '\t'
	first := c.Write(format.header)
	var line []string
	write = func(rows []T) error {
		for _, r := range rows {
			line = format.columns(line[:0], r)
			if err := c.Write(line); err != nil {
				return err
			}
		}
		return nil
	}
	flush = func() error {
		c.Flush()
		return cmp.Or(first, c.Error())
	}
	return write, flush
}
