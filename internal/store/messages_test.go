package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"postroom/internal/postroom"
)

// letterTo is a message owed about a submission.
func letterTo(sub postroom.Submission) postroom.Message {
	id := NewMessageID()
	return postroom.Message{
		ID: id, Key: id, MessageID: id + "@example.org", Programme: "network", Form: "join", Submission: sub.ID, Contact: sub.Contact,
		About: sub.ID, To: sub.Address, Template: "welcome", Data: map[string]string{"name": "Ann"}, Locale: "en",
		Class: postroom.Service, Lane: postroom.Confirm, CreatedAt: monday,
	}
}

func addMessage(t testing.TB, s *Store, m postroom.Message) postroom.Message {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		added, err := tx.AddMessage(m)
		if err == nil && !added {
			err = errors.New("the message was owed before")
		}
		return err
	})
	return m
}

// inState files a message and puts it in a state, sent at turn 1 so far.
func inState(t testing.TB, s *Store, m postroom.Message, state postroom.MessageState) string {
	t.Helper()
	addMessage(t, s, m)
	write(t, s, func(tx *Tx) error {
		_, err := tx.exec(`UPDATE messages SET state = $2, turn = 1 WHERE id = $1`, m.ID, state)
		return err
	})
	return m.ID
}

var messageStates = []postroom.MessageState{postroom.Queued, postroom.Deferred, postroom.Sending, postroom.Sent,
	postroom.Failed, postroom.Suppressed, postroom.Held, postroom.Uncertain}

func TestAMessageComesBackAsItWasOwed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		m := letterTo(filed(t, s, "ann"))
		m.Raw, m.Discreet, m.InReplyTo, m.References = []byte("From: a\r\n\r\nb"), true, "x@y", "<x@y>"
		addMessage(t, s, m)
		back := got(s.Read(t.Context()).Message(m.ID))(t)
		if !maps.Equal(back.Data, m.Data) || !bytes.Equal(back.Raw, m.Raw) {
			t.Errorf("came back with data %v and raw %q", back.Data, back.Raw)
		}
		m.State = postroom.Queued
		back.Data, m.Data, back.Raw, m.Raw = nil, nil, nil, nil
		if got, want := fmt.Sprintf("%+v", back), fmt.Sprintf("%+v", m); got != want {
			t.Errorf("came back as %s\nwant %s", got, want)
		}
		_, err := s.Read(t.Context()).Message("nobody")
		wantKind(t, err, postroom.NotFound)
	})
}

func TestAMessageIsOwedOncePerKey(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "ann")
		owed := make([]bool, 20)
		noErrors(t, together(len(owed), func(i int) error {
			return s.Write(t.Context(), func(tx *Tx) (err error) {
				m := letterTo(sub)
				m.Key = "welcome of ann"
				owed[i], err = tx.AddMessage(m)
				return err
			})
		}))
		n := 0
		for _, added := range owed {
			if added {
				n++
			}
		}
		if about := got(s.Read(t.Context()).MessagesAbout(sub.ID))(t); n != 1 || len(about) != 1 {
			t.Errorf("%d callers owed it, %d messages are on file", n, len(about))
		}
	})
}

