package serve

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/neardup/neardup/boilerplate/seen"
)

// metrics are served at /metrics.
type metrics struct {
	registry   *prometheus.Registry
	requests   *prometheus.CounterVec
	seconds    *prometheus.HistogramVec
	verdicts   *prometheus.CounterVec
	operations prometheus.Histogram
	sync       prometheus.Histogram
	journal    prometheus.Counter
	saves      prometheus.Counter
}

func newMetrics(s *server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "neardup_requests_total", Help: "Requests by path and status.",
		}, []string{"path", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "neardup_request_seconds", Help: "Time from the header of a request to the end of its answer.",
			Buckets: prometheus.ExponentialBuckets(.0005, 2, 16),
		}, []string{"path"}),
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "neardup_verdicts_total", Help: "Answers of /v1/judge by verdict.",
		}, []string{"verdict"}),
		operations: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "neardup_batch_operations", Help: "Operations that shared one flush of the journal.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 12),
		}),
		sync: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "neardup_sync_seconds", Help: "Time of a flush of the journal.",
			Buckets: prometheus.ExponentialBuckets(.0001, 2, 16),
		}),
		journal: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "neardup_journal_bytes_total", Help: "Bytes written to the journal.",
		}),
		saves: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "neardup_checkpoints_total", Help: "Checkpoints: the filter was saved and a new journal began.",
		}),
	}
	gauge := func(name, help string, f func(seen.Stats) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
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
			return f(st)
		})
	}
	m.registry.MustRegister(
		m.requests, m.seconds, m.verdicts, m.operations, m.sync, m.journal, m.saves,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "neardup_requests_running", Help: "Requests in progress."}, func() float64 { return float64(len(s.slots)) }),
		gauge("neardup_pages_kept", "Pages in the index.", func(st seen.Stats) float64 { return float64(st.Kept) }),
		gauge("neardup_pages_held", "Pages that wait until the frame of their site is known.", func(st seen.Stats) float64 { return float64(st.Held) }),
		gauge("neardup_texts", "Texts kept for passages, including removed ones until compaction.", func(st seen.Stats) float64 { return float64(st.Texts) }),
		gauge("neardup_texts_bytes", "Bytes of the files of these texts.", func(st seen.Stats) float64 { return float64(st.TextBytes) }),
		gauge("neardup_detector_bytes", "Memory of the counts of recycled blocks.", func(st seen.Stats) float64 { return float64(st.Detector.Bytes) }),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

func (m *metrics) request(path string, code int, took time.Duration) {
	m.requests.WithLabelValues(path, strconv.Itoa(code)).Inc()
	m.seconds.WithLabelValues(path).Observe(took.Seconds())
}

// observe is called after each batch of the filter.
func (m *metrics) observe(b seen.Batch) {
	m.operations.Observe(float64(b.Operations))
	m.sync.Observe(b.Sync.Seconds())
	m.journal.Add(float64(b.Bytes))
	if b.Checkpoint {
		m.saves.Inc()
	}
}
