// Command crawler fetches the pages of sites and stores only new pages:
//
//	crawler -out DIR [flags] URL...
//
// It shows how package seen, with boilerplate and lsh/disk, works in a crawler that
// is killed and started again. Run "crawler -h" for its flags.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Exit statuses.
const (
	exitDone  = 0 // every page was fetched and judged
	exitInput = 1 // some pages were reported as unreadable, or the crawl was interrupted
	exitFatal = 2 // wrong usage, or the crawl could not continue
)

// options holds the flags.
type options struct {
	out        string
	seeds      []*url.URL
	delay      time.Duration
	parallel   int
	maxPages   int
	maxBody    int
	timeout    time.Duration
	agent      string
	threshold  float64
	checkpoint int
	metrics    string
	every      time.Duration
	redis      string
	namespace  string
	json       bool
}

const help = `crawler fetches the pages of sites and stores those that do not repeat others.

usage: crawler -out DIR [flags] URL...

It follows links from the URLs, but only to their hosts, and obeys robots.txt.
It stores its results in DIR, one JSON object per line:
  pages.jsonl      every page that is new: id (its URL), host, text, time
  verdicts.jsonl   the verdict on every page, and the reason
Each verdict is printed when it is final: new, near-duplicate of another page,
nothing but frame (menus and notices that the site repeats), or unreadable. A
page waits for its verdict until enough of its site is known.

With -every the crawl starts again after that time, and reports which pages are new,
changed (by how much), and gone; each line of verdicts.jsonl then has a state.

If it is stopped or killed at any moment, it resumes where it was when it is started
again with the same -out; the URLs are then optional. Everything printed is
stored; nothing is stored twice. dedup reads pages.jsonl.

flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program without its process: it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseFlags(args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		fmt.Fprintf(stderr, "crawler: %v\n(\"crawler -h\" lists the flags)\n", err)
		return exitFatal
	}
	out := bufio.NewWriter(stdout)
	c, err := open(ctx, o, out, stderr)
	if err == nil {
		err = c.run(ctx)
	}
	if e := out.Flush(); err == nil {
		err = e
	}
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "crawler: interrupted; start it again with the same -out to resume")
		return exitInput
	case err != nil:
		fmt.Fprintf(stderr, "crawler: %v\n", err)
		return exitFatal
	case c.counts.unreadable.Load() > 0:
		return exitInput
	}
	return exitDone
}

func parseFlags(args []string, stdout io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("crawler", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&o.out, "out", "", "`folder` for stored pages and the state to resume from")
	fs.DurationVar(&o.delay, "delay", time.Second, "minimum `time` between the starts of two requests to a host")
	fs.IntVar(&o.parallel, "parallel", 2, "maximum number of concurrent requests to a host")
	fs.IntVar(&o.maxPages, "max-pages", 10000, "maximum number of pages to fetch, including those of earlier runs (with -every, per round); 0 for no limit")
	fs.IntVar(&o.maxBody, "max-body", 8<<20, "maximum size of a page in `bytes`; larger pages count as unreadable")
	fs.DurationVar(&o.timeout, "timeout", 30*time.Second, "maximum `time` to fetch a page")
	fs.StringVar(&o.agent, "agent", "neardup-crawler", "user agent: the `name` sent to sites and looked up in robots.txt")
	fs.Float64Var(&o.threshold, "threshold", 0, "minimum Jaccard similarity of near-duplicates (default 0.8)")
	fs.IntVar(&o.checkpoint, "checkpoint", 1000, "number of pages between two saves of the whole state; after a restart, pages since the last save are judged again but not fetched again")
	fs.DurationVar(&o.every, "every", 0, "`time` from the start of one round to that of the next; each round fetches every page again and reports changes; 0 for a single round")
	fs.StringVar(&o.metrics, "metrics", "", "`address`, such as 127.0.0.1:8080, at which to serve figures under /debug/vars")
	fs.StringVar(&o.redis, "redis", "", "`address` of a Redis server, such as 127.0.0.1:6379: crawlers of different sites share what they have seen")
	fs.StringVar(&o.namespace, "namespace", "crawl", "`name` of the index that they share")
	fs.BoolVar(&o.json, "json", false, "print verdicts as JSON, one object per line, and nothing else")
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, help)
		fs.SetOutput(stdout)
		fs.PrintDefaults()
		fmt.Fprint(stdout, `
example:
  crawler -out news -delay 2s -max-pages 500 https://example.org/

Exit status: 0 done, 1 some pages were unreadable or the crawl was interrupted,
2 wrong usage or a fatal error.
`)
		return o, err
	}
	if err != nil {
		return o, err
	}
	switch {
	case o.out == "":
		return o, errors.New("no folder: name one with -out")
	case o.every < 0:
		return o, errors.New("-every must not be negative")
	case o.delay < 0 || o.timeout <= 0 || o.parallel < 1 || o.maxPages < 0 || o.maxBody < 1 || o.checkpoint < 1:
		return o, errors.New("-delay and -max-pages must not be negative; -timeout, -parallel, -max-body and -checkpoint must be above 0")
	case o.namespace == "":
		return o, errors.New("-namespace must not be empty")
	case o.threshold < 0 || o.threshold > 1:
		return o, fmt.Errorf("-threshold %v: must be above 0 and at most 1", o.threshold)
	}
	for _, arg := range fs.Args() {
		u, err := url.Parse(arg)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return o, fmt.Errorf("%q: not the http or https URL of a page", arg)
		}
		o.seeds = append(o.seeds, u)
	}
	return o, nil
}
