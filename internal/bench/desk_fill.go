package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"postroom/internal/app"
	"postroom/internal/postroom"
	"postroom/internal/seal"
	"postroom/internal/store"
)

// A desk that has seen years of work: how much of each is on file.
const (
	deskContacts    = 100_000
	deskSubmissions = 300_000 // one every five minutes
	deskLetters     = 100_000
	deskReaders     = 20_000 // of newsletters
	deskEditions    = 20
	deskCopies      = deskEditions * deskReaders
	deskMails       = 1_000_000 - deskCopies
	deskGroups      = 5_000
	deskDates       = 100 // of an event that takes place each week
	deskDead        = 2_000
	deskNotes       = 5_000
)

// The colleagues: one who looks after everything, one who looks after a programme,
// and eight who look after programmes and areas.
const (
	deskAdmin       = "colleague-0"
	deskCoordinator = "colleague-1"
	deskProgramme   = "enquiries"
)

// deskFilling is what stands on file, as filling is. Who is called what is made of
// syllables, so that beginnings of names are shared as they are in life; one
// contact has five thousand submissions and thirty have a hundred. Words in
// capitals are explained in deskWords.
var deskFilling = []heap{
	{deskContacts, `INSERT INTO contacts (id, name, name_key, phone, locale, discreet, created_at)
		SELECT ID(c), NAME, lower(NAME), CASE WHEN i % 3 = 0 THEN '+441908' || substr(CAST(1000000 + i AS TEXT), 2) ELSE '' END, 'en', i % 40 = 3, SENT(i * 3) FROM n`},
	{deskContacts, `INSERT INTO addresses (address) SELECT ADDRESS FROM n`},
	{deskContacts, `INSERT INTO contact_addresses (contact_id, address, added_at) SELECT ID(c), ADDRESS, i FROM n`},
	{deskGroups, `INSERT INTO organisations (id, name, name_key, created_at) SELECT ID(d), 'Group ' || NAME || ' ' || i, 'group ' || i, i FROM n`},
	{deskContacts / 2, `INSERT INTO contact_organisations (contact_id, organisation_id, added_at) SELECT ID(c), ID(d, i % 5000 + 1), i FROM n`},
	{deskContacts / 100, `INSERT INTO contact_organisations (contact_id, organisation_id, added_at) SELECT ID(c, i + 60000), ID(d, 7), i FROM n`},
	{1, `INSERT INTO form_versions (version, programme, form, snapshot, first_seen) SELECT 'old', 'garden', 'old', '{}', 1 FROM n`},
	{deskSubmissions, `INSERT INTO submissions (id, reference, idempotency_key, natural_key, programme, form, form_version, kind, channel, contact_id, organisation_id, address, locale, area,
			answers_sealed, state, assigned_to, snoozed_until, received_at, answered_at)
		SELECT ID(5, s), REFERENCE, RANDOM, RANDOM, PROGRAMME, FORM, VERSION, KIND, 'web', ID(c, CONTACT), CASE WHEN s % 7 = 3 THEN ID(d, s % 5000 + 1) END, '',
			CASE WHEN s % 1000 = 7 THEN 'ps' WHEN s % 10 = 1 THEN 'uk' ELSE 'en' END, AREA, '', STATE,
			CASE WHEN s % 4 = 0 THEN 'colleague-' || (s / 4 % 10) ELSE '' END, CASE WHEN STATE = 'received' AND s % 5 = 0 AND s > 280000 THEN NOW + 86400000000 * (s % 9) ELSE 0 END, SENT(s),
			CASE WHEN STATE = 'answered' THEN SENT(s) ELSE 0 END FROM (SELECT i, i AS s FROM n) AS each_one`},
	{deskSubmissions, `INSERT INTO holds (id, submission_id, reason, placed_at) SELECT ID(2, s), ID(5, s), 'safeguarding', SENT(s) FROM (SELECT i AS s FROM n) AS each_one WHERE STATE = 'held'`},
	{deskSubmissions, `INSERT INTO alarms (id, kind, subject, programme, raised_at, next_at) SELECT ID(3, s), 'submission', ID(5, s), PROGRAMME, SENT(s), NOW + 360000000000 FROM (SELECT i AS s FROM n) AS each_one WHERE STATE = 'held' AND s > 250000`},
	{deskLetters, `INSERT INTO letters (id, raw_hash, size, message_id, address, submission_id, state, reason, class, mailbox, reference, snoozed_until, received_at, settled_at)
		SELECT ID(1), RANDOM, 4000, ID(1) || '@example.org', ADDRESS, CASE WHEN i % 333 = 0 THEN NULL ELSE ID(5, i * 3) END, CASE WHEN i % 333 = 0 THEN 'triage' ELSE 'done' END,
			CASE WHEN i % 333 = 0 THEN CASE i % 4 WHEN 0 THEN 'not_answered' WHEN 1 THEN 'unclear' WHEN 2 THEN 'other_sender' ELSE 'unsubscribes' END WHEN i % 10 = 1 THEN 'staff_answer' WHEN i % 50 = 3 THEN 'added' ELSE 'filed' END,
			'submission', CASE WHEN i % 3 = 0 THEN 'volunteering@communityaction.example' ELSE 'support@communityaction.example' END,
			CASE WHEN i % 333 = 0 THEN 'L' || i ELSE '' END, CASE WHEN i % 1665 = 0 THEN NOW + 86400000000 ELSE 0 END, SENT(i * 3), SENT(i * 3) + 1 FROM n`},
	{1, `UPDATE submissions SET wrote_again = EXISTS (SELECT 1 FROM n) WHERE id IN (SELECT submission_id FROM letters WHERE reason = 'added' AND state = 'done')`},
	{deskMails, `INSERT INTO messages (id, key, message_id, programme, form, submission_id, contact_id, address, template, locale, class, lane, state, reason, created_at, sending_at, settled_at)
		SELECT LATELY(a, s > 298000), 'step:' || ID(7, i), ID(a, i) || '@riverside.example', PROGRAMME, FORM, ID(5, s), ID(c, CONTACT), 'p' || (s % 100000) || '@example.org',
			'we-have-your-message', 'en', 'service', 'confirm',
			CASE WHEN i % 1000 = 1 THEN 'failed' WHEN i % 1000 = 2 THEN 'held' WHEN i % 2000 = 3 THEN 'deferred' WHEN i % 5000 = 4 THEN 'uncertain' WHEN i % 100 = 5 THEN 'suppressed' ELSE 'sent' END,
			CASE WHEN i % 1000 = 1 THEN 'reason.refused' WHEN i % 1000 = 2 THEN 'reason.held' WHEN i % 2000 = 3 THEN 'reason.away' WHEN i % 300 = 5 THEN 'reason.watch' ELSE '' END, SENT(s), SENT(s), SENT(s)
		  FROM (SELECT i, i % 300000 + 1 AS s FROM n) AS each_one`},
	{deskMails, `INSERT INTO calls (id, message_id, contact_id, submission_id, reason, state, created_at, done_at, assigned_to)
		SELECT ID(4), ID(a, i), ID(c, CONTACT), ID(5, s), 'reason.no_address', CASE WHEN i % 3000 = 5 THEN 'open' ELSE 'done' END, SENT(s), 0, ''
		  FROM (SELECT i, i % 300000 + 1 AS s FROM n WHERE i % 100 = 5 AND i % 300000 < 298000) AS each_one`},
	{deskEditions, `INSERT INTO campaigns (id, key, list, programme, subject, markdown, locale, state, created_at) SELECT ID(e), ID(e), 'newsletter', 'newsletter', 's', RANDOM || '', 'en', 'sent', i FROM n`},
	{deskReaders, `INSERT INTO subscriptions (id, list, programme, contact_id, address, locale, submission_id, state, asked_at)
		SELECT ID(6), 'newsletter', 'newsletter', ID(c, i), ADDRESS, 'en', ID(5, s), 'confirmed', i FROM (SELECT i, i + 99999 AS s FROM n) AS each_one WHERE s % 60 <> 7 AND s % 100 <> 50`},
	{deskReaders, `INSERT INTO consents (id, contact_id, purpose, wording, form_version, submission_id, given_at, confirmed_at) SELECT ID(8), ID(c, i), 'news', 'You may write to me', 'old', ID(5, i + 99999), i, i FROM n`},
	{deskCopies, `INSERT INTO copies (campaign_id, n, part, subscription_id, address, locale, state, created_at, id)
		SELECT ID(e, i % 20 + 1), i / 20 + 1, 1, ID(6, i / 20 + 1), '', 'en', 'sent', i, LATELY(b, i % 20 = 19) FROM n`},
	{1, `INSERT INTO campaign_parts (campaign_id, part, first_n, last_n, copies, sent, waits)
		SELECT campaign_id, 1, min(n), max(n), count(*), count(*), 1 = 0 FROM copies GROUP BY campaign_id`},
	{deskSubmissions, `INSERT INTO runs (id, programme, form, submission_id, contact_id, created_at) SELECT ID(9, s), PROGRAMME, FORM, ID(5, s), ID(c, CONTACT), SENT(s) FROM (SELECT i AS s FROM n) AS each_one`},
	{2 * deskSubmissions, `INSERT INTO steps (id, run_id, name, state, due_at, settled_at)
		SELECT ID(7), ID(9, i % 300000 + 1), CASE WHEN i > 300000 THEN 'chase' ELSE 'acknowledge' END, CASE WHEN i % 100 = 0 THEN 'planned' ELSE 'done' END,
			CASE WHEN i % 100 = 0 THEN NOW + 7200000000 + 200000000 * CAST(i / 100 AS BIGINT) ELSE SENT(i % 300000) END, i FROM n`},
	{deskSubmissions, `INSERT INTO jobs (id, kind, subject, lane, state, turn, due_at, created_at, settled_at) SELECT ID(f), 'deliver', ID(a), 'confirm', 'done', 1, i, i, SENT(i) FROM n`},
	{deskDead, `INSERT INTO jobs (id, kind, subject, lane, state, turn, tries, reason, due_at, created_at, settled_at)
		SELECT ID(f, 400000 + i), 'deliver', ID(a, 300000 + i), CASE WHEN i % 3 = 0 THEN 'bulk' ELSE 'followup' END, 'dead', 9, 9, CASE WHEN i % 4 = 0 THEN 'dropped by somebody' ELSE 'no such template' END, i, i, SENT(i * 150) FROM n`},
	{1, `INSERT INTO events (id, programme, name, created_at) SELECT ID(0), 'networking-event', 'season', 1 FROM n`},
	{deskDates, `INSERT INTO sessions (id, event_id, name, starts_at, ends_at, venue, capacity) SELECT ID(0, i + 100), ID(0, 1), 'date-' || i, NOW + 604800000000 * CAST(i - 96 AS BIGINT) + 36000000000, NOW + 604800000000 * CAST(i - 96 AS BIGINT) + 43200000000, 'The hall', 150 FROM n`},
	{deskDates * 200, `INSERT INTO bookings (id, session_id, contact_id, submission_id, party, state, queued_at)
		SELECT ID(0, i + 1000), ID(0, i % 100 + 101), ID(c, i), ID(5, i * 14), i % 3 + 1, CASE WHEN i % 4 = 0 THEN 'waiting' WHEN i % 100 < 96 THEN 'attended' ELSE 'confirmed' END, i FROM n`},
	{deskContacts, `INSERT INTO deeds (id, at, actor, act, kind, subject) SELECT ID(d), SENT(i * 3), 'colleague-' || (i % 10), CASE i % 3 WHEN 0 THEN 'done' WHEN 1 THEN 'take' ELSE 'close' END, 'submission', ID(5, i * 3) FROM n`},
	{deskSubmissions, `INSERT INTO audit (id, at, actor, action, subject) SELECT ID(a), SENT(i), 'colleague-' || (i % 10), 'view', ID(5) FROM n`},
	{9, `INSERT INTO colleagues (name, address, added_at) SELECT 'colleague-' || i, 'colleague-' || i || '@riverside.example', 1 FROM n`},
	{1, `INSERT INTO colleagues (name, address, added_at) SELECT 'colleague-0', 'colleague-0@riverside.example', 1 FROM n`},
	{1, `INSERT INTO grants (colleague, role) SELECT 'colleague-0', 'admin' FROM n`},
	{1, `INSERT INTO grants (colleague, role, programme) SELECT 'colleague-1', 'coordinator', 'enquiries' FROM n`},
	{8, `INSERT INTO grants (colleague, role, programme, area) SELECT 'colleague-' || (i + 1), 'coordinator', CASE WHEN i % 2 = 0 THEN 'volunteering' ELSE 'collaborative-action-groups' END,
		CASE WHEN i < 3 THEN '' WHEN i < 6 THEN 'central' ELSE 'bletchley' END FROM n`},
}

