package outbound

import (
	"context"
	"fmt"
	"maps"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// The letters by which people hear that something of the post room itself is
// wrong.
const (
	alarmAnswers = "answers-stopped"
	alarmMailbox = "mailbox-unread"
)

// Why a mailbox is not read, as locale keys.
const (
	ReasonMailboxLogin  = "reason.mailbox_login"
	ReasonMailboxTrust  = "reason.mailbox_trust"
	ReasonMailboxAway   = "reason.mailbox_away"
	ReasonMailboxFolder = "reason.mailbox_folder"
	ReasonMailboxBroken = "reason.mailbox_broken" // for any other reason
)

// Reader is somebody who hears what is wrong.
type Reader struct{ Address, Locale string }

// Alarm is what is wrong, and who hears of it.
type Alarm struct {
	Key      string // under which it is said once
	Template string
	Data     map[string]string
	To       []Reader
}

// Alarm owes everybody who is named one letter, once for a key: after that it is
// quiet, however often it is called.
func (o *Outbox) Alarm(tx *store.Tx, a Alarm) error {
	for _, who := range a.To {
		key := "alarm:" + a.Key + ":" + who.Address
		if _, said, err := tx.MessageWithKey(key); err != nil || said {
			return err // they are all told in one transaction
		}
		m := postroom.Message{Key: key, To: who.Address, Locale: who.Locale, Template: a.Template, Data: maps.Clone(a.Data)}
		if _, err := o.Owe(tx, m); err != nil {
			return fmt.Errorf("owe %s: %w", a.Template, err)
		}
	}
	o.log.ErrorContext(context.Background(), "something is wrong with the post room, and people are told", "reason", a.Template)
	return nil
}

// AlarmOfMailbox says aloud that a mailbox has not been read since a moment (zero
// if it never was), and why.
func (o *Outbox) AlarmOfMailbox(tx *store.Tx, key, mailbox, reason string, since time.Time, to []Reader) error {
	data := map[string]string{"mailbox": mailbox, "reason": reason}
	if !since.IsZero() {
		data["starts"] = since.UTC().Format(time.RFC3339)
	}
	return o.Alarm(tx, Alarm{Key: key, Template: alarmMailbox, Data: data, To: to})
}
