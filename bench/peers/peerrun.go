package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/neardup/neardup/bench/peers/peers"
)

// A report is the line that a peer's program prints about one run.
type report struct {
	Documents  int     `json:"documents"`
	Bytes      int     `json:"bytes"`       // size of the texts
	LoopCPU    float64 `json:"loop_cpu"`    // seconds of all threads, from texts in memory to pairs in memory
	LoopWall   float64 `json:"loop_wall"`   // seconds
	IndexBytes int64   `json:"index_bytes"` // resident memory after the loop minus that before it
	Banding    string  `json:"banding"`
	Pairs      int     `json:"pairs"`
}

// peerMain is the program for the peers that are written in Go. This program starts
// itself with:
//
//	compare peer NAME DOCS.jsonl THRESHOLD PAIRS
//
// The programs in drivers have the same arguments and output.
func peerMain(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("peer: want the arguments NAME DOCS THRESHOLD PAIRS")
	}
	threshold, err := strconv.ParseFloat(args[2], 64)
	if err != nil {
		return err
	}
	texts, err := readTexts(args[1])
	if err != nil {
		return err
	}
	for _, p := range peers.Near {
		if p.Name == args[0] {
			rep, found := measurePeer(p, texts, threshold)
			if err := writePairs(args[3], found.Pairs); err != nil {
				return err
			}
			return json.NewEncoder(os.Stdout).Encode(rep)
		}
	}
	return fmt.Errorf("unknown peer %q", args[0])
}

// parseReport parses the last line that a peer printed: text-dedup prints other
// lines before it.
func parseReport(printed []byte, to *report) error {
	printed = bytes.TrimSpace(printed)
	return json.Unmarshal(printed[bytes.LastIndexByte(printed, '\n')+1:], to)
}

func measurePeer(p peers.Peer, texts []string, threshold float64) (report, peers.Found) {
	rep := report{Documents: len(texts)}
	for _, t := range texts {
		rep.Bytes += len(t)
	}
	held, began, wall := resident(), ownCPU(), time.Now()
	found := p.Find(texts, threshold)
	rep.LoopCPU, rep.LoopWall = ownCPU()-began, time.Since(wall).Seconds()
	rep.IndexBytes = resident() - held
	runtime.KeepAlive(found.Index)
	runtime.KeepAlive(texts) // if the texts were freed during the loop, the index would look smaller
	rep.Banding, rep.Pairs = found.Banding, len(found.Pairs)
	return rep, found
}

// readTexts returns the texts of a JSON Lines file, by row.
func readTexts(name string) ([]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var texts []string
	for dec := json.NewDecoder(bufio.NewReaderSize(f, 1<<20)); dec.More(); {
		var d struct{ Text string }
		if err := dec.Decode(&d); err != nil {
			return nil, fmt.Errorf("%s, document %d: %w", name, len(texts)+1, err)
		}
		texts = append(texts, d.Text)
	}
	return texts, nil
}

func writePairs(name string, pairs [][2]int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for _, p := range pairs {
		fmt.Fprintf(w, "%d\t%d\n", p[0], p[1])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

func ownCPU() float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return seconds(r)
}

func seconds(r syscall.Rusage) float64 {
	return float64(r.Utime.Sec+r.Stime.Sec) + float64(r.Utime.Usec+r.Stime.Usec)/1e6
}

// resident returns the number of bytes of memory in use by the process.
func resident() int64 {
	debug.FreeOSMemory()
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0 // only Linux reports it; elsewhere the page leaves it out
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
