package outbound

import (
	"context"
	"errors"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Deliver does one deliver job: it takes the message through the gate and, if
// it passes, to a mail server. What it returns settles the message and its job
// in one transaction. A connection is had before the gate is asked, so that
// "sending" is committed as late as it can be, right before MAIL FROM.
func (o *Outbox) Deliver(ctx context.Context, job postroom.Job) store.Outcome {
	if outcome, drafted := o.draft(ctx, job); drafted {
		return outcome
	}
	s, c, away := o.connect(ctx)
	return o.deliver(ctx, road{s, c, away}, job)
}

// road is the way out for one message: a connection to a server, or why there
// is none.
type road struct {
	s    *server
	c    *connection
	away *absence
}

// deliver takes the message that is the job's subject along a road. The
// connection is kept, or ended, whatever happens.
func (o *Outbox) deliver(ctx context.Context, r road, job postroom.Job) store.Outcome {
	s, c := r.s, r.c
	r, permit := o.permitted(ctx, r, job)
	m, kept, err := o.begin(ctx, job, r.away)
	if err != nil || kept != nil {
		o.unused(ctx, permit)
		if c != nil {
			s.keep(c)
		}
		return o.stays(ctx, job, kept, err)
	}
	body, err := o.compose(m, s.signer)
	if err != nil {
		s.keep(c)
		o.log.ErrorContext(ctx, "letter cannot be written", "message", m.ID, "err", err)
		return o.giveUp(job, m, ReasonUnwritable, blameless)
	}
	c, failed := o.send(ctx, s, c, m, body)
	if failed == nil {
		s.keep(c)
		o.log.InfoContext(ctx, "message sent", "message", m.ID, "job", job.ID, "lane", m.Lane, "turn", job.Turn)
		return store.Outcome{Verdict: store.Done, Also: o.ends(job, m, postroom.Sent, "", 0)}
	}
	o.log.Log(ctx, failed.level(), "message not sent", "message", m.ID, "job", job.ID, "lane", m.Lane, "turn", job.Turn, "err", failed.reason())
	return o.settle(s, job, m, failed)
}

// begin asks the gate and, if the message may leave, commits that it is being
// sent. It returns the outcome for one that stays, and Gone for one that was
// settled before.
func (o *Outbox) begin(ctx context.Context, job postroom.Job, away *absence) (m postroom.Message, kept *store.Outcome, err error) {
	now := o.clock.Now()
	err = o.store.Write(ctx, func(tx *store.Tx) error {
		kept = nil
		if m, err = tx.Message(job.Subject); err != nil {
			return err
		}
		if m.State == postroom.Sending {
			kept, err = o.doubt(tx, &m, job, away, now)
			return err
		}
		v, err := o.judge(tx, m, now)
		switch {
		case err != nil:
			return err
		case !v.passes():
			kept = o.keeps(m, v)
		case away != nil:
			kept = o.waits(m, away.until, away.says())
		default:
			return o.start(tx, m, job, now)
		}
		return nil
	})
	return m, kept, err
}

// judge is the gate and then what depends on what left before: the budget of
// answers and the cool-down. It returns Gone for a message that is not waiting.
func (o *Outbox) judge(tx *store.Tx, m postroom.Message, now time.Time) (verdict, error) {
	return o.judgeKnowing(tx, tx, m, now)
}

// judgeKnowing is judge with facts that were read before, in this transaction.
func (o *Outbox) judgeKnowing(tx *store.Tx, known facts, m postroom.Message, now time.Time) (verdict, error) {
	if m.State != postroom.Queued && m.State != postroom.Deferred {
		return verdict{}, &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.moved_on"), Cause: errors.New("message " + m.ID + " is " + string(m.State))}
	}
	if v, err := o.gateKnowing(tx, known, m); err != nil || !v.passes() {
		return v, err
	}
	if v, err := o.budget(tx, m, now); err != nil || !v.passes() {
		return v, err
	}
	return o.coolDown(tx, m, now)
}

// start commits that a message is being sent.
func (o *Outbox) start(tx *store.Tx, m postroom.Message, job postroom.Job, now time.Time) error {
	if err := tx.TouchAddress(m.To, now); err != nil {
		return err
	}
	if err := o.countCaused(tx, m, now); err != nil {
		return err
	}
	return tx.StartSending(m.ID, job.Turn, now)
}

// doubt deals with a message that an earlier turn was sending when it died. A
// service message is sent once more, if it still may be; anything else is for
// a person to see.
func (o *Outbox) doubt(tx *store.Tx, m *postroom.Message, job postroom.Job, away *absence, now time.Time) (*store.Outcome, error) {
	v, err := o.gate(tx, *m)
	if err != nil {
		return nil, err
	}
	if m.Class != postroom.Service || m.Doubts > 0 || !v.passes() {
		doubted := *m
		return &store.Outcome{Verdict: store.Dead, Reason: ReasonAnswerLost, Also: func(tx *store.Tx) error {
			return o.shows(tx, doubted, tx.Withhold(doubted.ID, postroom.Uncertain, ReasonAnswerLost, o.clock.Now()))
		}}, nil
	}
	if away != nil {
		return &store.Outcome{Verdict: store.Wait, At: away.until, Reason: away.says()}, nil
	}
	m.Doubts++
	return nil, tx.DoubtSending(m.ID, job.Turn, now)
}

// stays settles a job whose message did not leave.
func (o *Outbox) stays(ctx context.Context, job postroom.Job, kept *store.Outcome, err error) store.Outcome {
	switch {
	case err == nil:
		o.log.InfoContext(ctx, "message kept back", "message", job.Subject, "job", job.ID, "lane", job.Lane, "reason", kept.Reason)
		return *kept
	case postroom.KindOf(err) == postroom.Gone:
		return store.Outcome{Verdict: store.Done}
	case postroom.KindOf(err) == postroom.NotFound:
		return store.Outcome{Verdict: store.Dead, Reason: err.Error()}
	}
	o.log.ErrorContext(ctx, "message cannot be begun", "message", job.Subject, "job", job.ID, "err", err)
	return store.Outcome{Verdict: store.Again, At: o.clock.Now().Add(pause(job.Tries)), Reason: err.Error()}
}

// keeps is the outcome for a message that does not pass the gate.
func (o *Outbox) keeps(m postroom.Message, v verdict) *store.Outcome {
	if v.state == postroom.Deferred {
		return o.waits(m, v.until, v.reason)
	}
	return &store.Outcome{Verdict: store.Done, Reason: v.reason, Also: o.withholds(m.ID)}
}

// waits is the outcome for a message that may leave later.
func (o *Outbox) waits(m postroom.Message, until time.Time, reason string) *store.Outcome {
	return &store.Outcome{Verdict: store.Wait, At: until, Reason: reason, Also: func(tx *store.Tx) error {
		return tx.Withhold(m.ID, postroom.Deferred, reason, o.clock.Now())
	}}
}

// withholds settles a message that the gate kept back. It asks the gate again:
// if a hold was lifted in between, whoever lifted it has found the job still
// open and relies on it, so nothing may be settled.
func (o *Outbox) withholds(id string) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		now := o.clock.Now()
		m, err := tx.Message(id)
		if err != nil {
			return err
		}
		v, err := o.judge(tx, m, now)
		if err != nil {
			return err
		}
		if v.passes() || v.state == postroom.Deferred {
			return errors.New("message " + id + " may leave after all")
		}
		if v.call {
			if err := tx.OweCall(m, v.reason, now); err != nil {
				return err
			}
		}
		err = tx.Withhold(id, v.state, v.reason, now)
		if v.call || v.state == postroom.Held {
			return o.shows(tx, m, err)
		}
		return err
	}
}

