package main

import (
	"cmp"
	"flag"
	"fmt"
	"slices"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/shingle"
)

var cleanCommand = command{
	name:    "clean",
	summary: "write the documents to keep, and a log of every removal",
	help: `Writes to -out what "dedup clusters" would keep, in the format of the input: one
JSON Lines file becomes one, its lines as they were; folders and several inputs
become a folder of the same files. Every document that is left out is in the log
with the reason, the document it repeats, how alike they are and the passages that
both have. The input is never changed; what is written appears whole at the end
or, after an interrupt, not at all. With -against, documents that repeat that
corpus are left out too, and the corpus is not written. -dry-run only tells.
After an interrupt begin again: what a killed process leaves beside -out ends in
.tmp and may be deleted.
`,
	example: `-dry-run corpus.jsonl
-out kept.jsonl.zst corpus.jsonl.zst
-strip -keep longest -out kept/ pages/
-against archive.jsonl -out new.jsonl today.jsonl
`,
	flags: []flagGroup{cleanFlags, matchFlags, keepFlag, againstFlag, shingleFlags, stripFlag, inputFlags, outputFlags},
	run:   runClean,
}

func cleanFlags(fs *flag.FlagSet, o *options) {
	fs.StringVar(&o.out, "out", "", "`file or folder` to write the kept documents to; .gz and .zst compress")
	fs.StringVar(&o.log, "log", "", "`file` to write the removals to (default: that of -out with .removed.jsonl behind)")
	fs.BoolVar(&o.overwrite, "overwrite", false, "replace what -out and -log name, if there is something")
	fs.BoolVar(&o.dryRun, "dry-run", false, "print the removals and write nothing; -out and -log may be left out or are checked")
}

// A removal is a document that is left out, and why.
type removal struct {
	row, match int
	lsh.Score
}

// removalJSON is a removal as the log and -json have it. What could not be read
// has a reason and a place only.
type removalJSON struct {
	ID         string     `json:"id,omitempty"`
	Reason     string     `json:"reason"`
	Match      string     `json:"match,omitempty"`
	Similarity float64    `json:"similarity,omitempty"`
	Exact      bool       `json:"exact,omitempty"`
	Spans      []bothJSON `json:"spans,omitempty"`
	Place      string     `json:"place"`
}

// bothJSON is a passage of the removed document and where the match has it.
type bothJSON struct {
	Start      int `json:"start"`
	End        int `json:"end"`
	MatchStart int `json:"match_start"`
	MatchEnd   int `json:"match_end"`
}

// The reasons for a removal.
const (
	reasonIdentical  = "identical"
	reasonNear       = "near-duplicate"
	reasonUnreadable = "unreadable"
)

func runClean(j *job) error {
	switch {
	case j.opt.out == "" && (j.opt.log != "" || j.opt.overwrite):
		return fmt.Errorf("-log and -overwrite go with -out, which is missing")
	case j.opt.out == "" && !j.opt.dryRun:
		return fmt.Errorf("clean needs -out FILE, or -dry-run to see what it would do")
	}
	w, err := j.cleaner()
	if err != nil {
		return err
	}
	defer w.close()
	if err := j.load(); err != nil {
		return err
	}
	s, err := j.sketch()
	if err != nil {
		return err
	}
	removals, err := j.removals(s)
	if err != nil {
		return err
	}
	identical := 0
	for _, r := range removals {
		out := j.removalJSON(r)
		if out.Reason == reasonIdentical {
			identical++
		}
		switch {
		case j.opt.json:
			err = j.print(out)
		case j.opt.dryRun:
			fmt.Fprintf(j.out, "%.3f  remove %s, like %s\n", out.Similarity, printable(out.ID), printable(out.Match))
		}
		if err != nil {
			return err
		}
	}
	if !j.opt.dryRun {
		if err := w.write(removals); err != nil {
			return err
		}
	}
	verb, where := "kept", fmt.Sprintf("; written to %s, removals to %s", j.opt.out, w.log)
	if j.opt.dryRun {
		verb, where = "to keep", "; nothing was written"
	}
	total := len(j.docs) - j.old
	j.summary("%s: %d %s, %d removed (%d identical, %d near-duplicates, %s)%s", count(total, "document"), total-len(removals), verb,
		len(removals), identical, len(removals)-identical, j.kind(), where)
	return nil
}

// removals returns what is to be left out, in input order: the new documents that
// match one of -against, and of the others all but the representatives.
func (j *job) removals(s *sketches) ([]removal, error) {
	var out []removal
	var rest []int // nil for all
	if j.opt.against != "" {
		found, err := j.matchesOld(s, 1)
		if err != nil {
			return nil, err
		}
		rest = []int{}
		for i, ms := range found {
			if len(ms) == 0 {
				rest = append(rest, j.old+i)
				continue
			}
			out = append(out, removal{j.old + i, ms[0].row, ms[0].Score})
		}
	}
	clusters, err := j.clustersAmong(s, rest)
	if err != nil {
		return nil, err
	}
	for _, c := range clusters {
		for _, m := range c.Members {
			if m.Row != c.Representative {
				out = append(out, removal{m.Row, c.Representative, lsh.Score{Similarity: m.Similarity, Exact: !j.opt.estimate}})
			}
		}
	}
	slices.SortFunc(out, func(a, b removal) int { return cmp.Compare(a.row, b.row) })
	return out, nil
}

// removalJSON gives the evidence for a removal.
func (j *job) removalJSON(r removal) removalJSON {
	d := j.docs[r.row]
	out := removalJSON{
		ID: d.ID, Reason: reasonNear, Match: j.docs[r.match].ID,
		Similarity: r.Similarity, Exact: r.Exact, Place: d.Place.String(),
	}
	a, b := j.texts.At(r.row), j.texts.At(r.match)
	if a == b {
		out.Reason = reasonIdentical
		out.Spans = []bothJSON{{0, len(a), 0, len(b)}}
		return out
	}
	for _, p := range (shingle.Aligner{}).Align(a, b) {
		out.Spans = append(out.Spans, bothJSON{p.A.Start, p.A.End, p.B.Start, p.B.End})
	}
	return out
}
