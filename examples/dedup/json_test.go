package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/neardup/neardup/examples/dedup/internal/items"
	"github.com/neardup/neardup/examples/dedup/internal/show"
)

// The sections of docs/json.md and the types of their lines.
var jsonLines = map[string][]any{
	"dedup pairs":            {show.Pair{}},
	"dedup clusters":         {show.Cluster{}},
	"dedup passages":         {show.Passage{}},
	"dedup passages -group":  {show.Recurring{}},
	"dedup origins":          {show.Origin{}, show.Source{}},
	"dedup boilerplate":      {show.Block{}},
	"dedup boilerplate -out": {show.Text{}},
	"-spans":                 {show.Cut{}},
	"dedup clean":            {show.Removal{}},
	"dedup clean -stats":     {show.Figures{}, show.CutFigures{}},
	"dedup compare":          {show.Comparison{}},
	"dedup bands":            {show.BandRow{}, show.RegisterRow{}},
	"dedup index": {show.Added{}, show.Found{}, show.Removed{}, show.Stats{}, show.Checked{}, show.Exported{},
		show.Lost{}, show.Expired{}},
	"dedup decon": {items.Finding{}},
}

// elsewhere are fields whose own fields have a separate section.
var elsewhere = []string{"passages", "boilerplate"}

// fields adds the names of the JSON fields of a type; nested names contain a dot.
func fields(all map[string]bool, types map[string]bool, prefix string, t reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	types[t.Name()] = true
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			fields(all, types, prefix, f.Type)
		case name == "" || name == "-":
		default:
			all[prefix+name] = true
			if prefix != "" || !slices.Contains(elsewhere, name) {
				fields(all, types, prefix+name+".", f.Type)
			}
		}
	}
}

// docs/json.md has exactly the fields of every line.
func TestJSONPageHasEveryField(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]map[string]bool{}
	var now map[string]bool
	quoted := regexp.MustCompile("`([a-z_.]+)`")
	for line := range strings.Lines(string(data)) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			now = map[string]bool{}
			sections[strings.TrimSpace(title)] = now
		}
		if cells := strings.Split(line, "|"); len(cells) > 2 && now != nil {
			for _, m := range quoted.FindAllStringSubmatch(cells[1], -1) {
				now[m[1]] = true
			}
		}
	}
	types := map[string]bool{}
	for title, lines := range jsonLines {
		want := map[string]bool{}
		for _, l := range lines {
			fields(want, types, "", reflect.TypeOf(l))
		}
		for name := range want {
			if !sections[title][name] {
				t.Errorf("docs/json.md, %q: field %q is not on the page, want every field", title, name)
			}
		}
		for name := range sections[title] {
			if !want[name] {
				t.Errorf("docs/json.md, %q: field %q of the page is in no line, want fields of the program alone", title, name)
			}
		}
	}
	for title := range sections {
		if jsonLines[title] == nil {
			t.Errorf("docs/json.md: section %q is unknown to the test, want it in jsonLines", title)
		}
	}
	// Every type with JSON fields is in one of the sections.
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("internal", "show", "json.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.TypeSpec); ok {
			if st, ok := s.Type.(*ast.StructType); ok && slices.ContainsFunc(st.Fields.List, func(f *ast.Field) bool { return f.Tag != nil }) && !types[s.Name.Name] {
				t.Errorf("docs/json.md lacks the lines of type show.%s, want a section", s.Name.Name)
			}
		}
		return true
	})
}
