package web

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// metrics counts what this process answers, and reads from the store, when
// somebody asks, how much work there is. The counts hold no person.
type metrics struct {
	registry    *prometheus.Registry
	requests    *prometheus.CounterVec
	took        prometheus.Histogram
	submissions *prometheus.CounterVec
}

func newMetrics(s *store.Store, clock postroom.Clock, log *slog.Logger) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "postroom_http_requests_total", Help: "Requests answered, by route and status.",
		}, []string{"route", "status"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "postroom_http_request_seconds", Help: "How long requests took.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 7),
		}),
		submissions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "postroom_submissions_total", Help: "Submissions accepted by this process, by form and channel.",
		}, []string{"form", "channel"}),
	}
	m.registry.MustRegister(m.requests, m.took, m.submissions, newWork(s, clock, log),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) accepted(form string, channel postroom.Channel) {
	m.submissions.WithLabelValues(form, string(channel)).Inc()
}

// count notes each request. The route is the pattern, never the path: paths
// hold tokens.
func (m *metrics) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun, seen := time.Now(), &statusSeen{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(seen, r)
		m.requests.WithLabelValues(r.Pattern, strconv.Itoa(seen.status)).Inc()
		m.took.Observe(time.Since(begun).Seconds())
	})
}

// statusSeen remembers the status of an answer.
type statusSeen struct {
	http.ResponseWriter
	status int
}

// WriteHeader sends the status and remembers it.
func (w *statusSeen) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusSeen) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// near says whether a request comes from this machine or from MetricsFrom.
// Behind a proxy on this machine every visitor seems to be here; the header that
// the proxy adds tells them apart.
func (s *Server) near(r *http.Request) bool {
	addr := remote(r)
	near := addr.IsLoopback()
	for _, network := range s.MetricsFrom {
		near = near || network.Contains(addr)
	}
	forwarded := slices.ContainsFunc([]string{"X-Forwarded-For", "Forwarded", "X-Real-Ip"}, func(h string) bool { return r.Header.Get(h) != "" })
	return near && !forwarded
}

// showMetrics answers programs that are near. To others the page does not exist.
func (s *Server) showMetrics(w http.ResponseWriter, r *http.Request) error {
	if !s.near(r) {
		return &postroom.Error{Kind: postroom.NotFound}
	}
	promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	return nil
}

// work reads from the store what waits, what is stuck and what has left.
type work struct {
	store    *store.Store
	clock    postroom.Clock
	log      *slog.Logger
	jobs     *prometheus.Desc
	messages *prometheus.Desc
	oldest   *prometheus.Desc
}

func newWork(s *store.Store, clock postroom.Clock, log *slog.Logger) *work {
	return &work{
		store: s, clock: clock, log: log,
		jobs:     prometheus.NewDesc("postroom_jobs", "Jobs that are not done, by lane and state.", []string{"lane", "state"}, nil),
		messages: prometheus.NewDesc("postroom_messages", "Messages, by state.", []string{"state"}, nil),
		oldest:   prometheus.NewDesc("postroom_oldest_due_job_seconds", "How long the oldest due job has waited, by lane.", []string{"lane"}, nil),
	}
}

// Describe lists what Collect sends.
func (k *work) Describe(ch chan<- *prometheus.Desc) {
	ch <- k.jobs
	ch <- k.messages
	ch <- k.oldest
}

// Collect reads the store. A store that does not answer is for /readyz to
// tell; what this process counts itself is still shown.
func (k *work) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	read := k.store.Read(ctx)
	for _, collect := range []func(store.Reader, chan<- prometheus.Metric) error{k.collectJobs, k.collectMessages, k.collectOldest} {
		if err := collect(read, ch); err != nil {
			k.log.WarnContext(ctx, "metrics are incomplete", "err", err)
		}
	}
}

func (k *work) collectJobs(read store.Reader, ch chan<- prometheus.Metric) error {
	counts, err := read.OpenJobs()
	for _, c := range counts {
		ch <- prometheus.MustNewConstMetric(k.jobs, prometheus.GaugeValue, float64(c.N), string(c.Lane), string(c.State))
	}
	return err
}

func (k *work) collectMessages(read store.Reader, ch chan<- prometheus.Metric) error {
	counts, err := read.MessageCounts()
	for state, n := range counts {
		ch <- prometheus.MustNewConstMetric(k.messages, prometheus.GaugeValue, float64(n), string(state))
	}
	return err
}

func (k *work) collectOldest(read store.Reader, ch chan<- prometheus.Metric) error {
	due, err := read.NextDue()
	for lane, at := range due {
		age := max(0, k.clock.Now().Sub(at).Seconds())
		ch <- prometheus.MustNewConstMetric(k.oldest, prometheus.GaugeValue, age, string(lane))
	}
	return err
}
