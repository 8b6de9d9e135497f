package seen

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/neardup/neardup/boilerplate/seen/internal/texts"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/shingle"
)

// minGone is the minimum number of removed pages whose space is worth freeing.
const minGone = 1024

// compact frees the space of pages that were removed, replaced or forgotten: in the
// index, and among the texts put before a mark. Data that may be needed after a
// crash remains. If turn is set, the caller has the turn.
func (f *Filter) compact(ctx context.Context, mark uint64, turn bool) error {
	if err := f.ix.compact(ctx); err != nil || f.texts == nil {
		return err
	}
	n, kept := f.texts.Stats().Texts, f.ix.count()
	if kept < 0 {
		kept = f.textsLeft
	}
	if n < minGone+2*kept {
		return nil
	}
	err := f.texts.Compact(mark, func(t texts.Text) (bool, error) {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		set := f.sh.Set(t.Text, t.Skip...)
		same := func(d disk.Document, ok bool) bool { return ok && slices.Equal(shingle.Set(d.Set), set) }
		d, ok, err := f.ix.keeps(ctx, t.ID)
		if err != nil || same(d, ok) {
			return true, err
		}
		if !turn {
			if err := f.enter(ctx); err != nil {
				return false, err
			}
			defer f.leave()
		}
		d, ok, err = f.ix.get(ctx, t.ID)
		return same(d, ok), err
	})
	f.textsLeft = f.texts.Stats().Texts
	return err
}

// compactLater runs compact in the background, unless it is already running. The
// next save returns its error.
func (d *Durable) compactLater(mark uint64) error {
	select {
	case err := <-d.compacted:
		if err != nil {
			return err
		}
	default:
		return nil // compact is already running
	}
	ctx := d.ctx
	go func() {
		err := d.f.compact(ctx, mark, false)
		if ctx.Err() != nil || errors.Is(err, fs.ErrClosed) || errors.Is(err, disk.ErrClosed) {
			err = nil
		}
		d.compacted <- err
	}()
	return nil
}
