package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/neardup/neardup/examples/dedup/internal/clean"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/items"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/examples/dedup/internal/spill"
	"github.com/neardup/neardup/lsh/decon"
	"github.com/neardup/neardup/lsh/repeat"
)

var cleanCommand = cli.Command{
	Name:    "clean",
	Summary: "write the documents to keep and a log of every removal",
	Help: `Writes to -out the documents that "dedup clusters" would keep. Every document is
kept, removed because it repeats another, or left out because it cannot be read.
The summary counts them. The log names each document that is not kept, with the
reason, the document that it repeats, their similarity and their shared passages.
With -against, documents that repeat that corpus are removed too, and the corpus is
not written. With -decon, documents that hold items of an evaluation are removed.

A file is written in the format of its extension: documents byte for byte as they
were, or converted to .jsonl or .parquet: records with all their fields, other files
and pages with id, text, host, url and time. Several inputs go to one file, to a
folder with the same files (a name that ends in /) or to standard output (-). Records
of a web archive that are not pages are copied, but not converted. The input is never
changed. A file or folder appears complete at the end or, after an interrupt, not at
all.

With -cut, texts are written without some of their parts: recycled blocks, the items
of -decon, whose documents are then kept, and repeats: runs of at least -min words
that are already in the output; the first copy stays, in the order of
-keep. -spans logs every part that was cut, and why. After -cut repeats no run of
-min words occurs twice.

Files that a killed process leaves next to -out end in .tmp and may be deleted.
`,
	Example: `-dry-run corpus.jsonl
-out kept.jsonl.zst -stats figures.json corpus.jsonl.zst
-out kept.parquet -keep max:quality shard-*.jsonl.gz
-covered 0.25 -keep longest -out kept/ pages/
-against archive.jsonl -out new.jsonl today.jsonl
-decon evals.items -cut repeats -spans cut.jsonl -out kept.jsonl corpus.jsonl
`,
	New: func() cli.Action { return new(cleaning) },
}

type cleaning struct {
	find.Options
	read  corpus.Options
	to    clean.Target
	dry   bool
	exact bool
	spill spill.Spill

	items  items.Options
	border string
	cli.Output
}

func (k *cleaning) Flags() []cli.Flags {
	own := cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.StringVar(&k.to.Out, "out", "", "`file` to write the kept documents to, in the format of its extension (.gz, .zst and .xz compress); a folder if it ends in /, standard output if it is -")
		fs.StringVar(&k.to.Log, "log", "", "`file` to write the removals to (default: that of -out with .removed.jsonl added)")
		fs.StringVar(&k.to.Stats, "stats", "", "`file` to write figures to, as JSON: by source and host, by reason, cluster sizes")
		fs.BoolVar(&k.to.Overwrite, "overwrite", false, "replace the files of -out, -log and -stats if they exist")
		fs.BoolVar(&k.to.Annotate, "annotate", false, "add the fields dedup_cluster (the id of the representative) and dedup_cluster_size to kept records")
		fs.Func("cut", "comma-separated `parts` to cut from the kept texts: blocks that pages recycle (see dedup boilerplate); items of -decon; repeats of text in kept documents. They are cut in this order", k.setCut)
		fs.IntVar(&k.MinTokens, "min", 50, "minimum `number` of words in a repeat cut by -cut repeats")
		fs.StringVar(&k.border, "border", borders[0], "where a repeat begins and ends: token, sentence or paragraph; with the last two, only whole sentences or paragraphs are cut")
		fs.StringVar(&k.items.Against, "decon", "", "`file` or folder of evaluation items, or an index that \"dedup decon -save\" wrote: remove the documents that hold an item")
		fs.StringVar(&k.items.Question, "field-question", "", "`name` of the field of an item's question (default: the whole text)")
		fs.StringVar(&k.items.Answer, "field-answer", "", "`name` of the field of an item's answer (default: none)")
		fs.StringVar(&k.to.Spans, "spans", "", "`file` for a log of every part that -cut removes, as JSON Lines: id, start, end, reason, evidence")
		fs.BoolVar(&k.exact, "exact", false, "remove only exact duplicates, which differ at most in case, accents, punctuation and space: a cheap first pass")
		fs.BoolVar(&k.dry, "dry-run", false, "print the removals and write nothing; -out and -log are optional, and checked if given")
	}}
	return []cli.Flags{
		own, find.MatchFlags(&k.Options), find.CoveredFlag(&k.Options), find.KeepFlag(&k.Options, &k.read),
		find.AgainstFlag(&k.Options), find.ShingleFlags(&k.Options), find.StripFlag(&k.Options),
		k.read.InputFlags(), k.spill.Flags(&k.Options), cli.OutputFlags(&k.Output),
	}
}

