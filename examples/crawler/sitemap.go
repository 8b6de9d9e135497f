package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// maxLinks is the largest number of addresses read from a sitemap, the limit of the
// protocol of sitemaps.org.
const maxLinks = 50_000

// errNoSitemap is the error for XML that is not a sitemap.
var errNoSitemap = errors.New("not a sitemap")

// parseSitemap returns the addresses in a sitemap or in an index of sitemaps, plain
// or compressed with gzip. It reads at most limit bytes of XML.
func parseSitemap(b []byte, limit int64) (links []string, err error) {
	var r io.Reader = bytes.NewReader(b)
	if bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		if r, err = gzip.NewReader(r); err != nil {
			return nil, err
		}
	}
	d := xml.NewDecoder(bufio.NewReader(io.LimitReader(r, limit)))
	var path []string
	var text strings.Builder
	for len(links) < maxLinks {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && len(path) == 0 && links != nil {
			return links, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(path) == 0 {
				if t.Name.Local != "urlset" && t.Name.Local != "sitemapindex" {
					return nil, errNoSitemap
				}
				links = []string{}
			}
			path = append(path, t.Name.Local)
			text.Reset()
		case xml.CharData:
			if len(path) == 3 {
				text.Write(t)
			}
		case xml.EndElement:
			if len(path) == 3 && path[2] == "loc" && (path[1] == "url" || path[1] == "sitemap") {
				links = append(links, strings.TrimSpace(text.String()))
			}
			path = path[:len(path)-1]
		}
	}
	return links, nil
}
