package redis_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	goredis "github.com/redis/go-redis/v9"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/lsh/redis"
	"github.com/neardup/neardup/minhash"
)

var sketcher = minhash.New(minhash.Options{Elements: minhash.Name("test")})

// server starts a server on a free port of this machine.
func server(t testing.TB) goredis.UniversalClient {
	t.Helper()
	var name string
	for _, n := range []string{"redis-server", "valkey-server"} {
		if _, err := exec.LookPath(n); err == nil {
			name = n
		}
	}
	if name == "" {
		t.Skip("neither redis-server nor valkey-server is installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	addr := l.Addr().(*net.TCPAddr)
	check(t, l.Close())
	cmd := exec.Command(name, "--port", strconv.Itoa(addr.Port), "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--appendonly", "no")
	check(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	client := goredis.NewClient(&goredis.Options{Addr: addr.String()})
	t.Cleanup(func() { _ = client.Close() })
	for range 200 {
		if err = client.Ping(t.Context()).Err(); err == nil {
			return client
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal(err)
	return nil
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func document(id string, family, version int, keep bool) disk.Document {
	r := rand.New(rand.NewPCG(uint64(family), 1))
	var set []uint64
	for range 100 {
		set = append(set, r.Uint64())
	}
	own := rand.New(rand.NewPCG(uint64(version), 2))
	for range version % 30 {
		set[own.IntN(len(set))] = own.Uint64()
	}
	slices.Sort(set)
	set = slices.Compact(set)
	d := disk.Document{ID: id, Signature: sketcher.Sketch(set)}
	if keep {
		d.Set = set
	}
	return d
}

// A server gives the same answers as an index on disk.
func TestStoresAnswerAlike(t *testing.T) {
	ctx := t.Context()
	local, err := disk.Open(t.TempDir(), disk.Options{Scheme: sketcher.Scheme(), Threshold: .7, TableSize: 50})
	check(t, err)
	defer local.Close()
	client := server(t)
	shared, err := redis.Open(ctx, client, redis.Options{Namespace: "seen", Scheme: sketcher.Scheme(), Threshold: .7})
	check(t, err)
	stores := []disk.Store{local, shared}
	r := rand.New(rand.NewPCG(1, 1))
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var matches, seen, documents, expired int
	for step := range 150 {
		var docs []disk.Document
		var queries []disk.Query
		var ids []string
		for i := range r.IntN(20) {
			d := document(fmt.Sprint(r.IntN(150)), r.IntN(30), 20*step+i, r.IntN(2) == 0)
			d.Time = day.Add(time.Duration(step*10+r.IntN(1000)) * time.Minute)
			docs = append(docs, d)
			q := document("", r.IntN(30), 20*step+i+7, r.IntN(2) == 0)
			queries = append(queries, disk.Query{Signature: q.Signature, SearchOptions: lsh.SearchOptions{Set: q.Set, Limit: r.IntN(3)}})
		}
		for range r.IntN(6) {
			ids = append(ids, fmt.Sprint(r.IntN(150)))
		}
		var verdicts [2][]disk.Verdict
		var found [2][][]lsh.Match[string]
		var removed [2][]bool
		for i, s := range stores {
			switch step % 3 {
			case 0:
				verdicts[i], err = s.InsertAll(ctx, docs)
			case 1:
				verdicts[i], err = s.InsertNewAll(ctx, docs)
			default:
				for n, d := range docs {
					v, e := s.InsertUnless(ctx, d, []float64{0, .6, .9}[n%3], ids)
					verdicts[i], err = append(verdicts[i], v), errors.Join(err, e)
				}
			}
			check(t, err)
			found[i], err = s.SearchAll(ctx, queries)
			check(t, err)
			removed[i], err = s.RemoveAll(ctx, ids)
			check(t, err)
		}
		if diff := cmp.Diff(verdicts[0], verdicts[1]); diff != "" {
			t.Fatalf("step %d: verdicts (-want of the disk +got of the server):\n%s", step, diff)
		}
		if diff := cmp.Diff(found[0], found[1]); diff != "" {
			t.Fatalf("step %d: matches (-want of the disk +got of the server):\n%s", step, diff)
		}
		if diff := cmp.Diff(removed[0], removed[1]); diff != "" {
			t.Fatalf("step %d: removals (-want of the disk +got of the server):\n%s", step, diff)
		}
		for range r.IntN(6) {
			ids = append(ids, fmt.Sprint(r.IntN(150)))
		}
		var got [2][]disk.Document
		for i, s := range stores {
			got[i], err = s.GetAll(ctx, ids)
			check(t, err)
			for j := range got[i] {
				if got[i][j].ID != "" {
					documents++
				}
			}
		}
		if diff := cmp.Diff(got[0], got[1], cmp.Comparer(func(a, b minhash.Signature) bool {
			return a.Scheme() == b.Scheme() && slices.Equal(a.Values(), b.Values())
		})); diff != "" {
			t.Fatalf("step %d: documents (-want of the disk +got of the server):\n%s", step, diff)
		}
		if step%10 == 9 {
			var gone [2]int
			for i, s := range stores {
				gone[i], err = s.ExpireAll(ctx, day.Add(time.Duration(step*10+300)*time.Minute))
				check(t, err)
			}
			if gone[0] != gone[1] {
				t.Fatalf("step %d: ExpireAll = %d on the server, want %d as on disk", step, gone[1], gone[0])
			}
			expired += gone[0]
		}
		for i := range verdicts[0] {
			matches += len(found[0][i])
			if verdicts[0][i].Seen {
				seen++
			}
		}
	}
	if local.Len() < 20 || matches < 100 || seen < 100 || documents < 200 || expired < 100 {
		t.Errorf("%d matches, %d repeats, %d documents, %d expired, want at least 100, 100, 200, 100 (else nothing is proved)", matches, seen, documents, expired)
	}
	// No key of a removed document remains.
	var ids []string
	for i := range 150 {
		ids = append(ids, fmt.Sprint(i))
	}
	_, err = shared.RemoveAll(ctx, ids)
	check(t, err)
	left, err := client.Keys(ctx, "*").Result()
	check(t, err)
	slices.Sort(left)
	if diff := cmp.Diff([]string{"{seen}:meta", "{seen}:next"}, left); diff != "" {
		t.Errorf("keys that are left (-want +got):\n%s", diff)
	}
}

// If several crawlers insert copies at the same time, exactly one is new.
func TestCrawlersInsertOneCopy(t *testing.T) {
	ctx := t.Context()
	client := server(t)
	const texts, crawlers = 200, 4
	var fresh atomic.Int64
	var wg sync.WaitGroup
	for c := range crawlers {
		ix, err := redis.Open(ctx, client, redis.Options{Namespace: "seen", Scheme: sketcher.Scheme()})
		check(t, err)
		wg.Go(func() {
			order := rand.New(rand.NewPCG(uint64(c/2), 3)).Perm(texts)
			for part := range slices.Chunk(order, 10) {
				var docs []disk.Document
				for _, i := range part {
					docs = append(docs, document(fmt.Sprintf("%d/%d", c, i), i, 0, true))
				}
				verdicts, err := ix.InsertAll(ctx, docs)
				if err != nil {
					t.Error(err)
					return
				}
				for _, v := range verdicts {
					if !v.Seen {
						fresh.Add(1)
					}
				}
			}
		})
	}
	wg.Wait()
	if fresh.Load() != texts {
		t.Errorf("%d documents of %d texts were new, want one per text", fresh.Load(), texts)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	ctx := t.Context()
	client := server(t)
	ix, err := redis.Open(ctx, client, redis.Options{Namespace: "a", Scheme: sketcher.Scheme(), TimeToLive: 300 * time.Millisecond, Bucket: 2})
	check(t, err)
	if _, err := redis.Open(ctx, client, redis.Options{Namespace: "a", Scheme: sketcher.Scheme(), Threshold: .9}); !errors.Is(err, disk.ErrMismatch) {
		t.Errorf("Open with another threshold = %v, want ErrMismatch", err)
	}
	other, err := redis.Open(ctx, client, redis.Options{Namespace: "b", Scheme: sketcher.Scheme(), Threshold: .9})
	check(t, err)
	foreign := minhash.New(minhash.Options{K: 64})
	if _, err := ix.InsertAll(ctx, []disk.Document{{ID: "x", Signature: foreign.Sketch(nil)}}); !errors.Is(err, disk.ErrMismatch) {
		t.Errorf("InsertAll of another scheme = %v, want ErrMismatch", err)
	}
	_, err = ix.InsertAll(ctx, []disk.Document{document("1", 1, 0, false), document("2", 1, 0, false), document("3", 1, 0, false)})
	check(t, err)
	query := []disk.Query{{Signature: document("", 1, 0, false).Signature}}
	found, err := ix.SearchAll(ctx, query)
	check(t, err)
	if len(found[0]) != 2 || found[0][0].ID != "1" || ix.Bounded() == 0 {
		t.Errorf("matches %v, Bounded() = %d, want the first two documents and above 0", found, ix.Bounded())
	}
	found, err = other.SearchAll(ctx, query)
	check(t, err)
	if len(found[0]) != 0 {
		t.Errorf("matches in another namespace = %v, want none", found)
	}
	time.Sleep(500 * time.Millisecond)
	found, err = ix.SearchAll(ctx, query)
	check(t, err)
	if len(found[0]) != 0 {
		t.Errorf("matches after their time to live = %v, want none", found)
	}
	// The times of expired documents do not pile up.
	for i := range 3 {
		_, err = ix.InsertAll(ctx, []disk.Document{document(fmt.Sprint("late", i), 2+i, 0, false)})
		check(t, err)
	}
	if n, err := client.ZCard(ctx, "{a}:times").Result(); err != nil || n > 3 {
		t.Errorf("%d times are stored, %v, want at most 3, one per document", n, err)
	}
}

// BenchmarkInsert inserts documents in batches of 1,000 into a server and into an index
// on disk.
func BenchmarkInsert(b *testing.B) {
	insert := func(b *testing.B, s disk.Store) (n int) {
		docs := make([]disk.Document, 1000)
		for b.Loop() {
			b.StopTimer()
			for i := range docs {
				docs[i] = document(strconv.Itoa(n), n, 0, false)
				n++
			}
			b.StartTimer()
			_, err := s.InsertAll(b.Context(), docs)
			check(b, err)
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "documents/s")
		return n
	}
	b.Run("disk", func(b *testing.B) {
		ix, err := disk.Open(b.TempDir(), disk.Options{Scheme: sketcher.Scheme()})
		check(b, err)
		insert(b, ix)
		check(b, ix.Close())
	})
	b.Run("server", func(b *testing.B) {
		client := server(b)
		ix, err := redis.Open(b.Context(), client, redis.Options{Namespace: "seen", Scheme: sketcher.Scheme()})
		check(b, err)
		n := insert(b, ix)
		info, err := client.Info(b.Context(), "memory").Result()
		check(b, err)
		var used float64
		for line := range strings.Lines(info) {
			_, _ = fmt.Sscanf(line, "used_memory:%f", &used)
		}
		b.ReportMetric(used/float64(n), "B/document")
	})
}
