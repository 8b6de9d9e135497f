// Package serve answers over HTTP whether a page is new: it makes a [seen.Durable]
// available to crawlers that are not written in Go.
package serve

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/neardup/neardup/boilerplate/seen"
)

// Options configures [Run]. Every field but Older, Token and Log must be set.
type Options struct {
	Dir         string        // folder of the filter
	Addr        string        // HOST:PORT, or unix:PATH
	Token       string        // token that callers must send; "" for none
	MaxBody     int64         // maximum size of a request in bytes
	MaxRequests int           // maximum number of concurrent requests
	Timeout     time.Duration // time limit for a request
	Grace       time.Duration // time limit for running requests when the service stops
	Older       time.Duration // age above which pages are forgotten; 0 for never
	Seen        seen.DurableOptions
	Log         *slog.Logger

	// Listening, if not nil, is called with the address when requests are
	// accepted, and Ready when they are answered.
	Listening func(net.Addr)
	Ready     func()
}

// A server holds the state shared by the handlers.
type server struct {
	o       Options
	log     *slog.Logger
	token   [sha256.Size]byte
	local   bool // listens on a loopback address without a token
	slots   chan struct{}
	filter  atomic.Pointer[seen.Durable]
	stop    atomic.Bool
	figures *figures
	handler http.Handler
}

func newServer(o Options) *server {
	s := &server{o: o, log: o.Log, token: sha256.Sum256([]byte(o.Token)), slots: make(chan struct{}, o.MaxRequests)}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.figures = newFigures(s)
	s.handler = s.routes()
	return s
}

// Run serves until the context ends. Then it finishes the running requests, saves
// the filter and returns.
func Run(ctx context.Context, o Options) (err error) {
	s := newServer(o)
	l, err := s.listen()
	if err != nil {
		return err
	}
	h := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       o.Timeout,
		WriteTimeout:      o.Timeout + 10*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- h.Serve(l) }()
	address := o.Addr
	if l.Addr().Network() == "tcp" {
		address = l.Addr().String() // port 0 means any free one
	}
	s.log.Info("listening", "address", address, "pid", os.Getpid())
	if o.Listening != nil {
		o.Listening(l.Addr())
	}

	// Requests are answered with 503 until the filter is open, which takes a while if a
	// journal has to be replayed.
	began := time.Now()
	so := o.Seen
	so.Observe = s.figures.observe
	d, err := seen.OpenDurable(o.Dir, so)
	if err != nil {
		return errors.Join(err, h.Close(), ended(<-served))
	}
	s.filter.Store(d)
	s.log.Info("ready", "directory", o.Dir, "repeated", d.Repeated(), "took", time.Since(began).Round(time.Millisecond))
	if o.Ready != nil {
		o.Ready()
	}
	forgetting, stop := context.WithCancel(ctx)
	forgot := make(chan struct{})
	go func() {
		defer close(forgot)
		s.forget(forgetting, d)
	}()

	select {
	case err = <-served:
	case <-ctx.Done():
		s.stop.Store(true)
		s.log.Info("stopping", "grace", o.Grace)
		grace, cancel := context.WithTimeout(context.Background(), o.Grace)
		err = h.Shutdown(grace)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			s.log.Warn("requests were cut off", "after", o.Grace)
			err = h.Close()
		}
		err = errors.Join(err, ended(<-served))
	}
	stop()
	<-forgot
	if err := errors.Join(ended(err), d.Close()); err != nil {
		s.log.Error("stopped", "error", err)
		return err
	}
	s.log.Info("stopped")
	return nil
}

// forget forgets old pages from time to time, until the context ends.
func (s *server) forget(ctx context.Context, d *seen.Durable) {
	if s.o.Older == 0 {
		return
	}
	for {
		if err := d.Forget(ctx, time.Now().Add(-s.o.Older)); err != nil && ctx.Err() == nil {
			s.log.Error("forgetting old pages failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(time.Hour, max(time.Second, s.o.Older/24))):
		}
	}
}

// ended drops the error that a server returns when it is shut down.
func ended(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// listen opens the socket. Without a token, other machines must not be able to reach
// it.
func (s *server) listen() (net.Listener, error) {
	if path, ok := strings.CutPrefix(s.o.Addr, "unix:"); ok {
		return listenUnix(path)
	}
	l, err := net.Listen("tcp", s.o.Addr)
	if err != nil {
		return nil, fmt.Errorf("-addr %s: %w", s.o.Addr, err)
	}
	loopback := l.Addr().(*net.TCPAddr).IP.IsLoopback()
	if !loopback && s.o.Token == "" {
		return nil, errors.Join(fmt.Errorf("%s can be reached from other machines: a token is needed", s.o.Addr), l.Close())
	}
	s.local = loopback && s.o.Token == ""
	return l, nil
}

// listenUnix opens a socket that only the user may use, replacing one on which no
// process listens any more.
func listenUnix(path string) (net.Listener, error) {
	switch info, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case info.Mode().Type() != fs.ModeSocket:
		return nil, fmt.Errorf("%s exists and is not a socket", path)
	default:
		if c, err := net.Dial("unix", path); err == nil {
			return nil, errors.Join(fmt.Errorf("%s: another process listens", path), c.Close())
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}
