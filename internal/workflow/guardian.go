package workflow

import (
	"context"
	"fmt"
	"time"

	"postroom/internal/store"
)

// HeldForGuardian is the reason of a hold that ends when somebody's guardian
// agrees.
const HeldForGuardian = "guardian"

// The templates about guardians.
const (
	guardianAsk   = "guardian-ask"   // a guardian is asked
	guardianChase = "guardian-chase" // no guardian has answered, or they said no
)

// chaseAtOnce is how many guardians are chased in one round.
const chaseAtOnce = 50

// ChaseGuardians tells the coordinators of each submission whose guardian has not
// answered in time, once, and says of how many.
func (w *Workflow) ChaseGuardians(ctx context.Context, now time.Time) (int, error) {
	late, err := w.Store.Read(ctx).GuardiansToChase(now, chaseAtOnce)
	if err != nil {
		return 0, fmt.Errorf("look for guardians to chase: %w", err)
	}
	for _, submission := range late {
		err := w.Store.Write(ctx, func(tx *store.Tx) error {
			if fresh, err := tx.GuardianChased(submission); err != nil || !fresh {
				return err
			}
			return w.tellOfGuardian(tx, submission, "guardian-late:", now)
		})
		if err != nil {
			return 0, fmt.Errorf("chase the guardian of %s: %w", submission, err)
		}
	}
	return len(late), nil
}

// GuardianRefused tells the coordinators that a guardian said no.
func (w *Workflow) GuardianRefused(tx *store.Tx, submission string, at time.Time) error {
	return w.tellOfGuardian(tx, submission, "guardian-no:", at)
}

// PhoneGuardian tells the coordinators that a guardian has to be phoned, because
// nobody can mail them.
func (w *Workflow) PhoneGuardian(tx *store.Tx, submission string, at time.Time) error {
	c, err := w.guarded(tx, submission)
	if err != nil || c == nil {
		return err
	}
	return w.tell(tx, c, news{key: "guardian-call:" + submission, template: pleaseCall, data: map[string]string{"owed": guardianAsk}}, at)
}

func (w *Workflow) tellOfGuardian(tx *store.Tx, submission, key string, at time.Time) error {
	c, err := w.guarded(tx, submission)
	if err != nil || c == nil {
		return err
	}
	return w.tell(tx, c, news{key: key + submission, template: guardianChase}, at)
}

// guarded returns the case of a submission, or nil where none has begun.
func (w *Workflow) guarded(tx *store.Tx, submission string) (*Case, error) {
	run, begun, err := tx.RunOf(submission)
	if err != nil || !begun {
		return nil, err
	}
	return w.Open(tx, run)
}
