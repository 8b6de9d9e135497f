package input_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

// warcRecord returns a record as written in a file.
func warcRecord(kind, uri, contentType, block string) string {
	return fmt.Sprintf("WARC/1.0\r\nWARC-Type: %s\r\nWARC-Target-URI: %s\r\nWARC-Date: 2026-01-02T03:04:05Z\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n", kind, uri, contentType, len(block), block)
}

func response(uri, status, contentType, body string) string {
	return warcRecord("response", uri, "application/http; msgtype=response", "HTTP/1.1 "+status+"\r\nContent-Type: "+contentType+"\r\n\r\n"+body)
}

func TestWARCPagesAreRead(t *testing.T) {
	records := []string{
		warcRecord("warcinfo", "", "application/warc-fields", "software: none\r\n"),
		warcRecord("request", "http://Site.Example/a", "application/http; msgtype=request", "GET /a HTTP/1.1\r\n\r\n"),
		response("http://Site.Example:8080/a", "200 OK", "text/html; charset=utf-8", "<p>one<p>two"),
		response("http://site.example/gone", "404 Not Found", "text/html", "<p>not here"),
		response("http://site.example/image", "200 OK", "image/png", "\x89PNG"),
		response("http://Site.Example:8080/a", "200 OK", "text/html", "<p>again"),
		response("http://site.example/latin", "200 OK", "text/html; charset=windows-1252", "<p>\x93caf\xe9\x94"),
		response("http://site.example/lies", "200 OK", "text/html; charset=iso-8859-1", strings.Repeat("<p>ascii", 300)+"<p>café"),
		response("http://site.example/plain", "200 OK", "text/plain", "as it is\n"),
		response("http://site.example/empty", "200 OK", "text/plain", ""),
		warcRecord("conversion", "http://other.example/wet", "text/plain", "text of a WET file"),
		warcRecord("resource", "file:///notes.txt", "text/plain; charset=utf-8", "notes"),
		warcRecord("revisit", "http://site.example/a", "application/http; msgtype=response", "HTTP/1.1 200 OK\r\n\r\n"),
	}
	doc := func(record int, id, host, text string, blocks ...shingle.Span) input.Doc {
		return input.Doc{ID: id, URL: id, Host: host, Text: text, Blocks: blocks, Time: "2026-01-02T03:04:05Z",
			Format: input.WARC, Place: input.Place{Record: record}, Raw: []byte(records[record-1])}
	}
	long := strings.Repeat("ascii\n\n", 300) + "café"
	var blocks []shingle.Span
	for at := 0; at < len(long); at += 7 {
		blocks = append(blocks, shingle.Span{Start: at, End: min(at+5, len(long))})
	}
	again := doc(6, "http://Site.Example:8080/a", "site.example", "again", shingle.Span{End: 5})
	again.ID += " 2026-01-02T03:04:05Z"
	want := []input.Doc{
		doc(3, "http://Site.Example:8080/a", "site.example", "one\n\ntwo", shingle.Span{End: 3}, shingle.Span{Start: 5, End: 8}),
		again,
		doc(7, "http://site.example/latin", "site.example", "“café”", shingle.Span{End: 11}),
		doc(8, "http://site.example/lies", "site.example", long, blocks...),
		doc(9, "http://site.example/plain", "site.example", "as it is\n"),
		doc(10, "http://site.example/empty", "site.example", ""),
		doc(11, "http://other.example/wet", "other.example", "text of a WET file"),
		doc(12, "file:///notes.txt", "", "notes"),
	}
	file := strings.Join(records, "")
	for name, data := range map[string]string{
		"c.warc": file, "c.warc.gz": gzipped(file), "c.wet": file, "c.warc.zst": zstandard(file),
		"by-record.warc.gz": strings.Join(mapped(records, gzipped), ""),
	} {
		tree(t, map[string]string{name: data})
		docs, messages := read(t, input.Options{KeepRaw: true}, name)
		for i := range docs {
			if docs[i].File != name {
				t.Errorf("document %d is from %q, want %q", i, docs[i].File, name)
			}
			docs[i].File, docs[i].Offset = "", 0
		}
		if diff := cmp.Diff(want, docs); diff != "" {
			t.Errorf("%s: documents (-want +got):\n%s", name, diff)
		}
		if len(messages) > 0 {
			t.Errorf("%s: messages = %q, want none", name, messages)
		}
	}
	docs, _ := read(t, input.Options{Stdin: strings.NewReader(file), Format: input.WARC, Workers: 3}, "-")
	if len(docs) != len(want) || docs[2].Place != (input.Place{File: "-", Record: 7, Offset: int64(strings.Index(file, records[6]))}) {
		t.Errorf("standard input: %d documents, the third from %v, want %d, the third from record 7", len(docs), docs[2].Place, len(want))
	}
}

func mapped(in []string, f func(string) string) (out []string) {
	for _, s := range in {
		out = append(out, f(s))
	}
	return out
}

// A bad record is reported with its place; the others are read.
func TestBadWARCRecordsAreReported(t *testing.T) {
	race.Alone(t)
	good := response("http://good/", "200 OK", "text/plain", "good")
	packed := func(body string) string {
		return warcRecord("response", "http://bad/", "application/http", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: text/html\r\n\r\n"+body)
	}
	for _, tt := range []struct {
		why, bad, message string
		docs              int
	}{
		{"a bomb", packed(gzipped(strings.Repeat("<p>0", 16<<20))), "bytes: over the limit; skipped", 1},
		{"no HTTP", warcRecord("response", "http://bad/", "application/http", "nothing"), `http://bad/: not an HTTP response: it begins with "nothing"; skipped`, 1},
		{"a page cut off", packed(gzipped("<p>text")[:30]), "http://bad/: coding gzip: unexpected EOF; the readable part of the page was read", 2},
		{"NUL bytes in a text", response("http://bad/", "200 OK", "text/plain", "a\x00b"), "http://bad/: looks like a binary file", 1},
		{"an unknown charset", response("http://bad/", "200 OK", "text/plain; charset=klingon", "\xff\xfa"), "", 2},
		{"no URI, so a place for an id", "WARC/1.0\r\nWARC-Type: conversion\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx\r\n\r\n", "named by place", 2},
		{"a wrong length", strings.Replace(good, "Length: 4", "Length: 5", 1), "wrong Content-Length", 1},
	} {
		tree(t, map[string]string{"c.warc": tt.bad + good})
		docs, messages := read(t, input.Options{}, "c.warc")
		if len(docs) != tt.docs || docs[len(docs)-1].Text != "good" {
			t.Errorf("%s: ids %q, want %d documents, the good one last", tt.why, ids(docs), tt.docs)
		}
		switch {
		case tt.message == "" && len(messages) == 0:
		case len(messages) != 1 || !strings.HasPrefix(messages[0], "c.warc: ") || !strings.Contains(messages[0], tt.message):
			t.Errorf("%s: messages %q, want %q", tt.why, messages, tt.message)
		}
	}
}

// Deep markup and large records take memory only in proportion to their size.
func TestHostilePageTakesBoundedMemory(t *testing.T) {
	race.Alone(t)
	deep := response("http://deep/", "200 OK", "text/html", strings.Repeat("<b><div>", 1<<20)+"deep")
	docs, messages := read(t, input.Options{Stdin: bytes.NewReader([]byte(deep)), Format: input.WARC}, "-")
	if len(docs) != 1 || docs[0].Text != "deep" || len(messages) > 0 {
		t.Errorf("%d documents, messages %q, want 1 with text %q and none", len(docs), messages, "deep")
	}
}
