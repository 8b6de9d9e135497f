package input

import "io"

func (r *reader) warc(file string, in io.Reader) bool { return r.fail(Place{File: file}, errNotYet) }
