package stage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/internal/doctime"
)

// A page is a document with the fields for counting blocks.
type page struct {
	Ref  *int64          `json:"ref"`
	Text string          `json:"text"`
	Host string          `json:"host"`
	URL  string          `json:"url"`
	Time json.RawMessage `json:"time"`
	Mask json.RawMessage `json:"mask"`
}

// pageOf reads a document. A missing host is taken from the URL.
func pageOf(line []byte) (p page, err error) {
	if err := json.Unmarshal(line, &p); err != nil {
		return p, err
	}
	switch {
	case p.Ref == nil:
		return p, errors.New(`no "ref"`)
	case *p.Ref < 0 || *p.Ref > maxRef:
		return p, fmt.Errorf("ref %d is not from 0 to 2^62", *p.Ref)
	case p.Mask != nil:
		return p, errors.New(`there already is a "mask"`)
	}
	if p.Host == "" && p.URL != "" {
		if u, err := url.Parse(p.URL); err == nil {
			p.Host = strings.ToLower(u.Hostname())
		}
	}
	return p, nil
}

// blocks returns the page for package boilerplate. A time that cannot be parsed is
// left out.
func (p *page) blocks() boilerplate.Page {
	t := strings.TrimSpace(string(p.Time))
	if strings.HasPrefix(t, `"`) {
		_ = json.Unmarshal(p.Time, &t) // it is known to be a string
	}
	at, _ := doctime.Parse(t)
	return boilerplate.Page{ID: strconv.FormatInt(*p.Ref, 10), Host: p.Host, Text: p.Text, Time: at}
}

// Hosts reads documents and writes a line for each: its host as a JSON string, its
// ref, and the document, with tabs between its values replaced by spaces.
func (o Options) Hosts(in io.Reader, out io.Writer) error {
	var host bytes.Buffer
	encode := json.NewEncoder(&host)
	encode.SetEscapeHTML(false)
	return filter("hosts", in, out, func(line []byte, w *printer) error {
		p, err := pageOf(line)
		if err != nil {
			return err
		}
		host.Reset()
		if err := encode.Encode(p.Host); err != nil {
			return err
		}
		w.buf = append(w.buf[:0], bytes.TrimSuffix(host.Bytes(), []byte("\n"))...)
		w.buf = append(w.buf, '\t')
		w.buf = strconv.AppendInt(w.buf, *p.Ref, 10)
		w.buf = append(w.buf, '\t')
		from := len(w.buf)
		w.buf = append(append(w.buf, line...), '\n')
		for i, c := range w.buf[from:] {
			if c == '\t' {
				w.buf[from+i] = ' ' // some engines treat it as the end of a column
			}
		}
		_, err = w.Write(w.buf)
		return err
	}, nil)
}

// cutHost returns the columns of a line of Hosts.
func cutHost(line []byte) (host, ref, rest []byte, err error) {
	host, line, _ = bytes.Cut(line, []byte("\t"))
	ref, rest, ok := bytes.Cut(line, []byte("\t"))
	if !ok {
		return nil, nil, nil, errors.New("fewer than 3 columns")
	}
	return host, ref, rest, nil
}

// The counts, in bytes, that Blocks holds in memory before it writes them. Writing
// them takes several times as much memory.
const (
	hostBytes = 2 << 20
	allBytes  = 4 << 20
)

// hostPart is the part number of the counts of hosts; the counts over all documents
// have parts from 0 on.
const hostPart = -1

// defaultParts is the number of parts if Options.Parts is 0.
const defaultParts = 64

// Blocks reads the lines of Hosts, preferably sorted by host, and counts the blocks
// of each host and of all documents (package boilerplate). It writes lines of
// counts: for each host, -1, the host and its counts; and for each of the Parts of
// the counts over all documents, the number of the part, an empty string and the
// counts. Counts are base64. The counts of a host or part may take several lines;
// Merge joins them.
func (o Options) Blocks(in io.Reader, out io.Writer) error {
	parts := o.Parts
	if parts == 0 {
		parts = defaultParts
	}
	if parts < 0 {
		panic("stage: Parts must not be negative")
	}
	var (
		now []byte // the current host
		d   = boilerplate.New(boilerplate.Options{})
		all = boilerplate.New(boilerplate.Options{})
	)
	flushAll := func(w *printer) error {
		_, split := all.Split(parts)
		all = boilerplate.New(boilerplate.Options{})
		for i, p := range split {
			if i == 0 || p.Stats().Blocks > 0 { // the first line has the number of documents
				if err := w.counts(int64(i), []byte(`""`), p); err != nil {
					return err
				}
			}
		}
		return nil
	}
	flush := func(w *printer) error {
		if d.Stats().Documents == 0 {
			return nil
		}
		host, rest := d.Split(1)
		d = boilerplate.New(boilerplate.Options{})
		if host.Stats().Hosts > 0 {
			if err := w.counts(hostPart, now, host); err != nil {
				return err
			}
		}
		if err := all.Merge(rest[0]); err != nil {
			return err
		}
		if all.Stats().Bytes > allBytes {
			return flushAll(w)
		}
		return nil
	}
	return filter("blocks", in, out, func(line []byte, w *printer) error {
		host, _, rest, err := cutHost(line)
		if err != nil {
			return err
		}
		p, err := pageOf(rest)
		if err != nil {
			return err
		}
		if !bytes.Equal(host, now) || d.Stats().Bytes > hostBytes {
			if err := flush(w); err != nil {
				return err
			}
			now = append(now[:0], host...)
		}
		if !d.Observe(p.blocks()) {
			return fmt.Errorf("ref %d occurs twice: every document needs its own", *p.Ref)
		}
		return nil
	}, func(w *printer) error {
		if err := flush(w); err != nil {
			return err
		}
		return flushAll(w)
	})
}

