package wording

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postroom/internal/config"
	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Hand is who changes something, and what they saw before.
type Hand struct {
	By   string // name of a colleague
	Seen int    // the version they looked at; 0 is as it came, Any whichever stands
}

// Any is Hand.Seen of somebody who did not look first.
const Any = -1

// Edit changes a programme and returns the version that it is in now. The error is
// proof.Mistakes where the change cannot be used, and nothing is stored then;
// Conflict where somebody else has changed the programme since Hand.Seen; NotFound
// where there is no such programme. A change that changes nothing makes no version.
func (w *Wordings) Edit(ctx context.Context, h Hand, name string, edits ...programme.Edit) (int, error) {
	return w.change(ctx, h, thing{store.ProgrammeWording, name, ""}, func(s *standing) (string, error) {
		data, _, err := w.edited(s, name, edits)
		return string(data), err
	})
}

// Try returns the programme as it would be after a change, and its file. It stores
// nothing; its errors are those of Edit.
func (w *Wordings) Try(ctx context.Context, name string, edits ...programme.Edit) (*programme.Programme, string, error) {
	if err := w.reread(ctx); err != nil {
		return nil, "", err
	}
	data, p, err := w.edited(w.now.Load(), name, edits)
	return p, string(data), err
}

func (w *Wordings) edited(s *standing, name string, edits []programme.Edit) ([]byte, *programme.Programme, error) {
	was, ok := s.programme(name)
	if !ok {
		return nil, nil, absent("programme " + name)
	}
	data, err := programme.Apply(was.File, s.files[was.File], edits...)
	if err != nil {
		return nil, nil, err
	}
	is, err := w.check(s, was, data)
	return data, is, err
}

func (s *standing) programme(name string) (*programme.Programme, bool) {
	if s.set == nil {
		return nil, false
	}
	return s.set.Programme(name)
}

// SetLetter changes what a letter says in one language and returns the version that
// this is. The errors are those of Edit; mistakes name "subject", "discreet_subject"
// or "body" as their file.
func (w *Wordings) SetLetter(ctx context.Context, h Hand, name, locale string, text outbound.LetterText) (int, error) {
	return w.change(ctx, h, thing{store.LetterWording, name, locale}, func(*standing) (string, error) {
		if err := w.came.CheckText(name, locale, text); err != nil {
			return "", err
		}
		return w.came.Reword(name, locale, text)
	})
}

// Restore brings a version of something back, as a new version, whose number it
// returns; version 0 is as it came. Its errors are those of Edit: an old version may
// not be taken by a newer program.
func (w *Wordings) Restore(ctx context.Context, h Hand, kind store.WordingKind, name, locale string, version int) (int, error) {
	t := the(kind, name, locale)
	body := ""
	if version != 0 {
		list, err := w.o.Store.Read(ctx).WordingsOf(kind, t.name, locale)
		if err != nil {
			return 0, fmt.Errorf("read versions of %s %s: %w", kind, name, err)
		}
		i := len(list) - version // the newest first, counted from 1, without gaps
		if version < 0 || i < 0 {
			return 0, absent(fmt.Sprintf("version %d of %s %s", version, kind, name))
		}
		body = list[i].Body
	}
	return w.change(ctx, h, t, func(s *standing) (string, error) { return body, w.usable(s, t, body) })
}

// Undo takes back the newest version of something: what was before it stands again.
// Undoing that brings it back.
func (w *Wordings) Undo(ctx context.Context, h Hand, kind store.WordingKind, name, locale string) (int, error) {
	if err := w.reread(ctx); err != nil {
		return 0, err
	}
	newest := w.now.Load().version(the(kind, name, locale))
	if newest == 0 {
		return 0, absent("change of " + string(kind) + " " + name)
	}
	if h.Seen == Any {
		h.Seen = newest // or two who undo at once would undo two changes
	}
	return w.Restore(ctx, h, kind, name, locale, newest-1)
}

