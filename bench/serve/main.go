// Command serve loads the service "dedup serve" and compares it with the filter in
// one process and with the disk:
//
//	GOWORK=off go -C bench/serve run . [-docs 20000] [-seconds 10]
//
// It builds and starts the service itself, with a folder in -dir, and prints
//
//   - the documents of 3 KB judged per second by the filter, called from one goroutine,
//     and by the service, called in batches by a few clients, with their ratio; on
//     Linux also the same for processor time, which is less sensitive to other load;
//   - the latencies of single documents that arrive at random moments, at a given rate,
//     whether or not earlier ones were answered (an open loop); the 99th percentile is
//     compared with the latency of writing and flushing as many bytes, measured in turn;
//   - how the service answers above its capacity;
//   - whether a service that is killed under load and started again still knows
//     everything that it had answered.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/neardup/neardup/boilerplate/seen"
)

var (
	docs    = flag.Int("docs", 20_000, "number of documents for measuring throughput")
	batch   = flag.Int("batch", 100, "number of documents per request")
	clients = flag.Int("clients", 4, "number of clients that send batches")
	seconds = flag.Int("seconds", 10, "duration of each open loop in seconds")
	rate    = flag.Float64("rate", 0, "documents per second in the open loop; 0 means half the rate that requests of one document reach")
	dir     = flag.String("dir", os.TempDir(), "folder in which to create temporary files")
)

// One document in four is a copy of an earlier one with a few words changed.
func document(i int) seen.Page {
	family, edits := i, 0
	if i%4 == 3 {
		family, edits = i-3, 1+i%5
	}
	words := make([]string, 600)
	r := rand.New(rand.NewPCG(uint64(family), 1))
	for j := range words {
		words[j] = fmt.Sprintf("w%c%c%c", 'a'+r.IntN(26), 'a'+r.IntN(26), 'a'+r.IntN(26))
	}
	r = rand.New(rand.NewPCG(uint64(i), 2))
	for range edits {
		words[r.IntN(len(words))] = "changed"
	}
	return seen.Page{ID: fmt.Sprint("doc", i), Text: strings.Join(words, " ")}
}

func main() {
	log.SetFlags(0)
	flag.Parse()
	tmp, err := os.MkdirTemp(*dir, "serve")
	if err == nil {
		err = run(tmp)
		err = errors.Join(err, os.RemoveAll(tmp))
	}
	if err != nil {
		log.Fatal(err)
	}
}

