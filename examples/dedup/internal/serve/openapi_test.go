package serve

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A doc is the OpenAPI document, as far as the tests read it.
type doc struct {
	Paths map[string]map[string]struct {
		OperationID string
		RequestBody json.RawMessage
		Parameters  []struct{ Name string }
		Responses   map[string]json.RawMessage
	}
	Components map[string]map[string]json.RawMessage
}

func readDoc(t *testing.T) (d doc) {
	t.Helper()
	if err := json.Unmarshal(openAPI, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// resolve returns the object in raw or, if that is a reference, the component it names.
func (d doc) resolve(raw json.RawMessage) (out map[string]any) {
	var v map[string]json.RawMessage
	if err := json.Unmarshal(raw, &v); err != nil {
		panic(err)
	}
	if ref, ok := v["$ref"]; ok {
		parts := strings.Split(strings.Trim(string(ref), `"`), "/")
		next, ok := d.Components[parts[2]][parts[3]]
		if !ok {
			panic("no component " + string(ref))
		}
		return d.resolve(next)
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		panic(err)
	}
	return out
}

func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// known are the keywords of JSON Schema that check understands; any other keyword in the
// document would not be checked.
var known = []string{"type", "properties", "required", "additionalProperties", "items", "enum", "minimum", "maximum", "anyOf", "oneOf", "description", "default"}

// check returns how a value violates a schema, or "".
func (d doc) check(schema json.RawMessage, v any) string {
	s := d.resolve(schema)
	for word := range s {
		if !slices.Contains(known, word) {
			return "the test does not know " + word
		}
	}
	if types, ok := s["type"]; ok {
		list, ok := types.([]any)
		if !ok {
			list = []any{types}
		}
		if !slices.ContainsFunc(list, func(x any) bool { return isType(v, x.(string)) }) {
			return fmt.Sprintf("%v is not of type %v", v, types)
		}
	}
	if enum, ok := s["enum"]; ok && !slices.Contains(enum.([]any), v) {
		return fmt.Sprintf("%v is not one of %v", v, enum)
	}
	if n, ok := v.(float64); ok {
		if least, ok := s["minimum"].(float64); ok && n < least {
			return fmt.Sprintf("%v is below %v", n, least)
		}
		if most, ok := s["maximum"].(float64); ok && n > most {
			return fmt.Sprintf("%v is above %v", n, most)
		}
	}
	for _, word := range []string{"anyOf", "oneOf"} {
		choices, ok := s[word].([]any)
		if !ok {
			continue
		}
		fit := 0
		for _, c := range choices {
			if d.check(raw(c), v) == "" {
				fit++
			}
		}
		if fit == 0 || word == "oneOf" && fit > 1 {
			return fmt.Sprintf("%v fits %d of %s", v, fit, word)
		}
	}
	object, ok := v.(map[string]any)
	if ok {
		required, _ := s["required"].([]any)
		for _, name := range required {
			if _, ok := object[name.(string)]; !ok {
				return fmt.Sprintf("%v lacks %v", v, name)
			}
		}
		properties, _ := s["properties"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(object)) {
			p, ok := properties[name]
			switch {
			case ok:
				if wrong := d.check(raw(p), object[name]); wrong != "" {
					return name + ": " + wrong
				}
			case s["additionalProperties"] == false:
				return fmt.Sprintf("%v has %s", v, name)
			}
		}
	}
	if list, ok := v.([]any); ok && s["items"] != nil {
		for _, x := range list {
			if wrong := d.check(raw(s["items"]), x); wrong != "" {
				return wrong
			}
		}
	}
	return ""
}

func isType(v any, name string) bool {
	switch x := v.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case float64:
		return name == "number" || name == "integer" && x == math.Trunc(x)
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	}
	return false
}

func parse(t *testing.T, s string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatalf("%v: %s", err, s)
	}
	return v
}

// The document has exactly the routes of the service.
func TestDocumentHasEveryPath(t *testing.T) {
	d := readDoc(t)
	var have, want []string
	for path, methods := range d.Paths {
		for method := range methods {
			have = append(have, strings.ToUpper(method)+" "+path)
		}
	}
	for _, r := range table {
		want = append(want, r.method+" "+r.path)
	}
	slices.Sort(have)
	slices.Sort(want)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("paths in the OpenAPI document differ from those of the service (-want +got):\n%s", diff)
	}
}

