package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Steps does steps that are due or puts off what cannot be done, at most limit
// of them, and says how many.
type Steps interface {
	Perform(ctx context.Context, now time.Time, limit int) (int, error)
}

// Alarms tells the next of each alarm that nobody has opened in time, and says
// of how many.
type Alarms interface {
	EscalateAlarms(ctx context.Context, now time.Time) (int, error)
}

// Days knows when the coordinators' summaries are due, and makes a job of each.
type Days interface {
	Day(now time.Time) (day string, due bool) // whether a day's are due by now
	Order(ctx context.Context, day string) error
	Next(now time.Time) time.Time // when the next fall due; zero is never
}

// Rests ends what rested until a moment, such as news to an address that mail
// came back from.
type Rests interface {
	EndRests(ctx context.Context, now time.Time) error
}

// Words gives words to be found by to everybody on file who has none, and says to
// how many.
type Words interface {
	FindMissing(ctx context.Context) (int, error)
}

// Guardians tells the coordinators of guardians who have not answered in time,
// and says of how many.
type Guardians interface {
	ChaseGuardians(ctx context.Context, now time.Time) (int, error)
}

// Newsletters begins editions when their time has come, and looks after those that
// were begun.
type Newsletters interface {
	Begin(ctx context.Context, now time.Time) error
	Look(ctx context.Context, now time.Time) error
	Next(ctx context.Context) (time.Time, error) // when the next is to begin; zero is never
}

// SchedulerOptions are what a Scheduler needs.
type SchedulerOptions struct {
	Store       *store.Store
	Workflow    Steps
	Alarms      Alarms      // may be nil
	Digests     Days        // may be nil
	Rests       Rests       // may be nil
	Words       Words       // may be nil
	Guardians   Guardians   // may be nil
	Newsletters Newsletters // may be nil
	Clock       postroom.Clock
	Wake        <-chan struct{} // a signal makes it look at once; may be nil
	Log         *slog.Logger
}

// Scheduler does steps when their time has come, tells the next of alarms that
// nobody has opened, and has the summaries of the day made. One process at a time has
// that duty; another takes over when its lease runs out. Should two believe
// for a moment that they have it, each step is still done once, because it is
// settled by compare and set.
type Scheduler struct {
	SchedulerOptions
	holder string    // names this process in the lease
	until  time.Time // when its lease ends
	day    string    // whose summaries it has ordered
	looked time.Time // when it last looked what is due
	rested time.Time // when it last looked for rests that are over
	worded time.Time // when it last looked for who has no words
	again  int       // how often it has
	purged time.Time // when it last deleted what nobody came back to
	tended time.Time // when it last looked after newsletters
}

// NewScheduler returns a Scheduler.
func NewScheduler(o SchedulerOptions) *Scheduler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Scheduler{SchedulerOptions: o, holder: uuid.NewString()}
}

const (
	duty       = "scheduler"
	leaseFor   = 30 * time.Second
	atOnce     = 100              // steps a round; the lease is renewed between rounds
	longestUp  = time.Second      // how long to sleep when nothing is known to fall due
	wordsAfter = time.Hour        // when to look again for who has no words
	restsEach  = time.Hour        // how often to look for rests that are over: those last days
	purgeEach  = time.Hour        // how often to delete what nobody came back to: it is kept for days
	tendEach   = 10 * time.Second // how often to look after newsletters that were begun
)

// Run works until ctx ends, and then gives the duty back.
func (s *Scheduler) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		more, err := s.Round(ctx)
		if err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "round of steps failed", "err", err)
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
		case <-s.Wake:
		case <-s.Clock.Until(s.next(ctx)):
		}
	}
	return s.leave(context.WithoutCancel(ctx))
}

// Round does one batch of due steps, if this process has the duty, and says
// whether there may be more to do at once: what failed has been put off.
func (s *Scheduler) Round(ctx context.Context) (more bool, err error) {
	now := s.Clock.Now()
	s.looked = now
	mine, err := s.lease(ctx, now)
	if err != nil || !mine {
		return false, err
	}
	alarmed, wrong := s.alarms(ctx, now) // before anything that may take long: somebody may be in danger
	n, err := s.Workflow.Perform(ctx, now, atOnce)
	return n == atOnce || alarmed, errors.Join(wrong, err, s.summaries(ctx, now), s.endRests(ctx, now), s.words(ctx, now), s.purge(ctx, now), s.newsletters(ctx, now))
}

// newsletters begins editions whose time has come, and now and then looks after
// those that were begun.
func (s *Scheduler) newsletters(ctx context.Context, now time.Time) error {
	if s.Newsletters == nil {
		return nil
	}
	if err := s.Newsletters.Begin(ctx, now); err != nil {
		return err
	}
	if since := now.Sub(s.tended); since >= 0 && since < tendEach {
		return nil
	}
	s.tended = now
	return s.Newsletters.Look(ctx, now)
}

