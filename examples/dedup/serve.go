package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/neardup/neardup/boilerplate/seen"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/serve"
)

var serveCommand = cli.Command{
	Name:    "serve",
	Usage:   cli.NoInputs,
	Summary: "answer over HTTP whether a page is new, for crawlers",
	Help: `Answers over HTTP whether a page is new, a near-duplicate of a stored one, a changed
version of a stored one, or nothing but the frame of its site. Pages are
compared without the blocks that their site repeats, so the first pages of a site
are held until these are known; GET /v1/released returns the verdicts on them. An
answer is sent only when it is durable: the service may be killed at any moment.

  POST /v1/judge    {"url":...,"text" or "html":...,"time":...}: store it if it is new
  POST /v1/query    the stored pages that are similar to it
  POST /v1/add      store it without judging it
  POST /v1/remove   {"id":...}: forget it
  POST /v1/blocks   which of its blocks are recycled
  POST /v1/passages the passages that it shares with stored pages (-passages)
  POST /v1/release  {}: judge all held pages now
  GET  /v1/released?after=N, /healthz, /readyz, /metrics, /openapi.json

A request holds one JSON object, or one on each line with the Content-Type
application/x-ndjson; /openapi.json describes them. The service listens on this
machine only. To listen on other addresses it needs -token-file: callers send the
token as "Authorization: Bearer TOKEN". It does not speak TLS.
`,
	Example: `-db seen
-db seen -addr unix:/run/neardup.sock
-db seen -addr :8080 -token-file token
`,
	New: func() cli.Action { return &serveAction{} },
}

type serveAction struct {
	o         serve.Options
	tokenFile string
	prefer    string
	logJSON   bool
	verbose   bool
}

func (k *serveAction) Flags() []cli.Flags {
	return []cli.Flags{{
		Register: func(fs *flag.FlagSet) {
			fs.StringVar(&k.o.Dir, "db", "", "`folder` of the stored pages; created if it does not exist")
			fs.Float64Var(&k.o.Seen.Threshold, "threshold", 0.8, "minimum similarity of a near-duplicate; fixed when the folder is created")
			fs.IntVar(&k.o.Seen.Settle, "settle", 16, "number of pages of a section to observe before its pages are judged")
			fs.Func("older", "forget pages older than this `age`, for example 90d, 12h or 30m (default: never)", func(s string) (err error) {
				k.o.Older, err = parseAge(s)
				return err
			})
			fs.BoolVar(&k.o.Seen.Passages, "passages", false, "keep the texts of stored pages, for /v1/passages; takes about as much disk space again")
			fs.Float64Var(&k.o.Seen.Covered, "covered", 0, "also judge a page a near-duplicate if shared passages cover this `share` of it or of the stored page, whichever is shorter; keeps texts like -passages")
			fs.StringVar(&k.prefer, "prefer", "first", "which of several copies is kept: the `first`, the one with the plainest address of its site (address), or the one with the earliest time (earlier)")
		},
		Check: func() error {
			switch {
			case k.o.Dir == "":
				return errors.New("no folder: name it with -db")
			case !(k.o.Seen.Threshold > 0 && k.o.Seen.Threshold <= 1):
				return fmt.Errorf("-threshold %v: must be above 0 and at most 1", k.o.Seen.Threshold)
			case !(k.o.Seen.Covered >= 0 && k.o.Seen.Covered <= 1):
				return fmt.Errorf("-covered %v: must be from 0 to 1", k.o.Seen.Covered)
			case k.o.Seen.Settle < 1:
				return fmt.Errorf("-settle %d: must be 1 or more", k.o.Seen.Settle)
			}
			switch k.prefer {
			case "address":
				k.o.Seen.Prefer = seen.BetterAddress
			case "earlier":
				k.o.Seen.Prefer = seen.EarlierTime
			}
			return cli.OneOf("prefer", k.prefer, "first", "address", "earlier")
		},
	}, {
		Register: func(fs *flag.FlagSet) {
			fs.StringVar(&k.o.Addr, "addr", "127.0.0.1:8080", "`address` to listen on: HOST:PORT, or unix:PATH")
			fs.StringVar(&k.tokenFile, "token-file", "", "`file` with the token that callers must send")
			fs.Int64Var(&k.o.MaxBody, "max-body", 8<<20, "maximum size of a request in bytes")
			fs.IntVar(&k.o.MaxRequests, "max-requests", 256, "maximum number of concurrent requests; others get status 429")
			fs.DurationVar(&k.o.Timeout, "timeout", 30*time.Second, "time limit for a request")
			fs.DurationVar(&k.o.Grace, "grace", 10*time.Second, "time limit for running requests when the service is stopped")
			fs.Int64Var(&k.o.Seen.Checkpoint, "checkpoint", 64<<20, "bytes of journal after which the state is saved")
		},
		Check: func() error {
			if k.o.MaxBody < 1 || k.o.MaxRequests < 1 || k.o.Timeout <= 0 || k.o.Grace <= 0 || k.o.Seen.Checkpoint < 1 {
				return errors.New("-max-body, -max-requests, -timeout, -grace and -checkpoint must be above 0")
			}
			return nil
		},
	}, {
		Register: func(fs *flag.FlagSet) {
			fs.BoolVar(&k.logJSON, "log-json", false, "write the log as JSON")
			fs.BoolVar(&k.verbose, "verbose", false, "log every request")
		},
	}}
}

func (k *serveAction) Run(e *cli.Env) error {
	if len(e.Inputs) > 0 {
		return errors.New("serve takes no input")
	}
	if k.tokenFile != "" {
		b, err := os.ReadFile(k.tokenFile)
		if err != nil {
			return err
		}
		if k.o.Token = strings.TrimSpace(string(b)); k.o.Token == "" {
			return fmt.Errorf("%s: no token", k.tokenFile)
		}
	}
	k.o.Log = slog.New(k.handler(e.Stderr))
	return serve.Run(e.Ctx, k.o)
}

func (k *serveAction) handler(w io.Writer) slog.Handler {
	o := &slog.HandlerOptions{}
	if k.verbose {
		o.Level = slog.LevelDebug
	}
	if k.logJSON {
		return slog.NewJSONHandler(w, o)
	}
	return slog.NewTextHandler(w, o)
}
