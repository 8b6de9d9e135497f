package serve

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/neardup/neardup/boilerplate/seen"
)

// figures are served at /metrics.
type figures struct {
	families   []family
	requests   *metrics.Set
	seconds    *metrics.Set
	verdicts   *metrics.Set
	operations *metrics.PrometheusHistogram
	sync       *metrics.PrometheusHistogram
	journal    *metrics.Counter
	saves      *metrics.Counter
}

// A family is a metric: its series differ only in their labels.
type family struct {
	name, kind, help string
	series           *metrics.Set
}

// requestSeconds are the buckets of the time of a request.
var requestSeconds = metrics.ExponentialBuckets(.0005, 2, 16)

func newFigures(s *server) *figures {
	f := &figures{}
	f.requests = f.family("neardup_requests_total", "counter", "Requests by path and status.")
	f.seconds = f.family("neardup_request_seconds", "histogram", "Time from the header of a request to the end of its answer.")
	f.verdicts = f.family("neardup_verdicts_total", "counter", "Answers of /v1/judge by verdict.")
	f.operations = f.histogram("neardup_batch_operations", "Operations that shared one flush of the journal.", metrics.ExponentialBuckets(1, 2, 12))
	f.sync = f.histogram("neardup_sync_seconds", "Time of a flush of the journal.", metrics.ExponentialBuckets(.0001, 2, 16))
	f.journal = f.counter("neardup_journal_bytes_total", "Bytes written to the journal.")
	f.saves = f.counter("neardup_checkpoints_total", "Checkpoints: the filter was saved and a new journal began.")
	f.gauge("neardup_requests_running", "Requests in progress.", func() float64 { return float64(len(s.slots)) })
	stat := func(name, help string, value func(seen.Stats) float64) {
		f.gauge(name, help, func() float64 {
			d := s.filter.Load()
			if d == nil {
				return 0
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			st, err := d.Stats(ctx)
			if err != nil {
				return 0
			}
			return value(st)
		})
	}
	stat("neardup_pages_kept", "Pages in the index.", func(st seen.Stats) float64 { return float64(st.Kept) })
	stat("neardup_pages_held", "Pages that wait until the frame of their site is known.", func(st seen.Stats) float64 { return float64(st.Held) })
	stat("neardup_texts", "Texts kept for passages, including removed ones until compaction.", func(st seen.Stats) float64 { return float64(st.Texts) })
	stat("neardup_texts_bytes", "Bytes of the files of these texts.", func(st seen.Stats) float64 { return float64(st.TextBytes) })
	stat("neardup_detector_bytes", "Memory of the counts of recycled blocks.", func(st seen.Stats) float64 { return float64(st.Detector.Bytes) })
	return f
}

func (f *figures) family(name, kind, help string) *metrics.Set {
	s := metrics.NewSet()
	f.families = append(f.families, family{name, kind, help, s})
	return s
}

func (f *figures) counter(name, help string) *metrics.Counter {
	return f.family(name, "counter", help).NewCounter(name)
}

func (f *figures) gauge(name, help string, value func() float64) {
	f.family(name, "gauge", help).NewGauge(name, value)
}

func (f *figures) histogram(name, help string, buckets []float64) *metrics.PrometheusHistogram {
	return f.family(name, "histogram", help).NewPrometheusHistogramExt(name, buckets)
}

// write writes all metrics in the text format of Prometheus. The library would write
// them without the help.
func (f *figures) write(w io.Writer) {
	for _, fam := range f.families {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %[1]s %[3]s\n", fam.name, fam.help, fam.kind)
		fam.series.WritePrometheus(w)
	}
	metrics.WriteProcessMetrics(w)
	metrics.WriteFDMetrics(w)
}

func (f *figures) request(path string, code int, took time.Duration) {
	f.requests.GetOrCreateCounter(fmt.Sprintf(`neardup_requests_total{path=%q,status="%d"}`, path, code)).Inc()
	f.seconds.GetOrCreatePrometheusHistogramExt(fmt.Sprintf(`neardup_request_seconds{path=%q}`, path), requestSeconds).Update(took.Seconds())
}

func (f *figures) verdict(o seen.Outcome) {
	f.verdicts.GetOrCreateCounter(fmt.Sprintf(`neardup_verdicts_total{verdict=%q}`, o)).Inc()
}

// observe is called after each batch of the filter.
func (f *figures) observe(b seen.Batch) {
	f.operations.Update(float64(b.Operations))
	f.sync.Update(b.Sync.Seconds())
	f.journal.AddInt64(b.Bytes)
	if b.Checkpoint {
		f.saves.Inc()
	}
}
