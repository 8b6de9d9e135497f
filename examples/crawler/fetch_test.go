package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Responses become UTF-8 text, or a problem with its reason.
func TestFetchReturnsTextOrProblem(t *testing.T) {
	const text = "Größe"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		switch r.URL.Path {
		case "/robots.txt":
			http.Redirect(w, r, "/rules", http.StatusFound)
		case "/rules":
			fmt.Fprint(w, "User-agent: *\nDisallow: /secret\n")
		case "/header":
			h.Set("Content-Type", "text/html; charset=iso-8859-1")
			fmt.Fprint(w, "<p>Gr\xf6\xdfe</p>")
		case "/meta":
			h.Set("Content-Type", "text/html")
			fmt.Fprint(w, "<meta charset=windows-1252><p>Gr\xf6\xdfe</p>")
		case "/utf8":
			h.Set("Content-Type", "text/html; charset=UTF-8")
			fmt.Fprint(w, "<p>"+text+"</p>")
		case "/large":
			h.Set("Content-Type", "text/html")
			fmt.Fprint(w, strings.Repeat("<p>more</p>", 1000))
		case "/moved":
			http.Redirect(w, r, "/secret", http.StatusFound)
		case "/broken":
			http.Error(w, "later", http.StatusServiceUnavailable)
		}
	}))
	defer s.Close()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := newFetcher(t.Context(), options{maxBody: 4000, timeout: time.Minute, agent: "test"}, map[string]bool{u.Host: true})
	for _, path := range []string{"/header", "/meta", "/utf8"} {
		if x := f.get(s.URL + path); x.Problem != "" || x.Page == nil || x.Page.Text != text {
			t.Errorf("%s: %+v, want %q", path, x, text)
		}
	}
	for path, want := range map[string]string{
		"/large":  "larger than 4000 bytes",
		"/secret": "robots.txt forbids it",
		"/broken": "the server answered 503 Service Unavailable",
	} {
		if x := f.get(s.URL + path); x.Problem != want || x.Page != nil || x.retry != (path == "/broken") {
			t.Errorf("%s: %+v, want %q", path, x, want)
		}
	}
	if x := f.get(s.URL + "/moved"); x.Problem != "" || x.Page != nil || !cmp.Equal(x.Links, []string{s.URL + "/secret"}) {
		t.Errorf("/moved: %+v, want one link", x)
	}
	if x := f.get("http://127.0.0.1:1/"); x.Problem == "" || !x.retry {
		t.Errorf("get without a server = %+v, want a problem and another try", x)
	}
}

// Every request ends with the context, including that for robots.txt.
func TestFetchEndsWithContext(t *testing.T) {
	for _, slow := range []string{"/robots.txt", "/page"} {
		asked := make(chan bool, 1)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == slow {
				asked <- true
				<-r.Context().Done()
			}
		}))
		u, err := url.Parse(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		f := newFetcher(ctx, options{maxBody: 4000, timeout: time.Hour, agent: "test"}, map[string]bool{u.Host: true})
		done := make(chan fetch, 1)
		go func() { done <- f.get(s.URL + "/page") }()
		<-asked
		cancel()
		if x := <-done; x.Problem == "" {
			t.Errorf("%s: %+v, want an error", slow, x)
		}
		s.Close()
	}
}
