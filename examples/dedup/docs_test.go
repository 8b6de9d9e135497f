package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/neardup/neardup/internal/race"
)

// docPages returns the pages of the repository by their path, with their text.
func docPages(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" || strings.Contains(path, "testdata") {
			return err
		}
		data, err := os.ReadFile(path)
		pages[filepath.ToSlash(path)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) < 15 {
		t.Fatalf("found %d pages, want 15 or more", len(pages))
	}
	return pages
}

// anchors returns the names of a page's headings, in the form used in links.
func anchors(page string) (names []string) {
	other := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for l := range strings.Lines(page) {
		if _, title, ok := strings.Cut(l, "# "); ok && strings.HasPrefix(l, "#") {
			name := other.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")
			names = append(names, strings.ReplaceAll(name, " ", "-"))
		}
	}
	for _, m := range regexp.MustCompile(`<a id="([^"]+)">`).FindAllStringSubmatch(page, -1) {
		names = append(names, m[1])
	}
	return names
}

// Links between the pages lead to files and headings that exist.
func TestDocLinksLeadSomewhere(t *testing.T) {
	repository(t)
	pages := docPages(t)
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for path, text := range pages {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, heading, _ := strings.Cut(m[1], "#")
			target := path
			if file != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(path), file))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v, want an existing file", path, m[1], err)
			} else if heading != "" && !slices.Contains(anchors(pages[target]), heading) {
				t.Errorf("%s links to %s, want a heading of that page", path, m[1])
			}
		}
	}
}

// shellWords splits a command line at spaces outside quotes and drops the quotes.
func shellWords(line string) (words []string) {
	var word strings.Builder
	var quote rune
	for _, r := range line + " " {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			} else {
				word.WriteRune(r)
			}
		case r == '\'' || r == '"':
			quote = r
		case r == '#' && word.Len() == 0:
			return words
		case r == ' ' || r == '\n':
			if word.Len() > 0 {
				words = append(words, word.String())
				word.Reset()
			}
		default:
			word.WriteRune(r)
		}
	}
	return words
}

// docCommands returns the command lines of the pages that contain prefix: lines of code
// blocks from the prefix on, and code within sentences.
func docCommands(pages map[string]string, prefix string) map[string][]string {
	inline := regexp.MustCompile("`([^`\n]*)`")
	commands := map[string][]string{}
	for path, text := range pages {
		fenced := false
		for l := range strings.Lines(text) {
			if strings.HasPrefix(l, "```") {
				fenced = !fenced
				continue
			}
			codes := []string{l}
			if !fenced {
				codes = nil
				for _, m := range inline.FindAllStringSubmatch(l, -1) {
					codes = append(codes, strings.ReplaceAll(m[1], `\|`, "|"))
				}
			}
			for _, code := range codes {
				if at := strings.Index(code, prefix); at >= 0 && (at == 0 || strings.ContainsRune(" \t/", rune(code[at-1]))) {
					commands[path] = append(commands[path], strings.TrimSpace(code[at+len(prefix):]))
				}
			}
		}
	}
	return commands
}