// TestMessageArrows tries every change in every state. What is not named here
// must change nothing and say Gone.
func TestMessageArrows(t *testing.T) {
	later := monday.Add(time.Minute)
	type arrow struct {
		what string
		do   func(tx *Tx, id string) error
		to   map[postroom.MessageState]postroom.MessageState
	}
	arrows := []arrow{
		{"start sending", func(tx *Tx, id string) error { return tx.StartSending(id, 2, later) },
			map[postroom.MessageState]postroom.MessageState{postroom.Queued: postroom.Sending, postroom.Deferred: postroom.Sending}},
		{"doubt sending", func(tx *Tx, id string) error { return tx.DoubtSending(id, 2, later) },
			map[postroom.MessageState]postroom.MessageState{postroom.Sending: postroom.Sending}},
		{"doubt at the same turn", func(tx *Tx, id string) error { return tx.DoubtSending(id, 1, later) }, nil},
		{"requeue", func(tx *Tx, id string) error { return tx.RequeueMessage(id) },
			map[postroom.MessageState]postroom.MessageState{postroom.Failed: postroom.Queued, postroom.Held: postroom.Queued, postroom.Uncertain: postroom.Queued}},
	}
	for _, to := range []postroom.MessageState{postroom.Sent, postroom.Deferred, postroom.Failed, postroom.Uncertain} {
		arrows = append(arrows,
			arrow{"end sending as " + string(to), func(tx *Tx, id string) error { return tx.EndSending(id, 1, to, "why", 0, later) },
				map[postroom.MessageState]postroom.MessageState{postroom.Sending: to}},
			arrow{"end sending of another turn as " + string(to), func(tx *Tx, id string) error { return tx.EndSending(id, 2, to, "why", 0, later) }, nil})
	}
	for _, to := range []postroom.MessageState{postroom.Suppressed, postroom.Held, postroom.Failed, postroom.Deferred} {
		arrows = append(arrows, arrow{"withhold as " + string(to), func(tx *Tx, id string) error { return tx.Withhold(id, to, "why", later) },
			map[postroom.MessageState]postroom.MessageState{postroom.Queued: to, postroom.Deferred: to, postroom.Sending: postroom.Uncertain}})
	}
	arrows = append(arrows, arrow{"withhold as uncertain", func(tx *Tx, id string) error { return tx.Withhold(id, postroom.Uncertain, "why", later) },
		map[postroom.MessageState]postroom.MessageState{postroom.Sending: postroom.Uncertain}})
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "ann")
		for _, a := range arrows {
			for _, from := range messageStates {
				id := inState(t, s, letterTo(sub), from)
				err := s.Write(t.Context(), func(tx *Tx) error { return a.do(tx, id) })
				after := got(s.Read(t.Context()).Message(id))(t)
				want, drawn := a.to[from]
				if drawn && (err != nil || after.State != want) {
					t.Errorf("%s: %s became %s, want %s (%v)", a.what, from, after.State, want, err)
				}
				if !drawn && (after.State != from || after.Reason != "") {
					t.Errorf("%s: there is no such arrow from %s, but it became %s", a.what, from, after.State)
				}
				if !drawn {
					wantKind(t, err, postroom.Gone)
				}
			}
		}
	})
}

func TestAMessageNeverEndsInAStateThatMeansSomethingElse(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		id := inState(t, s, letterTo(filed(t, s, "ann")), postroom.Sending)
		for _, to := range []postroom.MessageState{postroom.Queued, postroom.Sending, postroom.Suppressed, postroom.Held, "lost"} {
			if err := s.Write(t.Context(), func(tx *Tx) error { return tx.EndSending(id, 1, to, "", 0, monday) }); err == nil {
				t.Errorf("sending ended as %s", to)
			}
		}
		for _, to := range []postroom.MessageState{postroom.Queued, postroom.Sending, postroom.Sent, "lost"} {
			if err := s.Write(t.Context(), func(tx *Tx) error { return tx.Withhold(id, to, "", monday) }); err == nil {
				t.Errorf("withheld as %s", to)
			}
		}
	})
}

func TestOnlyAServiceMessageInDoubtIsRepeatedAndOnlyOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "ann")
		news := letterTo(sub)
		news.Class = postroom.Marketing
		id := inState(t, s, news, postroom.Sending)
		wantKind(t, s.Write(t.Context(), func(tx *Tx) error { return tx.DoubtSending(id, 2, monday) }), postroom.Gone)

		id = inState(t, s, letterTo(sub), postroom.Sending)
		write(t, s, func(tx *Tx) error { return tx.DoubtSending(id, 2, monday) })
		wantKind(t, s.Write(t.Context(), func(tx *Tx) error { return tx.EndSending(id, 1, postroom.Sent, "", 0, monday) }), postroom.Gone)
		wantKind(t, s.Write(t.Context(), func(tx *Tx) error { return tx.DoubtSending(id, 3, monday) }), postroom.Gone)
		write(t, s, func(tx *Tx) error { return tx.EndSending(id, 2, postroom.Uncertain, "connection lost", 1, monday) })
		if m := got(s.Read(t.Context()).Message(id))(t); m.Doubts != 2 || m.Reason != "connection lost" || !m.SentAt.IsZero() {
			t.Errorf("the message is %+v", m)
		}
		write(t, s, func(tx *Tx) error { return tx.RequeueMessage(id) })
		if m := got(s.Read(t.Context()).Message(id))(t); m.Doubts != 0 || m.Reason != "" {
			t.Errorf("a person's new try begins with %+v", m)
		}
	})
}

func TestSentAtIsOnlyToldOfWhatWasSent(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub, later := filed(t, s, "ann"), monday.Add(time.Minute)
		for _, to := range []postroom.MessageState{postroom.Sent, postroom.Deferred, postroom.Failed} {
			id := inState(t, s, letterTo(sub), postroom.Sending)
			write(t, s, func(tx *Tx) error { return tx.EndSending(id, 1, to, "", 0, later) })
			if m := got(s.Read(t.Context()).Message(id))(t); m.SentAt.Equal(later) != (to == postroom.Sent) {
				t.Errorf("%s at %v", to, m.SentAt)
			}
		}
	})
}

