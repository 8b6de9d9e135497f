package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/net/html/charset"

	"github.com/neardup/neardup/examples/dedup/internal/input/warc"
)

// readWARC reads a document from every record of a web archive that contains a page
// or a text.
func readWARC(f *File) bool {
	r, file := f.r, f.Name
	o := warc.Options{MaxBlock: r.o.maxDoc(2 * maxPage), Want: holdsText}
	var wait []*warc.Record
	weight := 0
	unpacked := &unpacking{file: file}
	flush := func() bool {
		batch, w, at := wait, weight, f.taken()
		wait, weight = nil, 0
		return len(batch) == 0 || r.add(w, func(_ *scratch, emit emitFunc, _ func(int)) {
			for _, rec := range batch {
				body := 0
				d, err := r.record(file, rec, &body)
				if body > 0 && !emit(nil, &unpackedBody{unpacked, at, body}) {
					return
				}
				if d == nil && err == nil && r.o.Other != nil {
					err = r.o.Other(OtherRecord{Place{File: file, Record: rec.Number, Offset: rec.Offset}, rec.Header, bytes.NewReader(rec.Block), rec.Tail})
				}
				if (d != nil || err != nil) && !emit(d, err) {
					return
				}
			}
		})
	}
	other := func(rec *warc.Record, block io.Reader) error {
		if !flush() {
			return nil
		}
		place := Place{File: file, Record: rec.Number, Offset: rec.Offset}
		return r.o.Other(OtherRecord{place, rec.Header, block, rec.Tail})
	}
	if r.o.Other != nil {
		o.Want = nil
	}
	// The beginning of a large response shows whether it is a page.
	o.Large = func(rec *warc.Record, block io.Reader) error {
		head, err := io.ReadAll(io.LimitReader(block, 64<<10))
		if err != nil {
			return nil // reported as a record that ends too early
		}
		rec.Block = head
		isDocument := r.holdsDocument(rec)
		rec.Block = nil
		switch {
		case isDocument:
			return fmt.Errorf("a page in a block of more than %d bytes: %w", o.MaxBlock, warc.ErrLimit)
		case r.o.Other == nil:
			return nil
		}
		return other(rec, io.MultiReader(bytes.NewReader(head), block))
	}
	records, err := warc.NewReader(f.In, o)
	if err != nil {
		return r.fail(Place{File: file}, err)
	}
	defer records.Close()
	for !unpacked.over.Load() {
		rec, err := records.Next()
		if e, ok := errors.AsType[*warc.Error](err); ok {
			place := Place{File: file, Record: e.Number, Offset: e.Offset}
			if !flush() || !r.fail(place, because("a broken record", fmt.Errorf("%w; skipped", e.Err))) {
				return false
			}
			continue
		}
		if err == io.EOF {
			return flush()
		}
		if err != nil {
			flush()
			return r.fail(Place{File: file}, err)
		}
		if rec.Block == nil {
			continue
		}
		if r.o.Other != nil && !r.holdsDocument(rec) {
			if err := other(rec, bytes.NewReader(rec.Block)); err != nil {
				return r.fail(Place{File: file}, err)
			}
			continue
		}
		wait = append(wait, rec)
		weight += len(rec.Block)
		if weight >= batchBytes && !flush() {
			return false
		}
	}
	return flush()
}

// An unpacking counts the unpacked bytes of the coded bodies in a web archive.
type unpacking struct {
	file  string
	bytes int64
	over  atomic.Bool // the bodies exceed the limit
}

// An unpackedBody is an error that carries the unpacked size of a record's body, so
// that sizes are added up in the order of documents.
type unpackedBody struct {
	*unpacking
	at   int64
	size int
}

func (*unpackedBody) Error() string { return "" }

// In one file, bodies may unpack to freeBodies bytes, and beyond that to ratioBodies
// times the part of the file read so far.
const (
	freeBodies  = 128 << 20
	ratioBodies = 100
)

// tooMuch counts the body and reports whether the bodies so far exceed the limit.
func (u *unpackedBody) tooMuch() bool {
	u.bytes += int64(u.size)
	return u.bytes > freeBodies && u.bytes > freeBodies+ratioBodies*u.at
}

