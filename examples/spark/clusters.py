"""Finds the clusters of near-duplicates of a corpus with Spark.

    spark-submit clusters.py --dedup PROGRAM --out FOLDER CORPUS... [-- FLAGS]

CORPUS is JSON Lines (also packed) or Parquet, with "id" and "text"; the order of
preference is that of the file names and of the documents in each. FLAGS go to every
stage, say -threshold 0.7. FOLDER and CORPUS are paths that all workers see, and
PROGRAM, which is dedup, lies under one path on all of them. FOLDER gets a Parquet
file set for each step, and the clusters in FOLDER/clusters as dedup clusters -json
prints them. A run that was interrupted goes on where it was.
"""
import argparse
import json
import shlex
import subprocess
import sys

from pyspark.sql import SparkSession

FORMAT = r"ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t' LINES TERMINATED BY '\n'"


class Run:
    def __init__(self, spark, dedup, out, flags):
        self.spark, self.out = spark, out
        self.dedup, self.flags = dedup, flags
        fs = spark._jvm.org.apache.hadoop.fs
        self.path = fs.Path
        self.files = fs.Path(out).getFileSystem(spark._jsc.hadoopConfiguration())

    def command(self, stage, *more):
        return [self.dedup, "stage", stage, *self.flags, *more]

    def here(self, stage, lines="", *more):
        """Runs a stage on the driver."""
        p = subprocess.run(self.command(stage, *more), input=lines, capture_output=True, text=True)
        if p.returncode != 0:
            sys.exit(p.stderr)
        return p.stdout

    def stage(self, name, columns, source, result, *more):
        """Returns the SQL that runs a stage on the columns of a source."""
        command = shlex.join(self.command(name, *more)).replace("\\", "\\\\").replace("'", "\\'")
        return f"SELECT TRANSFORM({columns}) {FORMAT} USING '{command}' AS ({result}) {FORMAT} FROM ({source})"

    def done(self, name):
        return self.files.exists(self.path(f"{self.out}/{name}/_SUCCESS"))

    def step(self, name, sql):
        """Makes the table of a step, unless an earlier run has finished it."""
        if not self.done(name):
            self.spark.sparkContext.setJobDescription(name)
            self.spark.sql(sql).write.mode("overwrite").parquet(f"{self.out}/{name}")
        self.spark.read.parquet(f"{self.out}/{name}").createOrReplaceTempView(name)

    def manifest(self, inputs):
        """Refuses a folder of a run with other settings or inputs."""
        sizes = {}
        for pattern in inputs:
            found = self.files.globStatus(self.path(pattern)) or []
            sizes.update((f.getPath().toString(), f.getLen()) for f in found)
        if not sizes:
            sys.exit(f"no input: {' '.join(inputs)}")
        own = json.dumps({"settings": json.loads(self.here("manifest")), "inputs": sizes}, sort_keys=True)
        if self.done("manifest"):
            other = self.spark.read.text(f"{self.out}/manifest").collect()[0].value
            if other != own:
                sys.exit(f"{self.out} holds another run: {other}")
            return
        self.spark.createDataFrame([(own,)], ["value"]).coalesce(1).write.mode("overwrite").text(f"{self.out}/manifest")

    def documents(self, inputs):
        """Makes the view documents: JSON Lines with refs. A ref is the number of the
        document, however the files are split."""
        if inputs[0].endswith(".parquet"):
            read, line = self.spark.read.parquet(*inputs), "to_json(struct(ref, id, text))"
        else:
            # A line is not parsed here, so that a bad one fails with its message.
            read, line = self.spark.read.text(inputs), "concat('{\"ref\":', ref, ',', substring(ltrim(value), 2))"
            read = read.where("trim(value) <> ''")
        read.selectExpr("*", "_metadata.file_path AS path", "_metadata.file_block_start AS start",
                        "monotonically_increasing_id() AS row").createOrReplaceTempView("read")
        splits = self.spark.sql("SELECT path, start, min(row) AS low, count(*) AS n FROM read"
                                " GROUP BY path, start ORDER BY path, start").collect()
        first, rows = 0, []
        for s in splits:
            rows.append((s.path, s.start, first - s.low))
            first += s.n
        self.spark.createDataFrame(rows, "path STRING, start BIGINT, shift BIGINT").createOrReplaceTempView("splits")
        self.spark.sql("SELECT /*+ BROADCAST(splits) */ read.*, row + shift AS ref FROM read JOIN splits USING (path, start)"
                       ).createOrReplaceTempView("numbered")
        self.spark.sql(f"SELECT {line} AS line FROM numbered").createOrReplaceTempView("documents")

    def clusters(self, inputs):
        self.manifest(inputs)
        if not (self.done("sketches") and self.done("names")):
            self.documents(inputs)
        source = "SELECT line FROM documents"
        self.step("sketches", self.stage("sketch", "line", source,
                  "ref BIGINT, digest STRING, keys STRING, packed STRING, registers STRING, set STRING"))
        self.step("names", self.stage("names", "line", source, "ref BIGINT, id STRING"))
        # The first of each group of exact duplicates goes on; the others follow it.
        self.step("firsts", "SELECT ref, first FROM sketches JOIN"
                  " (SELECT digest, min(ref) AS first FROM sketches GROUP BY digest) USING (digest)")
        self.step("bands", "SELECT band, CAST(key AS BIGINT) AS key, ref FROM"
                  " (SELECT ref, posexplode(split(keys, ',')) AS (band, key) FROM sketches JOIN firsts USING (ref) WHERE ref = first)")
        self.step("sizes", "SELECT band, count(*) AS size FROM bands GROUP BY band, key HAVING count(*) > 128")
        documents = self.spark.table("sketches").count()
        full = self.here("full", "".join(f"{r.band}\t{r.size}\n" for r in self.spark.table("sizes").toLocalIterator()),
                         "-documents", str(documents))
        sizes = ",".join(line.split("\t")[1] for line in full.splitlines())
        self.step("candidates", "SELECT DISTINCT a, b FROM (" + self.stage("candidates", "band, key, ref",
                  "SELECT * FROM bands DISTRIBUTE BY band, key SORT BY band, key, ref", "a BIGINT, b BIGINT", "-full", sizes) + ")")
        pairs = "SELECT a, b, {} FROM {} JOIN sketches x ON x.ref = a JOIN sketches y ON y.ref = b"
        self.step("screened", self.stage("screen", "a, b, p, q", pairs.format("x.packed p, y.packed q", "candidates"), "a BIGINT, b BIGINT"))
        self.step("matches", self.stage("verify", "a, b, r, s, t, u", pairs.format(
                  "x.registers r, x.set s, y.registers t, y.set u", "screened"), "b BIGINT, a BIGINT, similarity STRING"))
        # All matches in one partition: the place of a document depends on those before.
        self.step("places", self.stage("cluster", "b, a, similarity",
                  "SELECT * FROM (SELECT /*+ COALESCE(1) */ * FROM matches) SORT BY b, a", "ref BIGINT, representative BIGINT, similarity STRING"))
        if not self.done("clusters"):
            members = ("SELECT coalesce(representative, first) r, f.ref, coalesce(similarity, '1') s, id FROM firsts f"
                       " JOIN names n ON n.ref = f.ref LEFT JOIN places p ON p.ref = first")
            self.spark.sql(self.stage("members", "r, ref, s, id", f"SELECT * FROM ({members}) DISTRIBUTE BY r SORT BY r, ref", "line STRING")
                           ).write.mode("overwrite").text(f"{self.out}/clusters")
        bounded = [sum(int(line.split("\t")[i]) for line in full.splitlines()) for i in (2, 4)]
        print(f"{documents} documents with words, {self.spark.table('places').count()} near-duplicates and "
              f"{documents - self.spark.sql('SELECT DISTINCT first FROM firsts').count()} exact duplicates of others; "
              f"{bounded[0]} oversized buckets, {bounded[1]} comparisons left out")


if __name__ == "__main__":
    args, flags = sys.argv[1:], []
    if "--" in args:
        args, flags = args[:args.index("--")], args[args.index("--") + 1:]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dedup", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("corpus", nargs="+")
    options = parser.parse_args(args)
    session = SparkSession.builder.appName("neardup").getOrCreate()
    Run(session, options.dedup, options.out, flags).clusters(options.corpus)
