package boilerplate_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/internal/growth"
)

// splitPages returns pages of many hosts, some without one, with groups and times, and
// with sign-offs and stories that several hosts share.
func splitPages() []boilerplate.Page {
	pages, _ := newsroom()
	w := writer(77)
	stories := []string{w.words(60), w.words(40), w.words(30)}
	signOff := w.words(14)
	for host := range 12 {
		frame := w.words(8) + "\n\n" + w.words(6)
		for i := range 1 + w.below(9) {
			p := boilerplate.Page{
				ID: fmt.Sprint("split", host, "-", i), Host: fmt.Sprintf("h%d.example", host), Time: date(1 + w.below(20)),
				Text: frame + "\n\n" + w.words(80) + "\n\n" + stories[w.below(3)] + "\n\n" + w.words(50) + "\n\n" + signOff,
			}
			if host == 0 {
				p.Host = ""
			}
			if host%3 == 1 {
				p.Group = "agency"
			}
			pages = append(pages, p)
			if w.below(6) == 0 { // a copy at another address
				p.ID += "-copy"
				pages = append(pages, p)
			}
		}
	}
	return pages
}

// The merged parts of a detector equal the whole, in any order.
func TestSplitPartsMergeToTheWhole(t *testing.T) {
	pages := splitPages()
	for _, o := range []boilerplate.Options{{}, {HostOnly: true}, {Seed: 5}} {
		d := observeAll(boilerplate.New(o), pages)
		before := marshal(t, d)
		hosts, all := d.Split(3)
		if n := all[1].Stats().Blocks; n == 0 && !o.HostOnly {
			t.Error("Split(3): a part has no blocks, want blocks in every part (else nothing is tested)")
		}
		for _, parts := range [][]*boilerplate.Detector{append([]*boilerplate.Detector{hosts}, all...), {all[2], all[0], hosts, all[1]}} {
			whole := boilerplate.New(o)
			for _, p := range parts {
				read := new(boilerplate.Detector)
				if err := read.UnmarshalBinary(marshal(t, p)); err != nil {
					t.Fatal(err)
				}
				if err := whole.Merge(read); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(marshal(t, whole), before) {
				t.Errorf("%+v: MarshalBinary of the merged parts differs, want the bytes of the whole detector", o)
			}
			if got, want := whole.Stats(), d.Stats(); got.Blocks != want.Blocks || got.Documents != want.Documents {
				t.Errorf("%+v: %+v, want %+v", o, got, want)
			}
		}
		if !bytes.Equal(marshal(t, d), before) {
			t.Errorf("%+v: MarshalBinary after Split differs, want the bytes as before: Split changes nothing", o)
		}
	}
}

// Each host is counted separately, the counts over all documents are merged in parts, and
// only compact counts remain: the verdicts are those of one detector.
func TestSplitPartsJudgeAlike(t *testing.T) {
	pages := splitPages()
	for _, o := range []boilerplate.Options{{}, {Seed: 5, MinGlobal: 2}, {HostOnly: true}} {
		d := observeAll(boilerplate.New(o), pages)
		byHost := map[string]*boilerplate.Detector{}
		parts := make([]*boilerplate.Detector, 4)
		for i := range parts {
			parts[i] = boilerplate.New(o)
		}
		// In two shares, as on two machines.
		for share := range 2 {
			shares := map[string]*boilerplate.Detector{}
			for i, p := range pages {
				if i%2 == share {
					if shares[p.Host] == nil {
						shares[p.Host] = boilerplate.New(o)
					}
					shares[p.Host].Observe(p)
				}
			}
			for host, s := range shares {
				hosts, all := s.Split(len(parts))
				if byHost[host] == nil {
					byHost[host] = boilerplate.New(o)
				}
				if err := byHost[host].Merge(hosts); err != nil {
					t.Fatal(err)
				}
				for i, p := range all {
					if err := parts[i].Merge(p); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		all := boilerplate.New(o)
		for _, p := range parts {
			p.Compact()
			if err := all.Merge(p); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := all.Stats().Blocks, d.Stats().Blocks; got > want/2 {
			t.Errorf("%+v: %d of %d blocks are left", o, got, want)
		}
		reasons := map[boilerplate.Reason]int{}
		for _, p := range pages {
			if p.Group != "" {
				continue // a group has several hosts
			}
			byHost[p.Host].Compact()
			judge, err := byHost[p.Host].With(all)
			if err != nil {
				t.Fatal(err)
			}
			got := judge.Judge(p)
			if diff := cmp.Diff(d.Judge(p), got); diff != "" {
				t.Fatalf("%+v: verdicts on %s of %q (-want of one detector +got of parts):\n%s", o, p.ID, p.Host, diff)
			}
			for _, b := range got {
				reasons[b.Reason]++
			}
		}
		if len(reasons) < 6 {
			t.Errorf("verdicts have only the reasons %v, want at least 6 (else too little is tested)", reasons)
		}
	}
}

func TestSplitRefusesMismatch(t *testing.T) {
	if _, err := boilerplate.New(boilerplate.Options{}).With(boilerplate.New(boilerplate.Options{Seed: 1})); !errors.Is(err, boilerplate.ErrMismatch) {
		t.Errorf("With(detector of another seed) = %v, want ErrMismatch", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("Split(0) did not panic, want a panic")
		}
	}()
	boilerplate.New(boilerplate.Options{}).Split(0)
}

// Tables are read in the order of their slots; smaller tables must not fill up from the
// beginning.
func TestMergeTakesLinearTime(t *testing.T) {
	made := map[int]*boilerplate.Detector{}
	of := func(n int) *boilerplate.Detector {
		if made[n] == nil {
			w := writer(uint64(n))
			made[n] = boilerplate.New(boilerplate.Options{})
			for i := 0; i < n; i += 100 {
				made[n].Observe(boilerplate.Page{ID: fmt.Sprint(i), Text: w.words(8) + "\n\n" + w.words(92)})
			}
		}
		return made[n]
	}
	for name, f := range map[string]func(d *boilerplate.Detector) error{
		"Merge": func(d *boilerplate.Detector) error { return boilerplate.New(boilerplate.Options{}).Merge(d) },
		"Split": func(d *boilerplate.Detector) error { d.Split(1); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			growth.Linear(t, 1<<19, func(n int) {
				if err := f(of(n)); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}
