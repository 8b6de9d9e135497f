// Package until runs sequences that may wait for long, so that an interrupt is heeded
// all the same.
package until

import (
	"context"
	"iter"
)

// Background runs seq on a goroutine of its own and sends what it yields. So an
// interrupt is heeded though seq waits for somebody to type, or works long for
// its next value. When ctx is done the goroutine ends with that value.
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

// Done yields what seq does. When ctx is done it ends at once, with its error.
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
