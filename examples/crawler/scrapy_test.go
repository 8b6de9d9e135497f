package main

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// scrapyPython is a Python that has Scrapy: installing it takes too long for every run.
//
//	python3 -m venv /tmp/scrapy && /tmp/scrapy/bin/pip install scrapy
//	go test -run TestScrapyStoresEveryArticleOnce ./examples/crawler -args -scrapy /tmp/scrapy/bin/python
var scrapyPython = flag.String("scrapy", "", "`python` that has Scrapy, for TestScrapyStoresEveryArticleOnce")

// spider crawls sites with Scrapy and the pipeline of examples/clients.
const spider = `
import sys

import scrapy
from scrapy.crawler import CrawlerProcess

service, new, held, *sites = sys.argv[1:]


class Sites(scrapy.Spider):
    name = "sites"
    start_urls = [s + "/" for s in sites]

    def parse(self, response):
        if not response.url.startswith(tuple(self.start_urls)):
            return
        if b"html" not in response.headers.get("Content-Type", b""):
            return
        yield {"url": response.url, "html": response.text}
        for link in response.css("a::attr(href)").getall():
            if response.urljoin(link).startswith(tuple(self.start_urls)):
                yield response.follow(link, self.parse)


process = CrawlerProcess({
    "ITEM_PIPELINES": {"scrapy_pipeline.NewPages": 300},
    "NEARDUP_URL": service,
    "NEARDUP_HELD": held,
    "FEEDS": {new: {"format": "jsonlines"}},
    "ROBOTSTXT_OBEY": True,
    "DOWNLOAD_DELAY": 0,
    "LOG_LEVEL": "CRITICAL",
})
process.crawl(Sites)
process.start()
`

// Scrapy with the pipeline stores every article of the sites once.
func TestScrapyStoresEveryArticleOnce(t *testing.T) {
	pipeline := filepath.Join("..", "clients", "scrapy_pipeline.py")
	if *scrapyPython == "" {
		python, err := exec.LookPath("python3")
		if err != nil {
			t.Skip("python3 is not in the path")
		}
		if out, err := exec.Command(python, "-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", pipeline).CombinedOutput(); err != nil {
			t.Errorf("%s does not parse: %s, want valid Python", pipeline, out)
		}
		t.Log("without -scrapy only the syntax of the pipeline is checked")
		return
	}
	w := newWeb(t, articlePages(600))
	exe := build(t, filepath.Join("..", "dedup"))
	addr := freeAddress(t)
	dir := t.TempDir()
	startService(t, exe, filepath.Join(dir, "seen"), addr)
	program, fresh, held := filepath.Join(dir, "spider.py"), filepath.Join(dir, "new.jsonl"), filepath.Join(dir, "held.jsonl")
	write(t, program, []byte(spider))
	cmd := exec.Command(*scrapyPython, append([]string{program, "http://" + addr, fresh, held}, w.hosts...)...)
	clients, err := filepath.Abs(filepath.Dir(pipeline))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "PYTHONPATH="+clients)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	} else if len(out) > 0 {
		t.Logf("%s", out)
	}
	stored := map[string]storedPage{}
	for _, name := range []string{fresh, held} {
		for line := range strings.Lines(string(readAll(t, name))) {
			var p struct{ ID, URL string }
			if err := json.Unmarshal([]byte(line), &p); err != nil {
				t.Fatal(err)
			}
			id := p.ID + p.URL
			if _, ok := stored[id]; ok {
				t.Errorf("%s is stored twice, want once", id)
			}
			stored[id] = storedPage{ID: id}
		}
	}
	w.checkStored(t, stored)
}
