package seen

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc64"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/boilerplate/seen/internal/texts"
)

// A filter's directory holds "index", which package disk manages, and the folder of
// the last save, named "saved-" and its number in 16 hexadecimal digits. The folder
// holds "detector", in the detector's own format; "held", a line with the magic, the
// version and the CRC-64 (ECMA) of the JSON object that follows it; and "changes",
// the changes that the index may still lack. A folder is made under another name and
// renamed when it is durable, so a save exists completely or not at all. The changes
// are applied to the index after that, and then their file is removed. If texts are
// kept, they are in "texts": see package texts. Version 1 of "held" had no changes:
// the index had them already.
const (
	savePrefix   = "saved-"
	detectorFile = "detector"
	heldFile     = "held"
	changesFile  = "changes"
	heldMagic    = "neardup-seen 2 "
	heldMagic1   = "neardup-seen 1 "
)

// A save is the content of the file "held".
type save struct {
	Sites map[string]*site `json:"sites"`
	Turns int64            `json:"turns"`

	// Better maps the IDs of kept texts to those of the better copies that name them.
	Better map[string]string `json:"better,omitempty"`

	// Times has the times of the better copies, in milliseconds since 1970.
	Times map[string]int64 `json:"times,omitempty"`
	Note  []byte           `json:"note,omitempty"`
}

var crcTable = crc64.MakeTable(crc64.ECMA)

// Save makes all judgements so far durable and, in the same step, a note from the
// caller, such as the position in a queue up to which pages were judged. Its cost is
// proportional to the detector and the held pages, so call it every thousand pages
// or every minute, and at the end.
func (f *Filter) Save(ctx context.Context, note []byte) error {
	if err := f.enter(ctx); err != nil {
		return err
	}
	defer f.leave()
	s, err := f.snapshot(note)
	if err == nil {
		err = f.write(ctx, s)
	}
	if err == nil {
		err = wrap(f.compact(context.WithoutCancel(ctx), s.mark, true))
	}
	return err
}

// A snapshot is a save in progress.
type snapshot struct {
	detector, held, note []byte
	changes              *changes // changes of the index; nil if there are none
	mark                 uint64   // mark of the stored texts: see texts.Store.Mark
}

// snapshot encodes the contents of a save, except the changes of the index.
func (f *Filter) snapshot(note []byte) (snapshot, error) {
	detector, err := f.detector.MarshalBinary()
	if err != nil {
		return snapshot{}, wrap(err)
	}
	body, err := json.Marshal(save{Sites: f.sites, Turns: f.turns, Better: f.names.better, Times: f.names.times, Note: note})
	if err != nil {
		return snapshot{}, wrap(err)
	}
	head := fmt.Sprintf("%s%016x\n", heldMagic, crc64.Checksum(body, crcTable))
	out := snapshot{detector: detector, held: append([]byte(head), body...), note: bytes.Clone(note), changes: f.ix.freeze()}
	if f.texts != nil {
		out.mark = f.texts.Mark()
	}
	return out, nil
}

// write writes a snapshot. Only one goroutine may call it at a time, but it need not
// have the turn.
func (f *Filter) write(ctx context.Context, s snapshot) error {
	tmp := filepath.Join(f.dir, "saving")
	if err := errors.Join(os.RemoveAll(tmp), os.Mkdir(tmp, 0o777)); err != nil {
		return wrap(err)
	}
	err := errors.Join(
		writeFile(filepath.Join(tmp, detectorFile), s.detector),
		writeFile(filepath.Join(tmp, heldFile), s.held),
	)
	if err == nil && s.changes != nil {
		err = writeFile(filepath.Join(tmp, changesFile), s.changes.marshal())
	}
	if err == nil {
		err = texts.SyncDir(tmp)
	}
	if err == nil && f.texts != nil {
		// The texts on disk may be newer than the save, but never older.
		err = f.texts.Flush()
	}
	if err == nil {
		err = ctx.Err() // last check of the context before the save takes effect
	}
	if err == nil {
		err = os.Rename(tmp, f.folder(f.saved+1))
	}
	if err == nil {
		err = texts.SyncDir(f.dir)
	}
	if err != nil {
		return wrap(err)
	}
	old := f.folder(f.saved)
	f.saved++
	f.note = s.note
	if err := os.RemoveAll(old); err != nil {
		return wrap(err)
	}
	return f.applyChanges(context.WithoutCancel(ctx), s.changes)
}

