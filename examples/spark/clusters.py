"""Finds the clusters of near-duplicates of a corpus with Spark.

    spark-submit clusters.py --dedup PROGRAM --out FOLDER [--strip] CORPUS... [-- FLAGS]

CORPUS is files or folders of JSON Lines, plain or compressed, or of Parquet, with the
fields "id" and "text". The first document of a cluster in the order of file names and
lines is kept. FLAGS go to every stage, for example -threshold 0.7. --strip leaves out
recycled blocks, which are found by the fields "host", "url" and "time". PROGRAM is
dedup; it, FOLDER and CORPUS must have the same path on all workers. Each step writes
Parquet files to FOLDER; FOLDER/clusters has the clusters as dedup clusters -json prints
them. An interrupted run resumes where it stopped.
"""
import argparse
import hashlib
import itertools
import json
import shlex
import subprocess
import sys

from pyspark.sql import SparkSession

FORMAT = r"ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t' LINES TERMINATED BY '\n'"


class Run:
    def __init__(self, spark, options, flags):
        self.spark, self.out, self.strip = spark, options.out, options.strip
        self.command = lambda stage, *more: [options.dedup, "stage", stage, *flags, *more]
        self.path = spark._jvm.org.apache.hadoop.fs.Path
        self.files = self.path(self.out).getFileSystem(spark._jsc.hadoopConfiguration())

    def here(self, stage, lines="", *more):
        """Runs a stage on the driver."""
        p = subprocess.run(self.command(stage, *more), input=lines, capture_output=True, text=True)
        return p.stdout if p.returncode == 0 else sys.exit(p.stderr)

    def stage(self, name, columns, source, result, *more):
        """Returns the SQL that runs a stage on the columns of a source."""
        command = shlex.join(self.command(name, *more)).replace("\\", "\\\\").replace("'", "\\'")
        return f"(SELECT TRANSFORM({columns}) {FORMAT} USING '{command}' AS ({result}) {FORMAT} FROM ({source}))"

    def done(self, name):
        return self.files.exists(self.path(f"{self.out}/{name}/_SUCCESS"))

    def step(self, name, sql):
        """Creates the table of a step, unless an earlier run has finished it."""
        if not self.done(name):
            print(f"step {name}", file=sys.stderr, flush=True)
            self.spark.sparkContext.setJobDescription(name)
            rows = self.spark.sql(sql).write.mode("overwrite")
            rows.text(f"{self.out}/{name}") if name in ("clusters", "shared") else rows.parquet(f"{self.out}/{name}")
        if name not in ("clusters", "shared"):
            self.spark.read.parquet(f"{self.out}/{name}").createOrReplaceTempView(name)

    def manifest(self, inputs):
        """Exits if the folder is from a run with other settings or inputs. Returns whether
        the inputs are Parquet."""
        files = self.spark.read.format("binaryFile").load(inputs).select("path", "length").collect()
        tables = sum(f.path.endswith(".parquet") for f in files)
        if tables not in (0, len(files)):
            sys.exit(f"{tables} of {len(files)} input files are Parquet: all must be, or none")
        listing = hashlib.sha256(json.dumps(sorted(files)).encode()).hexdigest()
        own = json.dumps({"settings": json.loads(self.here("manifest")), "strip": self.strip, "files": len(files), "listing": listing})
        if not self.done("manifest"):
            self.spark.createDataFrame([(own,)], ["value"]).coalesce(1).write.mode("overwrite").text(f"{self.out}/manifest")
        other = self.spark.read.text(f"{self.out}/manifest").collect()[0].value
        if other != own:
            sys.exit(f"{self.out} holds another run, with {other} instead of {own}")
        return tables > 0

    def documents(self, inputs, tables):
        """Creates the view documents: JSON Lines with refs. A ref is the number of the
        document; it does not depend on how the files are split."""
        if tables:
            read = self.spark.read.parquet(*inputs)
            more = "".join(f", CAST({c} AS STRING) AS {c}" for c in ("host", "url", "time") if c in read.columns)
            line = f"to_json(struct(ref, CAST(id AS STRING) AS id, text{more}))"
        else:
            # Lines are not parsed here, so that the stage reports a bad one.
            read, line = self.spark.read.text(inputs), "concat('{\"ref\":', ref, ',', substring(ltrim(value), 2))"
            read = read.where("trim(value) <> ''")
        read.selectExpr("*", "_metadata.file_path AS path", "_metadata.file_block_start AS start",
                        "monotonically_increasing_id() AS row").createOrReplaceTempView("read")
        splits = self.spark.sql("SELECT path, start, min(row) AS low, count(*) AS n FROM read"
                                " GROUP BY path, start ORDER BY path, start").collect()
        firsts = itertools.accumulate((s.n for s in splits), initial=0)
        shifts = [(s.path, s.start, first - s.low) for s, first in zip(splits, firsts)]
        self.spark.createDataFrame(shifts, "path STRING, start BIGINT, shift BIGINT").createOrReplaceTempView("splits")
        self.spark.sql(f"SELECT {line} AS line FROM (SELECT /*+ BROADCAST(splits) */ read.*, row + shift AS ref"
                       " FROM read JOIN splits USING (path, start))").createOrReplaceTempView("documents")

    def clusters(self, inputs):
        tables = self.manifest(inputs)
        self.done("sketches") or self.documents(inputs, tables)
        source = "SELECT line FROM documents"
        if self.strip:
            pages = self.stage("hosts", "line", source, "host STRING, ref BIGINT, line STRING")
            counts = self.stage("blocks", "host, ref, line", f"SELECT * FROM {pages} DISTRIBUTE BY host SORT BY host", "part INT, host STRING, line STRING")
            self.step("counts", "SELECT * FROM " + self.stage("merge", "part, host, line",
                      f"SELECT * FROM {counts} DISTRIBUTE BY part, host SORT BY part, host", "part INT, host STRING, line STRING"))
            self.step("shared", r"SELECT /*+ COALESCE(1) */ concat_ws('\t', part, host, line) FROM counts WHERE part >= 0")
            shared = self.files.globStatus(self.path(f"{self.out}/shared/part-*"))[0].getPath().toUri().getPath()
            source = self.stage("mask", "host, ref, line", f"SELECT * FROM (SELECT * FROM {pages} UNION ALL SELECT host, -1, line FROM counts WHERE part = -1)"
                                " DISTRIBUTE BY host SORT BY host, ref", "line STRING", "-blocks", shared)
        self.step("sketches", "SELECT ref, unhex(digest) AS digest, CAST(split(keys, ',') AS ARRAY<BIGINT>) AS keys,"
                  " unbase64(packed) AS packed, unbase64(set) AS set, id FROM " + self.stage("sketch", "line", source,
                  "ref BIGINT, digest STRING, keys STRING, packed STRING, set STRING, id STRING"))
        # Only the first of each group of exact duplicates is processed; the others get its result.
        self.step("copies", "SELECT * FROM (SELECT ref, min(ref) OVER (PARTITION BY digest) AS first FROM sketches) WHERE ref > first")
        # Most buckets hold one document and are dropped here. Keys come first, so that the first bytes decide the order.
        self.step("buckets", "SELECT * FROM (SELECT *, count(*) OVER (PARTITION BY key, band) AS size FROM"
                  " (SELECT ref, posexplode(keys) AS (band, key) FROM sketches ANTI JOIN copies USING (ref))) WHERE size > 1")
        sizes = self.spark.sql("SELECT band, min(size) AS size FROM buckets WHERE size > 128 GROUP BY band, key").toLocalIterator()
        documents = self.spark.table("sketches").count()
        full = self.here("full", "".join(f"{r.band}\t{r.size}\n" for r in sizes), "-documents", str(documents)).splitlines()
        self.step("candidates", "SELECT DISTINCT a, b FROM " + self.stage("candidates", "band, key, ref",
                  "SELECT * FROM buckets DISTRIBUTE BY band, key SORT BY band, key, ref", "a BIGINT, b BIGINT",
                  "-full", ",".join(line.split("\t")[1] for line in full)))
        # The first pair of each document is with itself.
        pairs = "SELECT a, b, {0} FROM {1} JOIN {2} ON ref = b DISTRIBUTE BY a SORT BY a, b"
        self.step("screened", "SELECT * FROM " + self.stage("screen", "a, b, base64(packed)", pairs.format("packed", "candidates", "sketches"), "a BIGINT, b BIGINT"))
        self.step("wanted", "SELECT DISTINCT b AS ref FROM screened")
        self.spark.sql("SELECT ref, set FROM sketches SEMI JOIN wanted USING (ref)").createOrReplaceTempView("sets")
        self.step("matches", "SELECT * FROM " + self.stage("verify", "a, b, base64(set)", pairs.format("set", "screened", "sets"), "b BIGINT, a BIGINT, similarity STRING"))
        # All matches are in one partition, because the cluster of a document depends on those before it.
        self.step("places", "SELECT * FROM " + self.stage("cluster", "b, a, similarity",
                  "SELECT * FROM (SELECT /*+ COALESCE(1) */ * FROM matches) SORT BY b, a", "ref BIGINT, r BIGINT, s STRING"))
        followers = ("SELECT r, ref, s FROM places UNION ALL SELECT coalesce(r, first), c.ref, coalesce(s, '1')"
                     " FROM copies c LEFT JOIN places p ON p.ref = first")
        self.step("members", f"SELECT r, ref, s FROM ({followers}) UNION ALL SELECT DISTINCT r, r, '1' FROM ({followers})")
        self.step("clusters", "SELECT * FROM " + self.stage("members", "r, ref, s, id",
                  "SELECT r, ref, s, id FROM members JOIN sketches USING (ref) DISTRIBUTE BY r SORT BY r, ref", "line STRING"))
        bounded = [sum(int(line.split("\t")[i]) for line in full) for i in (2, 4)]
        print(f"{documents} documents with words, {self.spark.table('places').count()} near-duplicates and "
              f"{self.spark.table('copies').count()} exact duplicates; "
              f"{bounded[0]} oversized buckets, {bounded[1]} comparisons left out")


if __name__ == "__main__":
    args = [*sys.argv[1:], "--"]
    args, flags = args[:args.index("--")], args[args.index("--") + 1:-1]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dedup", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--strip", action="store_true")
    parser.add_argument("corpus", nargs="+")
    options = parser.parse_args(args)
    # Columns have no line breaks.
    session = SparkSession.builder.appName("neardup").config("spark.sql.chunkBase64String.enabled", "false").getOrCreate()
    Run(session, options, flags).clusters(options.corpus)
