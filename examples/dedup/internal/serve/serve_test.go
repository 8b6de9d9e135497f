package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/boilerplate/seen"
	"github.com/neardup/neardup/lsh/disk"
)

// TestMain can also act as the service that TestKilledServiceKeepsAcknowledgedPages
// kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv("SERVE_TEST_DIR"); dir != "" {
		o := options(dir)
		o.Listening = func(a net.Addr) { fmt.Println(a) }
		if err := Run(context.Background(), o); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func options(dir string) Options {
	return Options{Dir: dir, Addr: "127.0.0.1:0", MaxBody: 1 << 20, MaxRequests: 64, Timeout: 20 * time.Second, Grace: 5 * time.Second}
}

// A service runs inside the test.
type service struct {
	t      *testing.T
	url    string
	token  string
	client *http.Client
	stop   func() error // stops the service and returns the result of Run
}

func start(t *testing.T, o Options) *service {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	address, ready, ended := make(chan net.Addr, 1), make(chan bool, 1), make(chan error, 1)
	o.Listening = func(a net.Addr) { address <- a }
	o.Ready = func() { ready <- true }
	go func() { ended <- Run(ctx, o) }()
	s := &service{t: t, token: o.Token, client: &http.Client{}}
	s.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	select {
	case <-ready:
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	a := <-address
	s.url = "http://" + a.String()
	if a.Network() == "unix" {
		s.url = "http://localhost"
		s.client.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", a.String())
		}}
	}
	return s
}

const (
	oneJSON = "application/json"
	ndjson  = "application/x-ndjson"
)

// do sends a request and returns the status and the body of the answer.
func (s *service) do(method, path, kind, body string) (int, string, http.Header) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header
}

// ok is do for requests that must get status 200.
func (s *service) ok(method, path, kind, body string) string {
	s.t.Helper()
	code, b, _ := s.do(method, path, kind, body)
	if code != 200 {
		s.t.Fatalf("%s %s = %d %s, want 200", method, path, code, b)
	}
	return b
}

// words returns n words that occur only in texts with the same seed.
func words(seed string, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%sx%c%c", seed, 'a'+i/26%26, 'a'+i%26)
	}
	return strings.Join(list, " ")
}

// page returns a page of a host, in a frame that is as long as the article.
func page(host string, n int, article string) string {
	b, err := json.Marshal(map[string]string{
		"url":  fmt.Sprintf("http://%s/%d", host, n),
		"text": words("menu"+host, 80) + "\n\n" + words(article, 120) + "\n\n" + words("foot"+host, 60),
	})
	if err != nil {
		panic(err)
	}
	return string(b) + "\n"
}

// outcomes returns "ID verdict MATCH" of each line.
func outcomes(t *testing.T, lines string) (all []string) {
	t.Helper()
	for l := range strings.Lines(lines) {
		var v final
		if err := json.Unmarshal([]byte(l), &v); err != nil {
			t.Fatalf("%v: %s", err, l)
		}
		all = append(all, strings.TrimSpace(v.ID+" "+v.Verdict+" "+v.Match))
	}
	return all
}

