package redis_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	goredis "github.com/redis/go-redis/v9"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/lsh/redis"
)

// A proxy passes requests on to a server, and cuts the connection during one of them:
// before the server gets the request, or after it has answered.
type proxy struct {
	addr    string
	trips   atomic.Int64
	cutAt   int64
	answers bool // whether the server gets the request during which the connection is cut
}

func startProxy(t testing.TB, server string, cutAt int64, answers bool) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { _ = l.Close() })
	p := &proxy{addr: l.Addr().String(), cutAt: cutAt, answers: answers}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(client, server)
		}
	}()
	return p
}

func (p *proxy) serve(client net.Conn, server string) {
	defer client.Close()
	up, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer up.Close()
	var cut atomic.Bool
	go func() {
		buf := make([]byte, 1<<20)
		for {
			n, err := up.Read(buf)
			if err != nil || cut.Load() {
				break
			}
			if _, err := client.Write(buf[:n]); err != nil {
				break
			}
		}
		_ = client.Close()
	}()
	buf := make([]byte, 1<<20)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if p.trips.Add(1) == p.cutAt {
			cut.Store(true)
			if p.answers {
				_, _ = up.Write(buf[:n])
				time.Sleep(20 * time.Millisecond) // let the server process the request
			}
			return
		}
		if _, err := up.Write(buf[:n]); err != nil {
			return
		}
	}
}

// TestCutConnectionLosesNothing cuts the connection once at each round trip of a
// workload. Failed calls are repeated; the index must then hold the same documents as
// without a cut, with nothing left over.
func TestCutConnectionLosesNothing(t *testing.T) {
	direct := server(t)
	addr := direct.(*goredis.Client).Options().Addr
	ctx := t.Context()
	for _, answers := range []bool{false, true} {
		failed, cut := 0, int64(1)
		for ; ; cut++ {
			p := startProxy(t, addr, cut, answers)
			n := cutWorkload(t, p, direct, fmt.Sprintf("cut-%v-%d", answers, cut))
			failed += n
			if p.trips.Load() < cut {
				break
			}
		}
		if failed == 0 {
			t.Error("no call failed, want at least 1 (else nothing is tested)")
		}
		t.Logf("%d round trips cut, answers=%v; %d calls repeated", cut-1, answers, failed)
		check(t, direct.FlushAll(ctx).Err())
	}
}

func cutWorkload(t *testing.T, p *proxy, direct goredis.UniversalClient, namespace string) (failed int) {
	t.Helper()
	ctx := t.Context()
	client := goredis.NewClient(&goredis.Options{Addr: p.addr, MaxRetries: -1})
	o := redis.Options{Namespace: namespace, Scheme: sketcher.Scheme(), Threshold: .7}
	again := func(f func() error) {
		t.Helper()
		err := f()
		if err != nil {
			failed++
			err = f()
		}
		check(t, err)
	}
	var cutIndex *redis.Index
	again(func() (err error) { cutIndex, err = redis.Open(ctx, client, o); return err })
	defer cutIndex.Close()
	local, err := disk.Open(t.TempDir(), disk.Options{Scheme: sketcher.Scheme(), Threshold: .7})
	check(t, err)
	defer local.Close()
	r := rand.New(rand.NewPCG(5, 5))
	for step := range 3 {
		var docs []disk.Document
		var ids []string
		for i := range 12 {
			docs = append(docs, document(fmt.Sprint(r.IntN(30)), r.IntN(8), 20*step+i, r.IntN(2) == 0))
		}
		for range 6 {
			ids = append(ids, fmt.Sprint(r.IntN(30)))
		}
		for _, s := range []disk.Store{local, cutIndex} {
			again(func() error { _, err := s.InsertAll(ctx, docs[:6]); return err })
			again(func() error { _, err := s.InsertNewAll(ctx, docs[6:]); return err })
			again(func() error { _, err := s.RemoveAll(ctx, ids); return err })
		}
	}
	ix, err := redis.Open(ctx, direct, o)
	check(t, err)
	var queries []disk.Query
	var ids []string
	for family := range 8 {
		for version := range 4 {
			d := document("", family, version*20, true)
			queries = append(queries, disk.Query{Signature: d.Signature, SearchOptions: lsh.SearchOptions{Set: d.Set}})
		}
	}
	want, err := local.SearchAll(ctx, queries)
	check(t, err)
	got, err := ix.SearchAll(ctx, queries)
	check(t, err)
	for i := range got { // repeated calls number the documents differently, which changes the order of equal matches
		byID(want[i])
		byID(got[i])
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Fatalf("%s: matches (-want of the disk +got of the server):\n%s", namespace, diff)
	}
	for i := range 30 {
		ids = append(ids, fmt.Sprint(i))
	}
	_, err = ix.RemoveAll(ctx, ids)
	check(t, err)
	_, err = ix.SearchAll(ctx, queries)
	check(t, err)
	records, err := direct.Keys(ctx, "{"+namespace+"}:[in]:*").Result()
	check(t, err)
	if len(records) > 0 {
		t.Fatalf("%s: keys %q remain, want none", namespace, records)
	}
	return failed
}

