package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/neardup/neardup/internal/race"
)

// sortCorpus writes JSON Lines of documents that differ in all ways that matter to the
// stages: edited copies, exact duplicates, empty documents, and ids of all kinds.
func sortCorpus(t *testing.T, n int) string {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 5))
	word := func() string { return fmt.Sprintf("%c%d", 'a'+r.IntN(26), r.IntN(900)) }
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	var texts [][]string
	for i := range n {
		var text []string
		switch x := r.IntN(10); {
		case x < 4 || i < 5:
			for range 20 + r.IntN(60) {
				text = append(text, word())
			}
		case x < 6:
			text = texts[r.IntN(i)]
		case x < 7:
		default:
			text = append(text, texts[r.IntN(i)]...)
			for range min(len(text), r.IntN(3)) {
				text[r.IntN(len(text))] = word()
			}
		}
		texts = append(texts, text)
		id := fmt.Sprintf("%d\t<\"%c%s\\", i, 'α'+r.IntN(20), "\n")
		if err := e.Encode(map[string]string{"id": id, "text": strings.Join(text, " ")}); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "corpus.jsonl")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// siteCorpus writes JSON Lines of pages in the frames of their hosts, with sign-offs, and
// with stories, some of them on several hosts.
func siteCorpus(t *testing.T, n int) string {
	t.Helper()
	r := rand.New(rand.NewPCG(6, 6))
	text := func(n int) string {
		words := make([]string, n)
		for i := range words {
			words[i] = fmt.Sprintf("%c%c%d", 'a'+r.IntN(26), 'a'+r.IntN(26), r.IntN(900))
		}
		return strings.Join(words, " ") + "."
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	frames := map[string]string{}
	signOff := text(13)
	var stories []string
	for i := range n {
		host := fmt.Sprintf("h%d.example", r.IntN(1+r.IntN(n/10)))
		if frames[host] == "" {
			frames[host] = text(8) + "\n\n" + text(20) + "\n\n" + text(5)
		}
		story := text(30) + "\n\n" + text(40)
		if i > 0 && r.IntN(3) == 0 {
			story = stories[r.IntN(i)]
		}
		stories = append(stories, story)
		page := map[string]string{"id": fmt.Sprint("page ", i), "host": host, "text": frames[host] + "\n\n" + story + "\n\n" + signOff, "time": fmt.Sprintf("2026-01-%02d", 1+r.IntN(28))}
		switch r.IntN(9) {
		case 0:
			delete(page, "host")
		case 1:
			page["url"] = "https://" + strings.ToUpper(host) + "/" + fmt.Sprint(i)
			delete(page, "host")
		}
		if err := e.Encode(page); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "sites.jsonl")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSortedStagesEqualClusters runs examples/sort/clusters (the stages with sort and
// join between them) and compares its output with that of dedup clusters, once
// undisturbed, and once killed repeatedly until it finishes.
func TestSortedStagesEqualClusters(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	dedup := filepath.Join(t.TempDir(), "dedup")
	if out, err := exec.Command("go", "build", "-o", dedup, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	script, err := filepath.Abs("../sort/clusters")
	if err != nil {
		t.Fatal(err)
	}
	corpus := sortCorpus(t, 1500)
	run := func(kill time.Duration, work string, flags ...string) ([]byte, error) {
		cmd := exec.Command("bash", append([]string{script, corpus}, flags...)...)
		cmd.Env = append(os.Environ(), "DEDUP="+dedup, "WORK="+work)
		var out, messages bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &messages
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if kill > 0 {
			time.AfterFunc(kill, func() { _ = cmd.Process.Kill() })
		}
		err := cmd.Wait()
		if err != nil && kill == 0 {
			err = fmt.Errorf("%w: %s", err, messages.Bytes())
		}
		return out.Bytes(), err
	}
	for _, flags := range [][]string{nil, {"-threshold", "0.6", "-k", "64"}, {"-estimate", "-size", "3"}} {
		want, err := exec.Command(dedup, append(append([]string{"clusters", "-json", "-quiet"}, flags...), corpus)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Count(want, []byte("\n")) < 50 {
			t.Fatalf("%d clusters: nothing is tested", bytes.Count(want, []byte("\n")))
		}
		got, err := run(0, t.TempDir(), flags...)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%v: %v; the lines differ from those of dedup clusters: %v", flags, err, !bytes.Equal(got, want))
		}
	}

	plain := corpus
	corpus = siteCorpus(t, 400)
	var clusters [2][]byte
	for i, strip := range []string{"-strip=false", "-strip"} {
		want, err := exec.Command(dedup, "clusters", "-json", "-quiet", strip, corpus).Output()
		if err != nil {
			t.Fatal(err)
		}
		clusters[i] = want
	}
	if bytes.Equal(clusters[0], clusters[1]) || bytes.Count(clusters[1], []byte("\n")) < 20 {
		t.Fatalf("%d clusters of whole documents and %d of masked ones, want at least 20 and a difference (else nothing is tested)", bytes.Count(clusters[0], []byte("\n")), bytes.Count(clusters[1], []byte("\n")))
	}
	if got, err := run(0, t.TempDir(), "-strip"); err != nil || !bytes.Equal(got, clusters[1]) {
		t.Fatalf("stages with -strip: %v, same lines %v, want nil and the lines of dedup clusters -strip", err, bytes.Equal(got, clusters[1]))
	}
	corpus = plain

	want, err := run(0, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	work, killed := t.TempDir(), 0
	for wait := 50 * time.Millisecond; ; wait += 100 * time.Millisecond {
		got, err := run(wait, work)
		if err == nil {
			if !bytes.Equal(got, want) {
				t.Errorf("lines after %d killed runs differ, want those of dedup clusters", killed)
			}
			break
		}
		if killed++; killed > 100 {
			t.Fatal(err)
		}
	}
	if killed == 0 {
		t.Error("no run was killed, want at least 1 (else nothing is tested)")
	}
	if _, err := run(0, work, "-threshold", "0.6"); err == nil || !strings.Contains(err.Error(), "another run") {
		t.Errorf("run in the folder of another run = %v, want error %q", err, "another run")
	}

	// A failed stage leaves no result that a later run would take for a complete one.
	if err := os.WriteFile(corpus, []byte("{\"id\":\"a\",\"text\":\"one two three\"}\n{\"id\":\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	work = t.TempDir()
	for range 2 {
		if got, err := run(0, work); err == nil || !strings.Contains(err.Error(), "line 2") || len(got) > 0 {
			t.Errorf("run with a bad line = %q, %v, want no output and an error at line 2", got, err)
		}
	}
}

// TestStagesTakeBoundedMemory feeds every stage 10 MB or more, and long lines if lines
// are documents: a stage takes less than 64 MB plus forty times its longest line.
func TestStagesTakeBoundedMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads the memory of a process as Linux counts it")
	}
	if testing.Short() || race.Enabled {
		t.Skip("takes long")
	}
	peak := filepath.Join(t.TempDir(), "peak")
	stage := func(in io.Reader, args ...string) []byte {
		t.Helper()
		var out, messages bytes.Buffer
		longest := new(longestLine)
		cmd := exec.Command(os.Args[0], append([]string{"stage"}, args...)...)
		cmd.Env = append(os.Environ(), "DEDUP_PEAK="+peak)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = io.TeeReader(in, longest), &out, &messages
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, messages.Bytes())
		}
		status, err := os.ReadFile(peak)
		if err != nil {
			t.Fatal(err)
		}
		_, memory, _ := strings.Cut(string(status), "VmHWM:")
		var used int
		if _, err := fmt.Sscan(memory, &used); err != nil {
			t.Fatalf("%v in %s", err, status)
		}
		used <<= 10
		bound := 64<<20 + 40*longest.most
		t.Logf("%s: %d MB, with lines of up to %d bytes, %d bytes read", args[0], used>>20, longest.most, longest.all)
		if used > bound {
			t.Errorf("%s: %d MB, want no more than %d", args[0], used>>20, bound>>20)
		}
		if longest.all < 10<<20 && args[0] != "merge" && args[0] != "mask" && args[0] != "blocks" {
			t.Errorf("%s: %d bytes read, want at least %d (else nothing is tested)", args[0], longest.all, 10<<20)
		}
		return out.Bytes()
	}
	// lines returns a reader of n lines. pattern writes line i shortly before it is read.
	lines := func(n int, pattern func(w *bufio.Writer, i int)) io.Reader {
		r, w := io.Pipe()
		go func() {
			b := bufio.NewWriter(w)
			for i := range n {
				pattern(b, i)
			}
			w.CloseWithError(b.Flush())
		}()
		return r
	}
	pages := func(words, n int) io.Reader {
		r := rand.New(rand.NewPCG(3, 3))
		return lines(n, func(w *bufio.Writer, i int) {
			fmt.Fprintf(w, `{"id":"p%d","host":"h%d.example","text":"`, i, i/40)
			for j := range words {
				fmt.Fprintf(w, "%c%d ", 'a'+r.IntN(26), r.IntN(5000))
				if j%20 == 19 {
					w.WriteString(`\n\n`)
				}
			}
			w.WriteString("\"}\n")
		})
	}
	for _, shape := range [][2]int{{150, 12_000}, {600_000, 3}} {
		numbered := stage(pages(shape[0], shape[1]), "number")
		hosts := stage(bytes.NewReader(numbered), "hosts")
		counts := stage(bytes.NewReader(hosts), "blocks", "-parts", "2")
		sorted := slices.Collect(strings.Lines(string(counts)))
		slices.SortStableFunc(sorted, func(a, b string) int {
			x, y := strings.SplitN(a, "\t", 3), strings.SplitN(b, "\t", 3)
			return slices.Compare(x[:2], y[:2]) // by part (-1, 0 or 1), then by host
		})
		merged := stage(strings.NewReader(strings.Join(sorted, "")), "merge")
		all := filepath.Join(t.TempDir(), "counts")
		if err := os.WriteFile(all, merged, 0o600); err != nil {
			t.Fatal(err)
		}
		documents := slices.Collect(strings.Lines(string(hosts)))
		for line := range strings.Lines(string(merged)) {
			if c := strings.Split(line, "\t"); c[0] == "-1" {
				documents = append(documents, c[1]+"\t-1\t"+c[2])
			}
		}
		slices.SortStableFunc(documents, func(a, b string) int {
			x, y := strings.SplitN(a, "\t", 3), strings.SplitN(b, "\t", 3)
			switch counts := "-1"; {
			case x[0] != y[0]:
				return strings.Compare(x[0], y[0])
			case x[1] == counts:
				return -1
			case y[1] == counts:
				return 1
			}
			return 0 // keeps the documents of a host in their order
		})
		stage(strings.NewReader(strings.Join(documents, "")), "mask", "-blocks", all)
		stage(bytes.NewReader(numbered), "sketch")
	}

	packed := base64.RawStdEncoding.EncodeToString(make([]byte, 128))
	set := base64.RawStdEncoding.EncodeToString(make([]byte, 8*150))
	stage(lines(400_000, func(w *bufio.Writer, i int) { fmt.Fprintf(w, "%d\t%032x\n", i, i/3) }), "duplicates")
	stage(lines(50_000, func(w *bufio.Writer, i int) {
		fmt.Fprintf(w, "%d\t%d%s\n", i, i, strings.Repeat(",-1234567890123456", 15))
	}), "bands")
	buckets := func() io.Reader {
		return lines(1_000_000, func(w *bufio.Writer, i int) { fmt.Fprintf(w, "%d\t%d\t%d\n", i/100_000, 1_000_000+i/50_000, i) })
	}
	stage(buckets(), "sizes")
	stage(buckets(), "candidates")
	stage(lines(1_200_000, func(w *bufio.Writer, i int) { fmt.Fprintf(w, "%d\t%d\n", i%16, 100_000_000+i) }), "full", "-documents", "1000000000")
	stage(lines(80_000, func(w *bufio.Writer, i int) { fmt.Fprintf(w, "%d\t%d\t%s\n", i/100, i/100+i%100, packed) }), "screen")
	stage(lines(10_000, func(w *bufio.Writer, i int) { fmt.Fprintf(w, "%d\t%d\t%s\n", i/100, i/100+i%100, set) }), "verify")
	stage(lines(800_000, func(w *bufio.Writer, i int) { fmt.Fprintf(w, "%d\t%d\t0.9\n", 100_000_000+10*i, i%100) }), "cluster")
	stage(lines(500_000, func(w *bufio.Writer, i int) { fmt.Fprintf(w, "%d\t%d\t1\t\"document %d\"\n", i/9*9, i, i) }), "members")
}

// A longestLine records the length of the longest line written to it, and the total
// length.
type longestLine struct{ now, most, all int }

func (l *longestLine) Write(p []byte) (int, error) {
	l.all += len(p)
	for rest := p; len(rest) > 0; {
		line, more, ended := bytes.Cut(rest, []byte("\n"))
		l.now += len(line)
		l.most = max(l.most, l.now)
		if ended {
			l.now = 0
		}
		rest = more
	}
	return len(p), nil
}