func TestReleaseLetsGoOnlyWhatWasHeldForThatSubmission(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ann, bob := filed(t, s, "ann"), filed(t, s, "bob")
		held := inState(t, s, letterTo(ann), postroom.Held)
		inState(t, s, letterTo(ann), postroom.Failed)
		other := inState(t, s, letterTo(bob), postroom.Held)
		write(t, s, func(tx *Tx) error {
			ids, err := tx.ReleaseMessages(ann.ID)
			if len(ids) != 1 || ids[0] != held {
				t.Errorf("released %v, want %s", ids, held)
			}
			return err
		})
		if list := got(s.Read(t.Context()).Messages(postroom.Held, 10))(t); len(list) != 1 || list[0].ID != other {
			t.Errorf("still held: %+v", list)
		}
	})
}

func TestReaddressMovesWhatHasNotLeftToThePerson(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "ann")
		ids := make(map[postroom.MessageState]string)
		for _, state := range messageStates {
			ids[state] = inState(t, s, letterTo(sub), state)
		}
		toStaff := letterTo(sub)
		toStaff.Contact, toStaff.To = "", "staff@example.org"
		addMessage(t, s, toStaff)
		write(t, s, func(tx *Tx) error { return tx.Readdress(sub.ID, "right@example.org") })
		for state, id := range ids {
			waits := state == postroom.Queued || state == postroom.Deferred || state == postroom.Held
			if m := got(s.Read(t.Context()).Message(id))(t); (m.To == "right@example.org") != waits {
				t.Errorf("the %s message goes to %s", state, m.To)
			}
		}
		if m := got(s.Read(t.Context()).Message(toStaff.ID))(t); m.To != "staff@example.org" {
			t.Errorf("the coordinator's message goes to %s", m.To)
		}
	})
}

func TestEveryMessageIsCountedInExactlyOneState(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub, sum := filed(t, s, "ann"), 0
		for i, state := range messageStates {
			for range i + 1 {
				inState(t, s, letterTo(sub), state)
			}
		}
		counts := got(s.Read(t.Context()).MessageCounts())(t)
		for i, state := range messageStates {
			if sum += counts[state]; counts[state] != i+1 {
				t.Errorf("%d messages are %s, want %d", counts[state], state, i+1)
			}
		}
		if chosen := count(t, s, `SELECT count(*) FROM messages`); sum != chosen {
			t.Errorf("%d of %d messages are counted", sum, chosen)
		}
	})
}

func TestFormMailCountsSubmissionsThatMayHaveReachedTheAddressForThatForm(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub, other, own := filed(t, s, "ann"), filed(t, s, "ann"), filed(t, s, "ann")
		send := func(m postroom.Message, to postroom.MessageState, at time.Time) {
			addMessage(t, s, m)
			write(t, s, func(tx *Tx) error {
				return errors.Join(tx.StartSending(m.ID, 1, at), tx.EndSending(m.ID, 1, to, "", 0, at))
			})
		}
		since := monday.Add(-24 * time.Hour)
		send(letterTo(sub), postroom.Sent, monday)
		send(letterTo(sub), postroom.Sent, monday) // the same form asked for news as well
		send(letterTo(other), postroom.Uncertain, monday.Add(time.Minute))
		send(letterTo(own), postroom.Sent, monday.Add(2*time.Minute))
		send(letterTo(sub), postroom.Failed, monday.Add(2*time.Minute))
		send(letterTo(sub), postroom.Sent, since)
		otherForm, otherLane, coordinator := letterTo(sub), letterTo(sub), letterTo(other)
		otherForm.Form, otherLane.Lane, coordinator.Contact = "news", postroom.Followup, ""
		send(otherForm, postroom.Sent, monday.Add(5*time.Minute))
		send(otherLane, postroom.Sent, monday.Add(30*time.Second)) // a welcome counts like a confirmation
		send(coordinator, postroom.Sent, monday.Add(5*time.Minute))
		addMessage(t, s, letterTo(sub)) // still waits
		times, err := s.Read(t.Context()).FormMail(sub.Address, "join", own.ID, since)
		if want := []time.Time{monday.Add(time.Minute), monday.Add(30 * time.Second)}; err != nil || !slices.EqualFunc(times, want, time.Time.Equal) {
			t.Errorf("mail went at %v, %v", times, err)
		}
	})
}