func (k *cleaning) Run(e *cli.Env) error {
	switch {
	case k.to.Out == "" && (k.to.Log != "" || k.to.Overwrite && k.to.Stats == "" || k.to.Annotate):
		return errors.New("-log, -overwrite and -annotate need -out")
	case k.to.Out == "" && !k.dry:
		return errors.New("clean needs -out FILE, or -dry-run to show what it would do")
	case k.to.Out == "-" && k.JSON:
		return errors.New("-json prints removals to standard output and cannot be combined with -out -; log them with -log")
	case len(k.to.Cut) > 0 && k.dry:
		return errors.New("-cut needs -out; dedup boilerplate shows the blocks and dedup decon the items without writing")
	case k.to.Spans != "" && len(k.to.Cut) == 0:
		return errors.New("-spans needs -cut")
	case k.cuts(clean.CutItems) && k.items.Against == "":
		return errors.New("-cut items: name the items with -decon FILE")
	case (k.items.Question != "" || k.items.Answer != "") && k.items.Against == "":
		return errors.New("-field-question and -field-answer need -decon")
	case (e.Given["min"] || e.Given["border"]) && !k.cuts(clean.CutRepeats):
		return errors.New("-min and -border need -cut repeats")
	case k.MinTokens < 1 || k.MinTokens > repeat.MaxTokens:
		return fmt.Errorf("-min %d: must be from 1 to %d", k.MinTokens, repeat.MaxTokens)
	case k.items.Against == "-":
		return errors.New("-decon -: the items must be in a file or folder")
	case k.exact && (e.Given["threshold"] || k.Covered > 0 || e.Given["k"] || e.Given["size"] || e.Given["estimate"]):
		return errors.New("-exact compares whole texts and cannot be combined with -threshold, -covered, -k, -size or -estimate")
	}
	for flag, given := range map[string]bool{"-exact": k.exact, "-annotate": k.to.Annotate, "-cut " + clean.CutBlocks: k.cuts(clean.CutBlocks), "-decon": k.items.Against != ""} {
		if given && k.spill.Dir != "" {
			return fmt.Errorf("-spill cannot be combined with %s", flag)
		}
	}
	if k.spill.Dir != "" && k.cuts(clean.CutRepeats) && k.Keep != "first" {
		return fmt.Errorf("-spill -cut repeats cannot be combined with -keep %s: repeats are cut in the order of the input", k.Keep)
	}
	if err := cli.OneOf("border", k.border, borders...); err != nil {
		return err
	}
	others := k.Against
	if k.items.Against != "" {
		others = append(slices.Clone(others), k.items.Against)
	}
	w, err := clean.NewWriter(e, k.to, others, k.dry)
	if err != nil {
		return err
	}
	defer w.Close()
	if k.spill.Dir != "" {
		return k.runSpilled(e, w)
	}
	var evals *decon.Index
	if k.items.Against != "" {
		if evals, err = items.Load(e, k.items, k.read); err != nil {
			return err
		}
		k.warnShort(e, evals)
	}
	switch {
	case k.Estimate:
		k.read.Texts = corpus.OnDisk // for the evidence of the log
	case k.Covered == 0 && len(k.to.Cut) == 0 && evals == nil:
		k.read.Texts = corpus.Large
	}
	load := func() (*corpus.Corpus, error) { return k.Load(e, k.read, e.Inputs) }
	if k.exact {
		load = func() (*corpus.Corpus, error) { return corpus.Load(e, k.read, k.Against, e.Inputs) }
	}
	c, err := load()
	if err != nil {
		return err
	}
	defer c.Close()
	if err := w.Plan(clean.Of(c)); err != nil {
		return err
	}
	var held [][]items.Held
	out := map[int]bool{}
	if evals != nil {
		if held, err = items.InCorpus(c, evals); err != nil {
			return err
		}
		for row, h := range held {
			if len(h) > 0 && !k.cuts(clean.CutItems) {
				out[row] = true
			}
		}
	}
	d, err := k.decide(c, out)
	if err != nil {
		return err
	}
	if len(out) > 0 {
		d.RemoveItems(held)
	}
	for _, r := range d.Removals {
		if r.Match < 0 && k.dry && !k.JSON {
			fmt.Fprintf(e.Out, "%.3f  remove %s, which holds item %s\n", r.Similarity, show.Printable(c.Docs[r.Row].ID), show.Printable(r.Items[0].Item.ID))
			continue
		}
		match := ""
		if r.Match >= 0 {
			match = c.Docs[r.Match].ID
		}
		line := func() (show.Removal, error) { return r.Line(c), nil }
		if err := k.print(e, c.Docs[r.Row].ID, match, r.Similarity, line); err != nil {
			return err
		}
	}
	defer func() { d.Cuts.Close() }()
	if err := k.cut(e, c, d, held); err != nil {
		return err
	}
	f := d.Figures()
	if !k.dry {
		if err := w.Write(c, d); err != nil {
			return err
		}
	}
	if err := w.WriteFigures(f); err != nil {
		return err
	}
	k.summarize(e, w, f)
	c.ReportCompared()
	return nil
}

