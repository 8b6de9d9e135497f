package input

// ParseObject decodes a line as Read does; scanned reports whether the scanner took
// it, so that encoding/json was not asked.
func ParseObject(line []byte, f Fields) (d *Doc, scanned bool, err error) {
	p := lineParser{memory: new(scratch)}
	p.setFields(f.names())
	d, err = p.parse(line)
	p.inspect(line)
	return d, p.valid && p.scan(line), err
}
