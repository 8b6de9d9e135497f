package stage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/neardup/neardup/internal/sorted"
)

// Cluster reads all matches, sorted by their higher and then their lower ref. For
// each document that has a representative it writes the document, the representative
// and their similarity: a document joins the first representative that it matches,
// and becomes one if it matches none. It keeps a bit for each ref up to the largest:
// 64 MB for half a billion documents numbered without gaps.
func (o Options) Cluster(in io.Reader, out io.Writer) error {
	var (
		clusters  sorted.Clusters
		now, last int64 = -1, -1
		column    [3][]byte
	)
	return filter("cluster", in, out, func(line []byte, w *printer) error {
		if err := cut(column[:], line); err != nil {
			return err
		}
		a, b, err := refsOf(column[1], column[0])
		if err != nil {
			return err
		}
		if a >= b {
			return errUnordered(a, b)
		}
		if _, err := similarityOf(column[2]); err != nil {
			return err
		}
		switch {
		case b < now || b == now && a < last:
			return errors.New("not sorted by both refs")
		case b == now && a == last:
			return errTwice(a, b)
		}
		now, last = b, a
		if !clusters.Join(b, a) {
			return nil
		}
		_, _ = w.Write(line)
		return w.WriteByte('\n')
	}, nil)
}

func similarityOf(b []byte) (float64, error) {
	s, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.IsNaN(s) || s < 0 || s > 1 {
		return 0, fmt.Errorf("similarity %s is not a number from 0 to 1", excerpt(b))
	}
	return s, nil
}

// Members reads the documents of clusters, sorted by both refs: the ref of the
// representative, their own, the similarity to the representative, and the id as a
// JSON string. It writes a line of JSON for each cluster of at least two, in the
// format of dedup clusters. A representative is a member of its own cluster, with
// similarity 1.
func (o Options) Members(in io.Reader, out io.Writer) error {
	var (
		now, last int64  = -1, 0
		first     []byte // first member of a cluster, until a second one is read
		member    bytes.Buffer
		count     int
		column    [4][]byte
	)
	encode := json.NewEncoder(&member)
	encode.SetEscapeHTML(false)
	end := func(w *printer) error {
		if count > 1 {
			_, _ = w.WriteString("]}\n")
		}
		count = 0
		return nil
	}
	return filter("members", in, out, func(line []byte, w *printer) error {
		if err := cut(column[:], line); err != nil {
			return err
		}
		rep, err := refOf(column[0])
		if err != nil {
			return err
		}
		ref, err := refOf(column[1])
		if err != nil {
			return err
		}
		m := Member{}
		if m.Similarity, err = similarityOf(column[2]); err != nil {
			return err
		}
		if err := json.Unmarshal(column[3], &m.ID); err != nil {
			return fmt.Errorf("the id is not a JSON string: %w", err)
		}
		member.Reset()
		if err := encode.Encode(m); err != nil {
			return err
		}
		text := bytes.TrimSuffix(member.Bytes(), []byte("\n"))
		switch {
		case rep < now:
			return errors.New("not sorted by the representative")
		case rep > now:
			_ = end(w) // it cannot fail
			now = rep
			if ref != rep {
				return fmt.Errorf("the cluster of %d begins with %d: the line of its representative is missing", rep, ref)
			}
			first = append(first[:0], text...)
		case ref <= last:
			return errOrder(ref, last)
		default:
			if count == 1 {
				// Quotes within the id are escaped, so the cut is at its end.
				id, _, _ := bytes.Cut(first[len(`{"id":`):], []byte(`,"similarity":`))
				_, _ = w.WriteString(`{"representative":`)
				_, _ = w.Write(id)
				_, _ = w.WriteString(`,"members":[`)
				_, _ = w.Write(first)
			}
			_ = w.WriteByte(',')
			_, _ = w.Write(text)
		}
		last = ref
		count++
		return nil
	}, end)
}

// A Member is a member of a cluster, as [Options.Members] prints it. The zero Member
// is not a document.
type Member struct {
	ID         string  `json:"id"`
	Similarity float64 `json:"similarity"`
}
