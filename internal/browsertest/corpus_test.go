package browsertest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A document is a line of the input.
type document struct {
	ID   string `json:"id"`
	Host string `json:"host,omitempty"`
	URL  string `json:"url,omitempty"`
	Text string `json:"text"`
}

// corpus writes documents to a file and returns its name.
func corpus(t *testing.T, docs []document) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "docs.jsonl")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	e := json.NewEncoder(f)
	for _, d := range docs {
		if err := e.Encode(d); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

// A generator makes meaningless words, always the same ones (SplitMix64, Steele, Lea and
// Flood 2014).
type generator uint64

func (g *generator) next(n int) int {
	*g += 0x9e3779b97f4a7c15
	z := uint64(*g)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(n))
}

var syllables = strings.Fields("ba ce di fo gu ha ke li mo nu pa re si to va we xi yo zu bra cle dri flo gru sta spe tri plo")

func (g *generator) word() string {
	var w strings.Builder
	for range 2 + g.next(3) {
		w.WriteString(syllables[g.next(len(syllables))])
	}
	return w.String()
}

func (g *generator) words(n int) []string {
	ws := make([]string, n)
	for i := range ws {
		ws[i] = g.word()
	}
	return ws
}

// text joins words into sentences.
func text(ws []string) string {
	var b strings.Builder
	for i, w := range ws {
		if i%11 == 0 {
			w = strings.ToUpper(w[:1]) + w[1:]
		}
		b.WriteString(w)
		switch {
		case i == len(ws)-1 || i%11 == 10:
			b.WriteString(". ")
		default:
			b.WriteByte(' ')
		}
	}
	return strings.TrimSpace(b.String())
}

// attack is text that does harm if it is treated as markup.
const attack = `</script><script>window.harmed=1</script><img src=x onerror="window.harmed=2"><svg onload=window.harmed=3><style>body{display:none}</style><!-- <a href="javascript:harmed()">link</a> ` + "\x00\u2028\u2029\u202e" + ` &lt;b&gt; ${harmed} {{.}} '"` + "`"

// mixed is a small corpus with everything that a page must handle: findings of each kind,
// markup, long names, long words, right-to-left scripts and scripts without spaces.
func mixed() []document {
	g := generator(7)
	var docs []document
	add := func(id, host, text string) { docs = append(docs, document{ID: id, Host: host, Text: text}) }
	changed := func(ws []string, at int) []string {
		ws = append([]string(nil), ws...)
		ws[at] = "changedword"
		return ws
	}

	story := g.words(150)
	add("cluster/keep", "alpha.example", text(story))
	add("cluster/copy", "beta.example", text(story))
	add("cluster/edited", "beta.example", text(changed(story, 75)))

	long := strings.Repeat("a-very-long-name-", 12)
	original := g.words(120)
	add("edited/"+long+"1", "host-"+long+".example", text(original)+" "+strings.Repeat("unbroken", 60))
	add("edited/"+long+"2", "host-"+long+".example", text(changed(original, 3))+" "+strings.Repeat("unbroken", 60))

	evil := text(g.words(60))
	add("evil/1 "+attack, "evil"+attack, attack+" "+evil+" "+attack)
	add("evil/2 "+attack, "evil2"+attack, attack+" "+evil+" "+attack+" more")

	arabic := "العبارة الليلية بين الميناءين ستبحر مرة أخرى من مايو بعد تسع سنوات من العبور الأخير الذي ترك أربعين سيارة على الرصيف في صباح بارد"
	add("scripts/arabic1", "", arabic+" وبدأ البيع")
	add("scripts/arabic2", "", arabic+" وانتهى البيع")
	chinese := "两港之间的夜间渡轮将于五月重新开航距离上次航行已有九年当时四十辆汽车被留在码头上运营商购买了一艘二手船并将其漆成绿色"
	add("scripts/chinese1", "", chinese)
	add("scripts/chinese2", "", strings.Replace(chinese, "绿", "红", 1))

	// Passages between documents that have nothing else in common.
	exact := g.words(40)
	add("passages/exact1", "gamma.example", text(g.words(80))+"\n\n"+text(exact)+"\n\n"+text(g.words(80)))
	add("passages/exact2", "delta.example", text(g.words(90))+"\n\n"+text(exact)+"\n\n"+text(g.words(70)))
	edited := g.words(45)
	add("passages/edited1", "gamma.example", text(g.words(100))+"\n\n"+text(edited)+"\n\n"+text(g.words(90)))
	add("passages/edited2", "delta.example", text(g.words(95))+"\n\n"+text(changed(edited, 20))+"\n\n"+text(g.words(60)))

	// One wording around different figures.
	wording := g.words(24)
	form := func(figures string) string {
		return text(wording[:8]) + figures + text(wording[8:16]) + figures + text(wording[16:])
	}
	add("passages/template1", "gamma.example", text(g.words(80))+"\n\n"+form(" 11 205 3177 40 ")+"\n\n"+text(g.words(70)))
	add("passages/template2", "delta.example", text(g.words(75))+"\n\n"+form(" 98 761 5062 83 ")+"\n\n"+text(g.words(65)))

	// Blocks that a site repeats, one of them hostile.
	for h, host := range []string{"furniture-one.example", "furniture-two.example"} {
		foot := text(g.words(14))
		for i := range 5 {
			add(fmt.Sprintf("blocks/%d/%d", h, i), host, text(g.words(70))+"\n\n"+foot+"\n\n"+attack+" repeated everywhere by this site")
		}
	}
	return docs
}

// many is a corpus of 20,000 documents with 4,000 clusters, 4,000 pairs with a shared
// passage, and 2,000 recycled blocks.
func many() []document {
	g := generator(11)
	var docs []document
	for i := range 4000 {
		story := g.words(90)
		docs = append(docs, document{ID: fmt.Sprintf("clusters/%05d/kept", i), Text: text(story)})
		story[45] = "otherword"
		docs = append(docs, document{ID: fmt.Sprintf("clusters/%05d/gone", i), Text: text(story)})
	}
	feet := make([]string, 2000)
	for i := range feet {
		feet[i] = text(g.words(12))
	}
	for i := range 4000 {
		shared := g.words(30) // within a paragraph, because a whole one could be a recycled block
		for side := range 2 {
			// Two pages of a host share a footer.
			host := (2*i + side) / 4
			docs = append(docs, document{ID: fmt.Sprintf("passages/%05d/%d", i, side), Host: fmt.Sprintf("host%04d.example", host),
				Text: text(slices.Concat(g.words(40), shared, g.words(40))) + "\n\n" + feet[host]})
		}
	}
	for i := range 4000 {
		docs = append(docs, document{ID: fmt.Sprintf("alone/%05d", i), Text: text(g.words(200))})
	}
	return docs
}