// The schemas have the fields of the types that are read and written.
func TestSchemasHaveAllFields(t *testing.T) {
	d := readDoc(t)
	for name, v := range map[string]any{
		"Page": document{}, "Verdict": verdict{}, "Final": final{}, "Found": found{}, "Match": match{}, "Stored": stored{},
		"Removed": removed{}, "Judged": judged{}, "Block": block{}, "Status": status{}, "Problem": problem{},
		"Asked": document{}, "Earlier": earlier{}, "Shares": shares{}, "Share": share{}, "Passage": shared{}, "Extent": extent{},
		"Name": struct {
			ID string `json:"id"`
		}{},
	} {
		var fields []string
		for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
			if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag != "" {
				fields = append(fields, tag)
			}
		}
		slices.Sort(fields)
		properties := d.resolve(d.Components["schemas"][name])["properties"].(map[string]any)
		if diff := cmp.Diff(fields, slices.Sorted(maps.Keys(properties))); diff != "" {
			t.Errorf("fields of schema %s (-want of the type +got):\n%s", name, diff)
		}
	}
	if len(d.Components["schemas"]) != 18 {
		t.Errorf("%d schemas, want the 18 that this test compares", len(d.Components["schemas"]))
	}
}

// An exchange is a request and the expected status.
type exchange struct {
	method, path, kind, body string
	code                     int
	bad                      bool // the request does not match the document
}

// Requests and answers match the document, for every path in each of its forms.
func TestAnswersMatchDocument(t *testing.T) {
	d := readDoc(t)
	o := options(t.TempDir())
	o.Seen.Settle = 100
	o.Seen.Passages = true
	s := start(t, o)
	a := words("a", 40)
	p := `{"id":"a","text":"` + a + `","time":"2026-03-01T00:00:00Z"}`
	h := `{"url":"http://h.example/s/1","host":"h","section":"s","html":"<p>` + words("b", 40) + `","time":null}`
	exchanges := []exchange{
		{"GET", "/healthz", "", "", 200, false},
		{"GET", "/readyz", "", "", 200, false},
		{"GET", "/openapi.json", "", "", 200, false},
		{"GET", "/metrics", "", "", 200, false},
		{"POST", "/v1/judge", oneJSON, p, 200, false},
		{"POST", "/v1/judge", oneJSON, strings.Replace(p, "2026", "2027", 1), 200, false},
		{"POST", "/v1/judge", oneJSON, h, 200, false},
		{"POST", "/v1/judge", oneJSON, `{"id":"held","host":"other","text":"` + words("c", 40) + `","time":5}`, 200, false},
		{"POST", "/v1/release", oneJSON, "{}", 200, false},
		{"GET", "/v1/released?after=0&limit=10", "", "", 200, false},
		{"POST", "/v1/judge", oneJSON, `{"id":"copy","text":"` + a + `"}`, 200, false},
		{"POST", "/v1/judge", oneJSON, `{"id":"none","text":""}`, 200, false},
		{"POST", "/v1/passages", oneJSON, `{"id":"q","text":"` + words("d", 20) + a + `"}`, 200, false},
		{"POST", "/v1/passages?limit=2&texts=true", oneJSON, `{"id":"q","html":"<p>` + words("d", 20) + `<p>` + a + `"}`, 200, false},
		{"POST", "/v1/passages", oneJSON, `{"id":"a"}`, 200, false},
		{"POST", "/v1/passages", oneJSON, `{"id":"none"}`, 404, false},
		{"POST", "/v1/passages", oneJSON, `{"text":"a"}`, 400, true},
		{"POST", "/v1/passages?limit=0", oneJSON, `{"id":"a"}`, 400, false},
		{"POST", "/v1/passages?texts=yes", oneJSON, `{"id":"a"}`, 400, false},
		{"POST", "/v1/passages", ndjson, `{"id":"a"}` + "\n{\n" + `{"id":"none"}` + "\n" + p, 200, false},
		{"POST", "/v1/remove", oneJSON, `{"id":"none"}`, 200, false},
		{"POST", "/v1/judge", oneJSON, `{"id":"a"}`, 400, true},
		{"POST", "/v1/judge", oneJSON, `{"id":"a","text":"","html":""}`, 400, true},
		{"POST", "/v1/judge", oneJSON, `{"text":""}`, 400, true},
		{"POST", "/v1/judge", oneJSON, `{"id":"a","text":"","words":1}`, 400, true},
		{"POST", "/v1/judge", oneJSON, `{"id":"a","text":7}`, 400, true},
		{"POST", "/v1/remove", oneJSON, `{}`, 400, true},
		{"POST", "/v1/judge", "text/plain", p, 415, false},
		{"GET", "/v1/judge", "", "", 405, false},
	}
	for _, path := range []string{"/v1/query", "/v1/add", "/v1/blocks"} {
		exchanges = append(exchanges, exchange{"POST", path, oneJSON, p, 200, false}, exchange{"POST", path, oneJSON, h, 200, false})
	}
	for _, path := range []string{"/v1/judge", "/v1/query", "/v1/add", "/v1/blocks"} {
		exchanges = append(exchanges, exchange{"POST", path, ndjson, p + "\n{\n" + h, 200, false})
	}
	exchanges = append(exchanges, exchange{"POST", "/v1/remove", ndjson, `{"id":"a"}` + "\n{\n", 200, false})

	done := map[string]bool{}
	for _, x := range exchanges {
		path, _, _ := strings.Cut(x.path, "?")
		code, body, header := s.do(x.method, x.path, x.kind, x.body)
		if code != x.code {
			t.Errorf("%s %s %s: %d %s, want %d", x.method, x.path, x.body, code, body, x.code)
			continue
		}
		op, ok := d.Paths[path][strings.ToLower(x.method)]
		if !ok && code != 405 {
			t.Errorf("the document lacks %s %s, want every path and method of the service", x.method, path)
			continue
		}
		if !ok {
			continue
		}
		answer := op.Responses["default"]
		if code == 200 {
			answer = op.Responses["200"]
			done[path+" "+x.kind] = true
		}
		kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
		content := d.resolve(answer)["content"].(map[string]any)
		schema, ok := content[kind].(map[string]any)
		if !ok {
			t.Errorf("%s %s answers with content type %s, want one listed in the OpenAPI document", x.method, x.path, kind)
			continue
		}
		answers, requests := []string{body}, []string{x.body}
		if path == "/v1/released" && strings.Count(body, "\n") != 2 {
			t.Errorf("released: %q, want two verdicts", body)
		}
		if kind == "application/x-ndjson" {
			answers = strings.Split(strings.TrimSpace(body), "\n")
		}
		if x.kind == ndjson {
			requests = strings.Split(strings.TrimSpace(x.body), "\n")
			requests = slices.DeleteFunc(requests, func(l string) bool { return l == "{" })
		}
		if kind != "text/plain" {
			for _, a := range answers {
				if wrong := d.check(raw(schema["schema"]), parse(t, a)); wrong != "" {
					t.Errorf("answer of %s %s: %s, want an answer that fits its schema", x.method, x.path, wrong)
				}
			}
		}
		if op.RequestBody == nil || code == 415 {
			continue
		}
		request := d.resolve(op.RequestBody)["content"].(map[string]any)[x.kind].(map[string]any)["schema"]
		for _, r := range requests {
			if wrong := d.check(raw(request), parse(t, r)); (wrong != "") != x.bad {
				t.Errorf("request %s %s %s: fault by the schema %q, answer %d, want a fault only if the service refuses", x.method, x.path, r, wrong, code)
			}
		}
	}
	// Every path was requested in every form in the document.
	for path, methods := range d.Paths {
		for _, op := range methods {
			kinds := []string{""}
			if op.RequestBody != nil {
				kinds = slices.Collect(maps.Keys(d.resolve(op.RequestBody)["content"].(map[string]any)))
			}
			for _, kind := range kinds {
				if !done[path+" "+kind] {
					t.Errorf("no request to %s with a body of type %q, want each type tried", path, kind)
				}
			}
		}
	}
}

