package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/internal/race"
)

// A formatDoc is a document of the corpus that TestFormatsGiveTheSameFindings stores in every format.
type formatDoc struct {
	ID   string `json:"id" parquet:"id"`
	Text string `json:"text" parquet:"text,zstd"`
	Host string `json:"host" parquet:"host,dict"`
}

// formatCorpus returns pages of three sites: articles, some of them copies with a few
// words changed, some with a passage of another one, all in the frame of their site. They
// contain words of several scripts and characters that are special in JSON, HTTP and CSV.
func formatCorpus() (docs []formatDoc) {
	rng := rand.New(rand.NewPCG(11, 12))
	odd := []string{"naïve", "\"quoted\"", "back\\slash", "<b>bold</b>", "a&amp;b", "新聞", "Москва", "😀", "tab\there", "100%"}
	words := func(n int) []string {
		var w []string
		for range n {
			if rng.IntN(15) == 0 {
				w = append(w, odd[rng.IntN(len(odd))])
			} else {
				w = append(w, fmt.Sprintf("word%d", rng.IntN(4000)))
			}
		}
		return w
	}
	var bodies [][]string
	for i := range 120 {
		var body []string
		switch {
		case i%5 == 4: // a copy with three words changed
			body = append(body, bodies[rng.IntN(len(bodies))]...)
			for range 3 {
				body[rng.IntN(len(body))] = "changed"
			}
		case i%5 == 3: // a text with a passage of another one
			other := bodies[rng.IntN(len(bodies))]
			at := rng.IntN(len(other) / 2)
			body = append(words(60), other[at:at+len(other)/3]...)
			body = append(body, words(60)...)
		default:
			body = words(90 + rng.IntN(150))
		}
		bodies = append(bodies, body)
		var lines []string
		for j := 0; j < len(body); j += 25 {
			lines = append(lines, strings.Join(body[j:min(j+25, len(body))], " "))
		}
		host := fmt.Sprintf("site%d.example", i%3)
		frame := "Read more stories like this one every morning at " + host + " in our letter."
		docs = append(docs, formatDoc{
			ID:   fmt.Sprintf("%s/doc%03d.txt", host, i),
			Text: strings.Join(lines, "\n\n") + "\n\n" + frame + "\n",
			Host: host,
		})
	}
	docs = append(docs, formatDoc{ID: "site0.example/empty.txt", Host: "site0.example"})
	return docs
}

// gzipMembers compresses each part as a separate member.
func gzipMembers(parts ...string) string {
	var b bytes.Buffer
	for _, p := range parts {
		w := gzip.NewWriter(&b)
		io.WriteString(w, p)
		w.Close()
	}
	return b.String()
}

// store writes docs in every format below the working directory and returns the input for
// each. A folder is read in the order of its names, so docs must be in that order.
func store(t *testing.T, docs []formatDoc) map[string]string {
	t.Helper()
	write := func(name, data string) {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var lines strings.Builder
	var responses, conversions []string
	var rows bytes.Buffer
	table := parquet.NewGenericWriter[formatDoc](&rows)
	for i, d := range docs {
		line, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&lines, "%s\n", line)
		write("txt/"+d.ID, d.Text)
		if _, err := table.Write([]formatDoc{d}); err != nil {
			t.Fatal(err)
		}
		if i%50 == 49 {
			table.Flush()
		}
		record := func(kind, contentType, block string) string {
			return fmt.Sprintf("WARC/1.1\r\nWARC-Type: %s\r\nWARC-Target-URI: http://%s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n",
				kind, d.ID, contentType, len(block), block)
		}
		body := d.Text
		head := "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
		if i%2 == 1 {
			head += "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"
			body = gzipMembers(body)
			body = fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", len(body)/2, body[:len(body)/2], len(body)-len(body)/2, body[len(body)/2:])
		}
		responses = append(responses, record("response", "application/http; msgtype=response", head+"\r\n"+body))
		conversions = append(conversions, record("conversion", "text/plain", d.Text))
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	inputs := map[string]string{"text": "txt"}
	for name, data := range map[string]string{
		"c.jsonl": lines.String(), "c.jsonl.gz": gzipMembers(lines.String()), "c.jsonl.zst": string(z.EncodeAll([]byte(lines.String()), nil)),
		"c.parquet": rows.String(), "c.warc": strings.Join(responses, ""), "c.warc.gz": gzipMembers(responses...), "whole.warc.gz": gzipMembers(strings.Join(responses, "")),
		"c.warc.zst": string(z.EncodeAll([]byte(strings.Join(responses, "")), nil)), "c.wet.gz": gzipMembers(conversions...),
	} {
		write(name, data)
		inputs[name] = name
	}
	return inputs
}

// formatIDs matches the prefix that ids have in formats whose ids are paths or URLs.
var formatIDs = regexp.MustCompile(`"(?:txt/|http://)(site[0-9]\.example/)`)

// The same corpus gives the same findings in every format.
func TestFormatsGiveTheSameFindings(t *testing.T) {
	docs := formatCorpus()
	t.Chdir(t.TempDir())
	// The documents are in the order in which a folder is walked.
	var ordered []formatDoc
	for site := range 3 {
		for _, d := range docs {
			if d.Host == fmt.Sprintf("site%d.example", site) {
				ordered = append(ordered, d)
			}
		}
	}
	inputs := store(t, ordered)
	for i, args := range [][]string{
		{"pairs", "-json", "-threshold", ".3", "-containment", ".3"},
		{"pairs", "-json", "-threshold", ".5", "-estimate"},
		{"clusters", "-json", "-threshold", ".5"},
		{"clusters", "-json", "-threshold", ".5", "-strip", "-keep", "longest"},
		{"passages", "-json"},
		{"boilerplate", "-json"},
	} {
		if race.Short() && i > 0 {
			break // the formats are read by the same goroutines for every command
		}
		findings := func(input string) string {
			stdout, stderr, status := dedup(t, "", append(args, "-workers", "3", input)...)
			if status != cli.ExitDone {
				t.Errorf("%s %s: status %d, %s, want %d", args[0], input, status, stderr, cli.ExitDone)
			}
			return formatIDs.ReplaceAllString(stdout, `"$1`)
		}
		want := findings("c.jsonl")
		if n := strings.Count(want, "\n"); n < 5 {
			t.Errorf("%v: %d findings, want at least 5 to compare", args, n)
		}
		for _, input := range inputs {
			if diff := cmp.Diff(want, findings(input)); diff != "" {
				t.Errorf("%v: findings (-want of c.jsonl +got of %s):\n%s", args, input, diff)
			}
		}
	}
}
