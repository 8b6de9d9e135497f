// Web measures dedup clean from end to end on documents of web-like lengths, in
// Zstandard-compressed JSON Lines and in Parquet, in documents per second of
// processor time. In turn with it, a program with only the reading and writing code
// of dedup clean reads the same files twice and writes them:
//
//	go build -o dedup ./examples/dedup
//	go build -o reread ./examples/dedup/internal/reread
//	GOWORK=off go -C bench/scale run ./web -dedup $PWD/dedup -reread $PWD/reread -rounds 3 1000000
//
// The files are made first, in the folder of -dir, and used again if they are there.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"github.com/neardup/neardup/bench/scale/corpus"
)

func main() {
	log.SetFlags(0)
	dedup := flag.String("dedup", "dedup", "path of the program dedup")
	reread := flag.String("reread", "reread", "path of the program reread, which only reads and writes")
	dir := flag.String("dir", os.TempDir(), "folder for the files: about 5 GB for a million documents")
	rounds := flag.Int("rounds", 3, "number of runs of each program")
	seed := flag.Uint64("seed", 1, "seed of the documents")
	memory := flag.String("memory", "2GiB", "value of -memory for the program")
	only := flag.String("format", "", "format to measure: jsonl.zst or parquet (default: both)")
	flag.Parse()
	if *rounds < 1 {
		log.Fatalf("-rounds %d: must be 1 or more", *rounds)
	}
	n, err := strconv.Atoi(flag.Arg(0))
	if err != nil {
		log.Fatal("the argument must be the number of documents: ", err)
	}
	for _, f := range []struct {
		ext   string
		write func(f *os.File, c *corpus.Corpus, n int) error
	}{{"jsonl.zst", writeLines}, {"parquet", writeTable}} {
		if *only != "" && *only != f.ext {
			continue
		}
		in := filepath.Join(*dir, fmt.Sprintf("web-%d-%d.%s", *seed, n, f.ext))
		if err := made(in, func(w *os.File) error { return f.write(w, corpus.New(*seed), n) }); err != nil {
			log.Fatal(err)
		}
		out := filepath.Join(*dir, "web-out."+f.ext)
		var floor, whole []float64
		for range *rounds {
			for _, run := range []struct {
				args []string
				to   *[]float64
			}{
				{[]string{*reread, "copy"}, &floor},
				{[]string{*dedup, "clean", "-log", out + ".log"}, &whole},
			} {
				args := append(run.args[1:], "-quiet", "-overwrite", "-memory", *memory, "-out", out, in)
				cpu, wall, err := measure(run.args[0], args)
				if err != nil {
					log.Fatal(err)
				}
				*run.to = append(*run.to, float64(n)/cpu.Seconds())
				fmt.Printf("%-9s %-6s %6.1f us of processor time, %6.1f us of elapsed time per document\n", f.ext, run.args[1], us(cpu, n), us(wall, n))
			}
		}
		slices.Sort(floor)
		slices.Sort(whole)
		a, b := floor[len(floor)/2], whole[len(whole)/2]
		fmt.Printf("%-9s %d documents: clean processes %.0f per second of processor time, reading and writing alone %.0f: ratio %.2f (medians of %d)\n", f.ext, n, b, a, b/a, *rounds)
		_ = os.Remove(out)
		_ = os.Remove(out + ".log")
	}
}

func us(d time.Duration, n int) float64 { return float64(d.Nanoseconds()) / 1e3 / float64(n) }

// measure runs a program.
func measure(name string, args []string) (cpu, wall time.Duration, err error) {
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", name, err)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), time.Since(start), nil
}

// made creates a file with write unless it exists.
func made(name string, write func(*os.File) error) error {
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.Create(name + ".part")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return os.Rename(name+".part", name)
}

func writeLines(f *os.File, c *corpus.Corpus, n int) error {
	z, err := zstd.NewWriter(f)
	if err != nil {
		return err
	}
	if err := c.Write(bufio.NewWriterSize(z, 1<<20), n); err != nil {
		return err
	}
	return z.Close()
}

// A row is a row of the Parquet file.
type row struct {
	ID   string `parquet:"id"`
	Text string `parquet:"text"`
}

func writeTable(f *os.File, c *corpus.Corpus, n int) error {
	w := parquet.NewGenericWriter[row](f, parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(50_000))
	var text []byte
	for i := range n {
		text = c.Append(text[:0], i)
		if _, err := w.Write([]row{{"page-" + strconv.Itoa(i), string(text)}}); err != nil {
			return err
		}
	}
	return w.Close()
}