func byID(m []lsh.Match[string]) {
	slices.SortFunc(m, func(x, y lsh.Match[string]) int {
		return cmp.Or(cmp.Compare(y.Similarity, x.Similarity), cmp.Compare(x.ID, y.ID))
	})
}

// Numbers without a document do not hide the documents after them in a bucket.
func TestLeftoverNumbersHideNothing(t *testing.T) {
	ctx := t.Context()
	client := server(t)
	ix, err := redis.Open(ctx, client, redis.Options{Namespace: "a", Scheme: sketcher.Scheme(), Bucket: 3})
	check(t, err)
	for i := range 8 {
		_, err := ix.InsertAll(ctx, []disk.Document{document(fmt.Sprint(i), 1, 0, false)})
		check(t, err)
	}
	for n := range 6 { // leaves numbers as a lost connection to a server that evicts would
		check(t, client.Del(ctx, fmt.Sprintf("{a}:n:%d", n+1), fmt.Sprintf("{a}:i:%d", n)).Err())
	}
	found, err := ix.SearchAll(ctx, []disk.Query{{Signature: document("", 1, 0, false).Signature}})
	check(t, err)
	if len(found[0]) != 2 || found[0][0].ID != "6" {
		t.Errorf("Search finds %v, want documents 6 and 7", found)
	}
}

// If several crawlers store copies at the same time, one copy is stored, although each
// crawler has looked before and found none; the documents that they found before do not
// prevent it.
func TestInsertUnlessStoresOneCopy(t *testing.T) {
	ctx := t.Context()
	client := server(t)
	const crawlers = 4
	o := redis.Options{Namespace: "unless", Scheme: sketcher.Scheme()}
	old := document("old", 0, 0, true)
	first, err := redis.Open(ctx, client, o)
	check(t, err)
	_, err = first.InsertAll(ctx, []disk.Document{old})
	check(t, err)
	for round := range 20 {
		stored := make([]bool, crawlers)
		var wg sync.WaitGroup
		for c := range crawlers {
			ix, err := redis.Open(ctx, client, o)
			check(t, err)
			wg.Go(func() {
				// Each document is similar to the old one, and more similar to the
				// other new ones.
				d := document(fmt.Sprintf("%d/%d", round, c), 0, 29, true)
				d.Set = append(d.Set, uint64(round), uint64(c)+1<<32)
				d.Signature = sketcher.Sketch(d.Set)
				except := []string{"old"}
				for r := range round {
					for c := range crawlers {
						except = append(except, fmt.Sprintf("%d/%d", r, c))
					}
				}
				v, err := ix.InsertUnless(ctx, d, .5, except)
				if err != nil {
					t.Error(err)
					return
				}
				stored[c] = !v.Seen
				if v.Seen && !strings.HasPrefix(v.Match.ID, fmt.Sprintf("%d/", round)) {
					t.Errorf("%s matches %s, want no match with an exception", d.ID, v.Match.ID)
				}
			})
		}
		wg.Wait()
		n := 0
		for _, ok := range stored {
			if ok {
				n++
			}
		}
		if n != 1 {
			t.Errorf("round %d: %d of %d copies are stored, want 1", round, n, crawlers)
		}
	}
}

