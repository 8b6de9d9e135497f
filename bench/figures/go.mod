module github.com/neardup/neardup/bench/figures

go 1.26
