// Workers are started by shell scripts here.

//go:build unix

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// jobServer starts Prism's job server in a process of its own and returns the
// flags that submit to it.
func jobServer(t *testing.T) []string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	l.Close()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(exe, asJobServer, port)
	stdin, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); server.Wait() })
	return []string{"-runner", "universal", "-endpoint", "127.0.0.1:" + port}
}

// process returns the flags that have each worker started as a process, as
// engines on several machines do: Beam's boot program fetches the worker's binary
// from the job server and starts it. The worker's number is written to the file
// that is returned.
func process(t *testing.T) (flags []string, pid string) {
	t.Helper()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, pkg := range map[string]string{"beam": ".", "boot": "github.com/apache/beam/sdks/v2/go/container"} {
		cmd := exec.Command("go", "build", "-o", in(name), pkg)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go build %s: %v\n%s", pkg, err, out)
		}
	}
	for name, script := range map[string]string{
		// Prism puts the id of the worker in quotes.
		"start":  fmt.Sprintf("#!/bin/sh\nn=$#\nwhile [ $n -gt 0 ]; do\n\tset -- \"$@\" \"$(printf %%s \"$1\" | tr -d \\'\\\")\"\n\tshift\n\tn=$((n-1))\ndone\nexec %s \"$@\" >%s 2>&1\n", in("boot"), in("log")),
		"worker": fmt.Sprintf("#!/bin/sh\necho $$ >%s.new && mv %[1]s.new %[1]s\nexec %s \"$@\"\n", in("pid"), in("beam")),
	} {
		if err := os.WriteFile(in(name), []byte(script), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"-environment_type", "PROCESS", "-environment_config", fmt.Sprintf(`{"command": %q}`, in("start")), "-worker_binary", in("worker")}, in("pid")
}

// same compares the results in two folders.
func same(t *testing.T, want, got string, kinds ...string) {
	t.Helper()
	for _, kind := range kinds {
		if diff := cmp.Diff(results(t, want, kind), results(t, got, kind)); diff != "" {
			t.Errorf("%s (-direct +%s):\n%.1500s", kind, filepath.Base(got), diff)
		}
	}
}

// TestJobServer submits to a job server in a process of its own, as it would to
// the one of Flink, with this process as the worker and with a process started
// for it.
func TestJobServer(t *testing.T) {
	server := jobServer(t)
	started, _ := process(t)
	dir := t.TempDir()
	in := write(t, filepath.Join(dir, "a.jsonl"), corpus(30))
	direct := filepath.Join(dir, "direct")
	if code, told := program(t, "-quiet", "-blocks", "-out", direct, in); code != 0 {
		t.Fatalf("exit status %d: %s", code, told)
	}
	for _, environment := range [][]string{{"-environment_type", "LOOPBACK"}, started} {
		out := filepath.Join(dir, environment[1])
		args := slices.Concat([]string{"-quiet", "-blocks", "-out", out}, server, environment, []string{in})
		if code, told := program(t, args...); code != 0 {
			t.Errorf("%s: exit status %d: %.2000s", environment[1], code, told)
			continue
		}
		same(t, direct, out, "clusters", "keep", "removed", "blocks")
	}
}

// TestKilled kills the worker while it works. Prism does not start another one:
// the run fails, or waits for one if none had said that it was there, and leaves
// no results; the next run finds its way.
func TestKilled(t *testing.T) {
	server := jobServer(t)
	environment, pid := process(t)
	dir := t.TempDir()
	in := write(t, filepath.Join(dir, "a.jsonl"), corpus(2000))
	out := filepath.Join(dir, "out")
	args := slices.Concat([]string{"-quiet", "-out", out}, server, environment, []string{in})
	go func() {
		for t.Context().Err() == nil {
			b, err := os.ReadFile(pid)
			if err != nil {
				time.Sleep(time.Millisecond)
				continue
			}
			n, err := strconv.Atoi(strings.TrimSpace(string(b)))
			if err == nil {
				time.Sleep(time.Second) // of the several that it takes
				_ = syscall.Kill(n, syscall.SIGKILL)
			}
			return
		}
	}()
	code, told := programWithin(t, 30*time.Second, args...)
	if code == exitDone {
		t.Fatalf("a run whose worker was killed: %.2000s", told)
	}
	t.Logf("exit status %d", code)
	if left := results(t, out, "*"); len(left) > 0 {
		t.Errorf("%d lines of results of a failed run", len(left))
	}
	direct := filepath.Join(dir, "direct")
	if code, told := program(t, "-quiet", "-out", direct, in); code != 0 {
		t.Fatalf("exit status %d: %s", code, told)
	}
	args = slices.Concat([]string{"-quiet", "-out", out}, jobServer(t), environment, []string{in})
	if code, told := program(t, args...); code != 0 {
		t.Fatalf("exit status %d of the run after it: %.2000s", code, told)
	}
	same(t, direct, out, "clusters", "keep", "removed")
}
