package processor_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"

	_ "github.com/neardup/neardup/examples/benthos/processor"
)

// words returns n words that occur only in texts with the same seed.
func words(seed string, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%sx%c%c", seed, 'a'+i/26%26, 'a'+i%26)
	}
	return strings.Join(list, " ")
}

// corpus returns pages of a host, every story at two addresses.
func corpus(host string) (lines []string) {
	for n := range 60 {
		for copy := range 2 {
			b, err := json.Marshal(map[string]string{
				"url":   fmt.Sprintf("http://%s/%d?copy=%d", host, n, copy),
				"text":  words("menu", 30) + "\n\n" + words(fmt.Sprintf("s%c%c", 'a'+n/26, 'a'+n%26), 120) + "\n\n" + words("foot", 30),
				"extra": "kept as it is",
			})
			if err != nil {
				panic(err)
			}
			lines = append(lines, string(b))
		}
	}
	return lines
}

// stream runs a configuration to its end.
func stream(t *testing.T, yaml string) {
	t.Helper()
	b := service.NewStreamBuilder()
	if err := b.SetYAML(yaml); err != nil {
		t.Fatal(err)
	}
	if err := b.SetLoggerYAML("level: NONE"); err != nil {
		t.Fatal(err)
	}
	s, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// config returns a configuration of the repository, for files in a folder.
func config(t *testing.T, name, pages, state, out string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		t.Fatal(err)
	}
	s := strings.NewReplacer("${PAGES:pages.jsonl}", pages, "${STATE:state}", state, "${OUT:new.jsonl}", out).Replace(string(b))
	if strings.Contains(s, "${PAGES") || !strings.Contains(s, state) {
		t.Fatalf("%s does not use ${PAGES:pages.jsonl} and ${STATE:state}, want both to be replaced", name)
	}
	return s
}

func write(t *testing.T, name string, lines []string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) []string {
	t.Helper()
	b, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

// The configuration in the repository stores each story once and unchanged, knows it
// after a restart, and leaves out messages that are not pages.
func TestConfigStoresEachStoryOnce(t *testing.T) {
	dir := t.TempDir()
	pages, state, out := filepath.Join(dir, "pages.jsonl"), filepath.Join(dir, "state"), filepath.Join(dir, "new.jsonl")
	lines := corpus("a.example")
	write(t, pages, slices.Concat(lines[:50], []string{"no JSON", `{"id":"x"}`}, lines[50:]))
	stream(t, config(t, "config.yaml", pages, state, out))
	got := read(t, out)
	stories := map[string]bool{}
	for _, l := range got {
		if !slices.Contains(lines, l) {
			t.Errorf("stored %.60s, want a line of the input", l)
		}
		var p struct{ Text string }
		if err := json.Unmarshal([]byte(l), &p); err != nil {
			t.Fatal(err)
		}
		stories[p.Text] = true
	}
	if len(got) != 60 || len(stories) != 60 {
		t.Errorf("%d lines with %d stories, want 60", len(got), len(stories))
	}
	// The same stories on another site, after a restart: none is new.
	write(t, pages, corpus("b.example"))
	again := filepath.Join(dir, "again.jsonl")
	stream(t, config(t, "config.yaml", pages, state, again))
	if got := read(t, again); len(got) > 0 {
		t.Errorf("%d stories are new again, want 0", len(got))
	}
}

// The first pages of two sites that print the same stories are held, and each story is
// stored once, even if all messages are delivered again.
func TestHeldStoriesAreStoredOnce(t *testing.T) {
	dir := t.TempDir()
	pages, state := filepath.Join(dir, "pages.jsonl"), filepath.Join(dir, "state")
	frame := func(line, host string) string {
		return strings.NewReplacer("menux", "menu"+host+"x", "footx", "foot"+host+"x", "/", "\\/").Replace(line)
	}
	var lines []string
	for i, l := range corpus("a.example") {
		lines = append(lines, frame(l, "a"), frame(corpus("b.example")[i], "b"))
	}
	write(t, pages, lines)
	ids := map[string]bool{}
	for round := range 2 {
		out := filepath.Join(dir, fmt.Sprint(round))
		stream(t, config(t, "held.yaml", pages, state, out))
		stories := map[string]int{}
		for _, l := range read(t, out) {
			var p struct{ ID, URL, Text string }
			if err := json.Unmarshal([]byte(l), &p); err != nil {
				t.Fatal(err)
			}
			if p.ID == "" {
				p.ID = p.URL
			}
			if round > 0 && !ids[p.ID] {
				t.Errorf("%s is new in the second round, want only pages that were new in the first", p.ID)
			}
			ids[p.ID] = true
			stories[strings.Split(p.Text, "\n\n")[1]]++
		}
		for story, n := range stories {
			if n != 1 {
				t.Errorf("round %d: story %.20s is new %d times, want once", round, story, n)
			}
		}
		if round == 0 && len(stories) != 60 {
			t.Errorf("%d stories are new, want 60", len(stories))
		}
	}
}

// Several threads share a folder, and each story is new once. With a mapping, pages
// may have other fields. The metadata add up.
func TestThreadsTakeEachStoryOnce(t *testing.T) {
	dir := t.TempDir()
	pages := filepath.Join(dir, "pages.jsonl")
	var lines []string
	for _, l := range corpus("a.example") {
		lines = append(lines, strings.NewReplacer(`"url"`, `"link"`, `"text"`, `"body"`).Replace(l))
	}
	write(t, pages, lines)
	b := service.NewStreamBuilder()
	if err := b.AddInputYAML(fmt.Sprintf("file: { paths: [ %q ], scanner: { lines: {} } }", pages)); err != nil {
		t.Fatal(err)
	}
	b.SetThreads(4)
	if err := b.AddProcessorYAML(fmt.Sprintf(`
neardup:
  dir: %q
  page: |
    root.url = this.link
    root.text = this.body
`, filepath.Join(dir, "state"))); err != nil {
		t.Fatal(err)
	}
	if err := b.SetLoggerYAML("level: NONE"); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	verdicts := map[string]int{}
	err := b.AddConsumerFunc(func(_ context.Context, m *service.Message) error {
		mu.Lock()
		defer mu.Unlock()
		v, _ := m.MetaGet("neardup_verdict")
		verdicts[v]++
		match, ok := m.MetaGet("neardup_match")
		if ok != (v == "near-duplicate") || ok && !strings.HasPrefix(match, "http://a.example/") {
			t.Errorf("verdict %s, match %q, want a match on a.example for near-duplicates and no other", v, match)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if verdicts["new"] != 60 || verdicts["near-duplicate"] != 60 || len(verdicts) != 2 {
		t.Errorf("verdicts %v, want 60 of each", verdicts)
	}
}

// Wrong settings are refused, and correct ones are accepted.
func TestWrongSettingsAreRefused(t *testing.T) {
	for setting, ok := range map[string]bool{"threshold: 0.9": true, "threshold: 1.5": false, "keep: some": false, "unknown: 1": false, "page: root = (": false} {
		b := service.NewStreamBuilder()
		err := b.SetYAML(fmt.Sprintf("input: { generate: { count: 1, interval: '', mapping: 'root = {}' } }\npipeline:\n  processors:\n    - neardup:\n        dir: %q\n        %s\noutput: { drop: {} }\nlogger: { level: NONE }\n", t.TempDir(), setting))
		var s *service.Stream
		if err == nil {
			s, err = b.Build()
		}
		if err == nil {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			err = s.Run(ctx)
			cancel()
		}
		if (err == nil) != ok {
			t.Errorf("setting %s: error %v, want success = %v", setting, err, ok)
		}
	}
}
