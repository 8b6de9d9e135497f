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

	"github.com/parquet-go/parquet-go"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/outfile"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/lsh"
)

var bandsCommand = cli.Command{
	Name:    "bands",
	Summary: "band keys, for engines that group them: SQL, Spark, DuckDB",
	Help: `Prints a row (band, key, id) for each band of each document's signature. Two
documents that share a row but for the id are candidates; whatever can group rows
finds them in corpora of any size. Rows made by several machines belong together
if their flags were the same. docs/bands.md has the SQL.

Rows are tab-separated with a header, or a Parquet file where -out ends in
.parquet. A key is a 64-bit number with a sign. Documents without a word have no
rows. With -banding 128x1 the rows are the registers themselves: the share of
equal ones estimates the similarity of a candidate pair.
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
	banding   banding
	cli.Output
}

func (k *bands) Flags() []cli.Flags {
	own := cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.StringVar(&k.out, "out", "", "`file` to write to instead of standard output; .parquet, or .tsv, also with .gz or .zst")
		fs.BoolVar(&k.overwrite, "overwrite", false, "replace what -out names, if there is something")
		fs.TextVar(&k.banding, "banding", banding{}, "bands and rows of each, as in `16x6` (default: what finds 99 % of the pairs at -threshold)")
	}}
	return []cli.Flags{own, k.ThresholdFlags(), k.ShingleFlags(), k.StripOnlyFlag(), k.read.InputFlags(), k.OutputFlags()}
}

// A banding is an lsh.Banding as a flag; none where it is zero.
type banding lsh.Banding

// MarshalText writes it as UnmarshalText reads it.
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
		return errors.New("-banding says what -threshold would choose: give one of them")
	case b.Bands > k.K/b.Rows:
		return fmt.Errorf("-banding %v: takes %d registers and -k has %d", b, b.Bands*b.Rows, k.K)
	}
	if k.JSON && k.out != "" {
		return errors.New("-json prints to standard output and cannot be had with -out")
	}
	w, err := k.writer(e, b)
	if err != nil {
		return err
	}
	defer w.abort()
	c, err := corpus.Load(e, k.read, nil, e.Inputs)
	if err != nil {
		return err
	}
	defer c.Close()
	o := k.Options
	o.Estimate = true // no sets are needed
	s, err := find.SketchStripped(c, o)
	if err != nil {
		return err
	}
	defer s.Close()
	total := 0
	var keys []uint64
	var rows []show.BandRow
	p := e.Progress("writing", "documents", len(c.Docs))
	defer p.Stop()
	for i, d := range c.Docs {
		if err := e.Ctx.Err(); err != nil {
			return err
		}
		sig, err := s.Signature(i)
		if err != nil {
			return err
		}
		keys = sig.BandKeys(keys[:0], b.Bands, b.Rows, 0)
		rows = rows[:0]
		for band, key := range keys {
			rows = append(rows, show.BandRow{Band: int32(band), Key: int64(key), ID: d.ID})
		}
		if err := w.write(rows); err != nil {
			return err
		}
		total += len(rows)
		p.Add(1)
	}
	if err := w.close(); err != nil {
		return err
	}
	where := ""
	if k.out != "" {
		where = "; written to " + k.out
	}
	e.Summary("%s, %s in %d bands of %s%s", c.Counted(), show.Count(total, "row"), b.Bands, show.Count(b.Rows, "register"), where)
	return nil
}

// A bandWriter writes rows in one of the formats.
type bandWriter struct {
	write func([]show.BandRow) error
	flush func() error
	file  *outfile.File // nil for standard output
}

// close writes what is pending and makes the file visible.
func (w *bandWriter) close() error {
	if err := w.flush(); err != nil {
		return err
	}
	if w.file == nil {
		return nil
	}
	return w.file.Commit()
}

// abort removes a file that was not closed.
func (w *bandWriter) abort() {
	if w.file != nil {
		w.file.Abort()
	}
}

func (k *bands) writer(e *cli.Env, b lsh.Banding) (*bandWriter, error) {
	switch {
	case k.JSON:
		return &bandWriter{write: func(rows []show.BandRow) error { return printRows(e, rows) }, flush: func() error { return nil }}, nil
	case k.out == "":
		w := new(bandWriter)
		w.write, w.flush = rowsAsText(e.Out)
		return w, nil
	}
	f, err := outfile.Create(k.out, k.overwrite)
	if err != nil {
		return nil, err
	}
	w := &bandWriter{file: f}
	if filepath.Ext(k.out) == ".parquet" {
		t := k.rowsAsTable(f, b)
		w.write, w.flush = func(rows []show.BandRow) error { _, err := t.Write(rows); return err }, t.Close
		return w, nil
	}
	s, err := outfile.NewPacked(f, k.out)
	if err != nil {
		f.Abort()
		return nil, err
	}
	write, flush := rowsAsText(s)
	w.write, w.flush = write, func() error { return cmp.Or(flush(), s.Close()) }
	return w, nil
}

func printRows(e *cli.Env, rows []show.BandRow) error {
	for _, r := range rows {
		if err := e.Print(r); err != nil {
			return err
		}
	}
	return nil
}

// rowsAsText writes rows with tabs between the columns. Ids that hold a tab, a
// quote or a line break are quoted as RFC 4180 has it, which readers of CSV undo.
func rowsAsText(w io.Writer) (write func([]show.BandRow) error, flush func() error) {
	c := csv.NewWriter(w)
	c.Comma = '\t'
	line := []string{"band", "key", "id"}
	first := c.Write(line)
	write = func(rows []show.BandRow) error {
		for _, r := range rows {
			line[0], line[1], line[2] = strconv.Itoa(int(r.Band)), strconv.FormatInt(r.Key, 10), r.ID
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

// rowsAsTable writes a Parquet file whose metadata tell what the keys hang on.
func (k *bands) rowsAsTable(w io.Writer, b lsh.Banding) *parquet.GenericWriter[show.BandRow] {
	scheme := k.Sketcher().Scheme()
	return parquet.NewGenericWriter[show.BandRow](w,
		parquet.Compression(&parquet.Zstd),
		parquet.MaxRowsPerRowGroup(1<<20),
		parquet.KeyValueMetadata("neardup.scheme", scheme.String()),
		parquet.KeyValueMetadata("neardup.banding", b.String()),
	)
}
