package processor

import (
	"context"
	"errors"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// A released yields pages that were held, with their verdicts, one batch at a time.
// The filter forgets a batch once it is acknowledged; after a crash before that, it
// yields the batch again.
type released struct {
	dir    string
	o      options
	follow bool

	filter *shared
	ended  bool          // set once all pages were released
	after  uint64        // the number of the last page that was acknowledged
	free   chan struct{} // holds a token unless a batch is in flight
}

func init() {
	spec := service.NewConfigSpec().
		Summary("Yields pages that the processor neardup held until their site was known.").
		Description("A message is the page as JSON: id, host, text and time, with the metadata that the processor sets, and neardup_number. The processor passes it on according to its verdict. At the end of a sequence of inputs, all held pages are judged and yielded.").
		Field(service.NewStringField("dir").Description("folder of the processor neardup")).
		Field(thresholdField).
		Field(settleField).
		Field(service.NewBoolField("follow").Description("keep yielding pages as they are released, alongside an endless input, and never judge a page before its site is known").Default(false))
	err := service.RegisterBatchInput("neardup_released", spec, func(c *service.ParsedConfig, _ *service.Resources) (service.BatchInput, error) {
		r := &released{free: make(chan struct{}, 1)}
		r.free <- struct{}{}
		var err1, err2, err3 error
		r.dir, err1 = c.FieldString("dir")
		r.o, err2 = parseOptions(c)
		r.follow, err3 = c.FieldBool("follow")
		return r, errors.Join(err1, err2, err3)
	})
	if err != nil {
		panic(err)
	}
}

func (r *released) Connect(context.Context) (err error) {
	if r.filter == nil {
		r.filter, err = open(r.dir, r.o)
	}
	return err
}

const (
	releasedTogether = 100
	pollReleased     = time.Second
)

// ReadBatch waits until the previous batch is acknowledged, and returns the next
// one.
func (r *released) ReadBatch(ctx context.Context) (service.MessageBatch, service.AckFunc, error) {
	select {
	case <-r.free:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	batch, last, err := r.next(ctx)
	if err != nil {
		r.free <- struct{}{}
		return nil, nil, err
	}
	return batch, func(_ context.Context, err error) error {
		if err == nil { // after an error the batch is delivered again
			r.after = last
		}
		r.free <- struct{}{}
		return nil
	}, nil
}

func (r *released) next(ctx context.Context) (service.MessageBatch, uint64, error) {
	for {
		got := r.filter.Released(r.after, releasedTogether)
		if len(got) > 0 {
			var batch service.MessageBatch
			for _, x := range got {
				m := service.NewMessage(nil)
				page := map[string]any{"id": x.Page.ID, "host": x.Page.Host, "text": x.Page.Text}
				if !x.Page.Time.IsZero() {
					page["time"] = x.Page.Time.Format(time.RFC3339Nano)
				}
				m.SetStructuredMut(page)
				m.MetaSetMut(numberKey, int64(x.Number))
				describe(m, x.Verdict)
				batch = append(batch, m)
			}
			return batch, got[len(got)-1].Number, nil
		}
		switch {
		case r.follow:
			select {
			case <-time.After(pollReleased):
			case <-ctx.Done():
				return nil, 0, ctx.Err()
			}
		case r.ended:
			return nil, 0, service.ErrEndOfInput
		default:
			if err := r.filter.Release(ctx); err != nil {
				return nil, 0, err
			}
			r.ended = true
		}
	}
}

func (r *released) Close(context.Context) error {
	if r.filter == nil {
		return nil
	}
	return r.filter.close()
}
