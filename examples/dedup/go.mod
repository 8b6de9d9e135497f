module github.com/neardup/neardup/examples/dedup

go 1.26.0

require (
	github.com/VictoriaMetrics/metrics v1.45.0
	github.com/andybalholm/brotli v1.2.8
	github.com/bmatcuk/doublestar/v4 v4.10.4
	github.com/google/go-cmp v0.7.0
	github.com/klauspost/compress v1.20.3
	github.com/neardup/neardup v0.0.0
	github.com/neardup/neardup/boilerplate/pages v0.0.0
	github.com/parquet-go/parquet-go v0.32.0
	github.com/pierrec/lz4/v4 v4.1.33
	github.com/ulikunitz/xz v0.5.17
	golang.org/x/net v0.59.0
	golang.org/x/term v0.48.0
)

require (
	github.com/valyala/fastrand v1.1.0 // indirect
	github.com/valyala/histogram v1.2.0 // indirect
)

require (
	github.com/cespare/xxhash/v2 v2.3.0
	github.com/google/uuid v1.6.0 // indirect
	github.com/neardup/neardup/boilerplate/seen v0.0.0
	github.com/parquet-go/bitpack v1.0.0 // indirect
	github.com/parquet-go/jsonlite v1.0.0 // indirect
	github.com/twpayne/go-geom v1.6.1 // indirect
	golang.org/x/sys v0.50.0 // indirect
	golang.org/x/text v0.42.0
	google.golang.org/protobuf v1.36.12 // indirect
)

replace (
	github.com/neardup/neardup => ../../
	github.com/neardup/neardup/boilerplate/pages => ../../boilerplate/pages
)

replace github.com/neardup/neardup/boilerplate/seen => ../../boilerplate/seen
