// Package items reads the items of an evaluation and finds them in documents.
package items

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/outfile"
	"github.com/neardup/neardup/examples/dedup/internal/until"
	"github.com/neardup/neardup/lsh/decon"
)

// Options are the options for items set by flags.
type Options struct {
	Against   string // file, folder or saved index
	Question  string // field of an item's question; "": the whole text
	Answer    string // field of its answer; "": none
	Save      string
	Rule      string
	Overwrite bool // replace the file named by Save

	decon.Options
}

// The rules by which items are found.
var rules = []string{"words", "gpt3"}

// ItemFlags are the flags of decon.
func (o *Options) ItemFlags() cli.Flags {
	return cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.StringVar(&o.Against, "against", "", "`file` or folder of the items: a corpus of them, or an index that -save wrote")
			fs.StringVar(&o.Question, "field-question", "", "`name` of the field of an item's question (default: the whole text)")
			fs.StringVar(&o.Answer, "field-answer", "", "`name` of the field of an item's answer (default: none)")
			fs.StringVar(&o.Save, "save", "", "`file` to write the items to, ready for searches; INPUT is then optional")
			fs.BoolVar(&o.Overwrite, "overwrite", false, "replace the file of -save if it exists")
			fs.StringVar(&o.Rule, "rule", rules[0], "how items are found: words, aligned and edited; or gpt3, 13 equal words in a row")
			fs.IntVar(&o.MinTokens, "min", 8, "minimum `number` of words of an item")
			fs.Float64Var(&o.Share, "share", 0.7, "minimum `share` of an item, weighted by the rarity of its words, that a document must hold")
		},
		Check: func() error {
			switch {
			case o.Against == "":
				return errors.New("name the items: -against FILE")
			case o.Against == "-":
				return errors.New("-against -: the items must be in a file or folder")
			case o.MinTokens < 3:
				return fmt.Errorf("-min %d: must be 3 or more", o.MinTokens)
			case !(o.Share > 0 && o.Share <= 1):
				return fmt.Errorf("-share %v: must be above 0 and at most 1", o.Share)
			}
			return cli.OneOf("rule", o.Rule, rules...)
		},
	}
}

// Load returns the items of -against: from a saved index, or read as a corpus.
func Load(e *cli.Env, o Options, read corpus.Options) (*decon.Index, error) {
	ix, err := open(o.Against)
	if err != nil {
		return nil, err
	}
	if ix != nil {
		for _, name := range []string{"min", "share", "field-question", "field-answer"} {
			if e.Given[name] {
				return nil, fmt.Errorf("-%s: %s was saved with a different value; omit the flag, or save the items again", name, o.Against)
			}
		}
		return ix, nil
	}
	if o.Question != "" {
		read.Input.Fields.Text = o.Question
	}
	p, docs := corpus.Read(e, "reading items", []string{o.Against}, read, func(in *input.Options) { in.Fields.Rank = o.Answer })
	defer p.Stop()
	var all []decon.Item
	for it, err := range until.Done(e.Ctx, docs) {
		if err != nil {
			return nil, err
		}
		if it.Err != nil {
			p.Clear()
			e.Problem(corpus.Problem(it.Err))
		}
		if d := it.Doc; d != nil {
			all = append(all, decon.Item{ID: d.ID, Text: d.Text, Answer: d.Rank})
			p.Add(1)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("-against %s: no items were read", o.Against)
	}
	return decon.New(all, o.Options), nil
}

// open returns the index in a file, or nil if the file is anything else.
func open(name string) (*decon.Index, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil // package input reports why, or expands a pattern
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, nil
	}
	head := make([]byte, 4)
	if _, err := io.ReadFull(f, head); err != nil || !decon.IsIndex(head) {
		return nil, nil
	}
	var data bytes.Buffer
	data.Write(head)
	if _, err := data.ReadFrom(f); err != nil {
		return nil, err
	}
	ix := new(decon.Index)
	if err := ix.UnmarshalBinary(data.Bytes()); err != nil {
		return nil, fmt.Errorf("%s: %w; recreate it with -save", name, err)
	}
	return ix, nil
}

// Save writes an index to a file, which appears when it is complete.
func Save(ix *decon.Index, name string, overwrite bool) error {
	data, err := ix.MarshalBinary()
	if err != nil {
		return err
	}
	f, err := outfile.Create(name, overwrite)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Commit()
}