// shows adds the job that has a person shown a message, unless settling it
// went wrong. What a coordinator is told is not shown to coordinators, or a
// broken mail server would keep us busy with ourselves, and of the copies of a
// newsletter, and the letters that ask whether those arrive, there are too many
// to be told of one by one.
func (o *Outbox) shows(tx *store.Tx, m postroom.Message, err error) error {
	// A summary of a colleague is told of as well; somebody whose letter is in
	// triage is no contact yet.
	toStaff := m.Contact == "" && m.Lane != postroom.DigestRun && !o.letters.byAPerson(m.Template)
	if err != nil || toStaff || m.Lane == postroom.Bulk || m.Template == ProbeLetter {
		return err
	}
	now := o.clock.Now()
	_, err = tx.AddJob(postroom.JobTell, m.ID, postroom.Followup, now, now)
	return err
}

// ends settles a message that this turn was sending.
func (o *Outbox) ends(job postroom.Job, m postroom.Message, to postroom.MessageState, reason string, doubts int) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		return tx.EndSending(m.ID, job.Turn, to, reason, doubts, o.clock.Now())
	}
}

// settle turns what went wrong into what happens next.
func (o *Outbox) settle(s *server, job postroom.Job, m postroom.Message, f *failure) store.Outcome {
	mean := f.mean()
	if f.lost() && s.poisoned(m.ID) {
		mean = putOff
	}
	if mean == putOff || mean == refused {
		s.well() // it does not want this message, but it is there
	}
	switch mean {
	case unpermitted:
		return store.Outcome{Verdict: store.Wait, At: f.until, Reason: ReasonNoPermit, Also: o.ends(job, m, postroom.Deferred, ReasonNoPermit, 0)}
	case unreachable:
		return store.Outcome{Verdict: store.Wait, At: s.away(), Reason: f.reason(), Also: o.ends(job, m, postroom.Deferred, ReasonServerAway, 0)}
	case refused:
		return o.giveUp(job, m, f.reason(), f.fate())
	case unanswered:
		return o.lost(job, m)
	}
	if job.Tries >= tries {
		return o.giveUp(job, m, f.reason(), f.fate())
	}
	return store.Outcome{Verdict: store.Again, At: o.clock.Now().Add(pause(job.Tries)), Reason: f.reason(), Also: o.ends(job, m, postroom.Deferred, f.reason(), 0)}
}

