package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// A cost is the time and memory used by a process, as counted by the operating
// system.
type cost struct {
	CPU  float64 `json:"cpu"`  // seconds, user and system
	Wall float64 `json:"wall"` // seconds
	RSS  int64   `json:"rss"`  // largest number of resident bytes

	// Limit reports that the process was stopped at its limit.
	Limit bool `json:"limit,omitempty"`
}

// errLimit is the error for a process that was stopped at its limit.
var errLimit = errors.New("stopped at the limit of processor time")

// errFailed is the error for a process that failed.
var errFailed = errors.New("failed")

// single limits every peer to one thread.
var single = []string{"GOMAXPROCS=1", "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1", "RAYON_NUM_THREADS=1",
	"TOKENIZERS_PARALLELISM=false", "HF_DATASETS_OFFLINE=1", "HF_HUB_OFFLINE=1", "PYTHONHASHSEED=0"}

// measure runs a command and returns its output and cost.
//
// The command is started by a separate small process (measureMain): a child begins
// with the memory of the process that starts it, which the system would count as the
// child's.
func measure(limit time.Duration, dir string, command ...string) (out []byte, c cost, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, c, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, append([]string{"measure", fmt.Sprint(int(limit.Seconds()))}, command...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), single...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if ctx.Err() != nil {
		return nil, c, errLimit
	}
	// The last line of standard error is from measureMain.
	lines := strings.Split(strings.TrimRight(stderr.String(), "\n"), "\n")
	if e := json.Unmarshal([]byte(lines[len(lines)-1]), &c); e != nil {
		return nil, c, fmt.Errorf("%w: %s: %v\n%s", errFailed, strings.Join(command, " "), err, tail(lines, 20))
	}
	if err != nil {
		if c.Limit {
			return nil, c, errLimit
		}
		return nil, c, fmt.Errorf("%w: %s: %v\n%s", errFailed, strings.Join(command, " "), err, tail(lines, 20))
	}
	return stdout.Bytes(), c, nil
}

func tail(lines []string, n int) string { return strings.Join(lines[max(0, len(lines)-n):], "\n") }

// measureMain starts a command with a limit of processor seconds, waits for it,
// and prints its cost to standard error:
//
//	compare measure SECONDS COMMAND...
func measureMain(args []string) error {
	if len(args) < 2 {
		return errors.New("measure: want the arguments SECONDS COMMAND")
	}
	var limit uint64
	if _, err := fmt.Sscan(args[0], &limit); err != nil {
		return err
	}
	// The child inherits the limit; this process itself uses next to nothing.
	if err := syscall.Setrlimit(syscall.RLIMIT_CPU, &syscall.Rlimit{Cur: limit, Max: limit + 5}); err != nil {
		return err
	}
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	began := time.Now()
	err := cmd.Run()
	c := cost{Wall: time.Since(began).Seconds()}
	if cmd.ProcessState == nil {
		return err
	}
	// The usage of the child includes the processes that it waited for.
	r := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	c.CPU, c.RSS = seconds(*r), r.Maxrss*1024
	// At the limit the system sends SIGXCPU, which Go ignores, and five seconds
	// later SIGKILL.
	if w, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		c.Limit = w.Signal() == syscall.SIGXCPU || w.Signal() == syscall.SIGKILL && c.CPU >= .9*float64(limit)
	}
	if line, e := json.Marshal(c); e == nil {
		fmt.Fprintf(os.Stderr, "\n%s\n", line)
	}
	if err != nil {
		os.Exit(1)
	}
	return nil
}
