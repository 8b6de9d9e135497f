package corpus

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
)

// maxWorkers is the largest useful number of goroutines; beyond a few hundred, more
// only take memory.
const maxWorkers = 256

// Each calls f(i) for every i below n, on as many goroutines as there are workers, and
// returns one of the errors.
func Each(ctx context.Context, workers, n int, f func(i int) error) error {
	var failed onceError
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, n, maxWorkers) {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				failed.set(f(i))
			}
		})
	}
	wg.Wait()
	return cmp.Or(failed.err, ctx.Err())
}

// A onceError keeps the first error of several goroutines.
type onceError struct {
	mu  sync.Mutex
	err error
}

func (o *onceError) set(err error) {
	if err != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.err == nil {
			o.err = err
		}
	}
}
