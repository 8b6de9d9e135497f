// Command driver runs ways of using the library over texts, as often as its standard
// input asks for, and prints the processor time of each pass, including garbage
// collection. Command since builds it with two versions of the library.
//
//	driver TIER TEXTS.json
//
// A line of standard input names a way and a kind of text. The answer is the number
// of nanoseconds per pass, or "-" if this version lacks the way.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	_ "github.com/neardup/neardup/bench/since/driver/tier"
)

var (
	ids   []string
	count int // keeps the compiler from dropping unused results
)

// each returns a way that processes texts one by one.
func each(f func(text string)) func([]string) {
	return func(texts []string) {
		for _, t := range texts {
			f(t)
		}
	}
}

// atLeast is the minimum processor time of a measurement, because the system counts it
// coarsely.
const atLeast = 40 * time.Millisecond

func main() {
	data, err := os.ReadFile(os.Args[2])
	if err != nil {
		fail(err)
	}
	var kinds map[string][]string
	if err := json.Unmarshal(data, &kinds); err != nil {
		fail(err)
	}
	most := 0
	for _, texts := range kinds {
		most = max(most, len(texts))
	}
	for i := range most {
		ids = append(ids, "document "+strconv.Itoa(i))
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var way, kind string
		if _, err := fmt.Sscan(in.Text(), &way, &kind); err != nil {
			fail(err)
		}
		run, texts := ways[way], kinds[kind]
		if run == nil {
			fmt.Println("-")
			continue
		}
		run(texts)
		n, start := 0, processorTime()
		for processorTime()-start < atLeast {
			run(texts)
			n++
		}
		runtime.KeepAlive(count)
		fmt.Println(int64(processorTime()-start) / int64(n))
	}
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		fail(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "driver:", err)
	os.Exit(1)
}
