package digest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/app"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

func TestAQuietDaySaysNothingAndMondaySaysAllIsCalm(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := open(t, engine)
		send(t, room, "register", "session=walk", "places=1", "name=Guest", "email=guest@example.org")
		for day := 24; day <= 30; day++ { // from Tuesday over the weekend to Monday
			at(t, room, day, 8, 0)
		}
		var got []string
		for _, l := range summaries(t, room, cag) {
			got = append(got, l.Subject)
		}
		// The club night is on Thursday, so Wednesday and Thursday tell of it.
		want := []string{"Your summary of Wednesday 25 November", "Your summary of Thursday 26 November", "All is calm"}
		if !slices.Equal(got, want) {
			t.Errorf("the coordinator of the club received %q, want %q", got, want)
		}
		if quiet, found, err := room.Store.Read(t.Context()).LastDigest("cag", "2026-11-27"); err != nil || !found || quiet.Day != "2026-11-27" || quiet.Outcome != store.DigestQuiet {
			t.Errorf("of the quiet Friday there stands %+v, %v", quiet, err)
		}
		if calm := summaries(t, room, cag)[2]; !strings.HasPrefix(calm.Text, "All is calm.") || !strings.Contains(calm.HTML, "All is calm.") {
			t.Errorf("the calm letter reads %q", calm.Text)
		}
	})
}

func TestANewPostRoomDoesNotBeginByWritingThatAllIsCalm(t *testing.T) {
	t.Parallel()
	room := open(t) // on a Monday, after the hour
	room.Work(t)
	send(t, room, "ask", "name=A", "email=a@example.org", "question=Hello?")
	at(t, room, 23, 18, 0)
	if got := len(summaries(t, room, office)); got != 0 {
		t.Errorf("the office received %d summaries on the first day, want none", got)
	}
	at(t, room, 24, 8, 0)
	summary(t, room, office)
}

func TestOneSummaryADayHoweverLateAndHoweverOften(t *testing.T) {
	t.Parallel()
	room := open(t)
	send(t, room, "ask", "name=A", "email=a@example.org", "question=Hello?")
	at(t, room, 24, 7, 59)
	if got := len(summaries(t, room, office)); got != 0 {
		t.Fatalf("%d summaries came before the hour", got)
	}
	at(t, room, 24, 16, 30) // down over the hour
	summary(t, room, office)
	for range 3 {
		room.Clock.Advance(time.Hour)
		room.Work(t)
	}
	again(t, room, "office/2026-11-24")
	summary(t, room, office)

	at(t, room, 27, 11, 0) // down for days
	list := summaries(t, room, office)
	if len(list) != 2 || list[1].Subject != "Your summary of Friday 27 November" {
		t.Fatalf("after days the office has %d summaries: %q", len(list), room.Subjects(t, office))
	}
	again(t, room, "office/2026-11-25") // a job that was left over from a day that is over
	if got := len(summaries(t, room, office)); got != 2 {
		t.Errorf("a day that was over still had a summary: %q", room.Subjects(t, office))
	}
}

// again does the job of one summary as if the queue had handed it over anew.
func again(t *testing.T, room *testkit.Room, subject string) {
	t.Helper()
	if err := room.Digests.Make(t.Context(), subject); err != nil {
		t.Fatal(err)
	}
	room.Work(t)
}

func TestTwoSchedulersAndManyWorkersMakeOneSummary(t *testing.T) {
	t.Parallel()
	room := open(t, testkit.OnServers)
	send(t, room, "ask", "name=A", "email=a@example.org", "question=Hello?")
	for range 2 {
		open(t, testkit.Beside(room), testkit.Roles(app.RoleScheduler))
		open(t, testkit.Beside(room), testkit.Roles(app.RoleWorker))
	}
	at(t, room, 24, 8, 0)
	again(t, room, "office/2026-11-24")
	summary(t, room, office)
}

