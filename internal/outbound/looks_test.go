package outbound

import (
	"strings"
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

func (r *room) choose(of postroom.Message, c postroom.Choices) {
	r.t.Helper()
	r.write(func(tx *store.Tx) error {
		c.Often = postroom.EveryEdition
		_, err := tx.SetChoices(of.About, of.Locale, c)
		return err
	})
}

func TestEachCopyLooksAsItsReaderChoseByThen(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(func(*Options), ...testserver.SinkOption) *room) {
		r := open(func(o *Options) {
			o.Tell = func(_ store.Reader, _ postroom.Campaign, _ []string, copies []postroom.Message) error {
				for i := range copies {
					copies[i].Data = map[string]string{"name": "Reader " + copies[i].To[:2]}
				}
				return nil
			}
		})
		looks := []postroom.Look{postroom.UsualLook, postroom.UsualLook, postroom.PlainText, postroom.PlainText, postroom.LargeText, postroom.LargeText, postroom.PlainText}
		c, copies := r.listOf(postroom.Campaign{
			Subject: "May", Markdown: "Hello {{name | neighbour}}, the garden opens.\n", State: postroom.CampaignSending,
			Others: []postroom.EditionText{{Locale: "fa", Subject: "مه", Markdown: "سلام {{name | همسایه}}، باغ باز می‌شود.\n"}},
		}, len(looks))
		for i, look := range looks { // they are chosen already, and change their minds
			r.choose(copies[i], postroom.Choices{Look: look})
		}
		r.turns(c, len(looks))
		for i, look := range looks {
			r.expect(copies[i], postroom.Sent, "")
			got := r.sink.To(copies[i].To)
			if len(got) != 1 {
				t.Fatalf("%s received %d copies", copies[i].To, len(got))
			}
			p := unpack(t, got[0].Data)
			hello := map[string]string{"en": "Hello Reader p", "fa": "سلام \u2068Reader p"}[copies[i].Locale]
			if !strings.HasPrefix(p.text, hello) || !strings.Contains(p.text, "/unsubscribe/") || p.header.Get("List-Unsubscribe-Post") == "" {
				t.Errorf("%d: %s\n%s", i, p.header, p.text)
			}
			switch {
			case look == postroom.PlainText && p.html != "":
				t.Errorf("%d wants text alone, and got a page:\n%s", i, p.html)
			case look == postroom.LargeText && !strings.Contains(p.html, largeType),
				look == postroom.UsualLook && !strings.Contains(p.html, usualType):
				t.Errorf("%d, who chose %q, got\n%s", i, look, p.html)
			}
		}
		e := r.edition(c)
		if len(e.given) != 2 || len(e.moulds) != 6 {
			t.Errorf("the texts were set %d times, and %d moulds made", len(e.given), len(e.moulds))
		}
		for like, made := range e.moulds {
			if made == nil {
				t.Errorf("there is no mould for %+v", like)
			}
		}
	})
}

func TestAnEditionAboutATopicGoesToWhoeverWantsThatOrEverything(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(func(*Options), ...testserver.SinkOption) *room) {
		r := open(nil)
		topics := []string{"", "funding", "walks", "walks funding", "walks benefits", "fundings"}
		c, copies := r.listOf(postroom.Campaign{
			Subject: "Money", Markdown: "There is money.\n", State: postroom.CampaignSending, Audience: postroom.Audience{Topics: []string{"funding"}},
		}, len(topics))
		for i, chosen := range topics {
			r.choose(copies[i], postroom.Choices{Topics: chosen})
		}
		r.turns(c, len(topics))
		for i, wanted := range []bool{true, true, false, true, false, false} {
			if wanted {
				r.expect(copies[i], postroom.Sent, "")
			} else {
				r.expect(copies[i], postroom.Suppressed, ReasonOtherTopics)
			}
			if got := len(r.sink.To(copies[i].To)); got != map[bool]int{true: 1, false: 0}[wanted] {
				t.Errorf("who chose %q received %d copies", topics[i], got)
			}
		}
	})
}