// The pages use only commands and flags that the program has.
func TestDocFlagsExist(t *testing.T) {
	repository(t)
	pages := docPages(t)
	flagLine := regexp.MustCompile(`(?m)^  -([a-z-]+)`)
	name := regexp.MustCompile(`^[a-z]+$`)
	helps := map[string]string{}
	help := func(command ...string) string {
		key := strings.Join(command, " ")
		if _, ok := helps[key]; !ok {
			helps[key], _, _ = dedup(t, "", slices.Concat(command, []string{"-h"})...)
		}
		return helps[key]
	}
	checked := 0
	for path, lines := range docCommands(pages, "dedup ") {
		for _, line := range lines {
			words := shellWords(line)
			if len(words) == 0 || !name.MatchString(words[0]) {
				continue
			}
			command := words[:1]
			text := help(command...)
			if !strings.Contains(text, "dedup "+words[0]) {
				continue // the word is not a command but a file, or a word of a sentence
			}
			if len(words) > 1 && name.MatchString(words[1]) && words[0] == "index" {
				command = words[:2]
				text = help(command...)
			}
			var known []string
			for _, m := range flagLine.FindAllStringSubmatch(text, -1) {
				known = append(known, m[1])
			}
			for _, w := range words[len(command):] {
				if w == "|" || w == ">" || w == "&&" {
					break
				}
				flag, _, _ := strings.Cut(strings.TrimLeft(w, "-"), "=")
				if !strings.HasPrefix(w, "-") || flag == "" {
					continue
				}
				checked++
				if !slices.Contains(known, flag) && flag != "h" {
					t.Errorf("%s: dedup %s: command %q has no flag -%s, want a flag of the program", path, line, strings.Join(command, " "), flag)
				}
			}
		}
	}
	if checked < 100 {
		t.Errorf("checked %d flags, want 100 or more", checked)
	}
}

// The tests and benchmarks that pages name as the source of a claim exist.
func TestDocTestsExist(t *testing.T) {
	race.Alone(t)
	repository(t)
	placeholder := regexp.MustCompile(`\b(FOLDER|PACKAGE)\b`)
	function := regexp.MustCompile(`(?m)^func (Test|Benchmark|Fuzz|Example)(\w*)\(`)
	checked := 0
	for path, lines := range docCommands(docPages(t), "go ") {
		for _, line := range lines {
			words := shellWords(line)
			dir := "."
			if len(words) > 1 && words[0] == "-C" {
				dir, words = words[1], words[2:]
			}
			if len(words) == 0 || words[0] != "test" || placeholder.MatchString(line) {
				continue
			}
			target := "."
			patterns := map[string]string{} // by flag: -run, -bench or -fuzz
			for i, w := range words {
				switch {
				case strings.HasPrefix(w, ".") && !strings.HasPrefix(words[i-1], "-"):
					target = w
				case i+1 < len(words) && (w == "-run" || w == "-bench" || w == "-fuzz"):
					pattern, _, _ := strings.Cut(words[i+1], "/")
					patterns[w] = pattern
				}
			}
			root, all := strings.CutSuffix(filepath.Join(dir, target), "...")
			var names []string
			err := filepath.WalkDir(filepath.Clean(root), func(file string, e fs.DirEntry, err error) error {
				switch {
				case err != nil:
					return err
				case e.IsDir() && !all && filepath.Clean(file) != filepath.Clean(root):
					return fs.SkipDir
				case strings.HasSuffix(file, "_test.go"):
					data, err := os.ReadFile(file)
					for _, m := range function.FindAllStringSubmatch(string(data), -1) {
						names = append(names, m[1]+m[2])
					}
					return err
				}
				return nil
			})
			if err != nil {
				t.Errorf("%s: go %s: %v, want an existing package", path, line, err)
				continue
			}
			for flag, pattern := range patterns {
				if pattern == "^$" {
					continue
				}
				kinds := map[string][]string{"-run": {"Test", "Example", "Fuzz"}, "-bench": {"Benchmark"}, "-fuzz": {"Fuzz"}}[flag]
				for alternative := range strings.SplitSeq(pattern, "|") {
					checked++
					re, err := regexp.Compile(alternative)
					if err != nil {
						t.Errorf("%s: go %s: %v, want a valid pattern", path, line, err)
						continue
					}
					found := slices.ContainsFunc(names, func(n string) bool {
						return re.MatchString(n) && slices.ContainsFunc(kinds, func(k string) bool { return strings.HasPrefix(n, k) })
					})
					if !found {
						t.Errorf("%s: go %s: no function in %s matches %q, want one", path, line, root, alternative)
					}
				}
			}
		}
	}
	if checked < 40 {
		t.Errorf("checked %d patterns, want 40 or more", checked)
	}
}