// alarms tells the next of what nobody has opened, and says whether it told any.
func (s *Scheduler) alarms(ctx context.Context, now time.Time) (bool, error) {
	if s.Alarms == nil {
		return false, nil
	}
	n, err := s.Alarms.EscalateAlarms(ctx, now)
	return n > 0, err
}

// endRests ends rests that are over. A clock that was put back is no reason to
// wait for the hour that it says.
func (s *Scheduler) endRests(ctx context.Context, now time.Time) error {
	if since := now.Sub(s.rested); s.Rests == nil || since >= 0 && since < restsEach {
		return nil
	}
	if err := s.Rests.EndRests(ctx, now); err != nil {
		return fmt.Errorf("end rests: %w", err)
	}
	s.rested = now
	return nil
}

// words has everybody found who was put on file by a version that knew no words: once
// when it begins, and once an hour later, when a process of such a version that was
// still at work then has ended.
func (s *Scheduler) words(ctx context.Context, now time.Time) error {
	if s.Words == nil || s.again > 1 || s.again == 1 && now.Sub(s.worded) < wordsAfter {
		return nil
	}
	n, err := s.Words.FindMissing(ctx)
	if err != nil {
		return fmt.Errorf("find who has no words: %w", err)
	}
	if n > 0 {
		s.Log.InfoContext(ctx, "people and groups can be found now that could not")
	}
	s.again, s.worded = s.again+1, now
	return nil
}

// purge deletes the answers of forms that were begun and not sent in time, and
// chases the guardians of those that were sent and wait for them.
func (s *Scheduler) purge(ctx context.Context, now time.Time) error {
	if since := now.Sub(s.purged); since >= 0 && since < purgeEach {
		return nil
	}
	var n int
	err := s.Store.Write(ctx, func(tx *store.Tx) (err error) { n, err = tx.PurgeDrafts(now); return err })
	if err != nil {
		return err
	}
	if n > 0 {
		s.Log.InfoContext(ctx, "deleted answers that were not sent")
	}
	s.purged = now
	if s.Guardians != nil {
		_, err = s.Guardians.ChaseGuardians(ctx, now)
	}
	return err
}

// summaries orders a day's summaries when they are due. The jobs are unique,
// so that another process, or this one after a restart, orders none twice.
func (s *Scheduler) summaries(ctx context.Context, now time.Time) error {
	if s.Digests == nil {
		return nil
	}
	day, due := s.Digests.Day(now)
	if !due || day == s.day {
		return nil
	}
	if err := s.Digests.Order(ctx, day); err != nil {
		return fmt.Errorf("order summaries: %w", err)
	}
	s.day = day
	return nil
}

// lease takes or keeps the duty. A lease that is good for a while yet is not
// written again: an idle post room should leave the disk alone.
func (s *Scheduler) lease(ctx context.Context, now time.Time) (mine bool, err error) {
	if left := s.until.Sub(now); left > leaseFor/2 && left <= leaseFor {
		return true, nil
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		mine, err = tx.Lease(duty, s.holder, now, now.Add(leaseFor))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("take the scheduler's lease: %w", err)
	}
	if mine {
		s.until = now.Add(leaseFor)
	}
	return mine, nil
}

// next is when to look again: when the next step, alarm or summary falls due, or in a
// second, because another process may promise one meanwhile and say nothing. A
// step that is overdue could not even be put off and gets a second of rest. It
// is counted from when it last looked, so that what fell due meanwhile is not
// slept through.
func (s *Scheduler) next(ctx context.Context) time.Time {
	now := s.looked
	latest := now.Add(longestUp)
	if s.Digests != nil {
		if at := s.Digests.Next(now); !at.IsZero() && at.Before(latest) {
			latest = at
		}
	}
	read := s.Store.Read(ctx)
	for _, read := range []func() (time.Time, error){read.NextStep, read.NextAlarm, s.nextNewsletter(ctx)} {
		if at, err := read(); err == nil && at.After(now) && at.Before(latest) {
			latest = at
		}
	}
	return latest
}

func (s *Scheduler) nextNewsletter(ctx context.Context) func() (time.Time, error) {
	return func() (time.Time, error) {
		if s.Newsletters == nil {
			return time.Time{}, nil
		}
		return s.Newsletters.Next(ctx)
	}
}

func (s *Scheduler) leave(ctx context.Context) error {
	s.until = time.Time{}
	ctx, cancel := context.WithTimeout(ctx, longestUp)
	defer cancel()
	err := s.Store.Write(ctx, func(tx *store.Tx) error { return tx.EndLease(duty, s.holder) })
	if err != nil && !errors.Is(err, store.ErrClosed) {
		return fmt.Errorf("give the scheduler's lease back: %w", err)
	}
	return nil
}
