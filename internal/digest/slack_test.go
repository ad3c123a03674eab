package digest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"postroom/internal/digest"
	"postroom/internal/postroom"
)

// hooks is a stand-in for Slack that remembers what was posted where.
type hooks struct {
	*httptest.Server
	mu     sync.Mutex
	posts  map[string][]string
	refuse bool
}

func newHooks(t *testing.T) *hooks {
	h := &hooks{posts: make(map[string][]string)}
	h.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		if err != nil || h.refuse || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			http.Error(w, "no_service", http.StatusNotFound)
			return
		}
		h.posts[r.URL.Path] = append(h.posts[r.URL.Path], string(body))
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hooks) count(path string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.posts[path])
}

func TestCountsArePostedWithoutNamesOnceADay(t *testing.T) {
	t.Parallel()
	room := open(t)
	slack := newHooks(t)
	room.Digests.Slack = &digest.Slack{
		Targets: []string{digest.All, digest.Of("office"), digest.In("questions"), digest.In("club")},
		Hook:    func(target string) string { return slack.URL + "/very-secret/" + target },
		Client:  slack.Client(),
	}
	open1 := send(t, room, "ask", "name=Olena", "email=olena@example.org", "question=Where is my grant?")
	secret := send(t, room, "club-question", "name=Annabel", "email=annabel@example.org", "question=May my son come?")
	puzzle(t, room, "other@riverside.example", "of nobody")
	at(t, room, 24, 8, 0)
	at(t, room, 24, 9, 0)
	for target, want := range map[string][]string{
		digest.All:             {"2 people wait for an answer", "Letters that need a person: *1*", open1 + ", 1 working day"},
		digest.Of("office"):    {"office: 2 people wait for an answer", open1},
		digest.In("questions"): {"Enquiries: 1 person waits for an answer", open1},
		digest.In("club"):      {"1 person waits for an answer"},
	} {
		if n := slack.count("/very-secret/" + target); n != 1 {
			t.Fatalf("%s was posted %d times", target, n)
		}
		got := slack.posts["/very-secret/"+target][0]
		var message struct {
			Text   string
			Blocks []struct{ Type string }
		}
		if err := json.Unmarshal([]byte(got), &message); err != nil || message.Text == "" || len(message.Blocks) < 2 || message.Blocks[0].Type != "header" {
			t.Errorf("%s is no message: %s, %v", target, got, err)
		}
		for _, words := range want {
			if !strings.Contains(got, words) {
				t.Errorf("%s lacks %q: %s", target, words, got)
			}
		}
		for _, private := range []string{"Olena", "Annabel", "grant", "Club", "example.org", secret} {
			if strings.Contains(got, private) {
				t.Errorf("%s says %q: %s", target, private, got)
			}
		}
	}
}

func TestAPostThatFailsKeepsNoMailAndTellsNoSecret(t *testing.T) {
	t.Parallel()
	room := open(t)
	slack := newHooks(t)
	slack.refuse = true
	room.Digests.Slack = &digest.Slack{
		Targets: []string{digest.All}, Client: slack.Client(), Hook: func(string) string { return slack.URL + "/very-secret" },
	}
	send(t, room, "ask", "name=Olena", "email=olena@example.org", "question=Hello?")
	at(t, room, 24, 8, 0)
	summary(t, room, office)
	for _, gone := range []bool{false, true} {
		if gone {
			slack.Close()
		}
		err := room.Digests.Post(t.Context(), digest.All+"/2026-11-24")
		if err == nil || strings.Contains(err.Error(), "very-secret") {
			t.Errorf("the error is %v", err)
		}
	}
	job, err := room.Store.Read(t.Context()).JobOf(postroom.JobSlack, digest.All+"/2026-11-24")
	if err != nil || job.State != postroom.JobDue || !job.DueAt.After(room.Clock.Now().Add(-time.Second)) || strings.Contains(job.Reason, "very-secret") {
		t.Errorf("the post is %+v, %v", job, err)
	}
}
