package spill

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/neardup/neardup/examples/dedup/internal/input"
)

// prepare creates the folder and its manifest. If there is a manifest already, it
// returns an error unless that belongs to the same run.
func (r *Run) prepare() error {
	err := os.Mkdir(r.s.Dir, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("-spill: %w", err)
	}
	if info, err := os.Stat(r.s.Dir); err != nil {
		return fmt.Errorf("-spill: %w", err)
	} else if !info.IsDir() {
		return fmt.Errorf("-spill: %s is not a folder", r.s.Dir)
	}
	for _, in := range r.e.Inputs {
		names, err := expand(in)
		if err != nil {
			return err
		}
		r.inputs = append(r.inputs, names...)
	}
	if err := r.outside(); err != nil {
		return err
	}
	want, err := r.manifest()
	if err != nil {
		return err
	}
	name := r.path("manifest")
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		if err := r.refuseOthers(); err != nil {
			return err
		}
		begun := want
		begun.Shards = max(1, want.Shards)
		if data, err = json.MarshalIndent(begun, "", "  "); err != nil {
			return err
		}
		if err := writeNew(name, data); err != nil {
			return err
		}
		data, err = os.ReadFile(name) // another process may have created it first
	}
	if err != nil {
		return err
	}
	var have manifest
	if err := json.Unmarshal(data, &have); err != nil {
		return damaged(name, err)
	}
	if what := want.differs(have); what != "" {
		return fmt.Errorf("%s: %w: %s; use another folder, or delete this one to start again", r.s.Dir, errOther, what)
	}
	r.key, r.confirm.Seed = have, have.Key
	if r.s.single() {
		r.removeUnfinished()
	}
	return nil
}

// outside returns an error if the folder is inside an input, because its files would
// be read as input.
func (r *Run) outside() error {
	dir, err := filepath.Abs(r.s.Dir)
	if err != nil {
		return err
	}
	for _, in := range r.inputs {
		name, err := filepath.Abs(in)
		if err != nil || in == "-" {
			continue
		}
		if rel, err := filepath.Rel(name, dir); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return fmt.Errorf("-spill %s: the folder lies in the input %s: use another one", r.s.Dir, in)
		}
	}
	return nil
}

// refuseOthers returns an error if a folder without a manifest is not empty: its
// files do not belong to a run.
func (r *Run) refuseOthers() error {
	entries, err := os.ReadDir(r.s.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".tmp") && e.Name() != "manifest" {
			return fmt.Errorf("-spill %s: the folder contains %s, which does not belong to a run: use a folder that is empty or does not exist", r.s.Dir, e.Name())
		}
	}
	return nil
}

// removeUnfinished removes the remains of an interrupted run.
func (r *Run) removeUnfinished() {
	left, _ := filepath.Glob(filepath.Join(globQuote(r.s.Dir), "*.tmp"))
	for _, name := range left {
		_ = os.Remove(name)
	}
}

// globQuote quotes the special characters of patterns.
func globQuote(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

// writeNew writes a file unless it exists.
func writeNew(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	err = os.Link(f.Name(), name)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(f.Name(), name) // this file system has no links
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

func (r *Run) path(name string) string { return filepath.Join(r.s.Dir, name) }

func taskName(step string, i int) string { return fmt.Sprintf("%s.%04d", step, i) }

func (r *Run) exists(name string) bool {
	_, err := os.Stat(r.path(name))
	return err == nil
}

// Remove removes the files of the run, and the folder if nothing else is in it.
func (r *Run) Remove() error {
	// The order matters: a run that is interrupted here starts again and finds nothing
	// that looks complete, and without a manifest the remaining files are not a run.
	var names []string
	for i := range r.key.Shards {
		names = append(names, endName(i))
	}
	for _, s := range steps {
		names = append(names, s.name+".done")
	}
	names = append(names, removedStep.name+".done")
	for _, s := range append(slices.Clone(steps), removedStep) {
		for i := range max(len(r.parts), 1) {
			names = append(names, taskName(s.name, i))
		}
	}
	for _, s := range append(slices.Clone(r.shards), r.given...) {
		names = append(names, s.name)
	}
	for _, name := range append(names, "manifest") {
		if err := os.Remove(r.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	_ = os.Remove(r.s.Dir) // fails if it contains other files
	return nil
}

func expand(in string) ([]string, error) {
	names, err := input.Expand(in)
	if err != nil {
		return []string{in}, nil // reading it reports the error
	}
	return names, nil
}
