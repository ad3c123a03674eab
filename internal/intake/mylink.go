package intake

import (
	"context"
	"fmt"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// myLink is the template that has the link to all that an address has with us.
const myLink = "my-link"

// AskForLink notes that somebody wants the link to all that an address has with
// us. It does and takes the same for any address: whether we know it a job finds
// out later, and only the mailbox hears.
func (in *Intake) AskForLink(ctx context.Context, address, locale string) error {
	at := in.Clock.Now()
	err := in.Store.Write(ctx, func(tx *store.Tx) error {
		id, err := tx.AskForLink(store.LinkRequest{Address: strings.ToLower(address), Locale: locale, AskedAt: at})
		if err != nil {
			return err
		}
		return tx.OweJob(postroom.JobMyLink, id, postroom.Confirm, at, at)
	})
	if err != nil {
		return fmt.Errorf("ask for a link: %w", err)
	}
	return nil
}

// SendLink owes the link that was asked for, in the language that we speak with
// whoever the address is, if we know it at all and it was not sent too much today
// that anybody can have sent there, forms and other links among it.
// The second time it owes nothing, and so for a request that was forgotten.
func (in *Intake) SendLink(ctx context.Context, request string) error {
	err := in.Store.Write(ctx, func(tx *store.Tx) error {
		asked, err := tx.LinkRequest(request)
		if postroom.KindOf(err) == postroom.NotFound && err != nil || err == nil && asked.Address == "" {
			return nil
		}
		if err != nil {
			return err
		}
		mailed, err := in.sendLink(tx, asked)
		if err != nil {
			return err
		}
		return tx.LookedAt(asked.ID, mailed)
	})
	if err != nil {
		return fmt.Errorf("send link %s: %w", request, err)
	}
	return nil
}

func (in *Intake) sendLink(tx *store.Tx, asked store.LinkRequest) (bool, error) {
	locale, known, err := tx.KnownAs(asked.Address)
	if err != nil || !known {
		return false, err
	}
	at := in.Clock.Now()
	if room, err := tx.RoomToAsk(asked.Address, in.Strangers.ToAddress, at); err != nil || !room {
		return false, err
	}
	if locale == "" {
		locale = asked.Locale
	}
	m := postroom.Message{Key: asked.MailKey(), Template: myLink, To: asked.Address, Locale: locale, Data: map[string]string{}, CreatedAt: at}
	if _, err := in.Workflow.Outbox.Owe(tx, m); err != nil {
		return false, fmt.Errorf("owe %s: %w", myLink, err)
	}
	return true, nil
}