// applyChanges applies the changes of the last save to the index.
func (f *Filter) applyChanges(ctx context.Context, c *changes) error {
	if c == nil {
		return nil
	}
	if err := f.ix.apply(ctx, c); err != nil {
		return wrap(err)
	}
	return wrap(os.Remove(filepath.Join(f.folder(f.saved), changesFile)))
}

// Note returns the note of the last save, possibly by an earlier process; nil if
// there is none.
func (f *Filter) Note(ctx context.Context) ([]byte, error) {
	if err := f.enter(ctx); err != nil {
		return nil, err
	}
	defer f.leave()
	return bytes.Clone(f.note), nil
}

// Close closes the filter without saving it: the pages judged since the last Save
// are forgotten. Call Save first to keep them.
func (f *Filter) Close() error {
	<-f.turn
	defer f.leave()
	if f.closed {
		return nil
	}
	f.closed = true
	err := f.ix.close()
	if f.texts != nil {
		err = errors.Join(err, f.texts.Close())
	}
	return wrap(err)
}

func (f *Filter) folder(n uint64) string {
	return filepath.Join(f.dir, fmt.Sprintf("%s%016x", savePrefix, n))
}

// load reads the last save, if there is one, and removes earlier ones.
func (f *Filter) load() error {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return wrap(err)
	}
	var older []string
	for _, e := range entries { // ReadDir sorts by name, so the last save comes last
		digits, ok := strings.CutPrefix(e.Name(), savePrefix)
		n, err := strconv.ParseUint(digits, 16, 64)
		if !ok || err != nil {
			continue
		}
		if f.saved > 0 {
			older = append(older, f.folder(f.saved))
		}
		f.saved = n
	}
	if f.saved == 0 {
		return nil
	}
	dir := f.folder(f.saved)
	detector, err := os.ReadFile(filepath.Join(dir, detectorFile))
	if err != nil {
		return wrap(err)
	}
	if err := f.detector.UnmarshalBinary(detector); err != nil {
		return fmt.Errorf("seen: %s: %w", filepath.Join(dir, detectorFile), err)
	}
	name := filepath.Join(dir, heldFile)
	b, err := os.ReadFile(name)
	if err != nil {
		return wrap(err)
	}
	if err := f.parse(b); err != nil {
		return fmt.Errorf("seen: %s: %w", name, err)
	}
	for _, dir := range older {
		if err := os.RemoveAll(dir); err != nil {
			return wrap(err)
		}
	}
	return f.loadChanges(filepath.Join(dir, changesFile))
}

// loadChanges applies the changes of the last save again if the index may lack some.
func (f *Filter) loadChanges(name string) error {
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return wrap(err)
	}
	c, err := unmarshalChanges(b, f.mh.Scheme())
	if err != nil {
		return fmt.Errorf("seen: %s: %w", name, err)
	}
	return f.applyChanges(context.Background(), c)
}

// parse decodes the file "held".
func (f *Filter) parse(b []byte) error {
	head, body, ok := bytes.Cut(b, []byte{'\n'})
	sum, magic := bytes.CutPrefix(head, []byte(heldMagic))
	if !magic {
		sum, magic = bytes.CutPrefix(head, []byte(heldMagic1))
	}
	if !ok || !magic {
		return boilerplate.ErrFormat
	}
	if string(sum) != fmt.Sprintf("%016x", crc64.Checksum(body, crcTable)) {
		return boilerplate.ErrCorrupt
	}
	s := save{Sites: map[string]*site{}}
	if err := json.Unmarshal(body, &s); err != nil {
		return fmt.Errorf("%w: %w", boilerplate.ErrCorrupt, err)
	}
	f.sites, f.turns, f.note, f.holding, f.names = s.Sites, s.Turns, s.Note, 0, newNames(s.Better, s.Times)
	for host, s := range f.sites {
		if f.holding += len(s.Held); len(s.Held) > 0 {
			s.dirty = true
			f.dirty = append(f.dirty, host)
		}
		if s.Sections == nil && !s.Many {
			s.Sections = map[string]int{}
		}
	}
	return nil
}

// syncEvery is the number of bytes of a file written between flushes. A flush of the
// journal waits for earlier writes to the disk, so those must be small.
const syncEvery = 2 << 20

// writeFile writes a file and makes it durable.
func writeFile(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	for more := true; more && err == nil; more = len(b) > 0 {
		n := min(len(b), syncEvery)
		if _, err = f.Write(b[:n]); err == nil {
			err = f.Sync()
		}
		b = b[n:]
	}
	return errors.Join(err, f.Close())
}
