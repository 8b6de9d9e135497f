package serve

import (
	"regexp"
	"strings"
	"testing"
)

// Every sample of the service follows the help and the type of its metric, as scrapers
// expect.
func TestMetricsHaveHelpAndType(t *testing.T) {
	s := start(t, options(t.TempDir()))
	s.ok("POST", "/v1/judge", oneJSON, page("post.example", 1, "ferry"))
	code, body, header := s.do("GET", "/metrics", "", "")
	if kind := header.Get("Content-Type"); code != 200 || kind != "text/plain; version=0.0.4; charset=utf-8" {
		t.Fatalf("status %d, type %q, want 200 and the text format 0.0.4", code, kind)
	}
	suffix := map[string]string{"counter": "_total", "gauge": "", "histogram": "_(bucket|sum|count)"}
	sample, types := regexp.MustCompile(`^\b$`), map[string]string{}
	help := ""
	for line := range strings.Lines(body) {
		f := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "# HELP "):
			if help = f[2]; len(f) < 5 {
				t.Errorf("%q has no help", line)
			}
		case strings.HasPrefix(line, "# TYPE "):
			if f[2] != help {
				t.Errorf("%q follows the help of %s", line, help)
			}
			types[f[2]] = f[3]
			name := f[2]
			if f[3] == "histogram" {
				name += suffix[f[3]]
			} else if !strings.HasSuffix(name, suffix[f[3]]) {
				t.Errorf("%s is a %s, want a name that ends in %q", name, f[3], suffix[f[3]])
			}
			sample = regexp.MustCompile(`^` + name + `(\{[^}]*\})? [0-9.e+-]+\n$`)
		case strings.HasPrefix(line, "neardup_") && !sample.MatchString(line):
			t.Errorf("%q does not follow its type", line)
		}
	}
	if len(types) != 13 {
		t.Errorf("types %v, want 13 metrics", types)
	}
	for _, want := range []string{
		`neardup_request_seconds_bucket{path="/v1/judge",le="16.384"} 1`,
		`neardup_request_seconds_bucket{path="/v1/judge",le="+Inf"} 1`,
		`neardup_batch_operations_bucket{le="2048"} 1`,
		`neardup_sync_seconds_count 1`,
		`go_goroutines `,
	} {
		if !strings.Contains(body, "\n"+want) {
			t.Errorf("no line %q in %s", want, body)
		}
	}
}