// If several crawlers add copies with InsertNewAll, one copy is stored, and every
// document left out is at or above the threshold to a kept one.
func TestInsertNewAllStoresOneCopy(t *testing.T) {
	ctx := t.Context()
	client := server(t)
	const crawlers, each = 4, 150
	o := redis.Options{Namespace: "new", Scheme: sketcher.Scheme()}
	kept := make([][]disk.Document, crawlers)
	left := make([][]disk.Document, crawlers)
	var wg sync.WaitGroup
	for c := range crawlers {
		ix, err := redis.Open(ctx, client, o)
		check(t, err)
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(c/2), 3)) // pairs of crawlers bring the same documents
			for step := range each / 10 {
				var docs []disk.Document
				for i := range 10 {
					docs = append(docs, document(fmt.Sprintf("%d/%d", c, step*10+i), r.IntN(20), r.IntN(60), true))
				}
				verdicts, err := ix.InsertNewAll(ctx, docs)
				if err != nil {
					t.Error(err)
					return
				}
				for i, v := range verdicts {
					if v.Seen {
						left[c] = append(left[c], docs[i])
					} else {
						kept[c] = append(kept[c], docs[i])
					}
				}
			}
		})
	}
	wg.Wait()
	all := slices.Concat(kept...)
	out := slices.Concat(left...)
	for _, d := range out {
		if !slices.ContainsFunc(all, func(k disk.Document) bool {
			return lsh.ExactScore(d.Set, k.Set).Similarity >= lsh.DefaultThreshold
		}) {
			t.Errorf("%s was left out, want a kept document at similarity %v or above", d.ID, lsh.DefaultThreshold)
		}
	}
	for i, a := range all {
		for _, b := range all[:i] {
			if slices.Equal(a.Set, b.Set) {
				t.Errorf("%s and %s are equal and both kept, want one of them", b.ID, a.ID)
			}
		}
	}
	if len(all) < 20 || len(out) < 100 {
		t.Errorf("%d kept and %d left out, want at least 20 and 100 (else nothing is proved)", len(all), len(out))
	}
}

// A server that forgets is refused, and every call to one that has forgotten returns an
// error.
func TestForgetfulServerIsRefused(t *testing.T) {
	ctx := t.Context()
	client := server(t)
	o := redis.Options{Namespace: "a", Scheme: sketcher.Scheme()}
	check(t, client.ConfigSet(ctx, "maxmemory-policy", "allkeys-lru").Err())
	if _, err := redis.Open(ctx, client, o); err == nil || !strings.Contains(err.Error(), "allkeys-lru") {
		t.Errorf("Open on a server that evicts = %v, want an error that names allkeys-lru", err)
	}
	check(t, client.ConfigSet(ctx, "maxmemory-policy", "volatile-lru").Err())
	for _, lost := range []string{"meta", "next"} {
		check(t, client.FlushAll(ctx).Err())
		ix, err := redis.Open(ctx, client, o)
		check(t, err)
		docs := []disk.Document{document("1", 1, 0, true)}
		_, err = ix.InsertAll(ctx, docs)
		check(t, err)
		check(t, client.Del(ctx, "{a}:"+lost).Err())
		for name, f := range map[string]func() error{
			"InsertAll":    func() error { _, err := ix.InsertAll(ctx, docs); return err },
			"InsertNewAll": func() error { _, err := ix.InsertNewAll(ctx, docs); return err },
			"SearchAll": func() error {
				_, err := ix.SearchAll(ctx, []disk.Query{{Signature: docs[0].Signature}})
				return err
			},
			"RemoveAll": func() error { _, err := ix.RemoveAll(ctx, []string{"1", "2"}); return err },
			"Open":      func() error { _, err := redis.Open(ctx, client, o); return err },
		} {
			if err := f(); !errors.Is(err, disk.ErrCorrupt) {
				t.Errorf("%s without %s = %v, want ErrCorrupt", name, lost, err)
			}
		}
	}
}

// Calls end with their context even if the server does not answer.
func TestSilentServerEndsWithContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, c) }()
		}
	}()
	client := goredis.NewClient(&goredis.Options{Addr: l.Addr().String()})
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err = redis.Open(ctx, client, redis.Options{Namespace: "a", Scheme: sketcher.Scheme()})
	if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > 2*time.Second {
		t.Errorf("Open = %v after %v, want context.DeadlineExceeded within 2s", err, took)
	}
}
