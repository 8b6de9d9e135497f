module github.com/neardup/neardup/bench/peers

go 1.26.0

require (
	github.com/cespare/xxhash/v2 v2.3.0
	github.com/dgryski/go-metro v0.0.0-20250106013310-edb8663e5e33
	github.com/dgryski/go-minhash v0.0.0-20170608043002-7fe510aff544
	github.com/ekzhu/minhash-lsh v0.0.0-20171225071031-5c06ee8586a1
	github.com/mfonda/simhash v0.0.0-20151007195837-79f94a1100d6
	github.com/neardup/neardup v0.0.0
)

require (
	github.com/dgryski/go-spooky v0.0.0-20170606183049-ed3d087f40e2 // indirect
	golang.org/x/text v0.44.0 // indirect
)

replace github.com/neardup/neardup => ../../
