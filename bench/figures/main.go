// Command figures measures the table of the README: it runs the command of each row,
// prints the medians and their spread, and writes them into README.md and
// docs/benchmarks.md.
//
//	GOWORK=off go -C bench/figures run . -rounds 5 -write
//
// The commands take turns, round after round; rows that take minutes or have
// constant figures are run once. Some tests need the folder shared next to the
// repository, and bench/peers downloads other modules.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 5, "number of times to run each command")
	only := flag.String("only", "", "measure only rows whose description contains `text`; others keep their stored figures")
	write := flag.Bool("write", false, "write the figures into figures.json, README.md and docs/benchmarks.md")
	page := flag.Bool("page", false, "write the pages from figures.json without measuring")
	flag.Parse()
	if flag.NArg() > 0 || *rounds < 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(filepath.Join("..", ".."), *rounds, *only, *write, *page); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

func run(root string, rounds int, only string, write, page bool) error {
	old, err := load("figures.json")
	if err != nil {
		return err
	}
	if page {
		return writePages(root, old)
	}
	res := &results{Machine: machine(), Go: runtime.Version(), Date: time.Now().UTC().Format("2 January 2006"), Rounds: rounds}
	for _, r := range rows {
		res.Rows = append(res.Rows, measured{What: r.What, Command: r.Command})
	}
	for round := range rounds {
		for i, r := range rows {
			m := &res.Rows[i]
			if !strings.Contains(r.What, only) {
				m.Figures = old.figures(r.Command)
				continue
			}
			if r.once && round > 0 {
				continue
			}
			fmt.Fprintf(os.Stderr, "round %d of %d: %s\n", round+1, rounds, r.Command)
			cmd := exec.Command("sh", "-c", r.Command)
			cmd.Dir = root
			out, err := cmd.CombinedOutput()
			if err != nil {
				return fmt.Errorf("%s: %w\n%s", r.Command, err, out)
			}
			figures, err := r.figures(string(out))
			if err != nil {
				return fmt.Errorf("%w:\n%s", err, out)
			}
			if round == 0 {
				m.Figures = figures
				continue
			}
			if len(figures) != len(m.Figures) {
				return fmt.Errorf("%s: found %d figures in round %d, but %d in the round before", r.Command, len(figures), round+1, len(m.Figures))
			}
			for k, f := range figures {
				m.Figures[k].Values = append(m.Figures[k].Values, f.Values...)
			}
		}
	}
	fmt.Print(res.long())
	if !write {
		return nil
	}
	data, err := json.MarshalIndent(res, "", "\t")
	if err != nil {
		return err
	}
	if err := os.WriteFile("figures.json", append(data, '\n'), 0o666); err != nil {
		return err
	}
	return writePages(root, res)
}

// load reads stored figures.
func load(name string) (*results, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	r := new(results)
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// figures returns the stored figures of a command.
func (r *results) figures(command string) []figure {
	for _, m := range r.Rows {
		if m.Command == command {
			return m.Figures
		}
	}
	return nil
}

// pages returns the contents of the pages with the figures filled in, by file name.
func pages(root string, r *results) (map[string]string, error) {
	out := map[string]string{}
	for name, table := range map[string]string{"README.md": r.short(), "docs/benchmarks.md": r.long()} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		if out[name], err = replace(string(text), table); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return out, nil
}

func writePages(root string, r *results) error {
	texts, err := pages(root, r)
	if err != nil {
		return err
	}
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// machine names the processor, as far as the system reports it.
func machine() string {
	model := runtime.GOARCH
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		family := ""
		for s := bufio.NewScanner(f); s.Scan(); {
			key, value, _ := strings.Cut(s.Text(), ":")
			switch strings.TrimSpace(key) {
			case "model name":
				model = strings.TrimSpace(value)
			case "cpu family":
				family = strings.TrimSpace(value)
			}
		}
		if family != "" {
			model += " (family " + family + ")"
		}
	}
	return fmt.Sprintf("%s, %d processors, %s/%s", model, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
}
