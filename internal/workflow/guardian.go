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

const guardianChase = "guardian-chase" // no guardian has answered, or they said no

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

func (w *Workflow) tellOfGuardian(tx *store.Tx, submission, key string, at time.Time) error {
	run, begun, err := tx.RunOf(submission)
	if err != nil || !begun {
		return err
	}
	c, err := w.Open(tx, run)
	if err != nil {
		return err
	}
	return w.tell(tx, c, news{key: key + submission, template: guardianChase}, at)
}
