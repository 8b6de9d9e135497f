package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"os"
	"time"
)

var crcTable = crc64.MakeTable(crc64.ECMA)

// A journal is a file of batches, one per line: the CRC-64 of the JSON array in 16
// digits, a space, and the array. Its contents are acknowledged.
type journal struct{ f *os.File }

// An entry is an event: a URL was fetched, the held pages were released because the
// crawl is over, or a new round began.
type entry struct {
	Fetch   *fetch `json:"fetch,omitempty"`
	Release bool   `json:"release,omitempty"`

	Round *time.Time `json:"round,omitempty"`
}

// openJournal opens a journal, calls f with its entries, and cuts off a batch that
// was not written completely.
func openJournal(name string, f func(entry) error) (*journal, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	end, err := replay(file, f)
	if err == nil {
		err = file.Truncate(end)
	}
	if err == nil {
		_, err = file.Seek(end, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), file.Close())
	}
	return &journal{f: file}, nil
}

// replay calls f with the entries of a journal and returns the offset of their end.
func replay(file io.Reader, f func(entry) error) (end int64, err error) {
	r := bufio.NewReaderSize(file, 1<<16)
	for {
		line, err := r.ReadBytes('\n')
		if err == io.EOF {
			return end, nil // an incomplete line was never acknowledged
		}
		if err != nil {
			return end, err
		}
		sum, array, _ := bytes.Cut(line, []byte{' '})
		var batch []entry
		if string(sum) != fmt.Sprintf("%016x", crc64.Checksum(array, crcTable)) || json.Unmarshal(array, &batch) != nil {
			if _, err := r.Peek(1); err == io.EOF {
				return end, nil
			}
			return end, fmt.Errorf("damaged at byte %d", end)
		}
		for _, e := range batch {
			if err := f(e); err != nil {
				return end, err
			}
		}
		end += int64(len(line))
	}
}

// append writes a batch and returns when it is durable.
func (j *journal) append(batch []entry) error {
	array, err := json.Marshal(batch)
	if err != nil {
		return err
	}
	array = append(array, '\n')
	line := fmt.Appendf(nil, "%016x ", crc64.Checksum(array, crcTable))
	if _, err := j.f.Write(append(line, array...)); err != nil {
		return err
	}
	return j.f.Sync()
}

// An output is a file of JSON objects, one per line, each with an "id". It grows,
// and is durable up to the last checkpoint. After a crash, replaying the journal
// writes exactly the lost lines again.
type output struct {
	f    *os.File
	w    *bufio.Writer
	size int64
	tail map[string]int // id -> number of lines with it after the last checkpoint that are not repeated yet
}

// openOutput opens an output whose first n bytes are durable.
func openOutput(name string, n int64) (*output, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	o := &output{f: f, w: bufio.NewWriter(f), size: n, tail: map[string]int{}}
	if err := o.recover(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return o, nil
}

func (o *output) recover() error {
	info, err := o.f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < o.size {
		return fmt.Errorf("the file has %d bytes, but %d were written: another program changed it", info.Size(), o.size)
	}
	if _, err := o.f.Seek(o.size, io.SeekStart); err != nil {
		return err
	}
	r := bufio.NewReader(o.f)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return err
		}
		var v struct{ ID string }
		if err == io.EOF || json.Unmarshal(line, &v) != nil {
			break // the line was only partly written
		}
		o.tail[v.ID]++
		o.size += int64(len(line))
	}
	if err := o.f.Truncate(o.size); err != nil {
		return err
	}
	_, err = o.f.Seek(o.size, io.SeekStart)
	return err
}

// add writes an object, unless it was written before the process began, and reports
// whether it did.
func (o *output) add(id string, v any) (bool, error) {
	if o.tail[id] > 0 {
		o.tail[id]--
		return false, nil
	}
	line, err := json.Marshal(v)
	if err != nil {
		return false, err
	}
	line = append(line, '\n')
	o.size += int64(len(line))
	_, err = o.w.Write(line)
	return true, err
}

// sync makes added lines durable.
func (o *output) sync() error {
	if err := o.w.Flush(); err != nil {
		return err
	}
	return o.f.Sync()
}

func (o *output) close() error { return errors.Join(o.w.Flush(), o.f.Close()) }