// deskWords are the words in capitals of deskFilling. In those of a submission, s
// is its number. Two thousand wait for an answer, most of them lately, one in five of
// these is put off, and a hundred are held. What nobody answers, such as sign-ups,
// stays as it was received.
func deskWords(versions map[string]string) func(string) string {
	syllable := func(of string) string { return "substr('BaKeMoTiSuRaLeNoPiVu', 1 + 2 * (" + of + " % 10), 2)" }
	sign := func(of string) string { return "substr('23456789BCDFGHJKMNPQRTVWXZ', 1 + " + of + " % 26, 1)" }
	name := strings.Join([]string{syllable("i"), "lower(" + syllable("i / 10") + ")", "'n '", syllable("i / 100"), "lower(" + syllable("i / 7") + ")", "lower(" + syllable("i / 31") + ")"}, " || ")
	of := func(ask, offer, group, event, news, other string) string {
		return "CASE WHEN s % 24 < 8 THEN " + ask + " WHEN s % 24 < 11 THEN " + offer + " WHEN s % 24 < 14 THEN " + group + " WHEN s % 24 < 16 THEN " + event +
			" WHEN s % 24 = 16 THEN " + news + " ELSE " + other + " END"
	}
	version := func(form string) string { return "'" + versions[form] + "'" }
	now := time.Now()
	words := strings.NewReplacer(
		"NAME", name,
		"ADDRESS", "lower(replace("+name+", ' ', '.')) || i || '@' || CASE WHEN i % 2 = 0 THEN 'example.org' ELSE 'post' || (i % 100) || '.example' END",
		"REFERENCE", strings.Join([]string{sign("i"), sign("i / 26"), sign("i / 676"), "'-'", sign("i / 17576"), "'22'"}, " || "),
		"PROGRAMME", of("'enquiries'", "'volunteering'", "'collaborative-action-groups'", "'networking-event'", "'newsletter'", "'programme-' || (s % 24)"),
		"FORM", of("'ask'", "'volunteer'", "'join'", "'register'", "'newsletter'", "'old'"),
		"VERSION", of(version("ask"), version("volunteer"), version("join"), version("register"), version("newsletter"), "'old'"),
		"KIND", of("'enquiry'", "'volunteer_offer'", "'sign_up'", "'event_registration'", "'sign_up'", "'enquiry'"),
		"CONTACT", "CASE WHEN s % 60 = 7 THEN 1 WHEN s % 100 = 50 THEN s / 100 % 30 + 2 ELSE s % 100000 + 1 END",
		"AREA", "CASE s % 5 WHEN 0 THEN 'central' WHEN 1 THEN 'bletchley' WHEN 2 THEN 'olney' WHEN 3 THEN 'wolverton' ELSE '' END",
		"STATE", "CASE WHEN s % 3000 = 1 THEN 'held' WHEN s % 599 = 0 OR s > 285000 AND s % 10 = 0 THEN 'received' WHEN s % 900 = 2 THEN 'closed' WHEN s % 24 BETWEEN 11 AND 16 THEN 'received' ELSE 'answered' END",
		"NOW", fmt.Sprint(now.UnixMicro()))
	sent := regexp.MustCompile(`SENT\(((?:[^()])*)\)`)
	lately := regexp.MustCompile(`LATELY\((\w), ([^()]*)\)`)
	// Ids of messages tell when they were filed.
	ms := fmt.Sprintf("%012x", now.AddDate(0, 0, -3).UnixMilli())
	week := ms[:8] + "-" + ms[8:]
	return func(text string) string {
		text = lately.ReplaceAllString(text, `CASE WHEN $2 THEN '`+week+`' || substr(ID($1), 14) ELSE ID($1) END`)
		text = sent.ReplaceAllString(text, fmt.Sprint("(", now.UnixMicro(), " - 300000000 * CAST(300000 - ($1) AS BIGINT))"))
		return words.Replace(text)
	}
}

