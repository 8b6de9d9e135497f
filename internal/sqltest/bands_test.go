package sqltest

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
)

// TestStatementsFindTheSamePairs runs the statements of docs/bands.md in DuckDB, on
// newswire stories and on a generated corpus with a bucket that is too large to compare
// in full.
func TestStatementsFindTheSamePairs(t *testing.T) {
	dedup := build(t)
	t.Run("made up", func(t *testing.T) {
		var docs bytes.Buffer
		e := json.NewEncoder(&docs)
		story := strings.Fields("the harbour master counted every crate twice because the list he had been given named a ship that nobody on the quay had seen since the winter in which the old crane fell")
		add := func(id string, words ...string) {
			if err := e.Encode(map[string]string{"id": id, "text": strings.Join(words, " ")}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 300 {
			add("copy\t\""+string(rune('a'+i/26))+string(rune('a'+i%26)), story...)
		}
		add("edited", append(story[:len(story)-1:len(story)-1], "broke")...)
		add("empty")
		add("other", "a bakery that sells nothing but rye has opened where the rope makers were")
		name := filepath.Join(t.TempDir(), "docs.jsonl")
		if err := os.WriteFile(name, docs.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		db := open(t)
		load(t, db, dedup, name, "TEMPORARY VIEW")
		// 300 exact duplicates count as one document: the edited one is compared with it.
		if n := count(t, db, "SELECT count(*) FROM candidates"); n != 1 {
			t.Errorf("%d candidates, want 1", n)
		}
		if n := count(t, db, "SELECT count(*) FROM removals"); n != 300 {
			t.Errorf("%d removals, want 300", n)
		}
		if n := count(t, db, "SELECT count(*) FROM bands WHERE id = 'empty'"); n != 0 {
			t.Errorf("the empty document has %d rows of bands, want 0", n)
		}
		var id string
		if err := db.QueryRow("SELECT min(match) FROM removals").Scan(&id); err != nil || id != "copy\t\"aa" {
			t.Errorf("the first kept id is %q (%v), want %q", id, err, "copy\t\"aa")
		}
	})
	t.Run("oversized", func(t *testing.T) {
		// More documents share most of their words than are compared in full, and some
		// are near-duplicates.
		var docs bytes.Buffer
		e := json.NewEncoder(&docs)
		var story []string
		for i := range 90 {
			story = append(story, fmt.Sprint("word", i))
		}
		for i := range 2500 {
			words := slices.Clone(story)
			for j := range 2 {
				words[(i/2*7+j*17)%len(words)] = fmt.Sprint("own", i/2, "-", j)
			}
			if i%2 == 1 {
				words = append(words, "end")
			}
			if err := e.Encode(map[string]string{"id": fmt.Sprintf("%04d", i), "text": strings.Join(words, " ")}); err != nil {
				t.Fatal(err)
			}
		}
		name := filepath.Join(t.TempDir(), "docs.jsonl")
		if err := os.WriteFile(name, docs.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		db := open(t)
		load(t, db, dedup, name, "TEMPORARY VIEW")
		same(t, db, dedup, name)
		if n := count(t, db, "SELECT max(n) FROM (SELECT count(*) n FROM bands GROUP BY band, key)"); n < 900 {
			t.Errorf("the largest bucket has %d documents, want at least 900 (else nothing is tested)", n)
		}
	})
	t.Run("newswire", func(t *testing.T) {
		name, err := filepath.Abs("../../../shared/data/reuters21578/docs.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(name); err != nil {
			t.Skip("no real data: the folder shared is not next to the repository")
		}
		db := open(t)
		rows(t, db, dedup, name, "tsv.gz")
		run(t, db, "CREATE TABLE bands_as_text AS FROM bands; CREATE TABLE registers_as_text AS FROM registers")
		load(t, db, dedup, name, "TABLE")
		// The same rows in both formats give the same answers.
		for _, table := range []string{"bands", "registers"} {
			if n := count(t, db, "SELECT count(*) FROM "+table); n < 1000 {
				t.Fatalf("%d rows of %s, want at least 1000", n, table)
			}
			for _, both := range []string{"FROM " + table + " EXCEPT ALL FROM " + table + "_as_text", "FROM " + table + "_as_text EXCEPT ALL FROM " + table} {
				if n := count(t, db, "SELECT count(*) FROM ("+both+")"); n != 0 {
					t.Errorf("%d rows of %s differ between Parquet and text, want 0", n, table)
				}
			}
		}
		pairs := same(t, db, dedup, name)
		if pairs < 500 {
			t.Fatalf("%d pairs, want at least 500", pairs)
		}
		removed := count(t, db, "SELECT count(*) FROM removals")
		if removed < pairs/4 {
			t.Errorf("%d removals of %d pairs, want at least a quarter", removed, pairs)
		}
		if n := count(t, db, "SELECT count(*) FROM removals WHERE match IN (SELECT id FROM removals)"); n != 0 {
			t.Errorf("%d removals by documents that are themselves removed, want 0", n)
		}
		if n := count(t, db, "SELECT count(*) FROM removals r JOIN firsts f ON f.id = r.id LEFT JOIN matches p ON p.a = r.match AND p.b = f.first WHERE p.a IS NULL AND r.match <> f.first"); n != 0 {
			t.Errorf("%d removals without a pair, want 0", n)
		}
	})
}

// same compares the matches of the statements, and the pairs of exact duplicates,
// with the pairs of dedup, and returns their number.
func same(t *testing.T, db *sql.DB, dedup, corpus string) int {
	t.Helper()
	want := map[[2]string]float64{}
	lines := bufio.NewScanner(bytes.NewReader(output(t, dedup, "pairs", "-quiet", "-json", "-estimate", corpus)))
	for lines.Scan() {
		var p struct {
			A, B    string
			Jaccard float64
		}
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		want[[2]string{min(p.A, p.B), max(p.A, p.B)}] = p.Jaccard
	}
	// All pairs between matching groups of exact duplicates, and within every group.
	rows, err := db.Query(`
		SELECT least(x.id, y.id), greatest(x.id, y.id), similarity FROM matches
		JOIN firsts x ON x.first = a JOIN firsts y ON y.first = b
		UNION ALL
		SELECT x.id, y.id, 1 FROM firsts x JOIN firsts y ON x.first = y.first AND x.id < y.id`)
	if err != nil {
		t.Fatal(err)
	}
	got := map[[2]string]float64{}
	for rows.Next() {
		var a, b string
		var s float64
		if err := rows.Scan(&a, &b, &s); err != nil {
			t.Fatal(err)
		}
		got[[2]string{a, b}] = s
		if w, ok := want[[2]string{a, b}]; !ok || w != s {
			t.Errorf("%s and %s: similarity %v in SQL, want %v as dedup pairs reports (pair found there: %v)", a, b, s, w, ok)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Errorf("SQL finds %d pairs, want %d as from dedup pairs", len(got), len(want))
	}
	return len(want)
}

func open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1) // temporary views belong to a connection
	return db
}

// rows writes the rows of a corpus in a format and runs the statements that load them.
func rows(t *testing.T, db *sql.DB, dedup, corpus, format string) {
	t.Helper()
	dir := t.TempDir()
	output(t, dedup, "bands", "-quiet", "-out", filepath.Join(dir, "bands-0."+format), corpus)
	output(t, dedup, "bands", "-quiet", "-registers", "-out", filepath.Join(dir, "registers-0."+format), corpus)
	loading := fences(t, "sql duckdb")
	if len(loading) != 1 {
		t.Fatalf("docs/bands.md has %d code blocks that load the rows, want 1", len(loading))
	}
	s := strings.ReplaceAll(loading[0], "read_parquet('", "read_parquet('"+dir+"/")
	if format != "parquet" {
		s = strings.Replace(s, "AS SELECT * FROM read_parquet('"+dir+"/registers",
			"AS SELECT id, string_split(registers, ',')::INTEGER[] AS registers FROM read_parquet('"+dir+"/registers", 1)
		s = strings.ReplaceAll(strings.ReplaceAll(s, "read_parquet(", "read_csv("), "-*.parquet'", "-*."+format+"', delim='\t', types={'id':'VARCHAR'}")
	}
	run(t, db, s)
}

// load writes the rows of a corpus as Parquet and runs all statements of the page on
// them: unchanged, which creates views, or as the page recommends, which creates tables.
func load(t *testing.T, db *sql.DB, dedup, corpus, kind string) {
	t.Helper()
	rows(t, db, dedup, corpus, "parquet")
	common := fences(t, "sql")
	if len(common) != 4 {
		t.Fatalf("docs/bands.md has %d other SQL code blocks, want 4", len(common))
	}
	for _, s := range common {
		run(t, db, strings.ReplaceAll(s, "TEMPORARY VIEW", kind))
	}
}

func run(t *testing.T, db *sql.DB, s string) {
	t.Helper()
	if _, err := db.Exec(s); err != nil {
		t.Fatalf("%v in\n%s", err, s)
	}
}

// fences returns the code blocks of a language in docs/bands.md.
func fences(t *testing.T, language string) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/bands.md")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, part := range strings.Split(string(page), "\n```"+language+"\n")[1:] {
		block, _, ok := strings.Cut(part, "\n```")
		if !ok {
			t.Fatal("a code block of the page has no end, want a closing fence")
		}
		out = append(out, block)
	}
	return out
}

// build builds the program as its users do.
func build(t *testing.T) string {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "dedup")
	if runtime.GOOS == "windows" {
		exe += ".exe"
	}
	cmd := exec.Command("go", "build", "-C", "../../examples/dedup", "-o", exe, ".")
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return exe
}

func output(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, errs.Bytes())
	}
	return out.Bytes()
}

func count(t *testing.T, db *sql.DB, query string) int {
	t.Helper()
	var n int
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
