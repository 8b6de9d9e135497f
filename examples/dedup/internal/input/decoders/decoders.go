// Package decoders compares ways to read the id and the text from a line of JSON
// Lines: the scanner of package input and other decoders. All of them must find the
// same values in valid lines.
//
//	GOWORK=off go test -bench . -benchtime 5x
//
// The scanner does more than the others here: it reads from a stream, counts lines
// and remembers ids. fastjson does less: it checks neither for control characters
// nor for invalid UTF-8, so it decodes broken lines differently from encoding/json.
// fastjson is only a yardstick; the others are candidates. Decoders in assembly for a
// few processors are left out.
package decoders

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/valyala/fastjson"

	"github.com/neardup/neardup/examples/dedup/internal/input"
)

// A Decoder returns the id and the text of every line of a file; numeric ids are
// returned as written. The error reports an invalid line.
type Decoder struct {
	Name   string
	Decode func(file []byte, emit func(id, text string)) error
}

// All lists the decoders, the one in use first.
var All = []Decoder{
	{"scanner", scanner},
	{"encoding-json-struct", overLines(encodingStruct)},
	{"encoding-json-map", overLines(encodingMap)},
	{"jsontext", overLines(text)},
	{"fastjson", fast},
}

// scanner is package input, including everything else that it does.
func scanner(file []byte, emit func(id, text string)) error {
	for d, err := range input.Read([]string{"-"}, input.Options{Stdin: bytes.NewReader(file)}) {
		if err != nil {
			return err
		}
		emit(d.ID, d.Text)
	}
	return nil
}

func overLines(decode func(line []byte, emit func(id, text string)) error) func([]byte, func(id, text string)) error {
	return func(file []byte, emit func(id, text string)) error {
		for line := range bytes.Lines(file) {
			if err := decode(line, emit); err != nil {
				return err
			}
		}
		return nil
	}
}

// unquoted is a JSON string or number as a Go string.
type unquoted string

func (u *unquoted) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		return json.Unmarshal(b, (*string)(u))
	}
	*u = unquoted(b)
	return nil
}

func encodingStruct(line []byte, emit func(id, text string)) error {
	var d struct {
		ID   unquoted `json:"id"`
		Text string   `json:"text"`
	}
	if err := json.Unmarshal(line, &d); err != nil {
		return err
	}
	emit(string(d.ID), d.Text)
	return nil
}

func encodingMap(line []byte, emit func(id, text string)) error {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(line, &m); err != nil {
		return err
	}
	var id unquoted
	if err := json.Unmarshal(m["id"], &id); err != nil {
		return err
	}
	var text string
	if err := json.Unmarshal(m["text"], &text); err != nil {
		return err
	}
	emit(string(id), text)
	return nil
}

// text walks the tokens of github.com/go-json-experiment/json, which has the same
// decoder as Go's upcoming encoding/json/v2.
func text(line []byte, emit func(id, text string)) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(line))
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	var id, text string
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		var dst *string
		switch name.String() {
		case "id":
			dst = &id
		case "text":
			dst = &text
		default:
			if err := d.SkipValue(); err != nil {
				return err
			}
			continue
		}
		value, err := d.ReadToken()
		if err != nil {
			return err
		}
		*dst = value.String()
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return err
	}
	emit(id, text)
	return nil
}

func fast(file []byte, emit func(id, text string)) error {
	var p fastjson.Parser
	for line := range bytes.Lines(file) {
		v, err := p.ParseBytes(line)
		if err != nil {
			return err
		}
		id := v.Get("id")
		s := string(id.GetStringBytes())
		if id.Type() == fastjson.TypeNumber {
			s = id.String()
		}
		emit(s, string(v.GetStringBytes("text")))
	}
	return nil
}
