"""Shared passages by Python's own difflib, which is given the pairs to compare.

usage: passages.py PEER DOCS.jsonl GOLD.jsonl PASSAGES

Words are compared, autojunk is off (its documentation: it is a heuristic that treats
frequent elements as junk). "difflib" uses the matching blocks unchanged;
"difflib, joined" joins blocks over gaps of up to 25 words on both sides and keeps
passages of at least 12 equal words, the minimum of every finder here.
"""
import json, re, sys, time
from difflib import SequenceMatcher
from near import cpu

LEAST, GAP = 12, 25
word = re.compile(r'\w+')

def tokens(text):
    """Words, and where they begin and end in bytes."""
    at, last, out = 0, 0, []
    for m in word.finditer(text):
        start = at + len(text[last:m.start()].encode())
        at, last = start + len(m.group().encode()), m.end()
        out.append((m.group().lower(), start, at))
    return out

def chains(blocks, joined):
    out = []
    for a, b, n in blocks:
        if n == 0: continue
        if joined and out and a - out[-1][1] <= GAP and b - out[-1][3] <= GAP:
            out[-1][1], out[-1][3], out[-1][4] = a + n, b + n, out[-1][4] + n
        else:
            out.append([a, a + n, b, b + n, n])
    return [c for c in out if c[4] >= LEAST]

if __name__ == '__main__':
    peer, docs, gold, out = sys.argv[1:5]
    with open(docs, encoding='utf8') as f: text = {r['id']: r['text'] for r in map(json.loads, f)}
    with open(gold, encoding='utf8') as f: told = sorted({(r['a']['id'], r['b']['id']) for r in map(json.loads, f)})
    began, wall = cpu(), time.monotonic()
    found, size = [], 0
    for a, b in told:
        ta, tb = tokens(text[a]), tokens(text[b])
        blocks = SequenceMatcher(None, [t[0] for t in ta], [t[0] for t in tb], autojunk=False).get_matching_blocks()
        for fa, la, fb, lb, _ in chains(blocks, peer == 'difflib, joined'):
            found.append({'a': {'id': a, 'start': ta[fa][1], 'end': ta[la - 1][2]}, 'b': {'id': b, 'start': tb[fb][1], 'end': tb[lb - 1][2]}})
    spent, wall = cpu() - began, time.monotonic() - wall
    with open(out, 'w') as f:
        for r in found: f.write(json.dumps(r) + '\n')
    print(json.dumps({'documents': len(text), 'bytes': sum(len(t.encode()) for t in text.values()), 'loop_cpu': spent, 'loop_wall': wall, 'pairs': len(found)}))
