package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

// The first argument with which this test binary is another program.
const (
	asBeam      = "-as-beam"
	asJobServer = "-as-job-server"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case asBeam:
			os.Args = append(os.Args[:1], os.Args[2:]...)
			main()
		case asJobServer:
			port, err := strconv.Atoi(os.Args[2])
			if err == nil {
				_, err = prism.CreateJobServer(context.Background(), prism.Options{Port: port})
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			io.Copy(io.Discard, os.Stdin) // until the test closes it
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

// program runs the program and returns its exit status and what it told.
func program(t *testing.T, args ...string) (int, string) {
	t.Helper()
	return programWithin(t, 2*time.Minute, args...)
}

// programWithin is program for one that may have to be ended.
func programWithin(t *testing.T, limit time.Duration, args ...string) (int, string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, append([]string{asBeam}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// results returns the lines of all shards of a kind, sorted.
func results(t *testing.T, dir, kind string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, kind+"-*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.SplitAfter(string(b), "\n")...)
	}
	lines = slices.DeleteFunc(lines, func(s string) bool { return s == "" })
	slices.Sort(lines)
	return lines
}

type row struct {
	ID   string `json:"id" parquet:"id"`
	Text string `json:"text" parquet:"text"`
	Host string `json:"host" parquet:"host"`
	Time string `json:"time" parquet:"time"`
}

// corpus returns documents in families of five: an original, an exact copy, one
// with a word more, one with half of the words, and one of its own.
func corpus(families int) []row {
	var rows []row
	for f := range families {
		var w []string
		for i := range 40 {
			w = append(w, fmt.Sprintf("w%d", (f*7919+i*104729)%10007))
		}
		text := strings.Join(w, " ")
		for i, s := range []string{text, text, text + " more", strings.Join(w[:20], " "), fmt.Sprintf("own %d %d %d %d %d", f, f+1, f+2, f*3, f*5)} {
			rows = append(rows, row{fmt.Sprintf("%d/%d", f, i), s, "host" + strconv.Itoa(f%2), fmt.Sprintf("2026-01-%02d", 1+(f+i)%28)})
		}
	}
	return rows
}

// write writes rows in the format that the name says.
func write(t *testing.T, name string, rows []row) string {
	t.Helper()
	var b bytes.Buffer
	if strings.HasSuffix(name, ".parquet") {
		if err := parquet.Write(&b, rows); err != nil {
			t.Fatal(err)
		}
	} else {
		var w io.Writer = &b
		if strings.HasSuffix(name, ".gz") {
			z := gzip.NewWriter(&b)
			defer func() {
				if err := z.Close(); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}()
			w = z
		}
		e := json.NewEncoder(w)
		for _, r := range rows {
			if err := e.Encode(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// Every format, number of shards and preference gives what is known of the corpus.
func TestFormats(t *testing.T) {
	dir := t.TempDir()
	rows := corpus(30)
	for i, name := range []string{"a.jsonl", "a.jsonl.gz", "a.parquet"} {
		in := write(t, filepath.Join(dir, name), rows)
		for _, keep := range []string{"first", "newest"} {
			out := filepath.Join(dir, name+keep)
			code, told := program(t, "-quiet", "-out", out, "-shards", strconv.Itoa(1+i), "-keep", keep, in)
			if code != 0 {
				t.Fatalf("exit status %d: %s", code, told)
			}
			var clusters, kept, removed []string
			for f := range 30 {
				sim := 36. / 37
				first := []string{"0", "1", "2"}
				if keep == "newest" {
					slices.SortFunc(first, func(a, b string) int {
						x, y := rows[5*f+int(a[0]-'0')], rows[5*f+int(b[0]-'0')]
						return -strings.Compare(x.Time, y.Time)
					})
				}
				var c strings.Builder
				fmt.Fprintf(&c, `{"representative":"%d/%s","members":[`, f, first[0])
				for j, m := range first {
					s := 1.
					if (m == "2") != (first[0] == "2") {
						s = sim
					}
					if j > 0 {
						c.WriteString(",")
						removed = append(removed, fmt.Sprintf("{\"id\":\"%d/%s\",\"representative\":\"%d/%s\",\"similarity\":%v}\n", f, m, f, first[0], s))
					}
					fmt.Fprintf(&c, `{"id":"%d/%s","similarity":%v}`, f, m, s)
				}
				clusters = append(clusters, c.String()+"]}\n")
				for _, m := range []string{first[0], "3", "4"} {
					kept = append(kept, fmt.Sprintf("{\"id\":\"%d/%s\"}\n", f, m))
				}
			}
			slices.Sort(clusters)
			slices.Sort(kept)
			slices.Sort(removed)
			for kind, want := range map[string][]string{"clusters": clusters, "keep": kept, "removed": removed} {
				if diff := cmp.Diff(want, results(t, out, kind)); diff != "" {
					t.Errorf("%s, %s, %s (-want +got):\n%.1500s", name, keep, kind, diff)
				}
			}
		}
	}
}

func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.jsonl")
	if err := os.WriteFile(in, []byte("{\"id\":1,\"text\":\"good\"}\n{bad\n\n{\"id\":\"b\"}\n{\"id\":\"c\",\"text\":\"too\"}"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	code, told := program(t, "-quiet", "-out", out, in)
	if code != exitInput || !strings.Contains(told, in+":2: ") || !strings.Contains(told, in+":4: ") {
		t.Errorf("exit status %d: %s", code, told)
	}
	if got := results(t, out, "keep"); len(got) != 2 {
		t.Errorf("kept %q", got)
	}
	if got := results(t, out, "errors"); len(got) != 2 {
		t.Errorf("errors %q", got)
	}
	for _, args := range [][]string{{in}, {"-out", out, in}, {"-out", dir + "/x"}, {"-out", dir + "/x", dir + "/none.jsonl"}, {"-out", dir + "/x", "-keep", "best", in}, {"-out", dir + "/x", "-bogus", in}} {
		if code, told := program(t, args...); code != exitFatal || !strings.HasPrefix(told, "beam: ") {
			t.Errorf("%q: exit status %d: %s", args, code, told)
		}
	}
	if code, told := program(t, "-h"); code != 0 || !strings.Contains(told, "-runner") {
		t.Errorf("-h: exit status %d: %s", code, told)
	}
}
