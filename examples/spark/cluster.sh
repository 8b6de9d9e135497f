# Sourced by run, kills and test: a standalone master with two workers on loopback,
# and dedup, in the folder WORK. They need Go, Python and Java 17 (Debian:
# openjdk-17-jre-headless); requirements.txt is installed into an environment of its
# own unless VENV names one.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${WORK:-$(mktemp -d)}
mkdir -p "$work" && work=$(realpath "$work")
venv=${VENV:-$work/venv}
[ -e "$venv/bin/spark-submit" ] || { python3 -m venv "$venv" && "$venv/bin/pip" install -q -r "$here/requirements.txt"; }
go build -C "$here/../dedup" -o "$work/dedup" .

SPARK_HOME=$("$venv/bin/python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')
export SPARK_HOME SPARK_LOCAL_IP=127.0.0.1 PYSPARK_PYTHON=$venv/bin/python
export PATH=$venv/bin:$PATH
port=${PORT:-17077}
master=spark://127.0.0.1:$port
# These processes do little work themselves, so one level of compilation is enough.
light="-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
export SPARK_DAEMON_JAVA_OPTS="$light ${SPARK_DAEMON_JAVA_OPTS:-}"
daemons=()
start() { # start LOG CLASS ARGUMENTS...: starts a daemon in its own process group
	setsid "$SPARK_HOME/bin/spark-class" "${@:2}" >"$work/$1.log" 2>&1 &
	daemons+=($!)
}
stop() {
	for p in "${daemons[@]}"; do kill -- "-$p" 2>/dev/null || true; done
	wait 2>/dev/null || true
	daemons=()
}
cluster() { # starts a master and workers, which end with the script
	trap stop EXIT
	start master org.apache.spark.deploy.master.Master --host 127.0.0.1 --port "$port" --webui-port 0
	for n in 1 2; do
		start "worker$n" org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --webui-port 0 \
			--cores 1 --memory 2g --work-dir "$work/worker$n" "$master"
	done
}

# driver_of OUT CORPUS [FLAGS]: sets driver to the command of clusters.py; -strip comes
# first. SUBMIT may hold more options for spark-submit.
submit=(spark-submit --master "$master" --driver-memory 1g --executor-memory 1500m --conf spark.ui.enabled=false
	--conf spark.sql.shuffle.partitions=8 --conf spark.log.level=ERROR --conf spark.task.maxFailures=8
	--driver-java-options "$light"
	--conf spark.executor.extraJavaOptions=-XX:+UseParallelGC ${SUBMIT:-})
driver_of() {
	driver=("${submit[@]}" "$here/clusters.py" --dedup "$work/dedup" --out "$1" "$2")
	if [ "${3:-}" = -strip ]; then driver+=(--strip -- "${@:4}"); else driver+=(-- "${@:3}"); fi
}
clusters() { driver_of "$@"; "${driver[@]}"; }

# same OUT CORPUS [FLAGS]: compares the lines in OUT with those of dedup clusters -json, in any order.
same() {
	local order='import json, sys; print(*sorted(line.rstrip("\n") for line in sys.stdin), sep="\n")'
	cat "$1"/clusters/part-* | "$venv/bin/python" -c "$order" >"$work/found"
	"$work/dedup" clusters -json -quiet "${@:3}" "$2" | "$venv/bin/python" -c "$order" >"$work/expected"
	cmp "$work/found" "$work/expected" || return 1 # set -e is off if a condition calls this
	[ -s "$work/found" ] || { echo "no clusters: nothing is tested" >&2; return 1; }
	echo "the same $(wc -l <"$work/found") clusters as dedup clusters"
}
