package intake

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

const (
	surgeWithin = 10 * time.Minute // in which what comes in is counted
	shutAtLeast = 30 * time.Minute // so that a form is not shut and opened in turns
	openFor     = 2 * time.Hour    // after a person opened it, whatever comes in
	usualDays   = 28 * 24 * time.Hour
	usualStands = time.Hour                                // until it is worked out again
	openDay     = int(12 * time.Hour / (10 * time.Minute)) // a day's people come within twelve hours
)

// usual is how much comes in by a form.
type usual struct {
	room int // in ten minutes, before it is a surge
	till time.Time
}

// surges remembers how much is usual, so that it is not counted for every entry.
type surges struct {
	mu   sync.Mutex
	form map[string]usual
}

// surge says whether so much comes in by a form that whoever sends it now has to
// wait for a person to look. The form that is not calm any more is shut softly, and
// its coordinators hear of it once; one that is calm again opens. What says so are
// rows, so that all processes agree.
func (in *Intake) surge(tx *store.Tx, a arrival, c *workflow.Case) (bool, error) {
	if in.Strangers.Surge == 0 || !byStranger(a.submission.Channel) {
		return false, nil
	}
	now := in.Clock.Now()
	s, err := tx.Surge(a.form.Name)
	if err != nil {
		return false, err
	}
	if !s.ShutAt.IsZero() {
		calm, err := isCalm(tx.Reader, s, now)
		if err != nil || !calm {
			return !calm, err
		}
		_, err = tx.Unshut(s.Form, "", time.Time{})
		return false, err
	}
	if now.Before(s.FreeUntil) {
		return false, nil
	}
	room, err := in.room(tx.Reader, a.form, now)
	if err != nil {
		return false, err
	}
	n, err := tx.Lately(a.form.Programme.Name, a.form.Name, now.Add(-surgeWithin), room+1)
	if err != nil || n <= room {
		return false, err
	}
	shut, err := tx.Shut(store.Surge{Form: a.form.Name, Programme: a.form.Programme.Name, ShutAt: now, Room: room})
	if err != nil || !shut {
		return true, err
	}
	return true, in.Workflow.TellSurge(tx, c, now)
}

// room is how much may come in by a form in ten minutes: many times what its busiest
// day of four weeks had, and always so much that a newsletter is no surge.
func (in *Intake) room(r store.Reader, form *programme.Form, now time.Time) (int, error) {
	in.usual.mu.Lock()
	known, found := in.usual.form[form.Name]
	in.usual.mu.Unlock()
	if left := known.till.Sub(now); found && left > 0 && left <= usualStands {
		return known.room, nil
	}
	most, err := r.BusiestDay(form.Programme.Name, form.Name, now.Add(-usualDays), now.Add(-usualStands))
	if err != nil {
		return 0, err
	}
	room := max(in.Strangers.Surge, in.Strangers.SurgeTimes*most/openDay)
	in.usual.mu.Lock()
	in.usual.form[form.Name] = usual{room, now.Add(usualStands)}
	in.usual.mu.Unlock()
	return room, nil
}

// isCalm says whether a form that is shut softly may open.
func isCalm(r store.Reader, s store.Surge, now time.Time) (bool, error) {
	if now.Sub(s.ShutAt) < shutAtLeast {
		return false, nil
	}
	n, err := r.Lately(s.Programme, s.Form, now.Add(-surgeWithin), s.Room/2+1)
	return n <= s.Room/2, err
}

// Surging says whether a form is shut softly: what is sent on it is kept, and a
// person looks before anything is answered.
func (in *Intake) Surging(ctx context.Context, form string) (bool, error) {
	if in.Strangers.Surge == 0 {
		return false, nil
	}
	r := in.Store.Read(ctx)
	s, err := r.Surge(form)
	if err != nil || s.ShutAt.IsZero() {
		return false, err
	}
	calm, err := isCalm(r, s, in.Clock.Now())
	return !calm, err
}

// Surges lists the forms that are shut softly and not calm yet.
func (in *Intake) Surges(ctx context.Context) ([]store.Surge, error) {
	r, now := in.Store.Read(ctx), in.Clock.Now()
	list, err := r.Surges()
	if err != nil {
		return nil, err
	}
	var wrong error
	list = slices.DeleteFunc(list, func(s store.Surge) bool {
		calm, err := isCalm(r, s, now)
		if err != nil {
			wrong = err
		}
		return calm
	})
	return list, wrong
}

// OpenAgain opens a form that was shut softly, because a colleague says that all is
// well: for two hours it stays open whatever comes in. Doing it twice changes nothing.
func (in *Intake) OpenAgain(ctx context.Context, by postroom.Colleague, form string) error {
	now := in.Clock.Now()
	err := in.Store.Write(ctx, func(tx *store.Tx) error {
		opened, err := tx.Unshut(form, by.Name, now.Add(openFor))
		if err != nil || !opened {
			return err
		}
		return tx.Audit(by.Name, "opened form "+form, form, now)
	})
	if err != nil {
		return fmt.Errorf("open form %s again: %w", form, err)
	}
	return nil
}

// strangersOr is what holds where nothing is said.
func strangersOr(s config.Strangers) config.Strangers {
	if s == (config.Strangers{}) {
		return config.UsualStrangers()
	}
	return s
}
