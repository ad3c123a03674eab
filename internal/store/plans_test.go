package store

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/testserver"
)

// plannedRows is how many rows stand in each large table while plans are
// looked at: enough that reading all of them is the wrong plan.
const plannedRows = 20_000

// crowd fills the tables that grow without end. Only a few rows of each still
// wait for something, as in life.
var crowd = []string{
	`INSERT INTO contacts (id, name, name_key, phone, created_at) SELECT 'c' || i, 'n', 'n' || i, '+44' || i, 0 FROM n`,
	`INSERT INTO addresses (address) SELECT i || '@example.org' FROM n`,
	`INSERT INTO contact_addresses (contact_id, address, added_at) SELECT 'c' || i, i || '@example.org', i FROM n`,
	`INSERT INTO organisations (id, name, name_key, created_at) SELECT 'o' || i, 'g', 'g' || i, 0 FROM n`,
	`INSERT INTO contact_organisations (contact_id, organisation_id, added_at) SELECT 'c' || i, 'o' || (i % 900), i FROM n WHERE i % 900 > 0`,
	`INSERT INTO finds (kind, id, words) SELECT 'contact', 'c' || i, 'n' || i || ' lee' FROM n`,
	`INSERT INTO form_versions (version, programme, form, snapshot, first_seen) SELECT 'v' || i, 'p', 'f', '', 0 FROM n WHERE i = 1`,
	`INSERT INTO submissions (id, reference, idempotency_key, natural_key, programme, form, form_version, kind, channel, contact_id, locale, answers_sealed, state, received_at)
		SELECT 's' || i, 'r' || i, 'k' || i, 'n' || i, 'p', 'f', 'v1', 'sign_up', 'web', 'c' || i, 'en', '', CASE WHEN i % 3 = 0 THEN 'received' ELSE 'answered' END, i FROM n`,
	`UPDATE submissions SET state = CASE WHEN received_at % 700 = 0 THEN 'held' ELSE 'closed' END WHERE received_at % 7 = 0`,
	`INSERT INTO consents (id, contact_id, purpose, wording, form_version, submission_id, given_at) SELECT 'k' || i, 'c' || i, 'news', 'w', 'v1', 's' || i, i FROM n`,
	`INSERT INTO letters (id, raw_hash, size, state, address, mailbox, received_at) SELECT 'x' || i, 'x' || i, 1, 'triage', i || '@example.org', 'support@example.org', i FROM n WHERE i % 100 = 0`,
	`INSERT INTO letters (id, raw_hash, size, state, reason, submission_id, received_at)
		SELECT 'l' || i, 'h' || i, 1, 'done', CASE WHEN i % 500 = 0 THEN 'added' ELSE 'filed' END, 's' || i, i FROM n`,
	`INSERT INTO deliveries (mailbox, folder, uidvalidity, uid, letter_id, seen_at) SELECT 'support@example.org', 'inbox', 1, i, 'l' || i, i FROM n`,
	`INSERT INTO tombstones (raw_hash, erased_at) SELECT 'gone' || i, i FROM n`,
	`UPDATE submissions SET open_fields = 'area', letter_id = 'l' || substr(id, 2) WHERE received_at % 500 = 0`,
	`INSERT INTO messages (id, key, message_id, form, submission_id, address, locale, class, lane, state, created_at, sending_at)
		SELECT 'm' || i, 'm' || i, 'm' || i, 'f', 's' || i, (i % 900) || '@example.org', 'en', 'service', 'confirm', CASE WHEN i % 1000 = 0 THEN 'held' ELSE 'sent' END, i, i FROM n`,
	`INSERT INTO messages (id, key, message_id, contact_id, address, locale, class, lane, state, created_at)
		SELECT 'a' || i, 'a' || i, 'a' || i, 'c' || i, i || '@example.org', 'en', 'service', 'confirm', 'sent', i FROM n WHERE i % 100 = 0`,
	`INSERT INTO calls (id, message_id, contact_id, reason, state, created_at) SELECT 'q' || i, 'm' || i, 'c' || i, 'r', CASE WHEN i % 100 = 0 THEN 'open' ELSE 'done' END, i FROM n`,
	`INSERT INTO subscriptions (id, list, programme, contact_id, address, locale, submission_id, state, asked_at)
		SELECT 'u' || i, 'l' || (i % 4), 'p', 'c' || i, i || '@example.org', 'en', 's' || i, CASE WHEN i % 3 = 0 THEN 'unsubscribed' ELSE 'confirmed' END, i FROM n`,
	`INSERT INTO campaigns (id, key, list, programme, subject, markdown, locale, state, created_at)
		SELECT 'e' || i, 'k' || i, 'l1', 'p', 's', 'm', 'en', 'sending', i FROM n WHERE i <= 200`,
	`INSERT INTO copies (campaign_id, n, part, subscription_id, address, locale, state, created_at, id)
		SELECT 'e' || (i % 200 + 1), i / 200 + 1, i / 4000 + 1, 'u' || i, i || '@example.org', 'en', CASE WHEN i % 9 = 0 THEN 'queued' WHEN i % 900 = 1 THEN 'failed' ELSE 'sent' END, i, CASE WHEN i % 2 = 0 THEN 'n' || i ELSE '' END FROM n`,
	`INSERT INTO campaign_parts (campaign_id, part, first_n, last_n, copies, sent, waits) SELECT campaign_id, part, min(n), max(n), count(*), 0, part < 3 FROM copies GROUP BY campaign_id, part`,
	`INSERT INTO jobs (id, kind, subject, lane, state, handed_by, due_at, created_at, handed_until, leased_until)
		SELECT 'j' || i, 'deliver', 'm' || i, CASE WHEN i % 2 = 0 THEN 'bulk' ELSE 'confirm' END,
		CASE WHEN i % 400 = 1 THEN 'handed' WHEN i % 400 = 2 THEN 'running' WHEN i % 400 = 3 THEN 'dead' WHEN i % 20 = 0 THEN 'due' ELSE 'done' END,
		CASE WHEN i % 3 = 0 THEN 'one' ELSE 'two' END, i, i, i, i FROM n`,
	`INSERT INTO runs (id, programme, form, submission_id, contact_id, created_at) SELECT 'r' || i, 'p', 'f', 's' || i, 'c' || i, 0 FROM n`,
	`INSERT INTO steps (id, run_id, name, state, due_at) SELECT 't' || i, 'r' || i, 'w', CASE WHEN i % 50 = 0 THEN 'planned' ELSE 'done' END, i FROM n`,
	`INSERT INTO deeds (id, at, actor, act, kind, subject) SELECT 'd' || i, i, 'ann', 'take', 'submission', 's' || i FROM n`,
	`INSERT INTO events (id, programme, name, created_at) SELECT 'e' || i, 'p', 'e' || i, 0 FROM n WHERE i <= 200`,
	`INSERT INTO sessions (id, event_id, name, starts_at, ends_at) SELECT 'x' || i, 'e' || i, 's', 0, 0 FROM n WHERE i <= 200`,
	`INSERT INTO bookings (id, session_id, contact_id, submission_id, party, state, queued_at)
		SELECT 'b' || i, 'x' || (i % 200 + 1), 'c' || i, 's' || i, 1, CASE WHEN i % 5 = 0 THEN 'waiting' ELSE 'attended' END, i FROM n`,
}