func run(tmp string) error {
	exe := filepath.Join(tmp, "dedup")
	build := exec.Command("go", "build", "-o", exe, ".")
	build.Dir, build.Stderr = filepath.Join("..", "..", "examples", "dedup"), os.Stderr
	build.Env = append(os.Environ(), "GOWORK=off")
	if err := build.Run(); err != nil {
		return err
	}
	pages := make([]seen.Page, *docs)
	size := 0
	for i := range pages {
		pages[i] = document(i)
		size += len(pages[i].Text)
	}
	fmt.Printf("%d documents of %d bytes\n", len(pages), size/len(pages))

	busy := processorTime(os.Getpid())
	alone, fresh, err := library(filepath.Join(tmp, "library"), pages)
	if err != nil {
		return err
	}
	cost := (processorTime(os.Getpid()) - busy) / time.Duration(len(pages))
	fmt.Printf("filter in one process    %6.0f documents/s, %d new, %v of processor time each\n", alone, fresh, cost)

	s, err := start(exe, filepath.Join(tmp, "service"))
	if err != nil {
		return err
	}
	defer s.stop()
	busy = processorTime(s.cmd.Process.Pid)
	served, fresh, err := s.batches(pages)
	if err != nil {
		return err
	}
	more := (processorTime(s.cmd.Process.Pid) - busy) / time.Duration(len(pages))
	fmt.Printf("service, batches of %-4d %6.0f documents/s, %d new; %.2f times the filter's rate; %v of processor time each, of which the filter takes %.2f\n",
		*batch, served, fresh, served/alone, more, float64(cost)/float64(more))

	next := len(pages)
	capacity := s.closedLoop(&next, 2*time.Second)
	fmt.Printf("service, single requests %6.0f documents/s from %d clients\n", capacity, 16*(*clients))
	offered := *rate
	if offered == 0 {
		offered = capacity / 2
	}
	disk := make(chan []time.Duration, 1)
	stop := make(chan bool)
	go func() { disk <- flushes(filepath.Join(tmp, "flush"), stop) }()
	l, codes := s.openLoop(&next, offered, time.Duration(*seconds)*time.Second)
	close(stop)
	f := <-disk
	fmt.Printf("open loop, %5.0f per second: answers %v; p50 %v, p99 %v; flush p50 %v, p99 %v; ratio of both p99 %.2f\n",
		offered, codes, quantile(l, .5), quantile(l, .99), quantile(f, .5), quantile(f, .99), float64(quantile(l, .99))/float64(quantile(f, .99)))

	_, codes = s.openLoop(&next, 3*capacity, time.Duration(*seconds)*time.Second/4)
	fmt.Printf("open loop, %5.0f per second: answers %v\n", 3*capacity, codes)
	if _, err := s.check(); err != nil {
		return err
	}

	killed := make(chan error, 1)
	go func() {
		time.Sleep(time.Duration(*seconds) * time.Second / 4)
		killed <- s.cmd.Process.Kill()
	}()
	clear(s.acked)
	_, codes = s.openLoop(&next, 2*offered, time.Duration(*seconds)*time.Second/2)
	err = <-killed
	_ = s.cmd.Wait() // the error only reports the kill
	if err != nil {
		return err
	}
	answered := len(s.acked)
	again, err := start(exe, filepath.Join(tmp, "service"))
	if err != nil {
		return err
	}
	defer again.stop()
	again.acked = s.acked
	asked, err := again.check()
	if err != nil {
		return err
	}
	fmt.Printf("killed at %5.0f per second: answers %v; %[4]d of %[3]d verdicts were requested again, all unchanged\n", 2*offered, codes, answered, asked)
	return nil
}

// processorTime returns the processor time of a process, 0 if there is no /proc.
func processorTime(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name of the program, in parentheses, may have spaces; user and system time
	// are the 12th and 13th field after it, in hundredths of a second.
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	var ticks time.Duration
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0
		}
		ticks += time.Duration(n)
	}
	return ticks * 10 * time.Millisecond
}

func quantile(l []time.Duration, q float64) time.Duration {
	if len(l) == 0 {
		return 0
	}
	slices.Sort(l)
	return l[min(len(l)-1, int(q*float64(len(l))))].Round(time.Microsecond)
}

// library returns the number of documents per second that a Durable judges for one
// goroutine.
func library(dir string, pages []seen.Page) (rate float64, fresh int, err error) {
	d, err := seen.OpenDurable(dir, seen.DurableOptions{})
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	for part := range slices.Chunk(pages, *batch) {
		verdicts, err := d.Judge(context.Background(), part...)
		if err != nil {
			return 0, 0, err
		}
		for _, v := range verdicts {
			if v.Outcome == seen.New {
				fresh++
			}
		}
	}
	rate = float64(len(pages)) / time.Since(began).Seconds()
	return rate, fresh, d.Close()
}