// The test's schema check finds violations.
func TestSchemaCheckFindsFaults(t *testing.T) {
	d := readDoc(t)
	for _, c := range []struct {
		schema, value string
		ok            bool
	}{
		{"Verdict", `{"id":"a","verdict":"new","new":true}`, true},
		{"Verdict", `{"id":"a","verdict":"novel","new":true}`, false},
		{"Verdict", `{"id":"a","verdict":"new"}`, false},
		{"Verdict", `{"id":"a","verdict":"new","new":"yes"}`, false},
		{"Verdict", `{"id":"a","verdict":"new","new":true,"similarity":1.5}`, false},
		{"Verdict", `{"id":"a","verdict":"new","new":true,"more":1}`, false},
		{"Found", `{"id":"a","matches":[{"id":"b","similarity":1}]}`, true},
		{"Found", `{"id":"a","matches":[{"id":"b"}]}`, false},
		{"Block", `{"start":0.5,"end":1,"flagged":true,"reason":"","scope":"","documents":1,"hosts":1,"confidence":1}`, false},
		{"Page", `{"id":"a","text":""}`, true},
		{"Page", `{"id":"a","text":"","html":""}`, false},
		{"Page", `{"text":""}`, false},
	} {
		if wrong := d.check(d.Components["schemas"][c.schema], parse(t, c.value)); (wrong == "") != c.ok {
			t.Errorf("check(%s, %s) = %q, want valid = %v", c.schema, c.value, wrong, c.ok)
		}
	}
}
