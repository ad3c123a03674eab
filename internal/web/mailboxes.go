package web

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Mailbox is how one mailbox is that letters are read from.
type Mailbox struct {
	Address string    `json:"mailbox"`
	Mode    string    `json:"mode"`
	State   string    `json:"state"`                  // reading, broken or unread
	Since   time.Time `json:"reading_since,omitzero"` // when it was first read
	Polled  time.Time `json:"last_poll,omitzero"`     // when it was last read to its end
	Late    bool      `json:"late"`                   // that is a quarter of an hour ago or more
	Problem string    `json:"problem,omitempty"`      // in plain words
}

// addMailboxes says how the mailboxes are: of each to whoever may read the
// metrics, and to anybody else only whether all are read. A mailbox that is not
// read is no reason to send visitors elsewhere, so it does not make this process
// unready.
func (s *Server) addMailboxes(ctx context.Context, r *http.Request, answer map[string]any) {
	if s.Mailboxes == nil {
		return
	}
	list, err := s.Mailboxes(ctx)
	switch {
	case err != nil:
		s.Log.WarnContext(ctx, "mailboxes are not shown", "err", err)
	case len(list) == 0:
	case s.near(r):
		answer["mailboxes"] = list
	default:
		answer["mailboxes"] = allRead(list)
	}
}

func allRead(list []Mailbox) string {
	for _, m := range list {
		if m.Late {
			return "late"
		}
	}
	return "ok"
}

// boxes shows the mailboxes to Prometheus. One that was never read has no time.
type boxes struct {
	read   func(context.Context) ([]Mailbox, error)
	up     *prometheus.Desc
	polled *prometheus.Desc
}

func newBoxes(read func(context.Context) ([]Mailbox, error)) *boxes {
	return &boxes{
		read:   read,
		up:     prometheus.NewDesc("postroom_mailbox_up", "Whether a mailbox could be read when it was last looked at, within a quarter of an hour.", []string{"mailbox"}, nil),
		polled: prometheus.NewDesc("postroom_mailbox_last_poll_timestamp_seconds", "When a mailbox was last read to its end.", []string{"mailbox"}, nil),
	}
}

// Describe lists what Collect sends.
func (b *boxes) Describe(ch chan<- *prometheus.Desc) {
	ch <- b.up
	ch <- b.polled
}

// Collect reads how the mailboxes are. A store that does not answer is for
// /readyz to tell.
func (b *boxes) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	list, err := b.read(ctx)
	if err != nil {
		return
	}
	for _, m := range list {
		up := 0.0
		if m.Problem == "" && !m.Late {
			up = 1
		}
		ch <- prometheus.MustNewConstMetric(b.up, prometheus.GaugeValue, up, m.Address)
		if !m.Polled.IsZero() {
			ch <- prometheus.MustNewConstMetric(b.polled, prometheus.GaugeValue, float64(m.Polled.UnixMilli())/1000, m.Address)
		}
	}
}
