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

	"github.com/neardup/neardup/examples/dedup/internal/outfile"
	"github.com/neardup/neardup/lsh"
)

var bandsCommand = command{
	name:    "bands",
	summary: "band keys, for engines that group them: SQL, Spark, DuckDB",
	help: `Prints a row (band, key, id) for each band of each document's signature. Two
documents that share a row but for the id are candidates; whatever can group rows
finds them in corpora of any size. Rows made by several machines belong together
if their flags were the same. docs/bands.md has the SQL.

Rows are tab-separated with a header, or a Parquet file where -out ends in
.parquet. A key is a 64-bit number with a sign. Documents without a word have no
rows. With -banding 128x1 the rows are the registers themselves: the share of
equal ones estimates the similarity of a candidate pair.
`,
	example: `corpus.jsonl > bands.tsv
-strip -out bands.parquet 'crawl/*.warc.gz'
`,
	flags: []flagGroup{bandsFlags, thresholdFlags, shingleFlags, stripFlag, inputFlags, outputFlags},
	run:   runBands,
}

func bandsFlags(fs *flag.FlagSet, o *options) {
	fs.StringVar(&o.out, "out", "", "`file` to write to instead of standard output; .parquet, or .tsv, also with .gz or .zst")
	fs.BoolVar(&o.overwrite, "overwrite", false, "replace what -out names, if there is something")
	fs.TextVar(&o.banding, "banding", banding{}, "bands and rows of each, as in `16x6` (default: what finds 99 % of the pairs at -threshold)")
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

// A bandRow is one row of what bands prints.
type bandRow struct {
	Band int32  `json:"band" parquet:"band"`
	Key  int64  `json:"key" parquet:"key"`
	ID   string `json:"id" parquet:"id,dict"`
}

func runBands(j *job) error {
	b := lsh.Banding(j.opt.banding)
	switch {
	case b == (lsh.Banding{}):
		b = lsh.Choose(j.opt.k, j.opt.threshold, 0.99)
	case j.opt.given["threshold"]:
		return errors.New("-banding says what -threshold would choose: give one of them")
	case b.Bands > j.opt.k/b.Rows:
		return fmt.Errorf("-banding %v: takes %d registers and -k has %d", b, b.Bands*b.Rows, j.opt.k)
	}
	if j.opt.json && j.opt.out != "" {
		return errors.New("-json prints to standard output and cannot be had with -out")
	}
	w, err := j.bandWriter(b)
	if err != nil {
		return err
	}
	defer w.abort()
	if err := j.load(); err != nil {
		return err
	}
	j.opt.estimate = true // no sets are needed
	s, err := j.sketch()
	if err != nil {
		return err
	}
	total := 0
	var keys []uint64
	var rows []bandRow
	p := j.progress("writing", "documents", len(j.docs))
	defer p.stop()
	for i, d := range j.docs {
		if err := j.ctx.Err(); err != nil {
			return err
		}
		sig, err := s.signature(i)
		if err != nil {
			return err
		}
		keys = sig.BandKeys(keys[:0], b.Bands, b.Rows, 0)
		rows = rows[:0]
		for band, key := range keys {
			rows = append(rows, bandRow{int32(band), int64(key), d.ID})
		}
		if err := w.write(rows); err != nil {
			return err
		}
		total += len(rows)
		p.add(1)
	}
	if err := w.close(); err != nil {
		return err
	}
	where := ""
	if j.opt.out != "" {
		where = "; written to " + j.opt.out
	}
	j.summary("%s, %s in %d bands of %s%s", j.counted(), count(total, "row"), b.Bands, count(b.Rows, "register"), where)
	return nil
}

// A bandWriter writes rows in one of the formats.
type bandWriter struct {
	write func([]bandRow) error
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

func (j *job) bandWriter(b lsh.Banding) (*bandWriter, error) {
	switch {
	case j.opt.json:
		return &bandWriter{write: j.printRows, flush: func() error { return nil }}, nil
	case j.opt.out == "":
		w := new(bandWriter)
		w.write, w.flush = rowsAsText(j.out)
		return w, nil
	}
	f, err := outfile.Create(j.opt.out, j.opt.overwrite)
	if err != nil {
		return nil, err
	}
	w := &bandWriter{file: f}
	if filepath.Ext(j.opt.out) == ".parquet" {
		t := j.rowsAsTable(f, b)
		w.write, w.flush = func(rows []bandRow) error { _, err := t.Write(rows); return err }, t.Close
		return w, nil
	}
	s, err := newSink(f, j.opt.out)
	if err != nil {
		f.Abort()
		return nil, err
	}
	write, flush := rowsAsText(s)
	w.write, w.flush = write, func() error { return cmp.Or(flush(), s.close()) }
	return w, nil
}

func (j *job) printRows(rows []bandRow) error {
	for _, r := range rows {
		if err := j.print(r); err != nil {
			return err
		}
	}
	return nil
}

// rowsAsText writes rows with tabs between the columns. Ids that hold a tab, a
// quote or a line break are quoted as RFC 4180 has it, which readers of CSV undo.
func rowsAsText(w io.Writer) (write func([]bandRow) error, flush func() error) {
	c := csv.NewWriter(w)
	c.Comma = '\t'
	line := []string{"band", "key", "id"}
	first := c.Write(line)
	write = func(rows []bandRow) error {
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
func (j *job) rowsAsTable(w io.Writer, b lsh.Banding) *parquet.GenericWriter[bandRow] {
	scheme := j.opt.sketcher().Scheme()
	return parquet.NewGenericWriter[bandRow](w,
		parquet.Compression(&parquet.Zstd),
		parquet.MaxRowsPerRowGroup(1<<20),
		parquet.KeyValueMetadata("neardup.scheme", scheme.String()),
		parquet.KeyValueMetadata("neardup.banding", b.String()),
	)
}
