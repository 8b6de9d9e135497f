"""Runs the statements of docs/bands.md in Spark.

    spark-submit bands.py PAGE ROWS PAIRS

ROWS is a folder with the files of dedup bands. PAIRS is the output of dedup pairs -json
-estimate for the same corpus. The program fails unless the statements find these pairs and
every removal has a reason.
"""
import json
import pathlib
import re
import sys

from pyspark.sql import SparkSession

page, rows, pairs = sys.argv[1:]
text = pathlib.Path(page).read_text()
fences = {language: re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) for language in ("sql spark", "sql")}
assert [len(f) for f in fences.values()] == [1, 4], fences

spark = SparkSession.builder.appName("bands").getOrCreate()
for block in fences["sql spark"] + fences["sql"]:
    for statement in block.split(";\n"):
        if statement.strip(" \n;"):
            spark.sql(statement.strip(" \n;").replace("path '", f"path '{rows}/"))
            made = re.match(r"CREATE OR REPLACE TEMPORARY VIEW (firsts|candidates|matches|removals) ", statement)
            if made:  # the page recommends a table for results that are used more than once
                spark.table(made[1]).write.mode("overwrite").parquet(f"{rows}/{made[1]}.table")
                spark.read.parquet(f"{rows}/{made[1]}.table").createOrReplaceTempView(made[1])

found = {(r.x, r.y): r.s for r in spark.sql("""
    SELECT least(x.id, y.id) x, greatest(x.id, y.id) y, similarity s FROM matches
    JOIN firsts x ON x.first = a JOIN firsts y ON y.first = b
    UNION ALL
    SELECT x.id, y.id, 1 FROM firsts x JOIN firsts y ON x.first = y.first AND x.id < y.id""").collect()}
expected = {}
for line in open(pairs, encoding="utf-8"):
    p = json.loads(line)
    expected[min(p["a"], p["b"]), max(p["a"], p["b"])] = p["jaccard"]
removals = {r.id: r.match for r in spark.table("removals").collect()}
if len(expected) < 100 or found != expected:
    sys.exit(f"SQL finds {len(found)} pairs, dedup pairs finds {len(expected)}; {len(found.items() ^ expected.items())} differ")
if len(removals) < len(expected) / 4 or removals.keys() & set(removals.values()):
    sys.exit(f"{len(removals)} removals: too few, or a match is itself removed")
for i, match in removals.items():
    if (min(i, match), max(i, match)) not in expected:
        sys.exit(f"{i} is removed for {match}, which it does not match")
print(f"bands: the same {len(found)} pairs as dedup pairs -estimate, {len(removals)} removals")
