package outbound

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// recover settles what the journals say that an earlier process has left. It is
// done before the first part is sent; a part that another process has taken up
// meanwhile and doubted is put right.
func (o *Outbox) recover(ctx context.Context) error {
	o.journals.mu.Lock()
	done := o.journals.recovered
	o.journals.recovered = true
	o.journals.mu.Unlock()
	if done {
		return nil
	}
	var errs []error
	for _, path := range o.journals.left() {
		err := o.recoverOne(ctx, path)
		switch {
		case errors.Is(err, errElsewhere): // that process lives
		case errors.Is(err, errOtherVersion):
			o.log.WarnContext(ctx, "sending journal put aside", "file", path, "err", err)
			errs = append(errs, os.Rename(path, strings.TrimSuffix(path, journalEnding)+unreadEnding))
		default:
			errs = append(errs, err)
		}
	}
	err := errors.Join(errs...)
	if err != nil {
		o.journals.mu.Lock()
		o.journals.recovered = false
		o.journals.mu.Unlock()
	}
	return err
}

func (o *Outbox) recoverOne(ctx context.Context, path string) error {
	f, err := o.journals.read(path)
	if err != nil {
		return err
	}
	err = o.store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.Part(f.campaign, f.part)
		if postroom.KindOf(err) == postroom.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		if p.Turn != f.turn || p.Journal != f.journal {
			_, err := tx.SentAfterAll(p, f.sent(), o.clock.Now())
			return err
		}
		if err := o.settleLeft(tx, p, &f.notes, f.journal == o.journals.id); err != nil {
			return err
		}
		return tx.LeavePart(p, p.Turn)
	})
	if err != nil {
		_ = f.lock.Unlock()
		return fmt.Errorf("settle what sending journal %s says: %w", path, err)
	}
	f.forget()
	return nil
}

// settleLeft settles a part that a turn has left, by what is known of it. Where the
// journal may not be whole, whatever may have been begun is uncertain.
func (o *Outbox) settleLeft(tx *store.Tx, p store.Part, n *notes, whole bool) error {
	now := o.clock.Now()
	if n != nil {
		if err := tx.SettleCopies(p, p.Turn, n.results(whole), now); err != nil {
			return err
		}
	}
	if n != nil && whole {
		return nil
	}
	_, err := tx.DoubtPart(p, ReasonAnswerLost, now)
	return err
}

// takenOver is what an earlier turn of a part has left.
type takenOver struct {
	notes *notes
	whole bool
	clear func() // once the ledger knows
	leave func() // if it could not be told
}

// takeOver finds what an earlier turn has left of a part. It returns errElsewhere
// while another process still sends it.
func (o *Outbox) takeOver(p store.Part) (takenOver, error) {
	if b, ok := o.journals.takeOver(p); ok {
		return takenOver{&b.notes, true, b.discard, func() {}}, nil
	}
	f, err := o.journals.read(o.journals.path(p.Campaign, p.Part, p.Turn))
	switch {
	case err == nil && f.journal == p.Journal:
		return takenOver{&f.notes, p.Journal == o.journals.id, f.forget, func() { _ = f.lock.Unlock() }}, nil
	case err == nil:
		_ = f.lock.Unlock()
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errOtherVersion):
		return takenOver{}, err
	}
	return takenOver{clear: func() {}, leave: func() {}}, nil
}