// flushes writes a document and flushes it, fifty times a second, until it is stopped.
func flushes(name string, stop chan bool) (took []time.Duration) {
	f, err := os.Create(name)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	text := []byte(document(0).Text)
	for {
		select {
		case <-stop:
			return took
		case <-time.After(20 * time.Millisecond):
		}
		start := time.Now()
		if _, err := f.Write(text); err != nil {
			log.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			log.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
}

// A service is a process of "dedup serve".
type service struct {
	cmd  *exec.Cmd
	url  string
	http *http.Client

	mu    sync.Mutex
	acked map[int]bool // numbers of the judged documents -> whether each was new
}

func start(exe, dir string) (*service, error) {
	s := &service{acked: map[int]bool{}, url: "http://127.0.0.1:18099", http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}}
	s.cmd = exec.Command(exe, "serve", "-db", dir, "-addr", "127.0.0.1:18099")
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 200 {
		if resp, err := s.http.Get(s.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == 200 {
				return s, nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.stop()
	return nil, errors.New("the service did not start")
}

func (s *service) stop() {
	s.cmd.Process.Signal(os.Interrupt)
	s.cmd.Wait()
}

func (s *service) post(kind string, body []byte) (int, []byte, error) {
	resp, err := s.http.Post(s.url+"/v1/judge", kind, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, b, err
}

func encode(p seen.Page) []byte {
	b, err := json.Marshal(map[string]string{"id": p.ID, "text": p.Text})
	if err != nil {
		log.Fatal(err)
	}
	return append(b, '\n')
}

func (s *service) batches(pages []seen.Page) (rate float64, fresh int, err error) {
	parts := make(chan []seen.Page)
	var wg sync.WaitGroup
	var n atomic.Int64
	var failed atomic.Value
	began := time.Now()
	for range *clients {
		wg.Go(func() {
			for part := range parts {
				var body []byte
				for _, p := range part {
					body = append(body, encode(p)...)
				}
				code, b, err := s.post("application/x-ndjson", body)
				if err != nil || code != 200 {
					failed.Store(fmt.Errorf("status %d, %v: %s", code, err, b))
				}
				n.Add(int64(bytes.Count(b, []byte(`"new":true`))))
			}
		})
	}
	for part := range slices.Chunk(pages, *batch) {
		parts <- part
	}
	close(parts)
	wg.Wait()
	rate = float64(len(pages)) / time.Since(began).Seconds()
	if e, ok := failed.Load().(error); ok {
		err = e
	}
	return rate, int(n.Load()), err
}

// one sends a single document to be judged and returns the status.
func (s *service) one(i int) int {
	code, b, err := s.post("application/json", encode(document(i)))
	if err != nil {
		return 0
	}
	if code == 200 {
		s.mu.Lock()
		s.acked[i] = bytes.Contains(b, []byte(`"new":true`))
		s.mu.Unlock()
	}
	return code
}

// closedLoop returns the number of single documents per second that are answered if
// each client waits for its answer.
func (s *service) closedLoop(next *int, d time.Duration) float64 {
	var wg sync.WaitGroup
	var at, answered atomic.Int64
	at.Store(int64(*next))
	end := time.Now().Add(d)
	for range 16 * *clients {
		wg.Go(func() {
			for time.Now().Before(end) {
				if s.one(int(at.Add(1))) == 200 {
					answered.Add(1)
				}
			}
		})
	}
	wg.Wait()
	*next = int(at.Load()) + 1
	return float64(answered.Load()) / d.Seconds()
}

// openLoop sends single documents at random moments, at a rate, and returns the
// latencies of the judged documents and the count of each status.
func (s *service) openLoop(next *int, rate float64, d time.Duration) ([]time.Duration, map[int]int) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	codes := map[int]int{}
	at := time.Now()
	for end := at.Add(d); at.Before(end); {
		at = at.Add(time.Duration(rand.ExpFloat64() / rate * float64(time.Second)))
		time.Sleep(time.Until(at))
		i, due := *next, at
		*next++
		wg.Go(func() {
			code := s.one(i)
			t := time.Since(due) // latency counts from the time at which the request was due
			mu.Lock()
			defer mu.Unlock()
			codes[code]++
			if code == 200 {
				took = append(took, t)
			}
		})
	}
	wg.Wait()
	return took, codes
}

// check requests at most 1,000 verdicts again, and returns their number. It returns
// an error if a verdict has changed: a page never repeats itself.
func (s *service) check() (asked int, err error) {
	ids := slices.Sorted(maps.Keys(s.acked))
	for k := 0; k < len(ids); k += 1 + len(ids)/1000 {
		code, b, err := s.post("application/json", encode(document(ids[k])))
		if err != nil {
			return asked, err
		}
		if code != 200 || bytes.Contains(b, []byte(`"new":true`)) != s.acked[ids[k]] {
			return asked, fmt.Errorf("document %d was acknowledged, new: %v; now status %d: %s", ids[k], s.acked[ids[k]], code, b)
		}
		asked++
	}
	return asked, nil
}
