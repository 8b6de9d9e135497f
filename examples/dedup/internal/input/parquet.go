package input

import "os"

func (r *reader) parquet(name string, f *os.File, size int64) bool {
	return r.fail(Place{File: name}, errNotYet)
}
