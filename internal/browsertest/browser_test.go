// Package browsertest opens the page of "dedup report -html" in headless
// Chromium and uses it as a reader does. It is a separate module, so that no
// other module depends on the browser driver. The tests skip if there is no
// Chromium.
package browsertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// start starts one browser for all tests, with its own profile.
var start = sync.OnceValues(func() (context.Context, error) {
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		return nil, errAbsent
	}
	profile, err := os.MkdirTemp("", "browser")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.UserDataDir(profile),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
	)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ = chromedp.NewContext(ctx)
	stop = append(stop, func() {
		chromedp.Cancel(ctx)
		cancel()
		os.RemoveAll(profile)
	})
	return ctx, chromedp.Do(ctx)
})

var errAbsent = errors.New("no Chromium on this machine")

// stop holds the functions that clean up after all tests.
var stop []func()

type viewport struct {
	name          string
	width, height int64
	dark          bool
}

// views are the screens on which the page is tested.
var views = []viewport{desktop, desktopDark, phone, phoneDark}

var (
	desktop     = viewport{"desktop-light", 1280, 900, false}
	desktopDark = viewport{"desktop-dark", 1280, 900, true}
	phone       = viewport{"phone-light", 390, 844, false}
	phoneDark   = viewport{"phone-dark", 390, 844, true}
)

// patience is the time limit for one step of the browser; responsiveness is measured
// elsewhere.
const patience = time.Minute

// A tab is an open page that records errors.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string
	requests []string
}

// open opens a file in a new tab.
func open(t *testing.T, file string, v viewport) *tab {
	t.Helper()
	ctx, err := start()
	if errors.Is(err, errAbsent) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	tb := &tab{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, tb.listen); err != nil {
		t.Fatal(err)
	}
	scheme := "light"
	if v.dark {
		scheme = "dark"
	}
	call(tb, log.Enable, cdp.Empty{})
	call(tb, network.Enable, network.EnableParams{})
	call(tb, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: v.width, Height: v.height, DeviceScaleFactor: 1, Mobile: v.width < 600})
	call(tb, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	tb.run(chromedp.Navigate("file://" + file))
	if v.width > 0 {
		tb.wait(`document.documentElement.classList.contains("ready")`)
	}
	return tb
}

// call sends a command of the DevTools protocol.
func call[P, R any](tb *tab, command cdp.Command[P, R], params P) R {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	r, err := chromedp.Call(ctx, command, params)
	if err != nil {
		tb.t.Fatal(err)
	}
	return r
}

// listen records errors, and every request except that for the page itself.
func (tb *tab) listen(event any) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		tb.problems = append(tb.problems, exception(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		tb.problems = append(tb.problems, "console: "+string(e.Type))
	case *log.EventEntryAdded:
		tb.problems = append(tb.problems, string(e.Entry.Level)+": "+e.Entry.Text)
	case *page.EventJavascriptDialogOpening:
		tb.problems = append(tb.problems, "dialog: "+e.Message)
	case *network.EventRequestWillBeSent:
		tb.requests = append(tb.requests, e.Request.URL)
	}
}

// clean fails the test if an error occurred in the page, or if the page requested
// anything but itself.
func (tb *tab) clean() {
	tb.t.Helper()
	tb.mu.Lock()
	defer tb.mu.Unlock()
	for _, p := range tb.problems {
		tb.t.Errorf("the browser reports %q, want no problem", p)
	}
	for _, r := range tb.requests {
		if !strings.HasPrefix(r, "file://") || len(tb.requests) > 1 {
			tb.t.Errorf("the page requests %s, want no request but for its own file", r)
		}
	}
}

func (tb *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		tb.t.Fatal(err)
	}
}

// eval returns the value of a JavaScript expression.
func eval[T any](tb *tab, expression string) T {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		tb.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// wait waits until a JavaScript expression is true.
func (tb *tab) wait(expression string) {
	tb.t.Helper()
	if _, err := chromedp.Run(tb.ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(patience))); err != nil {
		tb.t.Fatalf("waiting for %s: %v", expression, err)
	}
}

// key presses a key in the focused element.
func (tb *tab) key(keys ...string) {
	tb.t.Helper()
	for _, k := range keys {
		tb.run(chromedp.KeyEvent(k))
	}
}

// build builds the program once for all tests and returns its file name.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "dedup")
	if err != nil {
		return "", err
	}
	stop = append(stop, func() { os.RemoveAll(dir) })
	program := filepath.Join(dir, "dedup")
	cmd := exec.Command("go", "build", "-o", program, ".")
	cmd.Dir = filepath.Join("..", "..", "examples", "dedup")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %v\n%s", err, out)
	}
	return program, nil
})

func TestMain(m *testing.M) {
	status := m.Run()
	for _, f := range stop {
		f()
	}
	os.Exit(status)
}

// report writes a page about inputs and returns its file name.
func report(t *testing.T, args ...string) string {
	t.Helper()
	if _, err := start(); errors.Is(err, errAbsent) {
		t.Skip(err)
	}
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "report.html")
	if out, err := exec.Command(program, append([]string{"report", "-quiet", "-html", name}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("dedup: %v\n%s", err, out)
	}
	return name
}

func exception(d *runtime.ExceptionDetails) string {
	if d.Exception != nil {
		return d.Text + " " + d.Exception.Description
	}
	return d.Text
}
