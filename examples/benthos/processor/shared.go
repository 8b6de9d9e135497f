package processor

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/neardup/neardup/boilerplate/seen"
)

// Fields that the processor and the input have in common.
var (
	thresholdField = service.NewFloatField("threshold").Description("minimum similarity of a near-duplicate; fixed when the folder is created").Default(0.8)
	settleField    = service.NewIntField("settle").Description("number of pages of a section to observe before its pages are judged; until then they are held, and the input neardup_released yields them later. 1 holds none").Default(1)
)

// Options are the options with which a filter was opened.
type options struct {
	threshold float64
	settle    int
}

func parseOptions(c *service.ParsedConfig) (options, error) {
	threshold, err1 := c.FieldFloat("threshold")
	settle, err2 := c.FieldInt("settle")
	err := errors.Join(err1, err2)
	switch {
	case err != nil:
	case !(threshold > 0 && threshold <= 1):
		err = fmt.Errorf("threshold %v: must be above 0 and at most 1", threshold)
	case settle < 1:
		err = fmt.Errorf("settle %d: must be 1 or more", settle)
	}
	return options{threshold, settle}, err
}

// A shared is a filter that the processors and inputs of a process share, because
// Benthos makes a processor for each thread.
type shared struct {
	*seen.Durable
	name  string
	o     options
	users int
}

var (
	mu      sync.Mutex
	filters = map[string]*shared{}
)

func open(dir string, o options) (*shared, error) {
	name, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	mu.Lock()
	defer mu.Unlock()
	f := filters[name]
	if f == nil {
		d, err := seen.OpenDurable(name, seen.DurableOptions{Options: seen.Options{Threshold: o.threshold, Settle: o.settle}})
		if err != nil {
			return nil, err
		}
		f = &shared{Durable: d, name: name, o: o}
		filters[name] = f
	}
	if f.o != o {
		return nil, fmt.Errorf("%s is in use with threshold %v and settle %d, not %v and %d", dir, f.o.threshold, f.o.settle, o.threshold, o.settle)
	}
	f.users++
	return f, nil
}

// close saves the filter when the last of its users closes it.
func (f *shared) close() error {
	mu.Lock()
	defer mu.Unlock()
	if f.users--; f.users > 0 {
		return nil
	}
	delete(filters, f.name)
	return f.Durable.Close()
}
