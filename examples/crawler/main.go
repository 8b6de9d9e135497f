// Command crawler fetches the pages of sites and stores only new pages:
//
//	crawler -out DIR [flags] URL...
//
// It shows how package seen, and with it boilerplate and lsh/disk, work in a
// crawler that is killed and started again. Run "crawler -h" for its flags.
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
	exitFatal = 2 // wrong usage, or the crawl could not go on
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

const help = `crawler fetches the pages of sites and stores those that repeat no other.

usage: crawler -out DIR [flags] URL...

It follows links from the URLs, but only to their hosts, and asks robots.txt
first. What it stores is in DIR, a JSON object a line:
  pages.jsonl      every page that is new: id (its URL), host, text, time
  verdicts.jsonl   what became of every page, and why
Each verdict is printed when it is final: new, near-duplicate of another page,
nothing but frame (menus and notices that the site repeats), or unreadable. A
page whose site is not known well enough yet waits for its verdict.

With -every the crawl begins anew after that time, and reports which pages are new,
changed (by how much), and gone; each line of verdicts.jsonl then has a state.

Stopped, or killed at any moment, it goes on where it was when it is started
again with the same -out; the URLs may then be left out. What was printed is
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
		fmt.Fprintln(stderr, "crawler: interrupted; start it again with the same -out to go on")
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
	fs.StringVar(&o.out, "out", "", "`folder` for stored pages and the state to go on from")
	fs.DurationVar(&o.delay, "delay", time.Second, "least `time` between the starts of two requests to a host")
	fs.IntVar(&o.parallel, "parallel", 2, "requests to a host at the same time at most")
	fs.IntVar(&o.maxPages, "max-pages", 10000, "pages to fetch at most, those of earlier runs included (with -every, in a round); 0 for no limit")
	fs.IntVar(&o.maxBody, "max-body", 8<<20, "`bytes` of a page at most; a larger one is unreadable")
	fs.DurationVar(&o.timeout, "timeout", 30*time.Second, "`time` that a page may take")
	fs.StringVar(&o.agent, "agent", "neardup-crawler", "`name` to show to sites, and to look for in robots.txt")
	fs.Float64Var(&o.threshold, "threshold", 0, "least Jaccard similarity of near-duplicates (default 0.8)")
	fs.IntVar(&o.checkpoint, "checkpoint", 1000, "pages between two saves of the whole state; a start repeats the judging, not the fetching, of those since")
	fs.DurationVar(&o.every, "every", 0, "`time` from the start of a round to that of the next, in which every page is fetched again, to report what has changed; 0 for one round")
	fs.StringVar(&o.metrics, "metrics", "", "`address`, such as 127.0.0.1:8080, at which to serve figures under /debug/vars")
	fs.StringVar(&o.redis, "redis", "", "`address` of a Redis server, such as 127.0.0.1:6379: crawlers of different sites share what they have seen")
	fs.StringVar(&o.namespace, "namespace", "crawl", "`name` under which they share it")
	fs.BoolVar(&o.json, "json", false, "print verdicts as JSON, an object a line, and nothing else")
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
		return o, errors.New("name a folder with -out")
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
