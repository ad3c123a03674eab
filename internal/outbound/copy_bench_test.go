package outbound

import (
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// BenchmarkCopy is one copy of an edition, written from its mould with what is its
// own and its reader's name: all that is done for each of many thousands.
func BenchmarkCopy(b *testing.B) {
	o := writer(b)
	c := postroom.Campaign{ID: store.NewMessageID(), List: "newsletter", Subject: "May", Locale: "en", Markdown: "Hello {{name | neighbour}},\n\n" + longText}
	e := o.edition(c)
	m := postroom.Message{
		ID: store.CopyID(c.ID, 1), To: "somebody@example.org", Template: NewsletterLetter, Locale: "en", About: store.NewMessageID(), Class: postroom.Marketing,
		Lane: postroom.Bulk, Campaign: c.ID, Data: map[string]string{"name": "Ann Lee"},
	}
	if err := o.address(&m); err != nil {
		b.Fatal(err)
	}
	var room []byte
	b.ReportAllocs()
	for b.Loop() {
		raw, err := e.writeInto(room[:0], m, nil)
		if err != nil {
			b.Fatal(err)
		}
		room = raw
	}
}