// recorder remembers the statements that a method runs.
type recorder struct {
	runner
	seen []statement
}

type statement struct {
	query string
	args  []any
}

func (r *recorder) note(query string, args []any) {
	r.seen = append(r.seen, statement{query, args})
}

func (r *recorder) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	r.note(query, args)
	return r.runner.ExecContext(ctx, query, args...)
}

func (r *recorder) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	r.note(query, args)
	return r.runner.QueryContext(ctx, query, args...)
}

func (r *recorder) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	r.note(query, args)
	return r.runner.QueryRowContext(ctx, query, args...)
}

// hot are the queries that run for every job, submission, mail or look of the
// relay, and so must not grow with what is on file.
func hot(now time.Time) map[string]func(tx *Tx) error {
	questions := func(string) []postroom.Awaited {
		return []postroom.Awaited{{Kind: postroom.Concern}, {Kind: postroom.SignUp, Form: "f"}}
	}
	return map[string]func(tx *Tx) error{
		"hand over":   func(tx *Tx) error { _, err := tx.HandOver(postroom.Bulk, "one", 10, now, now); return err },
		"window":      func(tx *Tx) error { _, err := tx.HandedBy(postroom.Confirm, "two"); return err },
		"next due":    func(tx *Tx) error { _, err := tx.NextDue(); return err },
		"sweep":       func(tx *Tx) error { _, err := tx.Sweep(time.UnixMicro(9)); return err },
		"sweep ahead": func(tx *Tx) error { _, err := tx.SweepAhead(now, now, now); return err },
		"take back":   func(tx *Tx) error { _, err := tx.TakeBack("nobody", now); return err },
		"open jobs":   func(tx *Tx) error { _, err := tx.OpenJobs(); return err },
		"job of":      func(tx *Tx) error { _, err := tx.JobOf(postroom.JobDeliver, "m7"); return err },
		"earlier": func(tx *Tx) error {
			_, err := tx.earlier(postroom.Submission{Key: "none", NaturalKey: "none"})
			return err
		},
		"confirmations": func(tx *Tx) error {
			_, err := tx.FormMail("7@example.org", "f", "s7", time.UnixMicro(9))
			return err
		},
		"caused mail": func(tx *Tx) error { _, err := tx.CausedMail("7@example.org", time.UnixMicro(9), 3); return err },
		"caused for":  func(tx *Tx) error { _, err := tx.CausedFor("7@example.org", time.UnixMicro(9), 3); return err },
		"room to ask": func(tx *Tx) error { _, err := tx.RoomToAsk("7@example.org", 3, now); return err },
		"vouched":     func(tx *Tx) error { _, err := tx.Vouched("c7", "7@example.org"); return err },
		"surge":       func(tx *Tx) error { _, err := tx.Surge("f"); return err },
		"lately":      func(tx *Tx) error { _, err := tx.Lately("p", "f", time.UnixMicro(plannedRows-60), 60); return err },
		"tallied":     func(tx *Tx) error { _, err := tx.Tallied("mail:example.org", now); return err },
		"sent since": func(tx *Tx) error {
			_, err := tx.SentSince(time.UnixMicro(plannedRows - 100).Add(longestSend))
			return err
		},
		"answers": func(tx *Tx) error { _, err := tx.Answers("7@example.org", time.UnixMicro(9)); return err },
		"name letter": func(tx *Tx) error {
			if err := tx.nameLetter("none"); err == nil { // there is no such letter
				return errors.New("it was named")
			}
			return nil
		},
		"settle letters": func(tx *Tx) error {
			_, err := tx.SettleLetters([]postroom.Letter{{ID: "l7", State: postroom.LetterTriage}, {ID: "l8", State: postroom.LetterDone}}, now)
			return err
		},
		"letters named": func(tx *Tx) error {
			_, err := tx.LettersNamedAny([]string{"m7", "m8"})
			return err
		},
		"letters answered": func(tx *Tx) error {
			_, err := tx.Named([]string{"m7", "m8"}, postroom.SentFolder)
			return err
		},
		"letters wanted": func(tx *Tx) error { _, err := tx.Wanted("support@example.org", postroom.Inbox, 1, 20); return err },
		"letters erased": func(tx *Tx) error { _, err := tx.erased([]string{"h7", "gone7"}); return err },
		"erase letter":   func(tx *Tx) error { return tx.EraseLetter("l9", now) },
		"messages about": func(tx *Tx) error { _, err := tx.MessagesAbout("s7"); return err },
		"messages held":  func(tx *Tx) error { _, err := tx.Messages("none", 10); return err },
		"readdress":      func(tx *Tx) error { return tx.Readdress("s7", "x@example.org") },
		"release":        func(tx *Tx) error { _, err := tx.ReleaseMessages("s7"); return err },
		"by address": func(tx *Tx) error {
			_, err := tx.findContact(postroom.Contact{Name: "n7", Address: "7@example.org"})
			return err
		},
		"by phone":       func(tx *Tx) error { _, err := tx.findContact(postroom.Contact{Name: "n7", Phone: "+447"}); return err },
		"contact":        func(tx *Tx) error { _, err := tx.Contact("c7"); return err },
		"due steps":      func(tx *Tx) error { _, err := tx.DueSteps(time.UnixMicro(900), 10); return err },
		"step":           func(tx *Tx) error { _, err := tx.WantStep("t50", "wanted", time.UnixMicro(9)); return err },
		"promises":       func(tx *Tx) error { _, err := tx.Promises(10); return err },
		"promises of":    func(tx *Tx) error { _, err := tx.PromisesOf("r7"); return err },
		"next step":      func(tx *Tx) error { _, err := tx.NextStep(); return err },
		"places":         func(tx *Tx) error { _, _, err := tx.Places("x7"); return err },
		"waiting":        func(tx *Tx) error { _, err := tx.Waiting("x7"); return err },
		"active booking": func(tx *Tx) error { _, _, err := tx.ActiveBooking("x7", "c7"); return err },
		"recipients":     func(tx *Tx) error { _, err := tx.Recipients(Audience{List: "l1", At: monday}, "u5", 100); return err },
		"chosen so far":  func(tx *Tx) error { _, _, err := tx.ChosenSoFar("e7"); return err },
		"lock campaign":  func(tx *Tx) error { _, err := tx.LockCampaign("e7"); return err },
		"end choosing":   func(tx *Tx) error { return tx.EndChoosing("e7", 5) },
		"end campaign":   func(tx *Tx) error { return tx.EndCampaign("e7", now) },
		"part":           func(tx *Tx) error { _, err := tx.Part("e7", 2); return err },
		"take part":      func(tx *Tx) error { return tx.TakePart(Part{Campaign: "e7", Part: 2}, 7, "j") },
		"doubt part": func(tx *Tx) error {
			_, err := tx.DoubtPart(Part{Campaign: "e7", Part: 2, First: 21, Last: 40}, "reason", now)
			return err
		},
		"waiting copies": func(tx *Tx) error {
			_, err := tx.WaitingCopies(Part{Campaign: "e7", Part: 2, First: 21, Last: 40}, 21, now, 100)
			return err
		},
		"next copy": func(tx *Tx) error {
			_, _, err := tx.NextCopy(Part{Campaign: "e7", Part: 2, First: 21, Last: 40})
			return err
		},
		"settle copies": func(tx *Tx) error {
			return tx.settleCopies(Part{Campaign: "e7", Part: 2, First: 21, Last: 40}, []CopyResult{{N: 22, State: postroom.Sent}, {N: 23, State: postroom.Sent}, {N: 30, State: postroom.Sent}}, `'queued'`, now)
		},
		"keep back part": func(tx *Tx) error {
			_, err := tx.KeepBackPart(Part{Campaign: "e8", Part: 2, First: 21, Last: 40}, postroom.Failed, "reason", now)
			return err
		},
		"copy by its id":  func(tx *Tx) error { _, err := tx.Message("n8"); return err },
		"copy counts":     func(tx *Tx) error { _, err := tx.CopyCounts("e7"); return err },
		"copies in":       func(tx *Tx) error { _, err := tx.CopiesIn("e7", postroom.Sent, 10); return err },
		"score a bounce":  func(tx *Tx) error { _, _, err := tx.ScoreBounce("7@example.org", "1970-01-01", now); return err },
		"news to":         func(tx *Tx) error { _, _, err := tx.NewsTo("7@example.org"); return err },
		"end rests":       func(tx *Tx) error { _, err := tx.EndRests(now, now); return err },
		"revive":          func(tx *Tx) error { return tx.Revive("7@example.org", now) },
		"dead among":      func(tx *Tx) error { _, err := tx.DeadAmong([]string{"7@example.org"}); return err },
		"subscription of": func(tx *Tx) error { _, _, err := tx.SubscriptionOf("s7"); return err },
		"unanswered": func(tx *Tx) error {
			_, err := tx.Unanswered("p", "concern", "", Share{}, time.UnixMicro(900), 20)
			return err
		},
		"shares":             func(tx *Tx) error { _, err := tx.Shares("p", "concern", "", time.UnixMicro(900)); return err },
		"waiting programmes": func(tx *Tx) error { _, err := tx.WaitingProgrammes(); return err },
		"last acted":         func(tx *Tx) error { _, err := tx.LastActed("office"); return err },
		"staff answers":      func(tx *Tx) error { _, err := tx.StaffAnswers(time.UnixMicro(900), 20); return err },
		"on hold":            func(tx *Tx) error { _, err := tx.OnHold(20); return err },
		"arrivals": func(tx *Tx) error {
			_, _, err := tx.Arrivals("p", time.UnixMicro(800), time.UnixMicro(900))
			return err
		},
		"unfinished":  func(tx *Tx) error { _, err := tx.Unfinished("p", time.UnixMicro(9000)); return err },
		"wrote again": func(tx *Tx) error { _, err := tx.WroteAgain(time.UnixMicro(9000)); return err },
		"booking arrivals": func(tx *Tx) error {
			_, err := tx.BookingArrivals("p", time.UnixMicro(890), time.UnixMicro(900))
			return err
		},
		"steps between":    func(tx *Tx) error { _, err := tx.StepsBetween(time.UnixMicro(1), time.UnixMicro(900), 20); return err },
		"calls to make":    func(tx *Tx) error { _, err := tx.CallsToMake(20); return err },
		"troubles":         func(tx *Tx) error { _, err := tx.Troubles(time.UnixMicro(800), time.UnixMicro(900), 20); return err },
		"jobs given up":    func(tx *Tx) error { _, err := tx.JobsGivenUp(time.UnixMicro(800), time.UnixMicro(900)); return err },
		"find anew":        func(tx *Tx) error { return tx.findAnew("c7") },
		"search words":     func(tx *Tx) error { _, err := tx.Search("le n77", 20); return err },
		"search reference": func(tx *Tx) error { _, err := tx.Search("k7m", 20); return err },
		"inbox":            func(tx *Tx) error { _, _, err := tx.Inbox(InboxFilter{}, 50); return err },
		"inbox of one, oldest first": func(tx *Tx) error {
			_, _, err := tx.Inbox(InboxFilter{Within: []Bound{{"p", ""}}, OldestFirst: true, AssignedTo: "ann", Snoozing: Awake, Now: now, After: InboxPlace{time.UnixMicro(700), "s7"}}, 50)
			return err
		},
		"inbox of one, who waits": func(tx *Tx) error {
			_, _, err := tx.Inbox(InboxFilter{Within: []Bound{{"p", ""}}, Snoozing: Awake, Now: now, Awaited: questions}, 50)
			return err
		},
		"inbox counts of who waits": func(tx *Tx) error {
			_, err := tx.InboxCounts(InboxFilter{Within: []Bound{{"p", "a"}}, Snoozing: Awake, Now: now, Awaited: questions})
			return err
		},
		"inbox, what is settled": func(tx *Tx) error {
			_, _, err := tx.Inbox(InboxFilter{States: []postroom.SubmissionState{postroom.SubmissionClosed, postroom.SubmissionAnswered}, Form: "f", Locale: "en"}, 50)
			return err
		},
		"inbox of people": func(tx *Tx) error {
			_, _, err := tx.Inbox(InboxFilter{Contacts: []string{"c7", "c100"}, States: []postroom.SubmissionState{postroom.SubmissionReceived, postroom.SubmissionAnswered}, Snoozing: Awake, Now: now}, 50)
			return err
		},
		"inbox counts":            func(tx *Tx) error { _, err := tx.InboxCounts(InboxFilter{Within: []Bound{{"p", "a"}}}); return err },
		"person":                  func(tx *Tx) error { _, err := tx.Person("c7"); return err },
		"members":                 func(tx *Tx) error { _, _, err := tx.Members("o7", Member{}); return err },
		"submissions of":          func(tx *Tx) error { _, _, err := tx.SubmissionsOf("c7", InboxPlace{}); return err },
		"submissions of members":  func(tx *Tx) error { _, _, err := tx.SubmissionsOfMembers("o7", InboxPlace{}); return err },
		"letters of":              func(tx *Tx) error { _, _, err := tx.LettersOf("c100", InboxPlace{}); return err },
		"messages to":             func(tx *Tx) error { _, _, err := tx.MessagesTo("c100", ""); return err },
		"promises to":             func(tx *Tx) error { _, err := tx.PromisesTo("c7"); return err },
		"consents of":             func(tx *Tx) error { _, _, err := tx.ConsentsOf("c7", InboxPlace{}); return err },
		"subscriptions of person": func(tx *Tx) error { _, _, err := tx.SubscriptionsOf("c7", InboxPlace{}); return err },
		"bookings of":             func(tx *Tx) error { _, _, err := tx.BookingsOf("c7", InboxPlace{}); return err },
		"calls to":                func(tx *Tx) error { _, _, err := tx.CallsTo("c7", InboxPlace{}); return err },
		"notes":                   func(tx *Tx) error { _, err := tx.NoteIDs(postroom.AboutContact, "c7"); return err },
		"newest from":             func(tx *Tx) error { _, err := tx.NewestFrom("100@example.org"); return err },
		"watched":                 func(tx *Tx) error { _, err := tx.Watched(time.UnixMicro(800), time.UnixMicro(900)); return err },
		"lane loads":              func(tx *Tx) error { _, err := tx.LaneLoads(time.UnixMicro(900), time.UnixMicro(800)); return err },
		"late jobs":               func(tx *Tx) error { _, err := tx.LateJobs(postroom.Bulk, time.UnixMicro(800), 20); return err },
		"dead jobs":               func(tx *Tx) error { _, err := tx.DeadJobs(false, 20); return err },
		"next try":                func(tx *Tx) error { _, err := tx.NextTry("reason.server_away", time.UnixMicro(900)); return err },
		"gone wrong":              func(tx *Tx) error { _, err := tx.MailsGoneWrong(20); return err },
		"watched mails":           func(tx *Tx) error { _, err := tx.WatchedMails("support@example.org", 20); return err },
		"watched count":           func(tx *Tx) error { _, err := tx.WatchedCounts(); return err },
		"note look":               func(tx *Tx) error { return tx.NoteLook("who", "view", "engine:mail", now, now) },
		"standings of":            func(tx *Tx) error { _, err := tx.StandingsOf([]string{"c7", "c100"}); return err },
		"standings at":            func(tx *Tx) error { _, err := tx.StandingsAt([]string{"s7", "s100"}); return err },
		"latest senders":          func(tx *Tx) error { _, err := tx.LatestSenders([]string{"p"}, 40); return err },
		"names":                   func(tx *Tx) error { _, err := tx.Names([]string{"c7", "c100"}); return err },
		"deeds around":            func(tx *Tx) error { _, _, err := tx.DeedsAround("c7", InboxPlace{}); return err },
		"starts of":               func(tx *Tx) error { _, err := tx.StartsOf([]string{"s7", "s100"}); return err },
		"door dates":              func(tx *Tx) error { _, err := tx.DoorDates(time.UnixMicro(800), time.UnixMicro(900)); return err },
		"came before":             func(tx *Tx) error { _, err := tx.CameBefore("c7", "p", ""); return err },
		"sent figures": func(tx *Tx) error {
			_, err := tx.SentFigures([]time.Time{time.UnixMicro(800), time.UnixMicro(900)})
			return err
		},
	}
}

