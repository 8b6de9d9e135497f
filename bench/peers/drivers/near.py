"""Near-duplicates by the peers that are written in Python.

usage: near.py PEER DOCS.jsonl THRESHOLD PAIRS

Writes the rows of pairs, and prints the cost as JSON. The timed loop starts with the
texts in memory and ends with the pairs in memory: it includes tokens, shingles,
signatures, index and queries. Each peer is used as its README recommends; see
the comments.
"""
import ctypes, gc, json, re, resource, sys, time
from itertools import combinations

PERMUTATIONS, WIDTH, BATCH = 128, 5, 1000
word = re.compile(r'\w+')

def shingles(text):
    """Returns the runs of five words; a shorter text is one shingle."""
    w = word.findall(text.lower())
    if not w: return []
    n = min(WIDTH, len(w))
    return [' '.join(w[i:i + n]) for i in range(len(w) - n + 1)]

def batches(texts):
    """Yields the first row and the shingles of a few thousand documents at a time, to limit memory."""
    for start in range(0, len(texts), BATCH):
        yield start, [shingles(t) for t in texts[start:start + BATCH]]

def bands(threshold):
    """Returns the number of bands, which must divide the signature for rensa and FastSketchLSH: the
    smallest for which the middle of the curve, (1/bands)^(1/rows), is below the threshold. Both READMEs
    have 16 for 0.8."""
    return next(b for b in (2, 4, 8, 16, 32, 64) if (1 / b) ** (b / PERMUTATIONS) < threshold)

def datasketch(texts, threshold, **options):
    # docs/lsh.rst: MinHashLSH for the threshold, insert, query; MinHash.bulk is the documented way to compute many.
    from datasketch import MinHash, MinHashLSH
    lsh = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)
    sketches = []
    for _, part in batches(texts):
        sketches += MinHash.bulk([[s.encode() for s in ss] for ss in part], num_perm=PERMUTATIONS, **options)
    with lsh.insertion_session() as session:
        for i, m in enumerate(sketches): session.insert(i, m)
    pairs = [(i, j) for i, m in enumerate(sketches) for j in lsh.query(m) if i < j]
    return pairs, f'{lsh.b}x{lsh.r}', (lsh, sketches)

def affine32(texts, threshold):
    return datasketch(texts, threshold)

def legacy(texts, threshold):
    return datasketch(texts, threshold, scheme='legacy')

def affine32_xxhash(texts, threshold):
    # docs/minhash.rst, "Use different hash functions": it measures xxhash as faster than SHA1.
    import xxhash
    return datasketch(texts, threshold, hashfunc=xxhash.xxh32_intdigest)

def rensa_lsh(texts, threshold):
    # Full-set R-MinHash with the batch calls; candidates are accepted by the estimate, as in the README.
    from rensa import RMinHash, RMinHashLSH
    b = bands(threshold)
    lsh = RMinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, num_bands=b)
    sketches = []
    for _, part in batches(texts):
        sketches += RMinHash.from_token_sets(part, num_perm=PERMUTATIONS, seed=42)
    lsh.insert_pairs(enumerate(sketches))
    pairs = [(i, j) for i, found in enumerate(lsh.query_all(sketches)) for j in found
             if i < j and sketches[i].jaccard(sketches[j]) >= threshold]
    return pairs, f'{b}x{PERMUTATIONS // b}', (lsh, sketches)

def keepers(dedup, texts):
    """The usage in the README of rensa 0.5: a deduplicator keeps the first of each kind and reports the others;
    then it returns the document that each of them repeats. All documents that repeat the same one are pairs."""
    star = {}
    for start, part in batches(texts):
        keep = dedup.add_pairs((str(start + i), ss) for i, ss in enumerate(part))
        gone = [i for i, k in enumerate(keep) if not k]
        for i, found in zip(gone, dedup.get_duplicate_sets([part[i] for i in gone])):
            if found: star.setdefault(min(map(int, found)), []).append(start + i)
    pairs = [tuple(sorted(p)) for k, rest in star.items() for p in combinations([k] + rest, 2)]
    return pairs, 'its own', dedup

