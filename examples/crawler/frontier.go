package main

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxURL is the longest address, in bytes.
const maxURL = 2048

// A frontier keeps the URLs that were found, those not fetched yet, and the time at
// which each host may be asked again. Its methods do not lock.
type frontier struct {
	hosts    map[string]bool // hosts that may be visited
	order    []string        // hosts, in the order in which they were added
	known    map[string]bool // every URL found so far
	queues   map[string][]string
	inFlight map[string][]string
	next     map[string]time.Time
	attempts map[string]int           // number of failed attempts for each URL
	delays   map[string]time.Duration // delays that hosts ask for
}

func newFrontier() *frontier {
	return &frontier{
		hosts: map[string]bool{}, known: map[string]bool{}, queues: map[string][]string{},
		inFlight: map[string][]string{}, next: map[string]time.Time{}, attempts: map[string]int{}, delays: map[string]time.Duration{},
	}
}

// allow adds a host that may be visited.
func (f *frontier) allow(host string) {
	if !f.hosts[host] {
		f.hosts[host] = true
		f.order = append(f.order, host)
	}
}

// add adds a URL to the queue of its host if it may be fetched and is new, and reports
// whether it did.
func (f *frontier) add(link string) bool {
	if len(link) > maxURL {
		return false
	}
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	u.Host = strings.ToLower(u.Host)
	u.Fragment, u.RawFragment, u.User = "", "", nil
	if u.Path == "" {
		u.Path = "/"
	}
	link = u.String()
	if !f.hosts[u.Host] || f.known[link] {
		return false
	}
	f.known[link] = true
	f.queues[u.Host] = append(f.queues[u.Host], link)
	return true
}

// again returns a URL that is in flight to the end of its queue, unless it has been
// tried too often.
func (f *frontier) again(link string) bool {
	const tries = 3
	if f.attempts[link]++; f.attempts[link] >= tries {
		return false
	}
	host := f.done(link)
	f.queues[host] = append(f.queues[host], link)
	return true
}

// done removes a URL from the URLs in flight, or from its queue, and returns its host.
func (f *frontier) done(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	without := func(list []string) []string {
		if i := slices.Index(list, link); i >= 0 {
			return slices.Delete(list, i, i+1)
		}
		return list
	}
	if n := len(f.inFlight[u.Host]); n > 0 {
		f.inFlight[u.Host] = without(f.inFlight[u.Host])
		if len(f.inFlight[u.Host]) < n {
			return u.Host
		}
	}
	f.queues[u.Host] = without(f.queues[u.Host])
	return u.Host
}

// slow sets the time between requests that the host of a URL asks for. It already
// applies to the next request.
func (f *frontier) slow(link string, delay time.Duration, o options) {
	u, err := url.Parse(link)
	if err != nil {
		return
	}
	f.next[u.Host] = f.next[u.Host].Add(max(o.delay, delay) - max(o.delay, f.delays[u.Host]))
	f.delays[u.Host] = delay
}

// start takes a URL that may be fetched now from its queue. If there is none, wait
// is the time until there is one, or negative if that is not known.
func (f *frontier) start(now time.Time, o options) (link string, wait time.Duration) {
	wait = -1
	for _, host := range f.order {
		if len(f.queues[host]) == 0 || len(f.inFlight[host]) >= o.parallel {
			continue
		}
		if d := f.next[host].Sub(now); d > 0 {
			if wait < 0 || d < wait {
				wait = d
			}
			continue
		}
		link = f.queues[host][0]
		f.queues[host] = f.queues[host][1:]
		f.inFlight[host] = append(f.inFlight[host], link)
		f.next[host] = now.Add(max(o.delay, f.delays[host]))
		return link, 0
	}
	return "", wait
}

// waiting returns the URLs not fetched yet, those in flight first.
func (f *frontier) waiting() []string {
	var list []string
	for _, host := range f.order {
		list = append(list, f.inFlight[host]...)
		list = append(list, f.queues[host]...)
	}
	return list
}

// flying returns the number of URLs in flight.
func (f *frontier) flying() int {
	n := 0
	for _, list := range f.inFlight {
		n += len(list)
	}
	return n
}