func TestASummaryIsDueAtItsHourWithoutAnybodyAsking(t *testing.T) {
	t.Parallel()
	room := open(t)
	send(t, room, "ask", "name=A", "email=a@example.org", "question=Hello?")
	before := len(room.Sink.Messages())
	room.Clock.Set(time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)) // the scheduler wakes by itself
	room.Sink.Wait(before + 1)
	summary(t, room, office)
}

// What is nobody's is somebody's all the same: the first coordinator's.
func TestWhatIsNobodysIsInOneSummary(t *testing.T) {
	t.Parallel()
	room := open(t)
	send(t, room, "ask", "name=A", "email=a@example.org", "question=Hello?")
	lost := puzzle(t, room, "other@riverside.example", "of nobody")
	at(t, room, 24, 8, 0)
	if got := summaries(t, room, nobody); len(got) != 0 {
		t.Fatalf("somebody who looks after nothing received %q", got[0].Text)
	}
	if got := summary(t, room, cag).Text; !strings.Contains(got, lost) || len(anyReference.FindAllString(got, -1)) != 1 {
		t.Errorf("the first of the coordinators hears of more than %s:\n%s", lost, got)
	}
	if got := summary(t, room, office).Text; strings.Contains(got, lost) {
		t.Errorf("and so does the office:\n%s", got)
	}
}

func TestALetterThatIsSomebodysIsInNobodyElsesSummary(t *testing.T) {
	t.Parallel()
	room := open(t)
	reference := puzzle(t, room, "support@riverside.example", "of the enquiries")
	write(t, room, func(tx *store.Tx) error {
		l, err := tx.LetterWith(reference)
		if err != nil {
			return err
		}
		return tx.AssignLetter(l.ID, "events")
	})
	at(t, room, 24, 8, 0)
	if got := summary(t, room, events).Text; !strings.Contains(strings.Join(strings.Fields(got), " "), "- "+reference+", since Monday 23 November, 1 working day (you look after it)") {
		t.Errorf("who looks after the letter reads\n%s", got)
	}
	if got := summaries(t, room, office); len(got) != 0 {
		t.Errorf("the office reads of it too:\n%s", got[0].Text)
	}
}

func TestASectionHasAnEnd(t *testing.T) {
	t.Parallel()
	room := open(t)
	write(t, room, func(tx *store.Tx) error { return crowd(tx, room.Clock.Now()) })
	at(t, room, 24, 8, 0)
	got := summary(t, room, office).Text
	if !strings.Contains(got, "\n- and 30 more\n") || strings.Count(got, "since Monday 23 November, 1 working day") != 20 || !strings.Contains(got, "- Enquiries: 50\n") {
		t.Errorf("fifty who wait read\n%s", got)
	}
}

// crowd files fifty questions.
func crowd(tx *store.Tx, now time.Time) error {
	if err := tx.PutFormVersion("v", "questions", "ask", []byte("{}"), now); err != nil {
		return err
	}
	for i := range 50 {
		c, err := tx.FindOrAddContact(postroom.Contact{Name: "P " + string(rune('A'+i)), Address: string(rune('a'+i)) + "@example.org", Reach: postroom.ReachEmail}, now)
		if err != nil {
			return err
		}
		s := postroom.Submission{
			Programme: "questions", Form: "ask", FormVersion: "v", Kind: postroom.Enquiry, Channel: postroom.Web,
			Contact: c.ID, Address: c.Address, Locale: "en", State: postroom.SubmissionReceived, ReceivedAt: now,
		}
		if _, _, err := tx.AddSubmission(s); err != nil {
			return err
		}
	}
	return nil
}

