// Scale measures batch clustering: it writes made-up signatures with planted
// duplicates to a file, clusters them from there, and prints the shortest time and
// the peak memory for each number of documents.
//
//	GOWORK=off go -C bench/scale run . [-workers n] [-dir folder] 10000 100000 1000000 10000000
//
// A signature takes 512 bytes, so 10 million take 5.1 GB of disk.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"sync"
	"time"

	"github.com/neardup/neardup/lsh"
)

const registers = 128

func main() {
	log.SetFlags(0)
	workers := flag.Int("workers", 0, "number of goroutines; below 0, one per processor")
	dir := flag.String("dir", os.TempDir(), "folder for the file of signatures")
	threshold := flag.Float64("threshold", .8, "minimum similarity of a pair")
	flag.Parse()
	// By default garbage may double the memory in use. The collector runs more often here,
	// and its work is part of the measured time.
	debug.SetGCPercent(50)
	fmt.Println("documents  clusters  planted found  CPU us/document  peak heap MiB  bytes/document")
	for _, arg := range flag.Args() {
		n, err := strconv.Atoi(arg)
		if err != nil {
			log.Fatal(err)
		}
		if err := run(filepath.Join(*dir, "signatures-"+arg), n, *workers, *threshold); err != nil {
			log.Fatal(err)
		}
	}
}

func run(name string, n, workers int, threshold float64) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer os.Remove(name)
	defer f.Close()
	if err := write(f, n); err != nil {
		return err
	}
	debug.FreeOSMemory()

	b := lsh.Batch{Threshold: threshold, Workers: workers}
	src := lsh.File{Reader: f, Docs: n, Size: registers}
	var (
		clusters []lsh.Cluster[int]
		work     lsh.Work
		took     = time.Duration(math.MaxInt64)
		most     uint64
	)
	// A short run is measured five times, and the shortest time counts.
	for begin, i := time.Now(), 0; i < 5 && (i == 0 || time.Since(begin) < 10*time.Second); i++ {
		clusters = nil
		peak, start := watchHeap(), clock()
		clusters, work, err = b.Clusters(context.Background(), src, lsh.ClusterOptions[int]{})
		if err != nil {
			return err
		}
		took = min(took, clock()-start)
		most = max(most, peak())
	}
	found := 0
	for _, c := range clusters {
		for _, m := range c.Members[1:] {
			if at, ok := original(m.ID); ok && at == c.Representative {
				found++
			}
		}
	}
	planted := 0
	for row := range n {
		if _, ok := original(row); ok {
			planted++
		}
	}
	fmt.Printf("%9d  %8d  %12.4f%%  %15.2f  %13.0f  %14.1f\n", n, len(clusters), 100*float64(found)/float64(planted),
		float64(took.Microseconds())/float64(n), float64(most)/(1<<20), float64(most)/float64(n))
	if work.Bounded > 0 {
		fmt.Printf("           bounded: %+v\n", work)
	}
	return nil
}

// original returns the row that the given row copies: every fifth row is a copy.
func original(row int) (int, bool) {
	if row%5 != 4 {
		return 0, false
	}
	at := int(mix(uint64(row)) % uint64(row))
	if at%5 == 4 {
		at-- // row at is a copy; the row before it is an original
	}
	return at, true
}

// write writes the signatures: random ones and, for copies, the original's signature
// with 0 to 19 of 128 registers changed.
func write(f *os.File, n int) error {
	w := bufio.NewWriterSize(f, 1<<20)
	var buf [registers * 4]byte
	for row := range n {
		at, copied := original(row)
		if !copied {
			at = row
		}
		state := uint64(at) << 20
		changed := mix(uint64(row)*3+1) % 20
		for i := range registers {
			v := mix(state + uint64(i))
			if copied && (uint64(i)*37+uint64(row))%registers < changed {
				v = mix(uint64(row)<<20 + uint64(i))
			}
			binary.LittleEndian.PutUint32(buf[4*i:], uint32(v>>33))
		}
		if _, err := w.Write(buf[:]); err != nil {
			return err
		}
	}
	return w.Flush()
}

// mix is the finaliser of SplitMix64.
func mix(z uint64) uint64 {
	z += 0x9E3779B97F4A7C15
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// watchHeap samples the heap until the returned function is called. That function
// returns the largest value: memory in use plus garbage not yet collected.
func watchHeap() func() uint64 {
	runtime.GC()
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	done := make(chan struct{})
	var wg sync.WaitGroup
	var most uint64
	wg.Go(func() {
		for {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	return func() uint64 {
		close(done)
		wg.Wait()
		return most
	}
}
