package table

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// writer returns a function that formats a column's values for people, or nil for a
// type that is not text, a whole number or a time.
func writer(t parquet.Type) func(dst, v []byte) []byte {
	var logical format.LogicalTypeValue
	if l := t.LogicalType(); l != nil {
		logical = l.Value
	}
	converted := deprecated.ConvertedType(-1)
	if c := t.ConvertedType(); c != nil {
		converted = *c
	}
	if _, ok := logical.(*format.DecimalType); ok || converted == deprecated.Decimal {
		return nil
	}
	switch t.Kind() {
	case parquet.ByteArray:
		return func(dst, v []byte) []byte { return append(dst, v...) }
	case parquet.FixedLenByteArray:
		if _, ok := logical.(*format.UUIDType); ok && t.Length() == 16 {
			return appendUUID
		}
		return func(dst, v []byte) []byte { return append(dst, v...) }
	case parquet.Int96:
		return appendInt96
	case parquet.Int32, parquet.Int64:
		return numberWriter(logical, converted)
	}
	return nil
}

func numberWriter(logical format.LogicalTypeValue, converted deprecated.ConvertedType) func(dst, v []byte) []byte {
	unit := time.Duration(0)
	switch l := logical.(type) {
	case *format.TimestampType:
		switch l.Unit.Value.(type) {
		case *format.MilliSeconds:
			unit = time.Millisecond
		case *format.MicroSeconds:
			unit = time.Microsecond
		case *format.NanoSeconds:
			unit = time.Nanosecond
		}
	case *format.DateType:
		unit = 24 * time.Hour
	}
	switch converted {
	case deprecated.TimestampMillis:
		unit = time.Millisecond
	case deprecated.TimestampMicros:
		unit = time.Microsecond
	case deprecated.Date:
		unit = 24 * time.Hour
	}
	unsigned := converted >= deprecated.Uint8 && converted <= deprecated.Uint64
	if l, ok := logical.(*format.IntType); ok {
		unsigned = !l.IsSigned
	}
	return func(dst, v []byte) []byte {
		n := number(v)
		switch {
		case unit == 24*time.Hour:
			return time.Unix(86400*n, 0).UTC().AppendFormat(dst, time.DateOnly)
		case unit > 0:
			second := int64(time.Second / unit)
			return time.Unix(n/second, n%second*int64(unit)).UTC().AppendFormat(dst, time.RFC3339Nano)
		case unsigned && len(v) == 4:
			return strconv.AppendUint(dst, uint64(uint32(n)), 10)
		case unsigned:
			return strconv.AppendUint(dst, uint64(n), 10)
		}
		return strconv.AppendInt(dst, n, 10)
	}
}

// number returns a little-endian number of 4 or 8 bytes.
func number(v []byte) int64 {
	if len(v) == 4 {
		return int64(int32(binary.LittleEndian.Uint32(v)))
	}
	return int64(binary.LittleEndian.Uint64(v))
}

// appendInt96 formats a time stored in the form of Hive and old Spark: nanoseconds
// of the day and the Julian day, where day 2440588 is 1 January 1970.
func appendInt96(dst, v []byte) []byte {
	nanos := int64(binary.LittleEndian.Uint64(v))
	day := int64(binary.LittleEndian.Uint32(v[8:])) - 2440588
	return time.Unix(day*86400+nanos/1e9, nanos%1e9).UTC().AppendFormat(dst, time.RFC3339Nano)
}

func appendUUID(dst, v []byte) []byte {
	for i, n := range []int{4, 2, 2, 2, 6} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, v[:n])
		v = v[n:]
	}
	return dst
}