// Nothing that was written, no number and no name of somebody discreet may be
// in a summary, whatever is printed around it.
func TestASummaryKeepsSecrets(t *testing.T) {
	t.Parallel()
	room := open(t)
	ref := richDay(t, room)
	at(t, room, 26, 8, 0)
	list := summaries(t, room, office)
	all := list[len(list)-1]
	for _, secret := range []string{
		"grant", "ring me", "my son", "cannot sleep", "afraid", "are you open", "what is this", "01908", "password", // what was written
		"Annabel", "annabel@", "Club", "club night", // of a discreet programme
		"Tired", "tired@", "Counselling", // of a form whose title tells
		"Dragan", "dragan@", // held
	} {
		for part, words := range map[string]string{"text": all.Text, "HTML": all.HTML, "subject": all.Subject} {
			if strings.Contains(strings.ToLower(words), strings.ToLower(secret)) {
				t.Errorf("the %s part says %q", part, secret)
			}
		}
	}
	first := summaries(t, room, cag) // for what is nobody's
	for label, reference := range ref {
		if !strings.Contains(all.Text+first[len(first)-1].Text, reference) {
			t.Errorf("%s is not in the summary", label)
		}
	}
}

func TestOfADiscreetContactThereIsOnlyAReference(t *testing.T) {
	t.Parallel()
	room := open(t)
	write(t, room, func(tx *store.Tx) error {
		_, err := tx.FindOrAddContact(postroom.Contact{Name: "Iryna", Address: "iryna@example.org", Reach: postroom.ReachEmail, Discreet: true}, room.Clock.Now())
		return err
	})
	reference := send(t, room, "ask", "name=Iryna", "email=iryna@example.org", "question=Hello?")
	at(t, room, 24, 8, 0)
	got := summary(t, room, office).Text
	if strings.Contains(got, "Iryna") || strings.Contains(got, "iryna@") || strings.Contains(got, "Ask us") || !strings.Contains(got, "- "+reference+"\n  since Monday") {
		t.Errorf("a discreet contact reads\n%s", got)
	}
}

// What a stranger typed as a name must not become a link, a heading or a line
// of its own.
func TestANameCannotWriteIntoASummary(t *testing.T) {
	t.Parallel()
	room := open(t)
	send(t, room, "ask", "name=[click](https://evil.example) **now**", "email=e@example.org", "question=Hello?")
	send(t, room, "ask", "name=# Boss <b>x</b> & `co` [a](b)", "email=boss@example.org", "question=Hello?")
	at(t, room, 24, 8, 0)
	got := summary(t, room, office)
	if strings.Contains(got.HTML, "evil.example") || strings.Contains(got.HTML, "<b>") || strings.Contains(got.HTML, `href="b"`) {
		t.Errorf("a name became part of the page:\n%s", got.HTML)
	}
	if !strings.Contains(got.Text, "# Boss <b>x</b> & `co` [a](b)") {
		t.Errorf("a name with signs is not shown as it is:\n%s", got.Text)
	}
}

func TestPreviewShowsWhatWillComeAndChangesNothing(t *testing.T) {
	t.Parallel()
	room := open(t)
	send(t, room, "ask", "name=A", "email=a@example.org", "question=Hello?")
	before := room.Rows(t)
	tomorrow, err := room.Digests.Moment("2026-11-24")
	if err != nil {
		t.Fatal(err)
	}
	p, err := room.Digests.Preview(t.Context(), "office", tomorrow)
	if err != nil || p.Outcome != store.DigestSent {
		t.Fatalf("%+v, %v", p, err)
	}
	if after := room.Rows(t); after != before {
		t.Errorf("looking changed something: %s", testkit.FirstDifference(before, after))
	}
	at(t, room, 24, 8, 0)
	if got := summary(t, room, office); got.Text != p.Text { // but for the numbers
		t.Errorf("what came differs from what was shown:\n%s\n%s", got.Text, p.Text)
	}
	if _, err := room.Digests.Preview(t.Context(), "nobody of this name", tomorrow); postroom.KindOf(err) != postroom.NotFound {
		t.Errorf("a coordinator who is not there: %v", err)
	}
}
