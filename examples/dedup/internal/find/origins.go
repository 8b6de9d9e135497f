package find

import (
	"slices"

	"github.com/neardup/neardup/lsh/passage"
)

// Groups returns the passages that recur, with all their holders. If there is a
// corpus to compare with (the first old documents, or saved ones), it returns only
// passages that one of its documents and one of the others hold.
func (ix *Passages) Groups(old int, saved bool) ([]passage.Group, error) {
	defer ix.searching()()
	groups, err := ix.Index.Groups(ix.c.Env().Ctx)
	if err != nil {
		return nil, err
	}
	if keep := ix.across(old, saved); keep != nil {
		groups = slices.DeleteFunc(groups, func(g passage.Group) bool {
			return !keep(len(g.Members), func(i int) string { return g.Members[i].ID })
		})
	}
	return groups, nil
}

// Origins finds which document had each passage first. If there is a corpus to
// compare with, it returns only passages that one of its documents and one of the
// others hold, and how much of each other document is elsewhere.
func (ix *Passages) Origins(old int, saved bool, share float64) (passage.Origins, error) {
	ix.reportUntimed()
	defer ix.searching()()
	found, err := ix.Index.Origins(ix.c.Env().Ctx, passage.OriginOptions{Share: share})
	if err != nil {
		return found, err
	}
	if keep := ix.across(old, saved); keep != nil {
		found.Passages = slices.DeleteFunc(found.Passages, func(o passage.Origin) bool {
			return !keep(len(o.Holders), func(i int) string { return o.Holders[i].ID })
		})
		row := ix.c.Rows()
		found.Documents = slices.DeleteFunc(found.Documents, func(s passage.Source) bool {
			k, ok := row[s.ID]
			return !ok || k < old
		})
	}
	return found, nil
}

// searching shows the progress of a search for groups until the returned function is
// called.
func (ix *Passages) searching() (stop func()) {
	ix.memory.set(groupsGarbage)
	ix.progress = ix.c.Env().Progress("searching", "documents", 0)
	return ix.progress.Stop
}

// across returns a function that reports whether some of the documents belong to the
// corpus to compare with and some do not. It is nil if there is no such corpus.
func (ix *Passages) across(old int, saved bool) func(n int, id func(i int) string) bool {
	if old == 0 && !saved {
		return nil
	}
	row := ix.c.Rows()
	return func(n int, id func(i int) string) bool {
		first, rest := false, false
		for i := range n {
			k, ok := row[id(i)]
			first, rest = first || !ok || k < old, rest || ok && k >= old
		}
		return first && rest
	}
}

// SplitAgainst divides the corpora to compare with into files to read and saved
// indexes.
func (o *Options) SplitAgainst() (files, saved []string) {
	for _, name := range o.Against {
		if IsSaved(name) {
			saved = append(saved, name)
		} else {
			files = append(files, name)
		}
	}
	return files, saved
}
