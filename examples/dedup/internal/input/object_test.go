package input_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/internal/race"
)

// objects are lines that a careless scanner gets wrong.
var objects = []string{
	`{"id":"a","text":"b"}`,
	` { "id" : "a" , "text" : "b" } `,
	`{"id":"a","text":"line\nline\ttab \"quoted\" back\\slash sl\/ash \b\f\r"}`,
	`{"id":"a","text":"\u00e9\u4e2d\ud83d\ude00"}`,
	`{"id":"a","text":"\ud83d"}`,
	`{"id":"a","text":"\ud83dx"}`,
	`{"id":"a","text":"\ud83d\u0041"}`,
	`{"id":"a","text":"\ud83d\ud83d\ude00"}`,
	`{"id":"a","text":"\ude00\ud83d"}`,
	`{"id":"a","text":"\u0000"}`,
	`{"id":"a","text":"\u00g0"}`,
	`{"id":"a","text":"\u00"}`,
	`{"id":"a","text":"\x"}`,
	`{"id":"a","text":"` + "\x01" + `"}`,
	`{"id":"a","text":"` + "\xff\xfe" + `"}`,
	`{"id":"a","text":"` + "\xff" + `\n"}`,
	`{"id":"a","text":"first","text":"second"}`,
	`{"id":"a","text":"first","text":null}`,
	`{"id":"a","text":null,"text":"second"}`,
	`{"\u0069d":"a","text":"b"}`,
	`{"id":"a","\u0069d":"b","text":"b"}`,
	`{"ID":"a","text":"b"}`,
	`{"id":1,"text":"b"}`, `{"id":-1.5e+7,"text":"b"}`, `{"id":01,"text":"b"}`, `{"id":1.,"text":"b"}`,
	`{"id":.5,"text":"b"}`, `{"id":-,"text":"b"}`, `{"id":1e,"text":"b"}`, `{"id":0,"text":"b"}`, `{"id":00,"text":"b"}`,
	`{"id":true,"text":"b"}`, `{"id":"a","text":false}`, `{"id":"a","text":nul}`, `{"id":"a","text":nulll}`,
	`{"id":"a","text":{"x":"y"}}`, `{"id":"a","text":["b"]}`,
	`{"id":"a","text":"b","more":{"text":"no","list":[1,2,{"id":[]}],"e":{}},"list":[ ]}`,
	`{"id":"a","text":"b","more":[1,]}`, `{"id":"a","text":"b","more":{"x"}}`, `{"id":"a","text":"b","more":{"x":1,}}`,
	`{"id":"a","text":"b","more":[}`, `{"id":"a","text":"b","more":{]}`,
	`{"id":"a","text":"b"`, `{"id":"a","text":"b`, `{"id":"a","text":"b\`, `{"id":"a","text":`, `{"id":"a",`, `{`, ``, `{}`, `{} x`,
	`{"id":"a","text":"b"}{"id":"a"}`, `{"id":"a","text":"b"},`, `{,"id":"a","text":"b"}`, `{"id":"a",,"text":"b"}`,
	`{"id":"a","more":{"text":"t","e":{"x":"deep"}}}`, `{"id":"a","more.text":"whole","more":{"text":"part"}}`,
	`{"id":"a","more":{"te\u0078t":"t\n","e":{"x":1}}}`, `{"id":"a","more":{"text":"one"},"more":{"text":"two"}}`,
	`{"id":"a","more":{"text":"one"},"more":7}`, `{"id":"a","more":{"e.x":"y","text":""}}`,
	`null`, `[]`, `"id"`, `7`,
	`{"id":"a","text":"b","deep":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
	`{"id":"a","text":"b","deep":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`,
	`{"id":"a","text":"` + strings.Repeat("seven. ", 9) + `\\` + strings.Repeat("eight!! ", 9) + `"}`,
}

// reference decodes a line with encoding/json alone.
func reference(line []byte, names [5]string) (d input.Doc, ok bool) {
	var obj map[string]any
	dec := json.NewDecoder(strings.NewReader(string(line)))
	dec.UseNumber()
	if !json.Valid(line) || dec.Decode(&obj) != nil {
		return d, false
	}
	for i, dst := range []*string{&d.ID, &d.Text, &d.Host, &d.URL, &d.Time} {
		switch v := lookUp(obj, names[i]).(type) {
		case string:
			*dst = v
		case json.Number:
			if i == 1 {
				return d, false
			}
			*dst = v.String()
		default:
			if i == 1 {
				return d, false
			}
		}
	}
	return d, true
}

// lookUp returns the field with that name or, within objects, with that path.
func lookUp(obj map[string]any, name string) any {
	if v, ok := obj[name]; ok {
		return v
	}
	head, rest, _ := strings.Cut(name, ".")
	inner, ok := obj[head].(map[string]any)
	if !ok || rest == "" {
		return nil
	}
	return lookUp(inner, rest)
}

func checkObject(t *testing.T, line []byte) (scanned bool) {
	t.Helper()
	checkFields(t, line, input.Fields{Text: "more.text", Host: "more.e.x"}, [5]string{"id", "more.text", "more.e.x", "url", "time"})
	return checkFields(t, line, input.Fields{URL: "id"}, [5]string{"id", "text", "host", "id", "time"})
}

func checkFields(t *testing.T, line []byte, f input.Fields, names [5]string) (scanned bool) {
	t.Helper()
	got, scanned, err := input.ParseObject(line, f)
	want, ok := reference(line, names)
	if (err == nil) != ok {
		t.Fatalf("ParseObject(%q) = error %v, want success as by encoding/json: %v", line, err, ok)
	}
	if ok {
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", line, diff)
		}
	}
	return scanned
}

// The scanner and encoding/json agree on every line.
func TestScannerAgreesWithEncodingJSON(t *testing.T) {
	race.Alone(t)
	scanned := 0
	for _, line := range objects {
		if checkObject(t, []byte(line)) {
			scanned++
		}
		// Cut at every position, and with each single byte changed.
		if len(line) < 200 {
			for i := range len(line) {
				checkObject(t, []byte(line[:i]))
				for _, c := range []byte("\"\\{}[],:0n\x00\x1f\x80") {
					changed := []byte(line)
					changed[i] = c
					checkObject(t, changed)
				}
			}
		}
	}
	if scanned < 20 {
		t.Errorf("the scanner took %d of %d lines, want at least 20 (else the fast path is not tested)", scanned, len(objects))
	}
}

func FuzzObject(f *testing.F) {
	for _, line := range objects {
		if len(line) < 1000 {
			f.Add([]byte(line))
		}
	}
	f.Fuzz(func(t *testing.T, line []byte) { checkObject(t, line) })
}

// The scanner returns texts of any characters as encoding/json wrote them.
func TestScannerReadsWhatEncodingJSONWrites(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	letters := []string{"a", "b", " ", "\n", "\"", "\\", "é", "中", "😀", "\t", "\x00", "\u2028", "<", "word ", "another longer word "}
	for range 2000 {
		var b strings.Builder
		for range rng.IntN(60) {
			b.WriteString(letters[rng.IntN(len(letters))])
		}
		want := b.String()
		line, err := json.Marshal(map[string]any{"id": rng.IntN(1000), "text": want, "extra": []any{1.5, nil, want}})
		if err != nil || !utf8.Valid(line) {
			t.Fatal(err)
		}
		d, scanned, err := input.ParseObject(line, input.Fields{})
		if err != nil || !scanned || d.Text != want {
			t.Fatalf("%s: scanned %v, error %v, text %q, want %q", line, scanned, err, d.Text, want)
		}
	}
}

// benchLine has a text of n words with the usual escapes of prose.
func benchLine(n int) []byte {
	rng := rand.New(rand.NewPCG(3, 4))
	var b strings.Builder
	for i := range n {
		if i%12 == 11 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "word%d ", rng.IntN(5000))
	}
	line, _ := json.Marshal(map[string]string{"id": "some/id", "text": b.String(), "url": "https://example.org/a/b", "source": "none"})
	return line
}

func BenchmarkObject(b *testing.B) {
	line := benchLine(300)
	b.Run("scanner", func(b *testing.B) {
		b.SetBytes(int64(len(line)))
		for b.Loop() {
			if _, _, err := input.ParseObject(line, input.Fields{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.SetBytes(int64(len(line)))
		for b.Loop() {
			var d struct{ ID, Text, Host, URL, Time string }
			if err := json.Unmarshal(line, &d); err != nil {
				b.Fatal(err)
			}
		}
	})
}
