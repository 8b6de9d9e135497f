package sqltest

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
)

// TestBands runs the statements of docs/bands.md in DuckDB, on newswire stories
// and on a made-up corpus with a bucket that is too large to compare in full.
func TestBands(t *testing.T) {
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
		db := load(t, dedup, name, "parquet")
		// All 300 copies with their head, and the edited one with it.
		if n := count(t, db, "SELECT count(*) FROM candidates"); n != 300 {
			t.Errorf("%d candidates, want 300", n)
		}
		if n := count(t, db, "SELECT count(*) FROM removals"); n != 300 {
			t.Errorf("%d removals, want 300", n)
		}
		if n := count(t, db, "SELECT count(*) FROM bands WHERE id = 'empty'"); n != 0 {
			t.Errorf("an empty document has %d rows", n)
		}
		var id string
		if err := db.QueryRow("SELECT min(match) FROM removals").Scan(&id); err != nil || id != "copy\t\"aa" {
			t.Errorf("kept %q, %v", id, err)
		}
	})
	t.Run("newswire", func(t *testing.T) {
		name, err := filepath.Abs("../../../shared/data/reuters21578/docs.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(name); err != nil {
			t.Skip("no real data: the folder shared does not lie beside the repository")
		}
		want := map[[2]string]float64{}
		lines := bufio.NewScanner(bytes.NewReader(output(t, dedup, "pairs", "-quiet", "-json", "-estimate", name)))
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
		if len(want) < 500 {
			t.Fatalf("only %d pairs to compare with", len(want))
		}
		for _, format := range []string{"parquet", "tsv.gz"} {
			db := load(t, dedup, name, format)
			rows, err := db.Query("SELECT a, b, similarity FROM pairs")
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
				if want[[2]string{a, b}] != s {
					t.Errorf("%s: %s and %s: %v, dedup pairs says %v", format, a, b, s, want[[2]string{a, b}])
				}
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
			if len(got) != len(want) {
				t.Errorf("%s: %d pairs, dedup pairs finds %d", format, len(got), len(want))
			}
			removed := count(t, db, "SELECT count(*) FROM removals")
			if removed < len(want)/4 {
				t.Errorf("%s: only %d removals of %d pairs", format, removed, len(want))
			}
			if n := count(t, db, "SELECT count(*) FROM removals WHERE match IN (SELECT id FROM removals)"); n != 0 {
				t.Errorf("%s: %d removals by what is itself left out", format, n)
			}
			if n := count(t, db, "SELECT count(*) FROM removals r LEFT JOIN pairs p ON p.a = r.match AND p.b = r.id WHERE p.a IS NULL"); n != 0 {
				t.Errorf("%s: %d removals without a pair", format, n)
			}
		}
	})
}

// load makes the rows of a corpus and runs all statements of the page on them.
func load(t *testing.T, dedup, corpus, format string) *sql.DB {
	t.Helper()
	dir := t.TempDir()
	output(t, dedup, "bands", "-quiet", "-out", filepath.Join(dir, "bands-0."+format), corpus)
	output(t, dedup, "bands", "-quiet", "-banding", "128x1", "-out", filepath.Join(dir, "registers-0."+format), corpus)
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1) // temporary views belong to a connection
	loading := fences(t, "sql duckdb")
	if len(loading) != 1 {
		t.Fatalf("%d blocks that load the rows, want 1", len(loading))
	}
	loading[0] = strings.ReplaceAll(loading[0], "read_parquet('", "read_parquet('"+dir+"/")
	if format != "parquet" {
		loading[0] = strings.ReplaceAll(strings.ReplaceAll(loading[0], "read_parquet(", "read_csv("), "-*.parquet'", "-*."+format+"', types={'id':'VARCHAR'}")
	}
	common := fences(t, "sql")
	if len(common) != 3 {
		t.Fatalf("%d blocks behind it, want 3", len(common))
	}
	for _, s := range append(loading, common...) {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%v in\n%s", err, s)
		}
	}
	return db
}

// fences returns the blocks of a language in docs/bands.md.
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
			t.Fatal("a block without an end")
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
