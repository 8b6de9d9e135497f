package main

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	goredis "github.com/redis/go-redis/v9"

	"github.com/neardup/neardup/boilerplate/seen"
	"github.com/neardup/neardup/lsh/redis"
)

// onRedis opens a filter with a journal on a shared index.
func onRedis(t *testing.T, dir, addr string) *seen.Durable {
	t.Helper()
	s := seen.Options{}.StoreOptions()
	ix, err := redis.Open(t.Context(), goredis.NewClient(&goredis.Options{Addr: addr}), redis.Options{
		Namespace: "seen", Scheme: s.Scheme, Threshold: s.Threshold, Banding: s.Banding, Seed: s.Seed,
	})
	if err != nil {
		t.Fatal(err)
	}
	d, err := seen.OpenDurable(dir, seen.DurableOptions{Options: seen.Options{Store: ix}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		_ = ix.Close()
	})
	return d
}

// inRedis returns the whole content of a server.
func inRedis(t *testing.T, addr string) map[string]string {
	t.Helper()
	c := goredis.NewClient(&goredis.Options{Addr: addr})
	defer c.Close()
	keys, err := c.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, k := range keys {
		if out[k], err = c.Dump(t.Context(), k).Result(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func judged(t *testing.T, d *seen.Durable, p seen.Page) string {
	t.Helper()
	v, err := d.Judge(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return p.ID + ": " + v[0].String()
}

// Two filters on one server know each other's pages: copies, changed pages that come
// again, and forgotten pages. A filter that is killed and reopened changes nothing on the
// server and continues with the same verdicts.
func TestFiltersShareRedis(t *testing.T) {
	addr := redisServer(t)
	dir := t.TempDir()
	a, b := onRedis(t, dir, addr), onRedis(t, t.TempDir(), addr)
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	first, second := story("a", 100), story("b", 20)+story("a", 100)
	other := story("c", 100)
	steps := []struct {
		filter *seen.Durable
		page   seen.Page
		want   string
	}{
		{a, seen.Page{ID: "x", Text: first, Time: day}, "x: new"},
		{b, seen.Page{ID: "copy", Text: first, Time: day}, "copy: near-duplicate of x at 1.00"},
		{b, seen.Page{ID: "x", Text: first, Time: day}, "x: new"}, // the same fetch, delivered again to the other filter
		{b, seen.Page{ID: "x", Text: first, Time: day.Add(time.Hour)}, "x: unchanged"},
		{a, seen.Page{ID: "x", Text: second, Time: day.Add(2 * time.Hour)}, "x: 17 % changed, 20 words added, 0 removed"},
		{b, seen.Page{ID: "x", Text: other, Time: day.Add(3 * time.Hour)}, "x: 100 % changed, 100 words added, 120 removed"},
		{a, seen.Page{ID: "y", Text: first, Time: day.Add(4 * time.Hour)}, "y: new"}, // x has another text by now
		{a, seen.Page{ID: "z", Text: other, Time: day.Add(5 * time.Hour)}, "z: near-duplicate of x at 1.00"},
		{a, seen.Page{ID: "y", Text: story("d", 100), Time: day.Add(6 * time.Hour)}, "y: 100 % changed, 100 words added, 100 removed"},
	}
	for i, s := range steps {
		if got := judged(t, s.filter, s.page); got != s.want {
			t.Errorf("step %d: %s, want %s", i, got, s.want)
		}
	}
	if removed, err := a.Remove(t.Context(), "x"); err != nil || !slices.Equal(removed, []bool{true}) {
		t.Errorf("Remove(x) = %v, %v, want true, nil", removed, err)
	}
	if got, want := judged(t, b, seen.Page{ID: "again", Text: other, Time: day.Add(7 * time.Hour)}), "again: new"; got != want {
		t.Errorf("%s, want %s", got, want)
	}

	// A killed process leaves its folder unchanged.
	at := t.TempDir()
	if err := os.CopyFS(at, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	before := inRedis(t, addr)
	c := onRedis(t, at, addr)
	if c.Repeated() != 6 {
		t.Errorf("%d operations were repeated, want 6", c.Repeated())
	}
	if diff := cmp.Diff(before, inRedis(t, addr)); diff != "" {
		t.Errorf("keys of the server after opening (-want as before +got):\n%s", diff)
	}
	for _, s := range []struct {
		page seen.Page
		want string
	}{
		{seen.Page{ID: "y2", Text: story("d", 100)}, "y2: near-duplicate of y at 1.00"},
		{seen.Page{ID: "x2", Text: other}, "x2: near-duplicate of again at 1.00"},
		{seen.Page{ID: "y", Text: story("d", 100), Time: day.Add(8 * time.Hour)}, "y: unchanged"},
	} {
		if got := judged(t, c, s.page); got != s.want {
			t.Errorf("after a kill: %s, want %s", got, s.want)
		}
	}

	// A page forgotten by one filter is forgotten for all.
	if err := c.Forget(t.Context(), day.Add(7*time.Hour+time.Minute)); err != nil {
		t.Fatal(err)
	}
	for _, s := range []struct{ id, text, want string }{
		{"n1", other, "n1: new"}, {"n2", story("d", 100), "n2: near-duplicate of y at 1.00"},
	} {
		if got := judged(t, b, seen.Page{ID: s.id, Text: s.text, Time: day.Add(9 * time.Hour)}); got != s.want {
			t.Errorf("after pages were forgotten: %s, want %s", got, s.want)
		}
	}
	if err := c.Forget(t.Context(), day.Add(1000*time.Hour)); err != nil {
		t.Fatal(err)
	}
	left := inRedis(t, addr)
	if len(left) != 2 { // the description and the numbering of the index remain
		t.Errorf("%d keys are left when all is forgotten, want 2: %q", len(left), fmt.Sprint(left))
	}
}
