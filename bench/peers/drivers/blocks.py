"""Recycled blocks by jusText and trafilatura.

usage: blocks.py PEER PAGES.jsonl BLOCKS.jsonl FLAGGED

PAGES has the HTML of each page in "text", BLOCKS the labelled blocks of the same pages.
Both extract the content of one page from HTML, which gives them more information (tags,
links) than the bare blocks that other peers get. A block counts as kept if more than
half of its runs of three words are in the extracted text; this check is not timed.
"trafilatura, its duplicate test on the blocks" gets only the blocks.
"""
import json, re, sys, time
from near import cpu

word = re.compile(r'\w+')

def runs(text):
    w = word.findall(text.lower())
    return {' '.join(w[i:i + 3]) for i in range(max(1, len(w) - 2))} if w else set()

def justext(pages, _):
    # README: justext.justext(html, justext.get_stoplist("English")), paragraphs that are not boilerplate.
    # All pages are English.
    import justext
    stop = justext.get_stoplist('English')
    for p in pages:
        yield '\n'.join(x.text for x in justext.justext(p['text'].encode(), stop, encoding='utf8') if not x.is_boilerplate)

def trafilatura(pages, _, deduplicate=False):
    # README: trafilatura.extract(html); deduplicate is its switch.
    import trafilatura
    for p in pages: yield trafilatura.extract(p['text'], deduplicate=deduplicate) or ''

def trafilatura_dedup(pages, blocks):
    return trafilatura(pages, blocks, True)

def duplicate_test(_, blocks):
    from lxml.etree import Element
    from trafilatura.deduplication import duplicate_test
    from trafilatura.settings import Extractor
    options = Extractor(dedup=True)
    for page in blocks:
        keep = []
        for b in page:
            e = Element('p'); e.text = b
            keep.append(not duplicate_test(e, options))
        yield keep

PEERS = {'jusText': justext, 'trafilatura': trafilatura, 'trafilatura, deduplicate': trafilatura_dedup,
         "trafilatura's duplicate test": duplicate_test}

if __name__ == '__main__':
    peer, pages, labelled, out = sys.argv[1:5]
    with open(pages, encoding='utf8') as f: pages = [json.loads(line) for line in f]
    with open(labelled, encoding='utf8') as f: labelled = [json.loads(line) for line in f]
    clean = lambda t: re.sub('[^\t\n\r -\ud7ff\ue000-\ufffd]', '', t) # lxml rejects control characters
    blocks = [[clean(b['text'].strip()) for b in r['blocks'] if b['text'].strip()] for r in labelled]
    began, wall = cpu(), time.monotonic()
    result = list(PEERS[peer](pages, blocks))
    spent, wall = cpu() - began, time.monotonic() - wall
    n = 0
    with open(out, 'w') as f:
        for r, kept in zip(labelled, result):
            have = runs(kept) if isinstance(kept, str) else None
            at = i = 0
            for b in r['blocks']:
                t = b['text'].strip()
                if not t: continue
                size = len(t.encode())
                if have is None: keep = kept[i]
                else:
                    g = runs(t); keep = 2 * len(g & have) > len(g)
                if not keep: f.write(json.dumps({'id': str(r['id']), 'start': at, 'end': at + size}) + '\n'); n += 1
                at += size + 2; i += 1
    print(json.dumps({'documents': len(labelled), 'bytes': sum(len(b.encode()) for p in blocks for b in p), 'loop_cpu': spent, 'loop_wall': wall, 'pairs': n}))
