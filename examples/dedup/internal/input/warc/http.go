package warc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// A Response is the HTTP message in a response record.
type Response struct {
	Status      int
	ContentType string

	// Body is the body without transfer and content codings.
	Body []byte
}

// ErrHTTP is the error of a block that is not an HTTP response.
var ErrHTTP = errors.New("not an HTTP response")

// ParseResponse parses the block of a response record. Transfer-Encoding chunked and
// Content-Encoding gzip, deflate, br and zstd are undone; if the body is not coded
// as the header declares, it is returned unchanged, because many crawlers keep the
// header and undo the coding. A body of more than limit bytes causes ErrLimit, and
// so does one that unpacks to more than 64 KiB plus 100 times its size. Any other
// error that comes with a Response explains why its body is incomplete. If want is
// not nil, it decides by the status and the content type whether the body is needed.
func ParseResponse(block []byte, limit int, want func(*Response) bool) (*Response, error) {
	r := new(Response)
	line, rest, _ := bytes.Cut(block, []byte("\n"))
	version, status, _ := strings.Cut(strings.TrimSpace(string(line[:min(len(line), 100)])), " ")
	status, _, _ = strings.Cut(strings.TrimSpace(status), " ")
	var err error
	if r.Status, err = strconv.Atoi(status); err != nil || !strings.HasPrefix(version, "HTTP/") || r.Status < 0 {
		return nil, fmt.Errorf("%w: it begins with %.30q", ErrHTTP, line)
	}
	var transfer, content []string
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		line = bytes.TrimRight(line, "\r")
		if len(line) == 0 {
			break
		}
		name, value, ok := strings.Cut(string(line), ":")
		if !ok {
			continue // not a field; servers send all kinds of lines in headers
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "content-type":
			if r.ContentType == "" {
				r.ContentType = value
			}
		case "transfer-encoding":
			transfer = append(transfer, codings(value)...)
		case "content-encoding":
			content = append(content, codings(value)...)
		}
	}
	if want != nil && !want(r) {
		return r, nil
	}
	return r, r.decode(rest, append(content, transfer...), min(limit, freeBody+maxRatio*len(rest)))
}

// codings returns the codings in a header field, in the order in which they were
// applied.
func codings(value string) (names []string) {
	for name := range strings.SplitSeq(strings.ToLower(value), ",") {
		if name = strings.TrimSpace(name); name != "" && name != "identity" && name != "none" {
			names = append(names, name)
		}
	}
	return names
}

// A body may unpack to freeBody bytes, and beyond that to maxRatio times its size;
// real pages reach about ten times.
const (
	freeBody = 64 << 10
	maxRatio = 100
)

// maxCodings is the largest number of codings of one body.
const maxCodings = 4

func (r *Response) decode(body []byte, codings []string, limit int) error {
	if len(codings) > maxCodings {
		return fmt.Errorf("a body with %d codings: %w", len(codings), ErrLimit)
	}
	var bad error
	for i := len(codings) - 1; i >= 0; i-- {
		plain, err := undo(codings[i], body, limit)
		switch {
		case errors.Is(err, ErrLimit):
			return err
		case err != nil:
			bad = fmt.Errorf("coding %s: %w", codings[i], err)
		}
		body = plain
	}
	if len(body) > limit {
		return fmt.Errorf("a body of %d bytes, more than %d: %w", len(body), limit, ErrLimit)
	}
	r.Body = body
	return bad
}

// undo decodes body, or returns it unchanged if it is not coded in that way.
func undo(coding string, body []byte, limit int) ([]byte, error) {
	if coding == "chunked" {
		return unchunk(body)
	}
	z, err := unpacker(coding, body)
	if err != nil || z == nil {
		return body, err
	}
	defer z.Close()
	plain, err := io.ReadAll(io.LimitReader(z, int64(limit)+1))
	switch {
	case len(plain) > limit:
		return nil, fmt.Errorf("coding %s: unpacks to more than %d bytes: %w", coding, limit, ErrLimit)
	case err != nil && len(plain) == 0:
		return body, nil // apparently not coded
	}
	return plain, err
}

// unpacker returns a reader that decodes body, or nil if body is not coded in that
// way.
func unpacker(coding string, body []byte) (io.ReadCloser, error) {
	in := bytes.NewReader(body)
	switch coding {
	case "gzip", "x-gzip":
		if !bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
			return nil, nil
		}
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		return z, nil
	case "deflate":
		// Servers disagree on whether "deflate" means the raw format or zlib's.
		if z, err := zlib.NewReader(in); err == nil {
			return z, nil
		}
		return flate.NewReader(bytes.NewReader(body)), nil
	case "br":
		return io.NopCloser(brotli.NewReader(in)), nil
	case "zstd":
		if !isZstandard(body) {
			return nil, nil
		}
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20)) // RFC 9659
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	return nil, errors.New("unknown")
}

// unchunk joins the chunks of a body (RFC 9112, section 7.1). A body that does not
// begin with a chunk is returned unchanged.
func unchunk(body []byte) ([]byte, error) {
	var plain []byte
	for rest := body; ; {
		line, after, ok := bytes.Cut(rest, []byte("\n"))
		hex, _, _ := strings.Cut(string(line[:min(len(line), 64)]), ";")
		size, err := strconv.ParseUint(strings.TrimSpace(hex), 16, 31)
		switch {
		case plain == nil && (err != nil || !ok):
			return body, nil
		case err != nil || !ok:
			return plain, io.ErrUnexpectedEOF
		case size == 0:
			return plain, nil
		case size > uint64(len(after)):
			return append(plain, after...), io.ErrUnexpectedEOF
		}
		plain = append(plain, after[:size]...)
		rest = bytes.TrimPrefix(bytes.TrimPrefix(after[size:], []byte("\r")), []byte("\n"))
	}
}
