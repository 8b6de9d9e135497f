package main

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"net"
	"os"
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
	t.Fatal("the server does not answer, want it to start")
	return ""
}

// Two crawlers, each on two of four sites that print each other's articles, together
// store every article once, through one server. Each is killed after a third of its pages
// and started again.
func TestTwoCrawlersStoreEveryArticleOnce(t *testing.T) {
	addr := redisServer(t)
	pages := articlePages(800)
	w := newWeb(t, pages)
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			args := []string{asCrawler, "-out", filepath.Join(dir, fmt.Sprint(i)), "-delay", "0", "-parallel", "4", "-json", "-max-pages", "0", "-redis", addr, "-namespace", "test"}
			for _, host := range w.hosts[2*i : 2*i+2] {
				args = append(args, host+"/")
			}
			killAfter(t, pages/6, args)
			second := exec.Command(os.Args[0], args...)
			var stderr bytes.Buffer
			second.Stderr = &stderr
			if err := second.Run(); second.ProcessState.ExitCode() != exitInput {
				t.Errorf("crawler %d: %v: %s, want status %d", i, err, &stderr, exitInput)
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
		t.Errorf("%d verdicts on %d pages, want one per page", both, len(verdicts))
	}
	if crossed < 10 {
		t.Errorf("%d pages repeat one of the other crawler, want at least 10 (else nothing is tested)", crossed)
	}
	w.check(t, stored, verdicts)
}

// killAfter runs a crawler and kills it after that many verdicts.
func killAfter(t *testing.T, verdicts int, args []string) {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Error(err)
		return
	}
	n := 0
	for r := bufio.NewScanner(out); r.Scan(); n++ {
		if n == verdicts {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Errorf("crawler: %v, want it killed", cmd.ProcessState)
	}
}

func TestMissingServerIsAnError(t *testing.T) {
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
		t.Errorf("crawl without a server: status %d, %s, want %d and the address", status, &stderr, exitFatal)
	}
}
