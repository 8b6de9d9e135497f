// Package sqltest holds tests of the SQL in docs/bands.md, which need an engine
// that runs it.
package sqltest
