"""Prints N made-up pages of sites as JSON Lines. Equal N give equal pages:

    python sites.py N

Every site has a frame. A third of the stories are repeated, on any site, some reworded.
All pages end with one of a few sign-offs. Some pages have an address instead of a host,
and some have neither.
"""
import json
import random
import sys

r = random.Random(3)
lexicon = ["".join(r.choice("bcdfghklmnprstvz") + r.choice("aeiou") for _ in range(1 + r.randrange(4))) for _ in range(30000)]
n = int(sys.argv[1])
frames, stories = {}, []


def text(words):
    return " ".join(r.choice(lexicon) for _ in range(words)) + "."


signoffs = [text(12) for _ in range(3)]
for i in range(n):
    host = f"site{r.randrange(1 + r.randrange(1 + n // 12))}.example"
    before, after = frames.setdefault(host, (text(4) + "\n\n" + text(9), text(30) + "\n\n" + text(6)))
    story = [text(20 + r.randrange(30)) for _ in range(3)]
    if stories and r.randrange(3) == 0:
        story = list(r.choice(stories))
        if r.randrange(2):
            story[1] = " ".join([*story[1].split()[:-1], r.choice(lexicon)]) + "."
    stories.append(story)
    page = {"id": f"page {i}", "text": "\n\n".join([before, *story, r.choice(signoffs), after]), "time": f"2026-01-{1 + i % 28:02}"}
    if i % 10 == 3:
        page["url"] = f"https://{host.upper()}/{i}"
    elif i % 10 != 7:
        page["host"] = host
    print(json.dumps(page))
