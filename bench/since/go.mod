module github.com/neardup/neardup/bench/since

go 1.26

require github.com/neardup/neardup v0.0.0

require github.com/cespare/xxhash/v2 v2.3.0 // indirect

replace github.com/neardup/neardup => ../../