// counts writes a line of counts.
func (w *printer) counts(part int64, host []byte, d *boilerplate.Detector) error {
	b, err := d.AppendBinary(nil)
	if err != nil {
		return err
	}
	w.buf = strconv.AppendInt(w.buf[:0], part, 10)
	w.buf = append(append(append(w.buf, '\t'), host...), '\t')
	_, _ = w.Write(w.buf)
	w.encoded(b)
	return w.WriteByte('\n')
}

// countsOf decodes a column of counts.
func countsOf(column []byte) (*boilerplate.Detector, error) {
	b, err := decode(nil, column)
	if err != nil {
		return nil, err
	}
	d := new(boilerplate.Detector)
	return d, d.UnmarshalBinary(b)
}

// Merge reads the lines of Blocks, sorted by part and host, and writes one for each
// part and host: the sum of its counts, without the blocks that only one document
// holds.
func (o Options) Merge(in io.Reader, out io.Writer) error {
	var (
		part   int64 = hostPart - 1
		host   []byte
		d      *boilerplate.Detector
		column [3][]byte
	)
	end := func(w *printer) error {
		if d == nil {
			return nil
		}
		if s := d.Stats(); s.EvictedHosts+s.EvictedBlocks > 0 {
			return fmt.Errorf("the counts of part %d, host %s take more than 1 GiB: use more parts", part, host)
		}
		d.Compact()
		err := w.counts(part, host, d)
		d = nil
		return err
	}
	return filter("merge", in, out, func(line []byte, w *printer) error {
		if err := cut(column[:], line); err != nil {
			return err
		}
		p, err := strconv.ParseInt(string(column[0]), 10, 64)
		if err != nil || p < hostPart {
			return fmt.Errorf("part %s is neither -1 nor the number of a part", excerpt(column[0]))
		}
		more, err := countsOf(column[2])
		if err != nil {
			return err
		}
		if d != nil && p == part && bytes.Equal(column[1], host) {
			return d.Merge(more)
		}
		if p < part || p == part && bytes.Compare(column[1], host) <= 0 {
			return errors.New("not sorted by part and host")
		}
		if err := end(w); err != nil {
			return err
		}
		part, host, d = p, append(host[:0], column[1]...), more
		return nil
	}, end)
}

// ReadCounts reads the counts over all documents from the lines of Merge, for
// [Options].Counts; the counts of hosts are ignored.
func ReadCounts(r io.Reader) (*boilerplate.Detector, error) {
	all := boilerplate.New(boilerplate.Options{})
	var column [3][]byte
	err := filter("counts", r, io.Discard, func(line []byte, _ *printer) error {
		if err := cut(column[:], line); err != nil {
			return err
		}
		if string(column[0]) == strconv.Itoa(hostPart) {
			return nil
		}
		d, err := countsOf(column[2])
		if err != nil {
			return err
		}
		return all.Merge(d)
	}, nil)
	return all, err
}

// Mask reads, for each host, its counts, with -1 as their ref, and then the lines of
// Hosts, sorted by host and ref. It writes the documents, adding a "mask" with the
// spans of the blocks that Sketch leaves out, if there are any. The masks equal
// those of a single detector that has observed all documents; without Counts, only
// the counts of the host decide.
func (o Options) Mask(in io.Reader, out io.Writer) error {
	all := o.Counts
	if all == nil {
		all = boilerplate.New(boilerplate.Options{})
	}
	var (
		now   []byte
		begun bool
		judge *boilerplate.Detector
		last  int64
	)
	return filter("mask", in, out, func(line []byte, w *printer) error {
		host, number, rest, err := cutHost(line)
		if err != nil {
			return err
		}
		ref, err := strconv.ParseInt(string(number), 10, 64)
		if err != nil || ref < -1 || ref > maxRef {
			return fmt.Errorf("ref %s is not a number from -1 to 2^62", excerpt(number))
		}
		switch c := bytes.Compare(host, now); {
		case begun && c < 0:
			return errors.New("not sorted by host")
		case !begun || c > 0:
			begun, now = true, append(now[:0], host...)
			d := boilerplate.New(boilerplate.Options{})
			if ref == -1 {
				if d, err = countsOf(rest); err != nil {
					return err
				}
			} else if string(host) != `""` {
				return fmt.Errorf("the counts of %s are missing", host)
			}
			if judge, err = d.With(all); err != nil {
				return err
			}
			if last = ref; ref == -1 {
				return nil
			}
		case ref <= last:
			return errOrder(ref, last)
		}
		last = ref
		p, err := pageOf(rest)
		if err != nil {
			return err
		}
		if *p.Ref != ref {
			return fmt.Errorf("the document has the ref %d, but its line has %d", *p.Ref, ref)
		}
		w.buf = w.buf[:0]
		for i, s := range judge.Mask(p.blocks()) {
			w.buf = append(w.buf, [...]string{`{"mask":[`, ","}[min(i, 1)]...)
			w.buf = append(strconv.AppendInt(append(w.buf, '['), int64(s.Start), 10), ',')
			w.buf = append(strconv.AppendInt(w.buf, int64(s.End), 10), ']')
		}
		rest = bytes.TrimSpace(rest)
		if len(w.buf) > 0 {
			w.buf = append(w.buf, "],"...)
			rest = bytes.TrimSpace(rest[1:])
		}
		w.buf = append(append(w.buf, rest...), '\n')
		_, err = w.Write(w.buf)
		return err
	}, nil)
}