// Two sites print the same twenty stories, each in its own frame: twenty are new, twenty
// are near-duplicates, and the first pages of either site are held.
func TestTwoSitesStoreEachStoryOnce(t *testing.T) {
	s := start(t, options(t.TempDir()))
	var all strings.Builder
	for n := range 20 {
		all.WriteString(page("p", n, fmt.Sprintf("story%c", 'a'+n)))
		all.WriteString(page("q", n, fmt.Sprintf("story%c", 'a'+n)))
	}
	got := outcomes(t, s.ok("POST", "/v1/judge", ndjson, all.String()))
	if len(got) != 40 || got[0] != "http://p/0 held" {
		t.Fatalf("%d answers: %q, want 40, the first %q", len(got), got, "http://p/0 held")
	}
	got = slices.DeleteFunc(got, func(v string) bool { return strings.HasSuffix(v, " held") })
	s.ok("POST", "/v1/release", oneJSON, "{}")
	after, pages := 0, 0
	for {
		lines := s.ok("GET", fmt.Sprintf("/v1/released?after=%d&limit=7", after), "", "")
		if lines == "" {
			break
		}
		for l := range strings.Lines(lines) {
			var f final
			if err := json.Unmarshal([]byte(l), &f); err != nil {
				t.Fatal(err)
			}
			if after++; f.Number != uint64(after) || f.New != (f.Text != "") {
				t.Errorf("number %d, new %v, %d bytes of text; want number %d", f.Number, f.New, len(f.Text), after)
			}
			pages++
		}
		got = append(got, outcomes(t, lines)...)
	}
	fresh, copies := map[string]bool{}, 0
	for _, v := range got {
		id, rest, _ := strings.Cut(v, " ")
		story := id[len("http://p/"):]
		switch {
		case rest == "new" && !fresh[story]:
			fresh[story] = true
		case strings.HasPrefix(rest, "near-duplicate http://") && strings.HasSuffix(rest, "/"+story):
			copies++
		default:
			t.Errorf("answer %q, want each story new once and then a near-duplicate", v)
		}
	}
	if len(fresh) != 20 || copies != 20 || pages < 30 {
		t.Errorf("%d new, %d copies, %d pages held, want 20, 20 and at least 30", len(fresh), copies, pages)
	}
	if body := s.ok("GET", "/metrics", "", ""); !strings.Contains(body, "\nneardup_pages_kept 20\n") || !strings.Contains(body, `neardup_requests_total{path="/v1/judge",status="200"} 1`) {
		t.Errorf("metrics = %s, want 20 pages kept and 1 request of /v1/judge", body)
	}
}

// The plainer of two addresses of a story is kept in the end.
func TestServicePrefersPlainerAddress(t *testing.T) {
	o := options(t.TempDir())
	o.Seen.Settle, o.Seen.Prefer = 1, seen.BetterAddress
	s := start(t, o)
	for i, x := range []struct{ url, want string }{
		{"http://a/1?sid=5", `{"id":"http://a/1?sid=5","verdict":"new","new":true}`},
		{"http://a/1", `{"id":"http://a/1","verdict":"near-duplicate","new":false,"match":"http://a/1?sid=5","similarity":1,"better":true}`},
		{"http://a/1?sid=6", `{"id":"http://a/1?sid=6","verdict":"near-duplicate","new":false,"match":"http://a/1","similarity":1}`},
	} {
		if diff := cmp.Diff(x.want+"\n", s.ok("POST", "/v1/judge", oneJSON, `{"url":"`+x.url+`","text":"`+words("a", 64)+`"}`)); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
	}
}