// holdsText reports, from a record's header, whether it may contain a document.
func holdsText(rec *warc.Record) bool {
	contentType := rec.Get("Content-Type")
	switch rec.Type {
	case "response":
		// A page of a crawl; dns: and the like are not pages.
		return strings.HasPrefix(strings.ToLower(contentType), "application/http")
	case "resource", "conversion":
		return kind(contentType, nil) != ""
	}
	return false
}

// kind returns Text, HTML, or "" for neither, judging by the content type or, if
// there is none, by the beginning of the body.
func kind(contentType string, body []byte) string {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		media, _, _ = strings.Cut(contentType, ";") // bad parameters do not matter
	}
	switch strings.ToLower(strings.TrimSpace(media)) {
	case "text/html", "application/xhtml+xml":
		return HTML
	case "text/plain":
		return Text
	case "":
		if bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
			return HTML
		}
	}
	return ""
}

// holdsDocument reports whether record returns a document or an error about one.
func (r *reader) holdsDocument(rec *warc.Record) bool {
	if !holdsText(rec) {
		return false
	}
	if rec.Type != "response" {
		return true
	}
	p, err := warc.ParseResponse(rec.Block, 0, func(p *warc.Response) bool { return false })
	return err != nil || isPage(p)
}

// isPage reports whether a response may contain a document; if the type is unknown,
// the body decides.
func isPage(p *warc.Response) bool {
	if p.Status < 200 || p.Status > 299 {
		return false
	}
	return kind(p.ContentType, []byte("<")) != ""
}

// record returns the document of a record, or nothing if there is none, and adds the
// unpacked size of its body to unpacked.
func (r *reader) record(file string, rec *warc.Record, unpacked *int) (*Doc, error) {
	d := &Doc{
		ID: rec.TargetURI(), URL: rec.TargetURI(), Time: rec.Get("WARC-Date"),
		Format: WARC, Place: Place{File: file, Record: rec.Number, Offset: rec.Offset},
	}
	if d.ID == "" {
		d.ID = rec.Get("WARC-Record-ID")
	}
	d.fillHost()
	body, contentType := rec.Block, rec.Get("Content-Type")
	var partial error
	if rec.Type == "response" {
		p, err := warc.ParseResponse(rec.Block, r.o.maxDoc(maxPage), isPage)
		if p == nil || errors.Is(err, warc.ErrLimit) {
			return nil, failure(d.Place, because("not a page", fmt.Errorf("%s: %w; skipped", d.ID, err)))
		}
		if !isPage(p) {
			return nil, nil
		}
		body, contentType, partial = p.Body, p.ContentType, err
		*unpacked += max(0, len(body)-len(rec.Block))
	}
	if r.o.KeepRaw {
		tail := rec.Tail
		if len(tail) == 0 {
			tail = []byte("\r\n\r\n") // at the end of the file
		}
		d.Raw = slices.Concat(rec.Header, rec.Block, tail)
	}
	d, err := d.withBody(body, contentType)
	if err == nil && partial != nil && d != nil {
		err = flawed(d.Place, because("a broken page", fmt.Errorf("%s: %w; the readable part of the page was read", d.ID, partial)))
	}
	return d, err
}

// withBody sets d's text to the text of a body. It returns nothing if the body is
// not text.
func (d *Doc) withBody(body []byte, contentType string) (*Doc, error) {
	switch kind(contentType, body) {
	case HTML:
		return d.withPage(body, contentType)
	case Text:
		if !isUTF8(body) {
			plain, err := charset.NewReader(bytes.NewReader(body), contentType)
			if err == nil {
				body, err = io.ReadAll(io.LimitReader(plain, 4*maxPage)) // one byte becomes at most three
			}
			if err != nil && err != io.EOF {
				return nil, failure(d.Place, because("not a page", fmt.Errorf("%s: %w; skipped", d.ID, err)))
			}
		}
		if bytes.IndexByte(body, 0) >= 0 {
			return nil, failure(d.Place, fmt.Errorf("%s: %w", d.ID, errBinary))
		}
		d.Text = strings.ToValidUTF8(string(body), "\ufffd")
		return d, nil
	}
	return nil, nil
}
