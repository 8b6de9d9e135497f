package show

import (
	"strconv"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// A Pair is a line of "dedup pairs -json".
type Pair struct {
	A            string  `json:"a"`
	B            string  `json:"b"`
	Jaccard      float64 `json:"jaccard"`
	ContainmentA float64 `json:"containment_a"`
	ContainmentB float64 `json:"containment_b"`
	Exact        bool    `json:"exact"`

	// CoveredA and CoveredB are set with -covered.
	CoveredA *float64 `json:"covered_a,omitempty"`
	CoveredB *float64 `json:"covered_b,omitempty"`
}

// A Cluster is a line of "dedup clusters -json".
type Cluster struct {
	Representative string   `json:"representative"`
	Members        []Member `json:"members"`
}

// A Member is a document of a cluster.
type Member struct {
	ID         string  `json:"id"`
	Similarity float64 `json:"similarity"`
}

// A Passage is a line of "dedup passages -json".
type Passage struct {
	A          Span    `json:"a"`
	B          Span    `json:"b"`
	Similarity float64 `json:"similarity"`
	Tokens     int     `json:"tokens"`
	Kind       string  `json:"kind"`
	Template   bool    `json:"template,omitempty"`

	Recycled *Recycled `json:"recycled,omitempty"`
}

// AppendLine appends p as [JSON] returns it, for ids in JSON. A corpus may have
// millions of passages, and each of its ids is quoted only once for many of them.
func (p Passage) AppendLine(dst, idA, idB []byte) []byte {
	dst = p.A.append(append(dst, `{"a":`...), idA)
	dst = p.B.append(append(dst, `,"b":`...), idB)
	dst = append(dst, `,"similarity":`...)
	dst = strconv.AppendFloat(dst, p.Similarity, 'f', -1, 64) // at least 1e-6, so without an exponent
	dst = append(dst, `,"tokens":`...)
	dst = strconv.AppendInt(dst, int64(p.Tokens), 10)
	dst = append(append(append(dst, `,"kind":"`...), p.Kind...), '"')
	if p.Template {
		dst = append(dst, `,"template":true`...)
	}
	if r := p.Recycled; r != nil {
		dst = append(dst, `,"recycled":{"documents":`...)
		dst = strconv.AppendInt(dst, int64(r.Documents), 10)
		dst = append(dst, `,"hosts":`...)
		dst = append(strconv.AppendInt(dst, int64(r.Hosts), 10), '}')
	}
	return append(dst, "}\n"...)
}

func (s Span) append(dst, id []byte) []byte {
	dst = append(append(dst, `{"id":`...), id...)
	dst = strconv.AppendInt(append(dst, `,"start":`...), int64(s.Start), 10)
	dst = strconv.AppendInt(append(dst, `,"end":`...), int64(s.End), 10)
	return append(dst, '}')
}

// A Recurring is a line of "dedup passages -group".
type Recurring struct {
	Documents      int    `json:"documents"`
	Tokens         int    `json:"tokens"`
	Representative string `json:"representative"`
	Holders        []Held `json:"holders"`
}

// A Held is a place where a document holds a passage.
type Held struct {
	Span
	Similarity float64 `json:"similarity"`
}

// NewRecurring returns the line of a passage with its holders.
func NewRecurring(g passage.Group) Recurring {
	r := Recurring{g.Documents, g.Tokens, g.Members[g.Representative].ID, make([]Held, len(g.Members))}
	for i, m := range g.Members {
		r.Holders[i] = Held{spanOf(m.ID, m.Span), m.Similarity}
	}
	return r
}

// Recycled counts the documents with a block and their hosts.
type Recycled struct {
	Documents int `json:"documents"`
	Hosts     int `json:"hosts"`
}

// A Span is a part of a document.
type Span struct {
	ID    string `json:"id"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

// NewPassage returns the line for a passage of the documents a and b.
func NewPassage(a, b string, p shingle.Passage) Passage {
	return Passage{Span{a, p.A.Start, p.A.End}, Span{b, p.B.Start, p.B.End}, p.Similarity, p.Tokens, Kind(p), p.Template, nil}
}

// In adds the number of documents and hosts on which the passage recurs, unless
// documents is 0.
func (p Passage) In(documents, hosts int) Passage {
	if documents > 0 {
		p.Recycled = &Recycled{documents, hosts}
	}
	return p
}

// Kind returns "exact", "moved" or "edited".
func Kind(p shingle.Passage) string {
	switch {
	case p.Exact:
		return "exact"
	case p.Moved:
		return "moved"
	}
	return "edited"
}

// A Block is a line of "dedup boilerplate -json".
type Block struct {
	ID        string `json:"id"`
	Start     int    `json:"start"`
	End       int    `json:"end"`
	Documents int    `json:"documents"`
	Hosts     int    `json:"hosts"`
	Scope     string `json:"scope"`
	Reason    string `json:"reason"`
	Masked    bool   `json:"masked"`
}

// NewBlock returns the line for a flagged or masked block of the document id.
func NewBlock(id string, b boilerplate.Block) Block {
	return Block{id, b.Start, b.End, b.Documents, b.Hosts, b.Scope.String(), b.Reason.String(), b.Masked}
}

// A Comparison is the output of "dedup compare -json".
type Comparison struct {
	A              string    `json:"a"`
	B              string    `json:"b"`
	NearDuplicates bool      `json:"near_duplicates"` // at the threshold, as whole texts
	CoveredA       float64   `json:"covered_a"`       // without recycled blocks; see passage.Cover
	CoveredB       float64   `json:"covered_b"`
	Whole          Likeness  `json:"whole"`
	Stripped       Likeness  `json:"stripped"` // without recycled blocks
	Passages       []Passage `json:"passages"`
	Boilerplate    []Block   `json:"boilerplate"`

	Clusters *Placement `json:"clusters,omitempty"` // if a corpus was given
}

// A Placement describes the clusters that two documents are in.
type Placement struct {
	A        Place  `json:"a"`
	B        Place  `json:"b"`
	Together bool   `json:"together"`
	Why      string `json:"why"`
}

// A Place is the cluster of a document.
type Place struct {
	ID             string  `json:"id"`
	Representative string  `json:"representative"` // the document itself if it is kept
	Similarity     float64 `json:"similarity"`     // similarity to the representative
	Documents      int     `json:"documents"`      // documents of the cluster; 1 if it is alone
	Other          float64 `json:"other"`          // similarity to the representative of the other document
}

// A Likeness holds the similarities of two documents.
type Likeness struct {
	ShinglesA    int     `json:"shingles_a"`
	ShinglesB    int     `json:"shingles_b"`
	Common       int     `json:"common"`
	Jaccard      float64 `json:"jaccard"`
	Estimate     float64 `json:"estimate"` // estimate of the Jaccard similarity, from signatures
	ContainmentA float64 `json:"containment_a"`
	ContainmentB float64 `json:"containment_b"`
	Recall       float64 `json:"recall"` // probability that a search at the threshold finds such a pair
}

// A Removal is a line of "dedup clean -json" and of its log. A document that could
// not be read has only a reason and a place.
type Removal struct {
	ID         string  `json:"id,omitempty"`
	Reason     string  `json:"reason"`
	Match      string  `json:"match,omitempty"`
	Similarity float64 `json:"similarity,omitempty"`
	Exact      bool    `json:"exact,omitempty"`
	Spans      []Both  `json:"spans,omitempty"`
	Items      any     `json:"items,omitempty"`     // the items of an evaluation that it holds
	Documents  int     `json:"documents,omitempty"` // number of documents that could not be read, if more than one
	Place      string  `json:"place"`
}

// Figures are the output of "dedup clean -stats".
type Figures struct {
	Group
	Passed       int            `json:"passed,omitempty"`  // records of web archives that are not documents, copied
	Removed      map[string]int `json:"removed_by_reason"` // identical, equal, near-duplicate or evaluation item
	LeftOut      map[string]int `json:"left_out_by_reason"`
	Other        map[string]int `json:"not_documents"` // files in folders that are not documents, by kind
	ClusterSizes map[string]int `json:"cluster_sizes"` // number of clusters of each size
	Sources      []Group        `json:"sources"`
	Hosts        []Group        `json:"hosts"` // without documents that were left out

	Cut map[string]CutFigures `json:"cut,omitempty"` // parts cut from the kept texts, by reason
}

// CutFigures count the parts cut for one reason.
type CutFigures struct {
	Spans int `json:"spans"`
	Bytes int `json:"bytes"`
}

// A Group counts the documents of a source or a host. Documents is the sum of the
// others.
type Group struct {
	Name      string  `json:"name,omitempty"`
	Documents int     `json:"documents"`
	Kept      int     `json:"kept"`
	Removed   int     `json:"removed"`
	LeftOut   int     `json:"left_out"`
	Rate      float64 `json:"removal_rate"` // share of the documents read that were removed
}

// A Both is a passage of a removed document and its place in the match.
type Both struct {
	Start      int `json:"start"`
	End        int `json:"end"`
	MatchStart int `json:"match_start"`
	MatchEnd   int `json:"match_end"`
}

// A BandRow is a line of "dedup bands -json" and a row of its table.
type BandRow struct {
	Band int32  `json:"band" parquet:"band"`
	Key  int64  `json:"key" parquet:"key"`
	ID   string `json:"id" parquet:"id,dict"`
}

// A RegisterRow is a line of "dedup bands -registers -json" and a row of its table.
type RegisterRow struct {
	ID        string  `json:"id" parquet:"id"`
	Registers []int32 `json:"registers" parquet:"registers,list"`
}

// An Added is a line of "dedup index add". Match and Similarity are printed with
// -new-only, for a document that was left out.
type Added struct {
	ID         string  `json:"id"`
	New        bool    `json:"new"`
	Match      string  `json:"match,omitempty"`
	Similarity float64 `json:"similarity,omitempty"`
}

// A Found is a line of "dedup index query".
type Found struct {
	ID         string  `json:"id"`
	Match      string  `json:"match"`
	Similarity float64 `json:"similarity"`
}

// A Removed is a line of "dedup index remove".
type Removed struct {
	ID      string `json:"id"`
	Removed bool   `json:"removed"`
}

// A Stats is the output of "dedup index stats".
type Stats struct {
	Documents  int     `json:"documents"`
	Removed    int     `json:"removed"`
	Threshold  float64 `json:"threshold"`
	Bands      int     `json:"bands"`
	Rows       int     `json:"rows"`
	K          int     `json:"k"`
	Shingles   string  `json:"shingles"`
	LogBytes   int64   `json:"log_bytes"`
	TableBytes int64   `json:"table_bytes"`
	Largest    []int   `json:"largest_buckets"`
	Verified   bool    `json:"verified,omitempty"`
}

// A Checked is the output of "dedup index verify".
type Checked struct {
	Whole      bool   `json:"whole"`
	Damage     string `json:"damage,omitempty"`
	Documents  int    `json:"documents"`
	Unfinished int64  `json:"unfinished_bytes"`
}

// An Exported is a line of "dedup index export".
type Exported struct {
	ID        string   `json:"id"`
	Time      string   `json:"time"`
	Signature string   `json:"signature"`
	Shingles  []string `json:"shingles,omitempty"`
}

// A Lost is a line of "dedup index repair".
type Lost struct {
	File   string `json:"file"`
	Offset int64  `json:"offset"`
	Bytes  int64  `json:"bytes"`
	ID     string `json:"id,omitempty"`
	Reason string `json:"reason"`
}

// An Expired is the output of "dedup index expire".
type Expired struct {
	Expired   int `json:"expired"`
	Documents int `json:"documents"`
}

// A Cut is a line of -spans: a part of a text that was taken out.
type Cut struct {
	ID       string `json:"id"`
	Start    int    `json:"start"`
	End      int    `json:"end"`
	Reason   string `json:"reason"`
	Evidence any    `json:"evidence,omitempty"`
}

// A Text is a line of "dedup boilerplate -out".
type Text struct {
	ID   string `json:"id"`
	Host string `json:"host,omitempty"`
	Time string `json:"time,omitempty"`
	Text string `json:"text"`
}
