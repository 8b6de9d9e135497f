// Package sqltest runs the SQL in docs/bands.md on a database engine.
package sqltest
