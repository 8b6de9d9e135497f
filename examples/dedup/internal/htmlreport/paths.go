package htmlreport

import (
	"net/url"
	"slices"
	"strings"
)

// commonFolder returns the longest common prefix of all ids that ends in a slash, so
// that ids can be shown without it. No id becomes empty.
func commonFolder(ids []string) string {
	if len(ids) < 2 {
		return ""
	}
	prefix := ids[0][:strings.LastIndexByte(ids[0], '/')+1]
	for _, id := range ids[1:] {
		n := 0
		for n < min(len(prefix), len(id)) && prefix[n] == id[n] {
			n++
		}
		prefix = prefix[:strings.LastIndexByte(prefix[:n], '/')+1]
	}
	if strings.HasSuffix(prefix, "://") {
		return "" // a URL scheme is not a folder
	}
	if slices.Contains(ids, prefix) {
		return ""
	}
	return prefix
}

// safeLink returns a link that a page may hold: http, https, or a path relative
// to the page. It returns "" for any other, for example a script.
func safeLink(link string) string {
	if link == "" || strings.ContainsFunc(link, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		return ""
	}
	u, err := url.Parse(link)
	if err != nil || u.Opaque != "" || u.User != nil {
		return ""
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		if u.Host == "" {
			return ""
		}
	case "":
		if u.Host != "" || strings.HasPrefix(link, "//") || u.Path == "" {
			return ""
		}
	default:
		return ""
	}
	return u.String()
}
