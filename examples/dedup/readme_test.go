package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updateReadme = flag.Bool("update-readme", false, "rewrite the output of commands in README.md and docs/tutorial.md")

// The commands of the README and the tutorial print the output shown there.
func TestReadme(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the command go is not in the path")
	}
	repository(t)
	for _, page := range []string{"README.md", filepath.Join("docs", "tutorial.md")} {
		t.Run(page, func(t *testing.T) { runCommands(t, page) })
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
			t.Errorf("%s prints something else (-want +got; -update-readme rewrites it):\n%s", command, diff)
		}
		parts[i+1] = command + "\n" + string(out) + end + rest
	}
	if *updateReadme {
		if err := os.WriteFile(page, []byte(strings.Join(parts, open)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
