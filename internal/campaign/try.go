package campaign

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Test sends an edition to one colleague, named by address or name, in a mail for each
// of its languages. They approve it by replying APPROVE to any of them: the mail's
// Message-ID and the address that it asks to be
// answered at are signed, and a reply approves no more than the words that the mail
// showed. It returns Invalid if nobody of that name works here.
func (l *Life) Test(ctx context.Context, id, by, to string) (postroom.Colleague, error) {
	return l.TestOnce(ctx, id, by, to, rand.Text())
}

// TestOnce is Test, once for each key, however often it is asked for.
func (l *Life) TestOnce(ctx context.Context, id, by, to, key string) (postroom.Colleague, error) {
	var who postroom.Colleague
	err := l.Store.Write(ctx, func(tx *store.Tx) error {
		m, err := lock(tx, id)
		if err != nil {
			return err
		}
		if who, err = colleague(tx, to); err != nil {
			return err
		}
		now := l.Clock.Now()
		for _, text := range m.Texts() {
			_, err = l.Mails.Owe(tx, postroom.Message{
				Key: postroom.NewsletterTest + ":" + id + ":" + key + ":" + text.Locale, Template: postroom.NewsletterTest, To: who.Address, Locale: who.Locale,
				Programme: m.Programme, About: id, Discreet: l.Discreet(m.Programme), CreatedAt: now,
				Data: map[string]string{
					"subject": text.Subject, "markdown": text.Markdown, "markdown_locale": text.Locale, postroom.DataDigest: m.Life.Digest, "reply_to": l.ReplyTo(who.Name),
				},
			})
			if err != nil {
				return fmt.Errorf("owe %s: %w", postroom.NewsletterTest, err)
			}
		}
		return tx.Audit(by, "tested newsletter", id, now)
	})
	if err != nil {
		return who, fmt.Errorf("test campaign: %w", err)
	}
	return who, nil
}

// colleague is who works here under a name or an address.
func colleague(tx *store.Tx, named string) (postroom.Colleague, error) {
	all, err := tx.Colleagues()
	if err != nil {
		return postroom.Colleague{}, err
	}
	for _, c := range all {
		if c.Here() && (strings.EqualFold(c.Name, named) || strings.EqualFold(c.Address, named)) {
			return c, nil
		}
	}
	return postroom.Colleague{}, refused(postroom.Invalid, "desk.news.not_staff", "nobody called %s works here, and tests go to staff only", named)
}
