package mailbox_test

import (
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/testserver"
)

func TestNewLettersAreFiledOnceWithTheirPlace(t *testing.T) {
	d := testserver.Dovecot(t)
	engines(t, func(t *testing.T, r *room) {
		who := t.Name()[len(t.Name())-6:] + "@riverside.example"
		d.Put(who, "INBOX", time.Time{}, raw(1))
		m := r.start(t, dovecotBox(t, d, who))
		m.sweep(t)
		r.each(t) // what lay there before is none of ours
		d.Put(who, "INBOX", time.Time{}, raws(2, 150)...)
		m.sweep(t)
		m.sweep(t)
		list := r.each(t, raws(2, 150)...)
		first := list[0]
		if first.Mailbox != who || first.Folder != postroom.Inbox || first.MessageID == "" || first.Imported || first.Size != len(first.raw) {
			t.Errorf("filed as %+v", first.Letter)
		}
		if c := r.cursor(t, who, postroom.Inbox); c.LastUID != 151 || c.UIDValidity == 0 || c.PolledAt.IsZero() || c.Problem != "" {
			t.Errorf("cursor is %+v", c)
		}
	})
}