def rensa_r(texts, threshold):
    from rensa import RMinHashDeduplicator
    return keepers(RMinHashDeduplicator(threshold=threshold, num_perm=PERMUTATIONS, use_lsh=True), texts)

def rensa_c(texts, threshold):
    from rensa import CMinHashDeduplicator
    return keepers(CMinHashDeduplicator(threshold=threshold, num_perm=PERMUTATIONS), texts)

def fastsketch(texts, threshold):
    # README, "Deduplication with LSH": sorted distinct tokens, batch, insert, query. It does not verify.
    import numpy
    from FastSketchLSH import FastSimilaritySketch, LSH
    b = bands(threshold)
    sketcher = FastSimilaritySketch(size=PERMUTATIONS, seed=42)
    lsh = LSH(num_perm=PERMUTATIONS, num_bands=b, num_threads=1)
    matrix = numpy.vstack([sketcher.batch([sorted(set(ss)) for ss in part], num_threads=1) for _, part in batches(texts)])
    lsh.insert(matrix)
    pairs = [(i, j) for i, found in enumerate(lsh.query(matrix)) for j in found if i < j]
    return pairs, f'{b}x{PERMUTATIONS // b}', (lsh, matrix)

def text_dedup(path, threshold):
    # The program itself, in this process, on the file; it reads, hashes, joins and writes the documents kept. Its
    # help calls xxh3 faster. All documents of a cluster are pairs.
    import os, pickle, shutil, tempfile
    from text_dedup.minhash import main
    out = tempfile.mkdtemp()
    try:
        main(['--path', 'json', '--data_files', path, '--split', 'train', '--cache_dir', out + '/cache', '--output', out + '/kept',
              '--column', 'text', '--ngram', str(WIDTH), '--num_perm', str(PERMUTATIONS), '--threshold', str(threshold),
              '--hash_func', 'xxh3', '--batch_size', '10000', '--num_proc', '1', '--debug'], standalone_mode=False)
        with open(out + '/kept/uf.pkl', 'rb') as f: uf = pickle.load(f)
    finally:
        shutil.rmtree(out)
    members = {}
    for i in uf.parent: members.setdefault(uf.find(i), []).append(i)
    pairs = [p for m in members.values() for p in combinations(sorted(m), 2)]
    from text_dedup.utils import optimal_param
    b, r = optimal_param(threshold, PERMUTATIONS, .5, .5)
    return pairs, f'{b}x{r}', uf

def alone(texts, _):
    """A lower bound: no peer in this language can be faster."""
    for _, part in batches(texts): pass
    return [], 'none', None

PEERS = {
    'shingles alone, Python': alone,
    'datasketch affine32': affine32, 'datasketch legacy': legacy, 'datasketch affine32, xxhash': affine32_xxhash,
    'rensa R-MinHash, LSH': rensa_lsh, 'rensa R-MinHash, deduplicator': rensa_r, 'rensa C-MinHash, deduplicator': rensa_c,
    'FastSketchLSH': fastsketch, 'text-dedup': text_dedup,
}

def cpu():
    return sum(r.ru_utime + r.ru_stime for r in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))

def resident():
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    with open('/proc/self/statm') as f: return int(f.read().split()[1]) * resource.getpagesize()

if __name__ == '__main__':
    peer, path, threshold, out = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]
    with open(path, encoding='utf8') as f: texts = [json.loads(line)['text'] for line in f]
    run = PEERS[peer]
    if peer == 'text-dedup': import text_dedup.minhash
    held, began, wall = resident(), cpu(), time.monotonic()
    pairs, banding, index = run(path if peer == 'text-dedup' else texts, threshold)
    spent, wall = cpu() - began, time.monotonic() - wall
    held = resident() - held
    pairs = set(pairs)
    with open(out, 'w') as f:
        for a, b in sorted(pairs): f.write(f'{a}\t{b}\n')
    print(json.dumps({'documents': len(texts), 'bytes': sum(len(t.encode()) for t in texts), 'loop_cpu': spent,
                      'loop_wall': wall, 'index_bytes': held, 'banding': banding, 'pairs': len(pairs)}))
