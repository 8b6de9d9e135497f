module github.com/neardup/neardup/bench/serve

go 1.26

require github.com/neardup/neardup/boilerplate/seen v0.0.0

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/neardup/neardup v0.0.0 // indirect
)

replace (
	github.com/neardup/neardup => ../../
	github.com/neardup/neardup/boilerplate/seen => ../../boilerplate/seen
)