// explain returns the plan of one statement.
func explain(t testing.TB, tx *Tx, engine string, st statement) string {
	t.Helper()
	word, plan := "EXPLAIN ", ""
	if engine == "sqlite" {
		word = "EXPLAIN QUERY PLAN "
	}
	rows, err := tx.q.QueryContext(tx.ctx, word+st.query, st.args...)
	if err != nil {
		t.Fatalf("%s: %v", st.query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var line, a, b, c string
		into := []any{&line}
		if engine == "sqlite" {
			into = []any{&a, &b, &c, &line}
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		plan += line + "\n"
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan
}

// wholeTable finds a plan that reads every row of a table that grows. A scan
// of an index that holds only the open jobs is none.
var wholeTable = regexp.MustCompile(`(Seq Scan on|SCAN) (jobs|messages|submissions|letters|contacts|contact_addresses|contact_organisations|organisations|finds|consents|calls|runs|steps|bookings|subscriptions|deliveries|tombstones|deeds)( USING INDEX sqlite_\w+$|$| \w+  \(|  \()`)

func TestHotQueriesUseAnIndex(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := filepath.Join(t.TempDir(), "x.db")
			if engine == "postgres" {
				url = testserver.PostgresWith(t, Prepare)
			}
			s := open(t, url)
			fill(t, s, plannedRows)
			for name, run := range hot(time.Now()) {
				write(t, s, func(tx *Tx) error {
					seen := &recorder{runner: tx.q}
					watched := *tx
					watched.q = seen
					if err := run(&watched); err != nil {
						return err
					}
					for _, st := range seen.seen {
						plan := explain(t, tx, engine, st)
						t.Logf("%s\n%s", name, plan)
						if name != "messages held" && strings.Contains(plan, "messages_by_state") {
							t.Errorf("%s reads every message in a state: %s", name, plan)
						}
						if waits := strings.HasPrefix(name, "inbox of one") || name == "inbox counts" || name == "unanswered" || name == "unfinished"; waits && strings.Contains(plan, "submissions_by_time") ||
							name == "messages to" && strings.Contains(plan, "sqlite_autoindex_subscriptions_2") {
							t.Errorf("%s reads more than it needs: %s", name, plan)
						}
						for line := range strings.Lines(plan) {
							if wholeTable.MatchString(strings.TrimRight(line, "\n")) {
								t.Errorf("%s reads a whole table: %s", name, plan)
							}
						}
					}
					return nil
				})
			}
		})
	}
}

// fill puts rows into every large table. SQLite plans without statistics, as
// it does in life; PostgreSQL gathers them by itself sooner or later.
func fill(t testing.TB, s *Store, rows int) {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		for _, insert := range crowd {
			insert = strings.Replace(insert, "SELECT", `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT`, 1)
			if _, err := tx.exec(strings.Replace(insert, "$1", strconv.Itoa(rows), 1)); err != nil {
				return err
			}
		}
		return nil
	})
	if s.Engine() == "postgres" {
		write(t, s, func(tx *Tx) error { _, err := tx.exec(`ANALYZE`); return err })
	}
}
