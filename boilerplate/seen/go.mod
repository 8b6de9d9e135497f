module github.com/neardup/neardup/boilerplate/seen

go 1.26

require (
	github.com/google/go-cmp v0.7.0
	github.com/neardup/neardup v0.0.0
)

require github.com/cespare/xxhash/v2 v2.3.0

replace github.com/neardup/neardup => ../../
