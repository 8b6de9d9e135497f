package serve

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/neardup/neardup/boilerplate/seen"
	"github.com/neardup/neardup/lsh/disk"
)

// openAPI describes the routes for programs.
//
//go:embed openapi.json
var openAPI []byte

// A route answers one method at one path.
type route struct {
	method, path string
	open         bool // needs no token and no slot
	handle       func(*server, http.ResponseWriter, *http.Request) error
}

// table lists the routes. The OpenAPI document lists the same ones.
var table = []route{
	{"POST", "/v1/judge", false, judge.serve},
	{"POST", "/v1/query", false, query.serve},
	{"POST", "/v1/add", false, add.serve},
	{"POST", "/v1/remove", false, remove.serve},
	{"POST", "/v1/blocks", false, blocks.serve},
	{"POST", "/v1/passages", false, passages.serve},
	{"POST", "/v1/release", false, (*server).release},
	{"GET", "/v1/released", false, (*server).released},
	{"GET", "/healthz", true, (*server).health},
	{"GET", "/readyz", true, (*server).ready},
	{"GET", "/openapi.json", true, (*server).describe},
	{"GET", "/metrics", false, (*server).scrape},
}

func (s *server) routes() http.Handler {
	methods := map[string]string{}
	for _, r := range table {
		methods[r.path] = r.method
	}
	routes := map[string]route{}
	for _, r := range table {
		routes[r.path] = r
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		out := &recorder{ResponseWriter: w}
		name := "other"
		defer func() {
			if x := recover(); x != nil {
				s.log.Error("panic", "path", r.URL.Path, "panic", x)
				s.fail(out, failure{http.StatusInternalServerError, "internal error"})
			}
			s.figures.request(name, out.code, time.Since(began))
			s.log.Debug("request", "method", r.Method, "path", r.URL.Path, "status", out.code, "bytes", out.n, "took", time.Since(began))
		}()
		route, ok := routes[r.URL.Path]
		if !ok {
			s.fail(out, failure{http.StatusNotFound, "no such path; /openapi.json lists the paths"})
			return
		}
		name = route.path
		if r.Method != route.method {
			out.Header().Set("Allow", route.method)
			s.fail(out, failure{http.StatusMethodNotAllowed, route.path + " takes " + route.method})
			return
		}
		if err := s.admit(out, r, route); err != nil {
			s.fail(out, err)
		}
	})
}

// admit checks the caller and whether there is room, and calls the handler.
func (s *server) admit(w *recorder, r *http.Request, route route) error {
	// A web page in a browser could send requests to this machine under a host name that
	// the page's owner points at it.
	if s.local && !loopbackHost(r.Host) {
		return failure{http.StatusForbidden, "the Host header must name this machine: localhost or 127.0.0.1"}
	}
	if route.open {
		return route.handle(s, w, r)
	}
	if s.o.Token != "" {
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		sum := sha256.Sum256([]byte(given))
		if !ok || subtle.ConstantTimeCompare(sum[:], s.token[:]) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			return failure{http.StatusUnauthorized, "the header Authorization: Bearer TOKEN is missing or wrong"}
		}
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		return failure{http.StatusTooManyRequests, fmt.Sprintf("%d requests are running; try again", s.o.MaxRequests)}
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.o.Timeout)
	defer cancel()
	return route.handle(s, w, r.WithContext(ctx))
}

func loopbackHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// A failure is an answer other than 200.
type failure struct {
	code    int
	message string
}

func (f failure) Error() string { return f.message }

// fail writes an error as the answer.
func (s *server) fail(w *recorder, err error) {
	if w.code != 0 {
		return // the answer has already begun
	}
	var f failure
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &f):
	case errors.As(err, &tooLarge):
		f = failure{http.StatusRequestEntityTooLarge, fmt.Sprintf("more than %d bytes", tooLarge.Limit)}
	case errors.Is(err, seen.ErrPage):
		f = failure{http.StatusBadRequest, err.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		f = failure{http.StatusGatewayTimeout, fmt.Sprintf("no answer within %v; the request may have been carried out", s.o.Timeout)}
	case errors.Is(err, context.Canceled):
		f = failure{499, "the client has gone"} // nobody reads the answer; it is for the metrics
	case errors.Is(err, disk.ErrClosed):
		f = failure{http.StatusServiceUnavailable, "stopping"}
	default:
		s.log.Error("request failed", "error", err)
		f = failure{http.StatusServiceUnavailable, err.Error()}
	}
	if f.code == http.StatusTooManyRequests || f.code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.code)
	w.Write(line(problem{Error: f.message}))
}

// A problem is the body of an answer other than 200, and the answer to an unreadable
// line.
type problem struct {
	Line  int    `json:"line,omitempty"`
	Error string `json:"error"`
}

// line encodes a value as a line of JSON.
func line(v any) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // every value of this package can be encoded
	}
	return []byte(b.String())
}

// A recorder records the answer.
type recorder struct {
	http.ResponseWriter
	code int
	n    int64
}

func (r *recorder) WriteHeader(code int) {
	if r.code == 0 {
		r.code = code
	}
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.code == 0 {
		r.code = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.n += int64(n)
	return n, err
}

// durable returns the filter, or an error if it is not open yet.
func (s *server) durable() (*seen.Durable, error) {
	d := s.filter.Load()
	switch {
	case s.stop.Load():
		return nil, failure{http.StatusServiceUnavailable, "stopping"}
	case d == nil:
		return nil, failure{http.StatusServiceUnavailable, "starting: replaying the journal"}
	}
	return d, nil
}

// body reads a request of one JSON object, or of one object per line.
func (s *server) body(w http.ResponseWriter, r *http.Request) (b []byte, lines bool, err error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "application/json":
	case err == nil && (kind == "application/x-ndjson" || kind == "application/jsonl"):
		lines = true
	default:
		return nil, false, failure{http.StatusUnsupportedMediaType, "the Content-Type must be application/json or application/x-ndjson"}
	}
	b, err = io.ReadAll(http.MaxBytesReader(w, r.Body, s.o.MaxBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if !errors.As(err, &tooLarge) {
			err = failure{http.StatusBadRequest, "reading the body: " + err.Error()}
		}
		return nil, false, err
	}
	return b, lines, nil
}

// number returns the value of a parameter of the query string.
func number(r *http.Request, name string, otherwise uint64) (uint64, error) {
	v := r.URL.Query().Get(name)
	if v == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(v, 10, 63)
	if err != nil {
		return 0, failure{http.StatusBadRequest, fmt.Sprintf("%s=%q is not a number", name, v)}
	}
	return n, nil
}

func (s *server) health(w http.ResponseWriter, _ *http.Request) error {
	if d := s.filter.Load(); d != nil {
		if err := d.Err(); err != nil {
			return failure{http.StatusServiceUnavailable, err.Error()}
		}
	}
	return answer(w, status{Status: "ok"})
}

func (s *server) ready(w http.ResponseWriter, _ *http.Request) error {
	d, err := s.durable()
	if err == nil {
		err = d.Err()
	}
	if err != nil {
		return err
	}
	return answer(w, status{Status: "ready"})
}

// status is the answer of /healthz, /readyz and /v1/release.
type status struct {
	Status string `json:"status"`
}

func (s *server) describe(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write(openAPI)
	return err
}

func (s *server) scrape(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	var b bytes.Buffer
	s.figures.write(&b)
	_, err := w.Write(b.Bytes())
	return err
}

func answer(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write(line(v))
	return err
}