// The other operations on a page: query, change, removal, addition, and its blocks.
func TestPageIsQueriedChangedRemovedAndAdded(t *testing.T) {
	s := start(t, options(t.TempDir()))
	a, b := words("a", 64), words("b", 64)
	steps := []struct{ path, body, want string }{
		{"/v1/judge", `{"id":"a","text":"` + a + `","time":"2026-03-01"}`, `{"id":"a","verdict":"new","new":true}`},
		{"/v1/judge", `{"id":"a","text":"` + a + `","time":"2026-03-01"}`, `{"id":"a","verdict":"new","new":true}`},
		{"/v1/judge", `{"id":"a","text":"` + a + `","time":1772582400}`, `{"id":"a","verdict":"new","new":true,"changed":0,"added":0,"removed":0}`},
		{"/v1/query", `{"id":"a","text":"` + b + " " + a + `"}`, `{"id":"a","matches":[],"earlier":{"time":"2026-03-04T00:00:00Z","similarity":0.4838709677419355,"changed":0.5161290322580645,"added":64,"removed":0}}`},
		{"/v1/judge", `{"id":"b","text":"` + strings.ToUpper(a) + `!"}`, `{"id":"b","verdict":"near-duplicate","new":false,"match":"a","similarity":1}`},
		{"/v1/judge", `{"id":"none","text":" \n"}`, `{"id":"none","verdict":"unreadable","new":false}`},
		{"/v1/query", `{"id":"q","html":"<p>` + a + `</p>"}`, `{"id":"q","matches":[{"id":"a","similarity":1}]}`},
		{"/v1/query", `{"id":"q","text":"` + b + `"}`, `{"id":"q","matches":[]}`},
		{"/v1/add", `{"id":"b","text":"` + a + `"}`, `{"id":"b","stored":true}`},
		{"/v1/query?limit=1", `{"id":"q","text":"` + a + `"}`, `{"id":"q","matches":[{"id":"a","similarity":1}]}`},
		{"/v1/remove", `{"id":"a"}`, `{"id":"a","removed":true}`},
		{"/v1/remove", `{"id":"a"}`, `{"id":"a","removed":false}`},
		{"/v1/query", `{"id":"q","text":"` + a + `"}`, `{"id":"q","matches":[{"id":"b","similarity":1}]}`},
		{"/v1/blocks", `{"id":"q","html":"<p>One.</p><p>Two.</p>"}`, `{"id":"q","text":"One.\n\nTwo.","blocks":[{"start":0,"end":4,"flagged":false,"masked":false,"reason":"own text","scope":"single","documents":1,"hosts":0,"confidence":0},{"start":6,"end":10,"flagged":false,"masked":false,"reason":"own text","scope":"single","documents":1,"hosts":0,"confidence":0}]}`},
	}
	for i, x := range steps {
		if diff := cmp.Diff(x.want+"\n", s.ok("POST", x.path, oneJSON, x.body)); diff != "" {
			t.Errorf("step %d, %s (-want +got):\n%s", i, x.path, diff)
		}
	}
}

// The paragraph that a page shares with a stored one is found, whichever way the page is
// given.
func TestPassagesFindSharedParagraph(t *testing.T) {
	o := options(t.TempDir())
	o.Seen.Passages = true
	s := start(t, o)
	a, b := words("a", 64), words("b", 64)
	taken := a[10*len("axaa ") : 50*len("axaa ")-1]
	s.ok("POST", "/v1/judge", oneJSON, `{"id":"a","text":"`+a+`"}`)
	s.ok("POST", "/v1/judge", oneJSON, `{"id":"b","html":"<p>`+b+`<p>`+taken+`"}`)
	at := len(b) + 2
	passage := func(inA, inB int) string {
		return fmt.Sprintf(`"passages":[{"a":{"start":%d,"end":%d},"b":{"start":%d,"end":%d},"similarity":1,"tokens":40,"kind":"exact"}]`, inA, inA+len(taken), inB, inB+len(taken))
	}
	inStored := 10 * len("axaa ")
	covered := fmt.Sprint(40. / 104)
	for i, x := range []struct{ path, body, want string }{
		{"", `{"id":"b"}`, `{"id":"b","text":"` + b + `\n\n` + taken + `","matches":[{"id":"a","covered":` + covered + `,"covered_match":0.625,` + passage(at, inStored) + `}],"left_out":0}`},
		{"", `{"id":"a","text":"` + a + `"}`, `{"id":"a","matches":[{"id":"b","covered":0.625,"covered_match":` + covered + `,` + passage(inStored, at) + `}],"left_out":0}`},
		{"?limit=1", `{"id":"q","text":"` + taken + `"}`, `{"id":"q","matches":[{"id":"a","covered":1,"covered_match":0.625,` + passage(0, inStored) + `}],"left_out":1}`},
		{"?limit=1&texts=true", `{"id":"q","text":"` + taken + `"}`, `{"id":"q","matches":[{"id":"a","covered":1,"covered_match":0.625,"text":"` + a + `",` + passage(0, inStored) + `}],"left_out":1}`},
		{"", `{"id":"q","text":"` + words("c", 60) + `"}`, `{"id":"q","matches":[],"left_out":0}`},
		{"", `{"id":"q","text":""}`, `{"id":"q","matches":[],"left_out":0}`},
	} {
		if diff := cmp.Diff(x.want+"\n", s.ok("POST", "/v1/passages"+x.path, oneJSON, x.body)); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
	}
	want := `{"line":1,"error":"seen: \"none\": the text of this page is not stored"}` + "\n" + `{"id":"q","matches":[],"left_out":0}` + "\n"
	if diff := cmp.Diff(want, s.ok("POST", "/v1/passages", ndjson, `{"id":"none"}`+"\n"+`{"id":"q","text":"x"}`)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if code, body, _ := s.do("POST", "/v1/passages", oneJSON, `{"id":"none"}`); code != 404 {
		t.Errorf("passages of a page that is not stored = %d %s, want 404", code, body)
	}
	off := start(t, options(t.TempDir()))
	if code, body, _ := off.do("POST", "/v1/passages", oneJSON, `{"id":"a"}`); code != 501 || !strings.Contains(body, "-passages") {
		t.Errorf("passages of a service without texts = %d %s, want 501 and the flag -passages", code, body)
	}
}

// Pages older than the limit are forgotten, and a page that repeats them is new.
func TestOlderPagesAreForgotten(t *testing.T) {
	o := options(t.TempDir())
	o.Older = 24 * time.Hour
	s := start(t, o)
	old, young := words("a", 64), words("b", 64)
	s.ok("POST", "/v1/judge", ndjson, `{"id":"old","text":"`+old+`","time":"2020-01-01"}`+"\n"+`{"id":"young","text":"`+young+`"}`)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	s = start(t, o)
	query := func(text string) string { return s.ok("POST", "/v1/query", oneJSON, `{"id":"q","text":"`+text+`"}`) }
	for end := time.Now().Add(10 * time.Second); query(old) != `{"id":"q","matches":[]}`+"\n"; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("query after the page's time to live = %s, want no matches", query(old))
		}
	}
	if got, want := query(young), `{"id":"q","matches":[{"id":"young","similarity":1}]}`+"\n"; got != want {
		t.Errorf("the young page: %s, want %s", got, want)
	}
}

