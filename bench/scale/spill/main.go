// Spill measures dedup clusters -spill on documents of web-like length that are
// computed from a seed and never stored: they are piped into the program. It kills
// the program at random moments, starts it again, and prints the CPU time, the peak
// memory and disk usage, and a digest of the clusters.
//
//	go build -o dedup ./examples/dedup
//	GOWORK=off go -C bench/scale run ./spill -dedup $PWD/dedup -dir /disk/run -kills 20 10000000
//	GOWORK=off go -C bench/scale run ./spill -dedup $PWD/dedup -plain 1000000
//
// With -plain the program runs without -spill, to compare the digest and the time.
// With -write it writes the documents to standard output.
package main

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/neardup/neardup/bench/scale/corpus"
)

func main() {
	log.SetFlags(0)
	dedup := flag.String("dedup", "dedup", "path of the program dedup")
	dir := flag.String("dir", "", "folder for -spill; it must not exist")
	memory := flag.String("memory", "2GiB", "value of -memory for the program")
	kills := flag.Int("kills", 0, "number of times to kill the program")
	after := flag.Duration("after", time.Minute, "mean time before each kill")
	seed := flag.Uint64("seed", 1, "seed of the documents and of the times of the kills")
	plain := flag.Bool("plain", false, "run without -spill")
	command := flag.String("command", "clusters", "command to run: clusters or pairs")
	write := flag.Bool("write", false, "write the documents to standard output")
	flag.Parse()
	n, err := strconv.Atoi(flag.Arg(0))
	if err != nil {
		log.Fatal("the argument must be the number of documents: ", err)
	}
	c := corpus.New(*seed)
	if *write {
		if err := c.Write(bufio.NewWriterSize(os.Stdout, 1<<20), n); err != nil {
			log.Fatal(err)
		}
		return
	}
	args := []string{*command, "-json", "-strip=false", "-memory", *memory}
	if !*plain {
		if *dir == "" {
			log.Fatal("-dir is missing")
		}
		args = append(args, "-spill", *dir)
	}
	m := &measured{dir: *dir}
	moments := rand.New(rand.NewPCG(*seed, 20))
	for left := *kills; ; left-- {
		limit := time.Duration(0)
		if left > 0 {
			limit = time.Duration(float64(*after) * 2 * moments.Float64())
		}
		done, err := m.run(*dedup, append(args, "-"), c, n, limit)
		if err != nil {
			log.Fatal(err)
		}
		if done {
			fmt.Printf("%d documents, %d of %d kills: CPU %.1f us/document, memory %d MiB, disk %.2f GiB (%.1f KB/document), %v, %x\n",
				n, *kills-left, *kills, float64(m.cpu.Microseconds())/float64(n), m.memory>>20, float64(m.disk)/(1<<30), float64(m.disk)/float64(n)/1e3, m.wall.Round(time.Second), m.digest[:8])
			return
		}
		fmt.Printf("killed after %v; the folder has %d files\n", limit.Round(time.Second), m.files)
	}
}

// measured holds the measurements of all runs.
type measured struct {
	dir    string
	cpu    time.Duration
	wall   time.Duration
	memory int64 // peak memory of a single process
	disk   int64 // peak disk usage
	files  int
	digest []byte
}

// run runs the program once, and kills it after a time that is not 0. It reports
// whether the program ran to its end.
func (m *measured) run(dedup string, args []string, c *corpus.Corpus, n int, limit time.Duration) (bool, error) {
	start := time.Now()
	cmd := exec.Command(dedup, args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return false, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	var feeding sync.WaitGroup
	feeding.Go(func() {
		_ = c.Write(bufio.NewWriterSize(in, 1<<20), n) // the write fails if the program is killed
		_ = in.Close()
	})
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { m.watch(cmd.Process.Pid, stop) })
	killed := false
	if limit > 0 {
		timer := time.AfterFunc(limit, func() { killed = cmd.Process.Kill() == nil })
		defer timer.Stop()
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, out); err != nil && !killed {
		return false, err
	}
	err = cmd.Wait()
	close(stop)
	watching.Wait()
	feeding.Wait()
	m.cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	m.memory = max(m.memory, peakMemory(cmd.ProcessState))
	m.wall += time.Since(start)
	if err != nil && !killed {
		return false, err
	}
	m.digest = sum.Sum(nil)
	return err == nil, nil
}

// watch records how much of the disk the process uses.
func (m *measured) watch(pid int, stop <-chan struct{}) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			bytes, files := m.used(pid)
			m.disk, m.files = max(m.disk, bytes), files
		}
	}
}

// used returns the number of bytes of the files in the folder, including files
// without a name, which only Linux lists.
func (m *measured) used(pid int) (bytes int64, files int) {
	_ = filepath.WalkDir(m.dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		if info, err := e.Info(); err == nil {
			bytes += info.Size()
			files++
		}
		return nil
	})
	open := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(open)
	if errors.Is(err, fs.ErrNotExist) {
		return bytes, files
	}
	for _, e := range entries {
		name := filepath.Join(open, e.Name())
		if to, err := os.Readlink(name); err == nil && strings.HasSuffix(to, " (deleted)") {
			if info, err := os.Stat(name); err == nil {
				bytes += info.Size()
			}
		}
	}
	return bytes, files
}