// Past returns a programme as it was in a version of it; version 0 is as it came.
// The errors are those of Restore.
func (w *Wordings) Past(ctx context.Context, name string, version int) (*programme.Programme, error) {
	if err := w.reread(ctx); err != nil {
		return nil, err
	}
	s := w.now.Load()
	was, ok := s.programme(name)
	if !ok {
		return nil, absent("programme " + name)
	}
	data := s.came[was.File]
	if version != 0 {
		list, err := w.o.Store.Read(ctx).WordingsOf(store.ProgrammeWording, name, "")
		if err != nil {
			return nil, fmt.Errorf("read versions of programme %s: %w", name, err)
		}
		i := len(list) - version
		if version < 0 || i < 0 {
			return nil, absent(fmt.Sprintf("version %d of programme %s", version, name))
		}
		if list[i].Body != "" {
			data = []byte(list[i].Body)
		}
	}
	return w.check(s, was, data)
}

// usable says what keeps a body from standing; "" is what came.
func (w *Wordings) usable(s *standing, t thing, body string) error {
	switch t.kind {
	case store.LetterWording:
		if _, ok := w.came.Letter(t.name, t.locale); !ok {
			return absent("letter " + t.name + " in " + t.locale)
		}
		text, err := outbound.ReadLetterText(body)
		if body == "" {
			return nil
		}
		if err == nil {
			err = w.came.CheckText(t.name, t.locale, text)
		}
		return err
	case store.MailboxWording:
		if body == "" {
			return w.checkMode(t.name, config.Watch)
		}
		return w.checkMode(t.name, config.MailboxMode(body))
	}
	was, ok := s.programme(t.name)
	if !ok {
		return absent("programme " + t.name)
	}
	data := []byte(body)
	if body == "" {
		data = s.came[was.File]
	}
	_, err := w.check(s, was, data)
	return err
}

// errMoved says that something was stored since what stands was read.
var errMoved = errors.New("a wording was changed meanwhile")

// change stores what build makes of what stands. build is asked again when somebody
// else has stored a change meanwhile, since the two must be checked together.
func (w *Wordings) change(ctx context.Context, h Hand, t thing, build func(*standing) (string, error)) (int, error) {
	const attempts = 10
	for range attempts {
		if err := w.reread(ctx); err != nil {
			return 0, err
		}
		s := w.now.Load()
		if h.Seen != Any && h.Seen != s.version(t) {
			return 0, &postroom.Error{Kind: postroom.Conflict, Say: postroom.Say("error.moved_on"), Cause: fmt.Errorf("change %s %s: version %d was seen, and it is in version %d", t.kind, t.name, h.Seen, s.version(t))}
		}
		body, err := build(s)
		if err != nil {
			return 0, err
		}
		if body == s.body(t) {
			return s.version(t), nil
		}
		version, err := w.put(ctx, h, t, s.revision, body)
		if errors.Is(err, errMoved) {
			continue
		}
		return version, err
	}
	return 0, &postroom.Error{Kind: postroom.Unavailable, Say: postroom.Say("error.try_again"), Cause: fmt.Errorf("change %s %s: %w", t.kind, t.name, errMoved)}
}

// body is what stands of a thing that was changed; "" is that it is as it came.
func (s *standing) body(t thing) string {
	if m := s.made[t]; m.problem == nil {
		return m.Body
	}
	return "\x00" // nothing that is stored is the same as what is left aside
}

// put stores a change unless anything was stored since revision, and has it count.
func (w *Wordings) put(ctx context.Context, h Hand, t thing, revision int64, body string) (int, error) {
	at := w.o.Clock.Now()
	var m store.Wording
	err := w.o.Store.Write(ctx, func(tx *store.Tx) (err error) {
		m, err = tx.AddWording(store.Wording{Kind: t.kind, Name: t.name, Locale: t.locale, Body: body, MadeBy: h.By, MadeAt: at})
		if err != nil {
			return err
		}
		n, err := tx.Revision(store.WordingRevision)
		if err == nil && n != revision+1 {
			err = errMoved
		}
		if err != nil {
			return err
		}
		return tx.Audit(h.By, fmt.Sprintf("change %s to version %d", t.kind, m.Version), subject(t), at)
	})
	if err != nil {
		return 0, fmt.Errorf("store %s %s: %w", t.kind, t.name, err)
	}
	if err := w.Refresh(ctx); err != nil { // it is stored: whoever made it need not make it again
		w.o.Log.WarnContext(ctx, "a change counts a little later", "kind", t.kind, "name", t.name, "err", err)
	}
	return m.Version, nil
}

