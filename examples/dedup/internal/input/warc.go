package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"

	"golang.org/x/net/html/charset"

	"github.com/neardup/neardup/examples/dedup/internal/input/warc"
)

// warc reads a document from every record of a web archive that holds a page or a
// text.
func (r *reader) warc(file string, in io.Reader) bool {
	records, err := warc.NewReader(in, warc.Options{MaxBlock: 2 * maxPage, Want: holdsText})
	if err != nil {
		return r.fail(Place{File: file}, err)
	}
	defer records.Close()
	var wait []*warc.Record
	weight := 0
	flush := func() bool {
		batch, w := wait, weight
		wait, weight = nil, 0
		return len(batch) == 0 || r.add(w, func(emit emitFunc) {
			for _, rec := range batch {
				d, err := r.record(file, rec)
				if (d != nil || err != nil) && !emit(d, err) {
					return
				}
			}
		})
	}
	for {
		rec, err := records.Next()
		if e, ok := errors.AsType[*warc.Error](err); ok {
			place := Place{File: file, Record: e.Number, Offset: e.Offset}
			if !flush() || !r.fail(place, fmt.Errorf("%w; skipped", e.Err)) {
				return false
			}
			continue
		}
		if err != nil {
			return flush() // io.EOF
		}
		if rec.Block == nil {
			continue
		}
		wait = append(wait, rec)
		weight += len(rec.Block)
		if weight >= batchBytes && !flush() {
			return false
		}
	}
}

// holdsText tells by a record's header whether it may hold a document.
func holdsText(rec *warc.Record) bool {
	contentType := rec.Get("Content-Type")
	switch rec.Type {
	case "response":
		// A page of a crawl; dns: and the like are no pages.
		return strings.HasPrefix(strings.ToLower(contentType), "application/http")
	case "resource", "conversion":
		return kind(contentType, nil) != ""
	}
	return false
}

// kind returns Text, HTML or "" for what is neither, by a content type and, where
// there is none, by how the body begins.
func kind(contentType string, body []byte) string {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		media, _, _ = strings.Cut(contentType, ";") // what is wrong with its parameters does not matter
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

// record returns the document of a record, or nothing if it holds none.
func (r *reader) record(file string, rec *warc.Record) (*Doc, error) {
	d := &Doc{
		ID: rec.TargetURI(), URL: rec.TargetURI(), Time: rec.Get("WARC-Date"),
		Format: WARC, Place: Place{File: file, Record: rec.Number, Offset: rec.Offset},
	}
	if d.ID == "" {
		d.ID = rec.Get("WARC-Record-ID")
	}
	if d.ID == "" {
		return nil, failure(d.Place, errors.New("neither WARC-Target-URI nor WARC-Record-ID names the record; skipped"))
	}
	d.fillHost()
	body, contentType := rec.Block, rec.Get("Content-Type")
	var partial error
	if rec.Type == "response" {
		p, err := warc.ParseResponse(rec.Block, maxPage)
		if p == nil || errors.Is(err, warc.ErrLimit) {
			return nil, failure(d.Place, fmt.Errorf("%s: %w; skipped", d.ID, err))
		}
		if p.Status < 200 || p.Status > 299 {
			return nil, nil
		}
		body, contentType, partial = p.Body, p.ContentType, err
	}
	if r.o.KeepRaw {
		d.Raw = slices.Concat(rec.Header, rec.Block, []byte("\r\n\r\n"))
	}
	d, err := d.withBody(body, contentType)
	if err == nil && partial != nil && d != nil {
		err = failure(d.Place, fmt.Errorf("%s: %w; what could be had of the page was read", d.ID, partial))
	}
	return d, err
}

// withBody makes the text of a body d's. It returns nothing if it is no text.
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
				return nil, failure(d.Place, fmt.Errorf("%s: %w; skipped", d.ID, err))
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
