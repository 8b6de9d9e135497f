// Package sqltest tests the SQL in docs/bands.md, which needs an engine that runs
// it.
package sqltest