// borders are the values of -border.
var borders = []string{repeat.Tokens.String(), repeat.Sentences.String(), repeat.Paragraphs.String()}

// setCut sets the parts to cut.
func (k *cleaning) setCut(value string) error {
	k.to.Cut = strings.Split(value, ",")
	for _, part := range k.to.Cut {
		if !slices.Contains(clean.Parts, part) {
			return fmt.Errorf("must be a comma-separated list of %s", strings.Join(clean.Parts, ", "))
		}
	}
	return nil
}

// print prints a removal if the flags ask for it.
func (k *cleaning) print(e *cli.Env, id, match string, similarity float64, line func() (show.Removal, error)) error {
	switch {
	case k.JSON:
		l, err := line()
		if err != nil {
			return err
		}
		return e.Print(l)
	case k.dry:
		fmt.Fprintf(e.Out, "%.3f  remove %s, like %s\n", similarity, show.Printable(id), show.Printable(match))
	}
	return nil
}

func (k *cleaning) cuts(part string) bool { return slices.Contains(k.to.Cut, part) }

// cut finds the parts to cut from the texts of documents.
func (k *cleaning) cut(e *cli.Env, c *corpus.Corpus, d *clean.Decision, held [][]items.Held) error {
	if len(k.to.Cut) == 0 {
		return nil
	}
	d.Cuts = clean.NewCuts(len(c.Docs))
	if k.cuts(clean.CutBlocks) {
		blocks, err := find.Blocks(c)
		if err != nil {
			return err
		}
		d.Cuts.RecycledBlocks(blocks)
	}
	if k.cuts(clean.CutItems) {
		d.Cuts.Items(c, held)
	}
	if k.cuts(clean.CutRepeats) {
		blocked, err := d.Cuts.Repeats(c, d, k.Options, k.borderOf())
		if err != nil {
			return err
		}
		k.warnBlocked(e, blocked)
	}
	for _, r := range d.Removals {
		d.Cuts.Drop(r.Row) // nothing is cut from removed documents
	}
	return nil
}

// borderOf returns the value of -border.
func (k *cleaning) borderOf() repeat.Border { return repeat.Border(slices.Index(borders, k.border)) }

