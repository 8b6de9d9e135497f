module github.com/neardup/neardup/examples/dedup

go 1.26

require github.com/klauspost/compress v1.20.3

replace github.com/neardup/neardup => ../../
