package spill

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A manifest holds everything that the files of a run depend on.
type manifest struct {
	Version   int
	Scheme    string
	Banding   string
	Threshold float64
	Estimate  bool
	Keep      string
	Reading   string // format of the inputs and names of their fields
	Shards    int    // number of shards of -shard, 1 without it
	Inputs    []inputFile
	Key       uint64 // seed of the shingles that exact figures are counted from
}

// version changes when the same input would give different files.
const version = 2

// An inputFile is an input in its state at the beginning of the run.
type inputFile struct {
	Name    string
	Size    int64
	Changed int64 // modification time in nanoseconds since 1970
	Files   int   // number of files in a folder
}

func (r *Run) manifest() (manifest, error) {
	f := r.read.Input.Fields
	m := manifest{
		Version: version, Scheme: r.mh.Scheme().String(), Banding: r.banding.String(), Threshold: r.o.Threshold, Estimate: r.o.Estimate, Keep: cmp.Or(r.o.Keep, "first"),
		Reading: fmt.Sprintf("format %q, id %q, text %q, host %q, url %q, time %q, rank %q", r.read.Input.Format, f.ID, f.Text, f.Host, f.URL, f.Time, f.Rank),
		Key:     r.confirm.Seed,
	}
	if r.s.Step == "sketch" {
		m.Shards = max(1, r.s.Of)
	}
	for _, in := range r.inputs {
		file, err := stat(in)
		if err != nil {
			return m, err
		}
		m.Inputs = append(m.Inputs, file)
	}
	return m, nil
}

// stat returns the present state of an input, so that later changes are noticed.
func stat(name string) (inputFile, error) {
	in := inputFile{Name: name}
	if name == "-" {
		return in, nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return in, nil // reading it reports the error
	}
	switch {
	case info.Mode().IsRegular():
		in.Size, in.Changed = info.Size(), info.ModTime().UnixNano()
	case info.IsDir():
		err = filepath.WalkDir(name, func(_ string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return nil // reading it reports the error
			}
			if info, err := e.Info(); err == nil {
				in.Size += info.Size()
				in.Changed = max(in.Changed, info.ModTime().UnixNano())
				in.Files++
			}
			return nil
		})
	}
	return in, err
}

// differs describes the difference between m and the manifest in the folder; it
// returns "" if there is none.
func (m manifest) differs(have manifest) string {
	changed := func(what string, now, before any) string {
		return fmt.Sprintf("%s was %v and is now %v", what, before, now)
	}
	switch {
	case m.Version != have.Version:
		return changed("the version of its files", m.Version, have.Version)
	case m.Scheme != have.Scheme:
		return changed("the scheme", m.Scheme, have.Scheme)
	case m.Threshold != have.Threshold:
		return changed("-threshold", m.Threshold, have.Threshold)
	case m.Banding != have.Banding:
		return changed("the banding", m.Banding, have.Banding)
	case m.Estimate != have.Estimate:
		return changed("-estimate", m.Estimate, have.Estimate)
	case m.Keep != have.Keep:
		return changed("-keep", m.Keep, have.Keep)
	case m.Reading != have.Reading:
		return changed("how inputs are read", m.Reading, have.Reading)
	case m.Shards > 0 && m.Shards != have.Shards:
		return changed("the number of shards", m.Shards, have.Shards)
	case len(m.Inputs) != len(have.Inputs):
		return changed("the number of inputs", len(m.Inputs), len(have.Inputs))
	}
	for i, in := range m.Inputs {
		if was := have.Inputs[i]; in != was {
			if in.Name != was.Name {
				return changed("an input", in.Name, was.Name)
			}
			return fmt.Sprintf("the input %s has changed", in.Name)
		}
	}
	return ""
}
