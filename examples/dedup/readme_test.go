package main

import (
	"bufio"
	"context"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/internal/race"
)

var updateReadme = flag.Bool("update-readme", false, "rewrite the output of commands in README.md and docs/tutorial.md")

// The commands of the README and the tutorial print the output shown there.
func TestReadmeCommandsPrintOutputShown(t *testing.T) {
	race.Alone(t)
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the command go is not in the path")
	}
	repository(t)
	for _, page := range []string{"README.md", filepath.Join("docs", "tutorial.md")} {
		t.Run(page, func(t *testing.T) { runCommands(t, page) })
	}
}

// The service gives the answers that the README and the tutorial show to the requests
// shown there.
func TestServiceAnswersAsShown(t *testing.T) {
	for _, page := range []struct{ name, heading string }{
		{"README.md", "## In a crawler\n"},
		{filepath.Join("docs", "tutorial.md"), "## A crawler\n"},
	} {
		t.Run(page.name, func(t *testing.T) { askService(t, page.name, page.heading) })
	}
}

// askService starts the service with the first command of a section and compares its
// answers with those that the section shows.
func askService(t *testing.T, page, heading string) {
	text, err := os.ReadFile(filepath.Join("..", "..", page))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), heading)
	commands, rest, _ := strings.Cut(section, "```json\n")
	want, _, _ := strings.Cut(rest, "```\n")
	var start string
	var requests []string
	for line := range strings.Lines(commands) {
		switch {
		case strings.HasPrefix(line, "./dedup serve "):
			start = strings.TrimSpace(line)
		case strings.HasPrefix(line, "curl "):
			requests = append(requests, line)
		}
	}
	if start == "" || len(requests) == 0 {
		t.Fatalf("the section %q starts the service with %q and has %d requests, want a command and requests", heading, start, len(requests))
	}

	args := strings.Fields(strings.TrimSuffix(strings.TrimPrefix(start, "./dedup "), "&"))
	args[slices.Index(args, "-db")+1] = filepath.Join(t.TempDir(), "seen")
	args = append(args, "-addr", "127.0.0.1:0")
	ctx, stop := context.WithCancel(t.Context())
	log, write := io.Pipe()
	ended := make(chan int)
	go func() {
		status := program().Run(ctx, args, strings.NewReader(""), io.Discard, write)
		write.Close()
		ended <- status
	}()
	defer func() {
		stop()
		if status := <-ended; status != 0 {
			t.Errorf("%s: status %d, want 0", start, status)
		}
	}()
	var address string
	lines := bufio.NewScanner(log)
	for lines.Scan() && !strings.Contains(lines.Text(), "msg=ready") {
		if _, a, ok := strings.Cut(lines.Text(), "msg=listening address="); ok {
			address, _, _ = strings.Cut(a, " ")
		}
	}
	if address == "" {
		t.Fatalf("%s logs no address, want a line msg=listening", start)
	}
	go io.Copy(io.Discard, log) // what is logged later must not block the service

	var got strings.Builder
	for _, line := range requests {
		_, rest, _ := strings.Cut(line, " -d '")
		body, url, ok := strings.Cut(strings.TrimSpace(rest), "' localhost:8080")
		if !ok {
			t.Fatalf("the page has the line %q, want curl … -d '…' localhost:8080/…", line)
		}
		resp, err := http.Post("http://"+address+url, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		got.Write(answer)
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("answers of the service (-want as on the page +got):\n%s", diff)
	}
}

// runCommands compares the output of a page's commands with the page. A command is
// a line that begins with "$ " in a console block; its output follows.
func runCommands(t *testing.T, page string) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const open, end = "```console\n$ ", "```\n"
	parts := strings.Split(string(text), open)
	if len(parts) < 3 {
		t.Fatalf("%d console blocks, want 2 or more", len(parts)-1)
	}
	for i, part := range parts[1:] {
		block, rest, _ := strings.Cut(part, end)
		command, want, _ := strings.Cut(block, "\n")
		args := strings.Fields(command)
		out, err := exec.Command(args[0], args[1:]...).Output()
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		if diff := cmp.Diff(want, string(out)); diff != "" && !*updateReadme {
			t.Errorf("%s prints something different (-want +got; -update-readme rewrites it):\n%s", command, diff)
		}
		parts[i+1] = command + "\n" + string(out) + end + rest
	}
	if *updateReadme {
		if err := os.WriteFile(page, []byte(strings.Join(parts, open)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