// With a covered share, an article within other text is a near-duplicate.
func TestCoveredArticleIsNearDuplicate(t *testing.T) {
	o := options(t.TempDir())
	o.Seen.Covered = .5
	s := start(t, o)
	a := words("a", 64)
	s.ok("POST", "/v1/judge", oneJSON, `{"id":"a","text":"`+a+`"}`)
	want := `{"id":"b","verdict":"near-duplicate","new":false,"match":"a","similarity":0.4838709677419355,"covered":1}` + "\n"
	if diff := cmp.Diff(want, s.ok("POST", "/v1/judge", oneJSON, `{"id":"b","text":"`+words("b", 64)+" "+a+`"}`)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A line that cannot be read gets its answer in its place, and the others are answered as
// if it were absent.
func TestUnreadableLinesAreAnsweredInPlace(t *testing.T) {
	s := start(t, options(t.TempDir()))
	body := `{"id":"a","text":"` + words("a", 40) + `"}` + "\n\n" + `{"id":` + "\n" + `{"id":"b","text":"` + words("a", 40) + `"}` + "\r\n" + `{"text":"no name"}`
	want := `{"id":"a","verdict":"new","new":true}
{"line":3,"error":"invalid JSON: unexpected end"}
{"id":"b","verdict":"near-duplicate","new":false,"match":"a","similarity":1}
{"line":5,"error":"neither id nor url"}
`
	if diff := cmp.Diff(want, s.ok("POST", "/v1/judge", ndjson, body)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := s.ok("POST", "/v1/judge", ndjson, ""); got != "" {
		t.Errorf("answer to no lines = %q, want none", got)
	}
}

func TestBadRequestsAreRefused(t *testing.T) {
	o := options(t.TempDir())
	o.MaxBody = 200
	s := start(t, o)
	for _, c := range []struct {
		method, path, kind, body string
		code                     int
		message                  string
	}{
		{"POST", "/v1/judge", oneJSON, `{"id":"a"`, 400, "invalid JSON: unexpected end"},
		{"POST", "/v1/judge", oneJSON, ``, 400, "invalid JSON: unexpected end"},
		{"POST", "/v1/judge", oneJSON, `{"id":"a","text":"x"} {}`, 400, "invalid JSON: more than one object"},
		{"POST", "/v1/judge", oneJSON, `{"id":"a","txt":"x"}`, 400, `invalid JSON: json: unknown field "txt"`},
		{"POST", "/v1/judge", oneJSON, `{"id":7,"text":"x"}`, 400, "invalid JSON: json: cannot unmarshal number into Go struct field document.id of type string"},
		{"POST", "/v1/judge", oneJSON, `{"text":"x"}`, 400, "neither id nor url"},
		{"POST", "/v1/judge", oneJSON, `{"id":"a"}`, 400, "neither text nor html"},
		{"POST", "/v1/judge", oneJSON, `{"id":"a","text":"x","html":"x"}`, 400, "both text and html"},
		{"POST", "/v1/judge", oneJSON, `{"url":"http://[::1","text":"x"}`, 400, `url: parse "http://[::1": missing ']' in host`},
		{"POST", "/v1/judge", oneJSON, `{"id":"a","text":"x","time":"noon"}`, 400, `invalid time "noon" (write it like 2026-01-31T15:04:05Z, 2026-01-31, or as seconds since 1970)`},
		{"POST", "/v1/judge", oneJSON, `{"id":"a","text":"x","time":999999999999999}`, 400, "time: year 31690708"},
		{"POST", "/v1/judge", oneJSON, `{"id":"a","text":"` + words("a", 100) + `"}`, 413, "more than 200 bytes"},
		{"POST", "/v1/judge", "text/plain", `{"id":"a","text":"x"}`, 415, "the Content-Type must be application/json or application/x-ndjson"},
		{"POST", "/v1/judge", "", `{"id":"a","text":"x"}`, 415, "the Content-Type must be application/json or application/x-ndjson"},
		{"POST", "/v1/query?limit=all", oneJSON, `{"id":"a","text":"x"}`, 400, `limit="all" is not a number`},
		{"POST", "/v1/remove", oneJSON, `{}`, 400, "no id"},
		{"POST", "/v1/release", "", ``, 415, "the Content-Type must be application/json or application/x-ndjson"},
		{"GET", "/v1/judge", "", ``, 405, "/v1/judge takes POST"},
		{"POST", "/v1/released", oneJSON, `{}`, 405, "/v1/released takes GET"},
		{"GET", "/v1/released?after=-1", "", ``, 400, `after="-1" is not a number`},
		{"GET", "/v2/judge", "", ``, 404, "no such path; /openapi.json lists the paths"},
	} {
		code, body, _ := s.do(c.method, c.path, c.kind, c.body)
		var p problem
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			t.Errorf("%s %s %s = %s, want JSON: %v", c.method, c.path, c.body, body, err)
		}
		if code != c.code || p.Error != c.message {
			t.Errorf("%s %s %s: %d %q, want %d %q", c.method, c.path, c.body, code, p.Error, c.code, c.message)
		}
	}
	// None of the refused pages was stored.
	if body := s.ok("GET", "/metrics", "", ""); !strings.Contains(body, "\nneardup_pages_kept 0\n") {
		t.Errorf("metrics after refused pages = %s, want neardup_pages_kept 0", body)
	}
}

func TestTokenIsRequired(t *testing.T) {
	o := options(t.TempDir())
	o.Token = "secret"
	s := start(t, o)
	for token, want := range map[string]int{"": 401, "wrong": 401, "secret": 200} {
		s.token = token
		if code, body, _ := s.do("POST", "/v1/judge", oneJSON, `{"id":"a","text":"x"}`); code != want {
			t.Errorf("token %q: %d %s, want %d", token, code, body, want)
		}
		if code, _, _ := s.do("GET", "/metrics", "", ""); code != want {
			t.Errorf("metrics with token %q: %d, want %d", token, code, want)
		}
		for _, path := range []string{"/healthz", "/readyz", "/openapi.json"} {
			if code, body, _ := s.do("GET", path, "", ""); code != 200 {
				t.Errorf("%s with token %q = %d %s, want 200", path, token, code, body)
			}
		}
	}
}

// Without a token the service cannot be reached from other machines, or by web pages in a
// browser on this machine.
func TestServiceWithoutTokenStaysLocal(t *testing.T) {
	o := options(t.TempDir())
	o.Addr = "0.0.0.0:0"
	if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "a token is needed") {
		t.Errorf("Run on all addresses without a token = %v, want error %q", err, "a token is needed")
	}
	o.Addr = "127.0.0.1:0"
	s := start(t, o)
	for host, want := range map[string]int{"localhost": 200, "127.0.0.1:8080": 200, "[::1]:80": 200, "evil.example": 403, "127.0.0.1.evil.example": 403, "localhost.evil.example:80": 403} {
		req, err := http.NewRequest("POST", s.url+"/v1/judge", strings.NewReader(`{"id":"a","text":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		req.Header.Set("Content-Type", oneJSON)
		resp, err := s.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("Host %s: %d, want %d", host, resp.StatusCode, want)
		}
	}
}

// If all its slots are taken, the service answers 429, and the requests that have a slot
// are answered as usual.
func TestBusyServiceAnswers429(t *testing.T) {
	o := options(t.TempDir())
	o.MaxRequests = 2
	s := start(t, o)
	var slow []*io.PipeWriter
	answers := make(chan string, 2)
	for i := range 2 {
		r, w := io.Pipe()
		slow = append(slow, w)
		go func() {
			resp, err := s.client.Post(s.url+"/v1/judge", oneJSON, r)
			if err != nil {
				answers <- err.Error()
				return
			}
			defer resp.Body.Close()
			b, _ := io.ReadAll(resp.Body)
			answers <- string(b)
		}()
		fmt.Fprintf(w, `{"id":"slow%d",`, i)
	}
	judge := func(id string) (int, http.Header) {
		code, _, header := s.do("POST", "/v1/judge", oneJSON, `{"id":"`+id+`","text":"`+words(id, 30)+`"}`)
		return code, header
	}
	refused := 0
	// An earlier request must not take the slot meant for a slow one.
	time.Sleep(300 * time.Millisecond)
	for deadline := time.Now().Add(10 * time.Second); refused == 0 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		code, header := judge("early") // refused once both slow requests hold a slot
		if code == 429 {
			if refused++; header.Get("Retry-After") == "" {
				t.Error("answer 429 without Retry-After, want the header")
			}
		}
	}
	if refused == 0 {
		t.Fatal("no request was refused, want 429 when all slots are taken")
	}
	if code, body, _ := s.do("GET", "/healthz", "", ""); code != 200 {
		t.Errorf("/healthz of a busy service = %d %s, want 200", code, body)
	}
	if code, _ := judge("late"); code != 429 {
		t.Errorf("third request = %d, want 429", code)
	}
	for i, w := range slow {
		fmt.Fprintf(w, `"text":"%s"}`, words(fmt.Sprintf("slow%c", 'a'+i), 30))
		w.Close()
	}
	for range slow {
		if a := <-answers; !strings.Contains(a, `"verdict":"new"`) {
			t.Errorf("slow request = %s, want verdict new", a)
		}
	}
	if code, _ := judge("late"); code != 200 {
		t.Errorf("request after the slots are free = %d, want 200", code)
	}
}

func TestUnixSocketIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions of sockets are those of Unix")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	o := options(filepath.Join(dir, "db"))
	o.Addr = "unix:" + path
	// A socket left by a killed process.
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	s := start(t, o)
	if got := s.ok("POST", "/v1/judge", oneJSON, `{"id":"a","text":"one two three"}`); !strings.Contains(got, `"new":true`) {
		t.Errorf("answer over the socket = %s, want new", got)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the socket = %v, %v, want 0600", info.Mode(), err)
	}
	o.Dir = filepath.Join(dir, "other")
	if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Errorf("Run of a second service = %v, want error %q", err, "another process listens")
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Stat(socket) after the stop = %v, want os.ErrNotExist", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o666); err != nil {
		t.Fatal(err)
	}
	o.Addr = "unix:" + file
	if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "is not a socket") {
		t.Errorf("Run with a file in place of the socket = %v, want error %q", err, "is not a socket")
	}
}

// A service that is stopped answers the requests in progress, saves, and repeats nothing
// when it starts again.
func TestStopAnswersRunningRequests(t *testing.T) {
	o := options(t.TempDir())
	s := start(t, o)
	r, w := io.Pipe()
	answered := make(chan string, 1)
	go func() {
		resp, err := s.client.Post(s.url+"/v1/judge", ndjson, r)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		answered <- string(b)
	}()
	fmt.Fprintf(w, `{"id":"a","text":"%s"}`+"\n", words("a", 30))
	// The request for the metrics is one of the two.
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(s.ok("GET", "/metrics", "", ""), "\nneardup_requests_running 2\n"); {
		if time.Now().After(deadline) {
			t.Fatal("the request does not begin in 10 s, want neardup_requests_running 2")
		}
	}
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop() }()
	time.Sleep(100 * time.Millisecond)
	fmt.Fprintf(w, `{"id":"b","text":"%s"}`+"\n", words("b", 30))
	w.Close()
	if a := <-answered; strings.Count(a, `"new":true`) != 2 {
		t.Errorf("request that was running = %q, want two new pages", a)
	}
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	d, err := seen.OpenDurable(o.Dir, seen.DurableOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if n := d.Repeated(); n != 0 {
		t.Errorf("%d operations were repeated after a clean stop, want 0", n)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// A second process cannot use the same folder.
func TestSecondServiceIsRefused(t *testing.T) {
	o := options(t.TempDir())
	start(t, o)
	if err := Run(t.Context(), o); !errors.Is(err, disk.ErrLocked) {
		t.Errorf("Run of a second service = %v, want disk.ErrLocked", err)
	}
}

// A service that is killed under load has every page that it acknowledged.
func TestKilledServiceKeepsAcknowledgedPages(t *testing.T) {
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	acknowledged := map[string]string{}
	total := 0
	for life := range 4 {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), "SERVE_TEST_DIR="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var addr string
		if _, err := fmt.Fscanln(out, &addr); err != nil {
			t.Fatal(err)
		}
		s := &service{t: t, url: "http://" + addr, client: &http.Client{}}
		for deadline := time.Now().Add(20 * time.Second); ; {
			if code, _, _ := s.do("GET", "/readyz", "", ""); code == 200 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("not ready after 20 s, want /readyz 200")
			}
			time.Sleep(5 * time.Millisecond)
		}
		// Pages acknowledged before earlier kills are present.
		for id, text := range acknowledged {
			if got := s.ok("POST", "/v1/query", oneJSON, `{"id":"q","text":"`+text+`"}`); !strings.Contains(got, `{"id":"`+id+`","similarity":1}`) {
				t.Errorf("life %d: query for the text of %s = %s, want a match at similarity 1", life, id, got)
			}
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for i := 0; ; i++ {
					id := fmt.Sprintf("%c%c%c", 'a'+life, 'a'+g, 'a'+i%26) + strings.Repeat("z", i/26)
					text := words(id, 40)
					resp, err := s.client.Post(s.url+"/v1/judge", oneJSON, strings.NewReader(`{"id":"`+id+`","text":"`+text+`"}`))
					if err != nil {
						return // killed
					}
					var b bytes.Buffer
					_, err = b.ReadFrom(resp.Body)
					resp.Body.Close()
					if err != nil || resp.StatusCode != 200 {
						return
					}
					if !strings.Contains(b.String(), `"new":true`) {
						t.Errorf("%s: answer %s, want new", id, &b)
					}
					mu.Lock()
					acknowledged[id] = text
					mu.Unlock()
				}
			})
		}
		time.Sleep(300 * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		cmd.Wait()
		if len(acknowledged) == total {
			t.Errorf("life %d: nothing was acknowledged, want at least 1 page", life)
		}
		total = len(acknowledged)
	}
	t.Logf("%d pages were acknowledged in 4 lives", total)
}