// doubtRest is how long a message in doubt rests before it is sent once more.
// What broke the line may go on for a while, and there is no third time.
const doubtRest = 2 * time.Minute

// lost settles a message whose final dot was never answered: a service message
// is sent once more under the same Message-ID, because no mail at all is worse
// than two; the rest is for a person to see.
func (o *Outbox) lost(job postroom.Job, m postroom.Message) store.Outcome {
	if m.Class == postroom.Service && m.Doubts == 0 {
		return store.Outcome{Verdict: store.Wait, At: o.clock.Now().Add(doubtRest), Reason: ReasonAnswerLost, Also: o.ends(job, m, postroom.Deferred, ReasonAnswerLost, 1)}
	}
	return store.Outcome{Verdict: store.Dead, Reason: ReasonAnswerLost, Also: func(tx *store.Tx) error {
		return o.shows(tx, m, o.ends(job, m, postroom.Uncertain, ReasonAnswerLost, 1)(tx))
	}}
}

// giveUp settles a message that will never be taken. What a person was owed,
// they are told by phone.
func (o *Outbox) giveUp(job postroom.Job, m postroom.Message, reason string, says fate) store.Outcome {
	return store.Outcome{Verdict: store.Dead, Reason: reason, Also: func(tx *store.Tx) error {
		now := o.clock.Now()
		if err := o.blame(tx, m, says, now); err != nil {
			return err
		}
		if owesCall(m) {
			if err := tx.OweCall(m, reason, now); err != nil {
				return err
			}
		}
		return o.shows(tx, m, tx.EndSending(m.ID, job.Turn, postroom.Failed, reason, 0, now))
	}}
}

// tries is after how many failures a message is given up: their pauses make
// about two days, which outlasts a weekend's full mailbox.
const tries = 16

// pause is how long to wait after so many failures: short at first, because a
// server that greylists wants to see us again in minutes.
func pause(failures int) time.Duration {
	switch {
	case failures < 3:
		return time.Duration(1+2*failures) * time.Minute // 1, 3, 5
	case failures < 6:
		return time.Duration(10*(failures-2)) * time.Minute // 10, 20, 30
	case failures < 9:
		return time.Hour << (failures - 6) // 1 h, 2 h, 4 h
	}
	return 6 * time.Hour
}