func subject(t thing) string {
	if t.locale == "" {
		return t.name
	}
	return t.name + " " + t.locale
}

// Programme is a programme as it stands.
type Programme struct {
	*programme.Programme
	YAML string // its file
	Change
}

// Change is the newest change of something.
type Change struct {
	Version int // 0: it is as it came, and was never changed
	By      string
	At      time.Time
	Came    bool  // what stands is what came with the program or lies in the folder
	Problem error // why the newest version is left aside; proof.Mistakes
}

func (s *standing) change(t thing) Change {
	m := s.made[t]
	return Change{Version: m.Version, By: m.MadeBy, At: m.MadeAt, Came: m.Body == "" || m.problem != nil, Problem: m.problem}
}

// Programmes lists the programmes as they stand.
func (w *Wordings) Programmes() (list []Programme) {
	s := w.now.Load()
	if s.set == nil {
		return nil
	}
	for _, p := range s.set.Programmes() {
		list = append(list, Programme{p, string(s.files[p.File]), s.change(thing{store.ProgrammeWording, p.Name, ""})})
	}
	return list
}

// Programme returns one of them.
func (w *Wordings) Programme(name string) (Programme, bool) {
	for _, p := range w.Programmes() {
		if p.Name == name {
			return p, true
		}
	}
	return Programme{}, false
}

// Letter is a letter in one language as it stands.
type Letter struct {
	outbound.Letter
	Gaps []outbound.Gap // what it may say of whoever it is for
	Change
}

// Letter returns a letter in one language, and only in that.
func (w *Wordings) Letter(name, locale string) (Letter, bool) {
	s := w.now.Load()
	if s.letters == nil {
		return Letter{}, false
	}
	l, ok := s.letters.Letter(name, locale)
	return Letter{l, w.came.Gaps(name), s.change(thing{store.LetterWording, name, locale})}, ok
}

// Letters lists every letter in every language that has it, by name and language.
func (w *Wordings) Letters() (list []Letter) {
	for _, name := range w.came.Names() {
		for _, locale := range w.came.Locales() {
			if l, ok := w.Letter(name, locale); ok {
				list = append(list, l)
			}
		}
	}
	return list
}

// CheckLetter says what keeps texts from being used for a letter: proof.Mistakes
// that name "subject", "discreet_subject" or "body" as their file, and its line.
func (w *Wordings) CheckLetter(name, locale string, text outbound.LetterText) error {
	return w.came.CheckText(name, locale, text)
}

// PreviewLetter writes a letter as somebody would get it, with sample data. Its
// error is that of CheckLetter.
func (w *Wordings) PreviewLetter(name, locale string, text outbound.LetterText) (outbound.Look, error) {
	return w.came.Look(name, locale, text, w.o.Us)
}

// Mailbox returns the newest change of the mode of a mailbox.
func (w *Wordings) Mailbox(address string) Change {
	return w.now.Load().change(the(store.MailboxWording, address, ""))
}

// History lists every version of something, the newest first. Version 0, as it
// came, is not among them.
func (w *Wordings) History(ctx context.Context, kind store.WordingKind, name, locale string) ([]store.Wording, error) {
	list, err := w.o.Store.Read(ctx).WordingsOf(kind, the(kind, name, locale).name, locale)
	if err != nil {
		return nil, fmt.Errorf("read versions of %s %s: %w", kind, name, err)
	}
	return list, nil
}
