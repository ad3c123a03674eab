package config_test

import (
	"strings"
	"testing"
	"time"

	"postroom/internal/config"
)

// mailboxWith reads a mailbox that has these settings besides the least.
func mailboxWith(t *testing.T, more string) (config.Mailbox, error) {
	t.Helper()
	c, err := load(t, least+"mailboxes:\n  - {address: a@a.example, password: x, "+more+"}\n", nil)
	if err != nil {
		return config.Mailbox{}, err
	}
	return c.Mailboxes[0], nil
}

func TestHowAMailboxIsRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		more string
		want config.Mailbox
	}{
		"left out":                          {"host: imap.a.example", config.Mailbox{Replies: config.PlainReplies}},
		"everything":                        {"host: h.example, import: 7d, sent: Sent Items, replies: plus, authserv_id: MX.a.example", config.Mailbox{Import: 7 * 24 * time.Hour, Sent: "Sent Items", Replies: config.PlusReplies, AuthservID: "mx.a.example"}},
		"Gmail has plus-addresses":          {"host: IMAP.gmail.com", config.Mailbox{Replies: config.PlusReplies}},
		"so has Microsoft":                  {"host: outlook.office365.com", config.Mailbox{Replies: config.PlusReplies}},
		"unless it is said that it has not": {"host: imap.gmail.com, replies: plain, import: none", config.Mailbox{Replies: config.PlainReplies}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := mailboxWith(t, c.more)
			if err != nil {
				t.Fatal(err)
			}
			if got.Import != c.want.Import || got.Sent != c.want.Sent || got.Replies != c.want.Replies || got.AuthservID != c.want.AuthservID {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestMistakesInAMailboxHaveTheirPlace(t *testing.T) {
	t.Parallel()
	const days = "import is not a number of days up to 366; write import: 7d"
	for more, want := range map[string]string{
		"host: h, import: 7":             ":5:58: " + days,
		"host: h, import: 1w":            ":5:58: " + days,
		"host: h, import: -1d":           ":5:58: " + days,
		"host: h, import: 400d":          ":5:58: " + days,
		"host: h, replies: both":         `:5:59: "both" cannot be the replies; write one of plus, plain`,
		"host: h, authserv_id: a b":      ":5:63: authserv_id is not one name",
		"host: h, authserv_id: 'a; b=c'": ":5:63: authserv_id is not one name",
		"host: h, import_: 7d":           "import_ is not a key here",
	} {
		_, err := mailboxWith(t, more)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", more, err, want)
		}
	}
}
