package testkit_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

// promise is a programme that promises one thing for the day after.
const promise = `
programme: questions
languages: [en]
name: Enquiries
privacy: We use your answers to answer you.
addresses: [support@riverside.example]
coordinators: [office]
forms:
  - form: ask
    kind: enquiry
    title: Ask us a question
    reach: [email]
    fields:
      - {field: name, type: name, required: true}
      - {field: email, type: email}
      - {field: question, type: long_text, label: Your question, error_label: your question, required: true}
workflow:
  - {step: acknowledge, on: received, send: we-have-your-message}
  - {step: space, after: received, by: 1d, send: workspace-invitation}
`

// office is who reads the summary.
const office = "office@riverside.example"

// mornings is a walk of days on which a step falls due and the summary is made.
type mornings struct {
	*walk
	days map[int]string // of the n-th person's morning
}

func newMornings(t *testing.T, engine testkit.Option) *mornings {
	t.Helper()
	programmes := t.TempDir()
	if err := os.WriteFile(filepath.Join(programmes, "questions.yaml"), []byte(promise), 0o600); err != nil {
		t.Fatal(err)
	}
	setting := testkit.Setting("digest_at: \"08:00\"\nprogrammes: " + programmes)
	m := &mornings{walk: &walk{death: newDeath(t, []testkit.Option{engine, setting}), pause: 10 * time.Minute}, days: map[int]string{}}
	m.begin, m.done, m.judge = m.night, m.over, m.judgeMorning
	return m
}

// night lets the n-th person ask, early on a Tuesday, and once they were
// answered sets the clock to noon of the day after. It is always the same day of
// the week, because on Mondays also those are written to who have nothing to do.
func (m *mornings) night(room *child, n int) {
	m.t.Helper()
	eve := m.now().UTC().Truncate(24 * time.Hour).Add(29 * time.Hour)
	for eve.Weekday() != time.Tuesday {
		eve = eve.Add(24 * time.Hour)
	}
	room.tell(m.t, "Ahead", m.set(eve).String())
	if !room.send(m.t, room.page(m.t, personN(n)), false) {
		m.t.Fatal("the form was not accepted")
	}
	m.until(room.died, func() bool { return m.settled(n) })
	noon := eve.Add(31 * time.Hour)
	m.days[n] = noon.Format(time.DateOnly)
	room.light(m.t, m.set(noon))
}

// set sets the walk's clock to a moment and returns how far that is.
func (m *mornings) set(at time.Time) time.Duration {
	forward := at.Sub(m.now())
	m.ahead += forward
	return forward
}

// over says whether the n-th person has what was promised, and the office its
// summary of that day.
func (m *mornings) over(n int) bool {
	m.t.Helper()
	_, found := m.summary(n)
	return found && m.settled(n) && len(m.owedTo(personN(n))) == 2
}

func (m *mornings) summary(n int) (row postroom.Message, found bool) {
	m.t.Helper()
	last, found, err := m.store.Read(m.t.Context()).LastDigest("office", m.days[n])
	if err != nil {
		m.t.Fatal(err)
	}
	if !found || last.Day != m.days[n] {
		return row, false
	}
	if last.Outcome != store.DigestSent {
		m.t.Fatalf("the summary of %s is %s, although somebody waits", last.Day, last.Outcome)
	}
	if row, err = m.store.Read(m.t.Context()).Message(last.Message); err != nil {
		m.t.Fatal(err)
	}
	return row, true
}

// judgeMorning checks that the n-th person received the answer and the promise,
// and the office one summary of that day.
func (m *mornings) judgeMorning(n int, at string) {
	m.t.Helper()
	m.death.judge(n, personN(n), at, 2)
	row, _ := m.summary(n)
	m.judgeCopies(row, at)
	ids := map[string]bool{}
	for _, mail := range m.sink.To(office) {
		ids[m.messageID(mail)] = true
	}
	if len(ids) != n {
		m.t.Errorf("killed at %q: the office received mails with %d Message-IDs on %d mornings", at, len(ids), n)
	}
}

func TestKilledAtAnyPointOfAMorningStepsAreDoneAndTheSummaryIsSentOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each point of a morning's work; run without -short")
	}
	t.Parallel()
	engines(t, func(t *testing.T, engine testkit.Option) {
		newMornings(t, engine).run(100)
	})
}
