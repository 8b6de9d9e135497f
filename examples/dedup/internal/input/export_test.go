package input

// ParseObject decodes a line as Read does; scanned reports whether the scanner handled it
// without encoding/json.
func ParseObject(line []byte, f Fields) (d *Doc, scanned bool, err error) {
	p := lineParser{memory: new(scratch)}
	p.setFields(f.names())
	d, err = p.parse(line)
	p.inspect(line)
	return d, p.valid && p.scan(line), err
}
