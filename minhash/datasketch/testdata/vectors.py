"""Writes datasketch.json, with signatures made by the Python package datasketch.

    python3 -m venv venv && venv/bin/pip install datasketch==2.0.0
    venv/bin/python vectors.py > datasketch.json
"""

import json
import sys

import datasketch
from datasketch import LeanMinHash, MinHash

TOKEN_LISTS = {
    "none": [],
    "one": ["harbour"],
    "few": ["the", "ferry", "left", "the", "harbour", "at", "six", "", "naïve café", "渡し船"],
    "many": ["stop %d of line %d" % (i * i % 997, i % 13) for i in range(3000)],
}


def main():
    cases = []
    for scheme in ("affine32", "legacy"):
        for num_perm, seed in ((128, 1), (16, 0), (100, 42), (256, 4294967295), (1, 7)):
            for name, tokens in TOKEN_LISTS.items():
                m = MinHash(num_perm=num_perm, seed=seed, scheme=scheme)
                for t in tokens:
                    m.update(t.encode("utf-8"))
                batch = MinHash(num_perm=num_perm, seed=seed, scheme=scheme)
                batch.update_batch([t.encode("utf-8") for t in tokens])
                assert m == batch
                lean = LeanMinHash(m)
                native, little = bytearray(lean.bytesize()), bytearray(lean.bytesize("<"))
                lean.serialize(native)
                lean.serialize(little, "<")
                # Only the first values of long signatures are checked.
                keep = num_perm if num_perm <= 128 and name != "none" else 8
                cases.append({
                    "scheme": scheme, "k": num_perm, "seed": seed, "tokens": name,
                    "values": " ".join("%08x" % int(v) for v in m.hashvalues[:keep]),
                    "sum": sum(int(v) * (i + 1) for i, v in enumerate(m.hashvalues)) % 2**64,
                    "native": bytes(native).hex() if num_perm <= 16 else "",
                    "little": bytes(little).hex() if num_perm <= 16 else "",
                })
    json.dump({"datasketch": datasketch.__version__, "tokens": {k: v for k, v in TOKEN_LISTS.items() if k != "many"},
               "cases": cases}, sys.stdout, indent=1, ensure_ascii=False)
    print()


main()
