package main

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver

	"github.com/neardup/neardup/minhash"
)

// sqlite keeps documents in one table and their band keys in another.
type sqlite struct {
	dir string
	db  *sql.DB
	tx  *sql.Tx // begun by the first add

	document, key, find, signature *sql.Stmt
	keys                           []uint64
	regs                           []uint32
}

func (s *sqlite) reopen(ctx context.Context) (err error) {
	s.db, err = sql.Open("sqlite", "file:"+filepath.Join(s.dir, "index.db")+
		"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=cache_size(-131072)&_pragma=mmap_size(17179869184)")
	if err != nil {
		return err
	}
	s.db.SetMaxOpenConns(1)
	for _, q := range []string{
		"create table if not exists documents (row integer primary key, id text not null unique, signature blob not null)",
		"create table if not exists keys (key integer not null, row integer not null, primary key (key, row)) without rowid",
	} {
		if _, err := s.db.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	for stmt, q := range map[**sql.Stmt]string{
		&s.document:  "insert into documents (id, signature) values (?, ?)",
		&s.key:       "insert into keys (key, row) values (?, ?)",
		&s.find:      "select row from keys where key = ?",
		&s.signature: "select id, signature from documents where row = ?",
	} {
		if *stmt, err = s.db.PrepareContext(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

func (s *sqlite) add(ctx context.Context, id string, sig minhash.Signature) (err error) {
	if s.tx == nil {
		if s.tx, err = s.db.BeginTx(ctx, nil); err != nil {
			return err
		}
	}
	result, err := s.tx.StmtContext(ctx, s.document).ExecContext(ctx, id, blob(sig))
	if err != nil {
		return err
	}
	row, err := result.LastInsertId()
	if err != nil {
		return err
	}
	s.keys = sig.BandKeys(s.keys[:0], banding.Bands, banding.Rows, 0)
	insert := s.tx.StmtContext(ctx, s.key)
	for _, k := range s.keys {
		if _, err := insert.ExecContext(ctx, int64(k), row); err != nil {
			return err
		}
	}
	return nil
}

func (s *sqlite) sync(context.Context) error {
	if s.tx == nil {
		return nil
	}
	err := s.tx.Commit()
	s.tx = nil
	return err
}

func (s *sqlite) query(ctx context.Context, sig minhash.Signature) (int, error) {
	s.keys = sig.BandKeys(s.keys[:0], banding.Bands, banding.Rows, 0)
	candidates := map[int64]bool{}
	for _, k := range s.keys {
		rows, err := s.find.QueryContext(ctx, int64(k))
		if err != nil {
			return 0, err
		}
		for rows.Next() {
			var row int64
			if err := rows.Scan(&row); err != nil {
				return 0, err
			}
			candidates[row] = true
		}
		if err := rows.Err(); err != nil {
			return 0, err
		}
		_ = rows.Close()
	}
	n := 0
	for row := range candidates {
		var id string
		var b []byte
		if err := s.signature.QueryRowContext(ctx, row).Scan(&id, &b); err != nil {
			return 0, err
		}
		if len(b) != 4*len(sig.Values()) {
			return 0, fmt.Errorf("unexpected signature size of %d bytes", len(b))
		}
		s.regs = s.regs[:0]
		for ; len(b) > 0; b = b[4:] {
			s.regs = append(s.regs, binary.LittleEndian.Uint32(b))
		}
		if float64(minhash.Agree(sig.Values(), s.regs)) >= 0.8*float64(len(s.regs)) {
			n++
		}
	}
	return n, nil
}

func (s *sqlite) close() error { return s.db.Close() }