// fillDesk puts a desk that has seen years of work on file. What fill puts there
// can stand beside it; two of them cannot.
func fillDesk(t testing.TB, place *site) error {
	db := place.open(t)
	versions, err := putForms(t, place, db)
	if err != nil {
		return fmt.Errorf("put forms on file: %w", err)
	}
	words := deskWords(versions)
	heaps := make([]heap, len(deskFilling))
	for i, h := range deskFilling {
		heaps[i] = heap{h.rows, words(h.insert)}
	}
	if err := fillHeaps(t, place, heaps); err != nil {
		return err
	}
	if err := errors.Join(db.FindEverybody(t.Context()), sealDesk(t, place), noteDesk(t, db)); err != nil {
		return err
	}
	bare := place.sql(t)
	defer bare.Close()
	if place.cfg.Database.Postgres() {
		return do(t.Context(), bare, `VACUUM ANALYZE`)
	}
	return do(t.Context(), bare, `PRAGMA wal_checkpoint(TRUNCATE)`)
}

// putForms puts the forms of the programmes on file as they are now, and returns
// their versions by their names.
func putForms(t testing.TB, place *site, db *store.Store) (map[string]string, error) {
	room, err := app.Open(t.Context(), app.Options{Config: place.cfg, Clock: new(app.Clock)})
	if err != nil {
		return nil, err
	}
	versions := make(map[string]string)
	err = db.Write(t.Context(), func(tx *store.Tx) error {
		for _, p := range room.Programmes.Programmes() {
			for _, f := range p.Forms {
				versions[f.Name] = f.Version
				if err := tx.PutFormVersion(f.Version, p.Name, f.Name, f.Snapshot, time.Now()); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return versions, errors.Join(err, room.Close())
}

// opened is which submissions have answers that can be opened: all that wait lately or are held, those
// that somebody is to be called about, and some of all others.
const opened = `(state = 'held' OR state = 'received' AND snoozed_until > 0 OR id IN (SELECT submission_id FROM calls WHERE state = 'open') OR received_at % 211 = 1)`

// sealDesk gives something that can be opened to those submissions and letters whose pages are
// asked for.
func sealDesk(t testing.TB, place *site) error {
	var keys []seal.Key
	for _, k := range place.cfg.Keys {
		keys = append(keys, seal.Key{ID: k.ID, Secret: []byte(k.Secret.Reveal())})
	}
	box, err := seal.New(keys)
	if err != nil {
		return err
	}
	db := place.sql(t)
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing, once it is committed
	write := newScribe("support@communityaction.example", time.Now())
	for _, each := range []struct {
		ids, place, put string
		plain           func(i int) []byte
	}{
		{
			`SELECT id FROM submissions WHERE ` + opened, "submissions.answers:", `UPDATE submissions SET answers_sealed = $2 WHERE id = $1`,
			func(int) []byte {
				return []byte(`{"name":["Ann Lee"],"email":["ann@example.org"],"question":["When is the hall free? We are twelve people, and two of us use wheelchairs."]}`)
			},
		},
		{
			`SELECT id FROM letters WHERE state = 'triage' OR submission_id IN (SELECT id FROM submissions WHERE ` + opened + `)`, "letters.raw:",
			`INSERT INTO letter_bytes (letter_id, sealed) VALUES ($1, $2)`, write.letter,
		},
	} {
		ids, err := column(t.Context(), db, each.ids)
		if err != nil {
			return err
		}
		for i, id := range ids {
			sealed, err := box.Seal(each.place+id, each.plain(i))
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(t.Context(), each.put, id, sealed); err != nil {
				return fmt.Errorf("seal %s%s: %w", each.place, id, err)
			}
		}
	}
	return tx.Commit()
}

// noteDesk puts notes beside submissions and people.
func noteDesk(t testing.TB, db *store.Store) error {
	for first := 0; first < deskNotes; first += 1000 {
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			for i := first; i < first+1000; i++ {
				n := postroom.Note{Matter: postroom.AboutSubmission, Subject: deskID('5', i*60+7), Text: "They would rather be called in the evening.", By: deskAdmin, At: time.Now()}
				if i%5 == 0 {
					n.Matter, n.Subject = postroom.AboutContact, deskID('c', i/50+1)
				}
				if _, err := tx.AddNote(n); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// deskID is an id as ID(kind, n) of the filling makes it.
func deskID(kind byte, n int) string { return fmt.Sprintf("01900000-0000-7000-8%c00-%012d", kind, n) }
