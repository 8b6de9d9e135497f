// Package until runs sequences that may wait for a long time, so that an interrupt
// still takes effect.
package until

import (
	"context"
	"iter"
)

// Background runs seq on a separate goroutine and sends the values that it yields.
// So an interrupt takes effect even while seq waits for somebody to type or takes
// long to compute its next value. When ctx is done, the goroutine ends with that
// value.
func Background[T any](ctx context.Context, seq iter.Seq[T]) <-chan T {
	values := make(chan T, 256)
	go func() {
		defer close(values)
		for v := range seq {
			select {
			case values <- v:
			case <-ctx.Done():
				return
			}
		}
	}()
	return values
}

// Done yields the values of seq. When ctx is done it ends at once, with the error of
// ctx.
func Done[T any](ctx context.Context, seq iter.Seq[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		values := Background(ctx, seq)
		for ctx.Err() == nil {
			select {
			case v, more := <-values:
				if !more || !yield(v, nil) {
					return
				}
			case <-ctx.Done():
			}
		}
		var none T
		yield(none, ctx.Err())
	}
}
