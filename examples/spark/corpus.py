"""Prints N made-up documents of about 1 KB as JSON Lines. Equal N give equal documents:

    python corpus.py N

One in five is an edited copy of an earlier one, and one in fifty belongs to a large
group of documents that differ in only a few words.
"""
import json
import random
import sys

r = random.Random(7)
lexicon = ["".join(r.choice("bcdfghklmnprstvz") + r.choice("aeiou") for _ in range(1 + r.randrange(4))) for _ in range(30000)]
template = [r.choice(lexicon) for _ in range(150)]
recent = []


def edited(words, n):
    words = words[:]
    for _ in range(n):
        words[r.randrange(len(words))] = r.choice(lexicon)
    return words


for i in range(int(sys.argv[1])):
    if i % 50 == 7:
        words = edited(template, 1 + r.randrange(4))
    elif i % 5 == 4:
        words = edited(r.choice(recent), r.choice([0, 1, 2, 4]))
    else:
        words = [r.choice(lexicon) for _ in range(120 + r.randrange(80))]
        if len(recent) < 5000:
            recent.append(words)
        else:
            recent[r.randrange(5000)] = words
    print(json.dumps({"id": f"d{i}", "text": " ".join(words)}))
