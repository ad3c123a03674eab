package wording

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/proof"
	"postroom/internal/store"
)

// mode is how much a mailbox does by itself.
type mode struct {
	is      config.MailboxMode
	watched time.Time // when it was watched last, if it was changed to more since
}

// modesOf works out the mode of each mailbox of the settings from every version of
// it, the oldest first.
func modesOf(boxes []config.Mailbox, versions []store.Wording) map[string]mode {
	modes := make(map[string]mode, len(boxes))
	for _, box := range boxes {
		m := mode{is: box.Mode}
		for _, v := range versions {
			next := config.MailboxMode(v.Body)
			if v.Body == "" {
				next = box.Mode
			}
			if v.Name != strings.ToLower(box.Address) || !known(next) {
				continue
			}
			if m.is == config.Watch && next != config.Watch {
				m.watched = v.MadeAt
			}
			m.is = next
		}
		modes[strings.ToLower(box.Address)] = m
	}
	return modes
}

func known(m config.MailboxMode) bool {
	return slices.Contains([]config.MailboxMode{config.Watch, config.Draft, config.Answer}, m)
}

// Mode returns how much a mailbox does by itself. One that is not in the settings
// sends as any other address does.
func (w *Wordings) Mode(address string) config.MailboxMode {
	if m, ok := w.now.Load().modes[strings.ToLower(address)]; ok {
		return m.is
	}
	for _, box := range w.o.Mailboxes {
		if strings.EqualFold(box.Address, address) {
			return box.Mode // nothing was loaded yet
		}
	}
	return config.Answer
}

// WatchedUntil returns when a mailbox that does more now was changed from being
// watched; zero is that it never was.
func (w *Wordings) WatchedUntil(address string) time.Time {
	return w.now.Load().modes[strings.ToLower(address)].watched
}

// Boxes returns the mailboxes of the settings, each in its mode of now.
func (w *Wordings) Boxes() []config.Mailbox {
	boxes := slices.Clone(w.o.Mailboxes)
	for i := range boxes {
		boxes[i].Mode = w.Mode(boxes[i].Address)
	}
	return boxes
}

// Boxes is Wordings.Boxes for a command that needs nothing else of them.
func Boxes(r store.Reader, boxes []config.Mailbox) ([]config.Mailbox, error) {
	versions, err := r.MailboxWordings()
	if err != nil {
		return nil, fmt.Errorf("read modes of mailboxes: %w", err)
	}
	modes := modesOf(boxes, versions)
	boxes = slices.Clone(boxes)
	for i := range boxes {
		boxes[i].Mode = modes[strings.ToLower(boxes[i].Address)].is
	}
	return boxes, nil
}

// SetMailboxMode changes how much a mailbox does by itself, and returns the version
// that this is. What was owed while it was watched stays unsent. It returns NotFound
// for a mailbox that is not in the settings.
func (w *Wordings) SetMailboxMode(ctx context.Context, h Hand, address string, m config.MailboxMode) (int, error) {
	t := the(store.MailboxWording, address, "")
	return w.change(ctx, h, t, func(*standing) (string, error) { return string(m), w.checkMode(t.name, m) })
}

func (w *Wordings) checkMode(address string, m config.MailboxMode) error {
	here := slices.ContainsFunc(w.o.Mailboxes, func(box config.Mailbox) bool { return strings.EqualFold(box.Address, address) })
	switch {
	case !here:
		return absent("mailbox " + address)
	case !known(m):
		return proof.Mistakes{{File: "mode", Line: 1, Column: 1, Say: fmt.Sprintf("a mailbox cannot be in mode %q", m), Instead: "watch, draft or answer"}}
	}
	return nil
}

func absent(what string) error {
	return &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found"), Cause: fmt.Errorf("there is no %s", what)}
}