// warnBlocked reports repeats that were not cut.
func (k *cleaning) warnBlocked(e *cli.Env, blocked int) {
	if blocked > 0 {
		e.Warn("%s not cut although they repeat others: they are the only copy left of parts cut elsewhere", show.Count(blocked, k.border))
	}
}

// warnShort reports items that are too short to be searched for.
func (k *cleaning) warnShort(e *cli.Env, ix *decon.Index) {
	if st := ix.Stats(); st.Short > 0 {
		e.Warn("%s of %s skipped: too short to search for (see dedup decon)", show.Count(st.Short, "item"), show.Number(st.Items))
	}
}

func (k *cleaning) decide(c *corpus.Corpus, out map[int]bool) (*clean.Decision, error) {
	if k.exact {
		if k.Strip == find.StripPages {
			k.Strip = find.StripNever
		}
		return clean.DecideEqual(c, k.Options, out)
	}
	if k.Covered > 0 {
		v, err := find.Cover(c, k.Options)
		if err != nil {
			return nil, err
		}
		defer v.Close()
		return clean.DecideCovered(c, v, k.Options, out)
	}
	s, err := find.SketchStripped(c, k.Options)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return clean.Decide(c, s, k.Options, out)
}

// summarize accounts for every document: each one read was kept, removed or left
// out.
func (k *cleaning) summarize(e *cli.Env, w *clean.Writer, f show.Figures) {
	for _, g := range f.Sources {
		if gone := g.Removed + g.LeftOut; 2*gone > g.Documents && gone > 1 {
			e.Problem(cli.Problem{Kind: "a source that loses more than half", File: g.Name, Note: true,
				Err: fmt.Errorf("%s loses %s of its %s (%d removed, %d left out); check that this is intended", g.Name, show.Percent(float64(gone)/float64(g.Documents)), show.Count(g.Documents, "document"), g.Removed, g.LeftOut)})
		}
	}
	kept := "kept"
	if k.dry {
		kept = "to keep"
	}
	e.Summary("%s: %s %s, %s removed, %s left out", show.Count(f.Documents, "document"), show.Number(f.Kept), kept, show.Number(f.Group.Removed), show.Number(f.Group.LeftOut))
	how := k.Criterion(e.Given["threshold"]) + ", " + k.Figures()
	if k.exact {
		how = "equal texts"
	}
	if f.Group.Removed > 0 {
		if f.Removed[clean.Item] == f.Group.Removed {
			how = "see dedup decon"
		}
		e.Summary("removed: %s (%s)", reasons(f.Removed), how)
	}
	if f.Group.LeftOut > 0 {
		e.Summary("left out: %s", reasons(f.LeftOut))
	}
	if len(f.Other) > 0 {
		e.Summary("files that are not documents: %s", reasons(f.Other))
	}
	k.summarizeCuts(e, f)
	if w.Passed > 0 {
		e.Summary("%s of web archives that are not documents: copied unchanged", show.Count(w.Passed, "record"))
	}
	switch {
	case k.dry:
		e.Summary("nothing was written")
	case w.Log() == "":
	case k.to.Out == "-":
		e.Summary("removals are in %s", w.Log())
	default:
		e.Summary("written to %s, removals to %s", k.to.Out, w.Log())
	}
}

// summarizeCuts reports the text that -cut removed.
func (k *cleaning) summarizeCuts(e *cli.Env, f show.Figures) {
	if len(k.to.Cut) == 0 {
		return
	}
	var parts []string
	bytes := 0
	for _, r := range slices.Sorted(maps.Keys(f.Cut)) {
		parts = append(parts, fmt.Sprintf("%s %s", show.Number(f.Cut[r].Spans), r))
		bytes += f.Cut[r].Bytes
	}
	if len(parts) == 0 {
		parts = []string{"nothing"}
	}
	e.Summary("cut: %s (%s)", strings.Join(parts, ", "), show.Count(bytes, "byte"))
}

// reasons lists counts with their reasons.
func reasons(counts map[string]int) string {
	var parts []string
	for _, r := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, show.Number(counts[r])+" "+r)
	}
	return strings.Join(parts, ", ")
}
