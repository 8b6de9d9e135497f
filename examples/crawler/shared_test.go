package main

import (
	"bytes"
	"fmt"
	"maps"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/neardup/neardup/boilerplate/seen"
)

// redisServer starts a server and returns its address.
func redisServer(t *testing.T) string {
	t.Helper()
	name, err := exec.LookPath("redis-server")
	if err != nil {
		if name, err = exec.LookPath("valkey-server"); err != nil {
			t.Skip("neither redis-server nor valkey-server is installed")
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--appendonly", "no")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	for range 200 {
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close()
			return addr
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the server does not start")
	return ""
}

// Two crawlers, each on two of four sites that print each other's articles, store
// every article once between them, through one server.
func TestTwoCrawlers(t *testing.T) {
	addr := redisServer(t)
	pages := 800
	if testing.Short() || raceEnabled {
		pages = 400
	}
	w := newWeb(t, pages)
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			args := []string{"-out", filepath.Join(dir, fmt.Sprint(i)), "-delay", "0", "-parallel", "4", "-json", "-redis", addr, "-namespace", "test"}
			for _, host := range w.hosts[2*i : 2*i+2] {
				args = append(args, host+"/")
			}
			var out, stderr bytes.Buffer
			if status := run(t.Context(), args, &out, &stderr); status != exitInput {
				t.Errorf("crawler %d: exit status %d: %s", i, status, &stderr)
			}
		})
	}
	wg.Wait()
	stored, verdicts := map[string]storedPage{}, map[string]result{}
	both, crossed := 0, 0
	for i := range 2 {
		maps.Copy(stored, lines(t, filepath.Join(dir, fmt.Sprint(i), "pages.jsonl"), func(p storedPage) string { return p.ID }))
		for id, v := range lines(t, filepath.Join(dir, fmt.Sprint(i), "verdicts.jsonl"), func(r result) string { return r.ID }) {
			verdicts[id] = v
			both++
			own := false
			for _, host := range w.hosts[2*i : 2*i+2] {
				own = own || strings.HasPrefix(v.Match, host+"/")
			}
			if v.Outcome == seen.Duplicate && !own {
				crossed++
			}
		}
	}
	if both != len(verdicts) {
		t.Errorf("%d verdicts on %d pages", both, len(verdicts))
	}
	if crossed < 10 {
		t.Errorf("only %d pages repeat one of the other crawler's: this test shows nothing", crossed)
	}
	w.check(t, stored, verdicts)
}

func TestNoServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var out, stderr bytes.Buffer
	if status := run(t.Context(), []string{"-out", t.TempDir(), "-redis", addr, "http://a.example/"}, &out, &stderr); status != exitFatal || !strings.Contains(stderr.String(), "-redis "+addr) {
		t.Errorf("exit status %d: %s", status, &stderr)
	}
}
