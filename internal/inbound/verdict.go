// Package inbound reads letters: it decides what a letter is, and what can be
// read from it. It changes nothing, asks nobody and never fails; the room that
// acts on what it says is arrivals.
//
// The idea a newcomer needs: what a letter is comes first, and whether it may
// be answered is a second question. The order of the first matters (a bounce
// is automatic too, and answering either is how mail loops begin); the second
// has one list of reasons against, and any of them is enough. Nothing is
// dropped: what is not understood is called unknown, and is for a person to see.
package inbound

import (
	"slices"
	"strings"
	"time"

	"postroom/internal/letter"
	"postroom/internal/postroom"
)

// Ours is how a letter is known to come from us, to answer us, or to come from
// one of our own people. The zero value knows nobody.
type Ours struct {
	// OwnMessage returns the id of our message if this Message-ID (or the value
	// of our loop header) is one that we signed; nil knows none.
	OwnMessage func(messageID string) (id string, ours bool)
	// ReplyTo returns the reference of the submission for which an address is
	// the signed reply address, wherever it stands; nil knows none.
	ReplyTo func(address string) (reference string, ours bool)
	// BouncedTo returns the id of our message if an address is the sender that
	// we wrote on the envelope of that one message; nil knows none.
	BouncedTo func(address string) (message string, ours bool)
	// Leaves returns the subscription that a letter to an address ends; nil knows
	// none.
	Leaves func(address string) (subscription string, ours bool)
	// CommandsTo returns the colleague whose commands come to an address; nil knows
	// none.
	CommandsTo func(address string) (colleague string, ours bool)
	// Mailboxes are the addresses of our own mailboxes and their aliases, in
	// small letters.
	Mailboxes []string
	// Host is the name of the machine that we are on, in small letters; "" is
	// unknown.
	Host string
	// Staff are the addresses of colleagues, in small letters.
	Staff []string
	// AuthservIDs are the names under which our own provider writes
	// Authentication-Results (RFC 8601); any other is not believed.
	AuthservIDs []string
	// WebsiteForms are the addresses, in small letters, from which the forms of
	// our own websites send; they are believed where AuthservIDs vouch for them.
	WebsiteForms []string
}

// At is how we are known in one mailbox: its own address is ours, whatever the
// settings say.
func (o Ours) At(mailbox string) Ours {
	if mailbox != "" && !slices.Contains(o.Mailboxes, strings.ToLower(mailbox)) {
		o.Mailboxes = append(slices.Clone(o.Mailboxes), strings.ToLower(mailbox))
	}
	return o
}

// Verdict is what a letter was taken for, with the reasons.
type Verdict struct {
	Class postroom.LetterClass
	// Own is the id of our own message when the letter is a copy of one that
	// we sent; it is then ignored whatever its class.
	Own string
	// Answers is the id of our message that the letter answers or reports on,
	// by Message-ID, returned header or envelope; "" when none is named.
	Answers string
	// Reference is the reference in a signed reply address it was sent to.
	Reference string
	// Leaves is the subscription that the address it was sent to ends.
	Leaves string `json:",omitempty"`
	// CommandsOf are the colleagues whose signed command address it was sent to.
	CommandsOf []string `json:",omitempty"`
	// Staff says that it is from a colleague or one of our own mailboxes: a
	// forwarded letter, a command, or staff's own answer.
	Staff bool
	// Verified says that our provider vouches for the sender (dmarc=pass, or
	// dkim or spf passed for the domain in From).
	Verified bool
	// Answerable says whether anything automatic may answer the letter; Against
	// lists the reasons why not, as short words ("auto_submitted", "null_sender").
	Answerable bool
	Against    []string
	// Because lists what the class was decided by, as short words.
	Because []string

	Bounces   []Bounce
	Complaint *Complaint
	// Back is when an absent person is back, from an auto-reply; zero if unknown.
	Back time.Time
	// Behind is the person behind the letter, where it came by the form of a
	// website or is passed on; nil where its sender is who wrote it.
	Behind *Behind `json:",omitempty"`
	// Visible is what the person wrote this time, without quotes and signature.
	Visible string
}

// Words is what a letter says, as far as keywords and worries go.
func (v Verdict) Words(l letter.Letter) string { return l.Subject + "\n" + v.text(l) }

// text is what the person wrote; where nothing is left without the quotes, all
// of it.
func (v Verdict) text(l letter.Letter) string {
	if strings.TrimSpace(v.Visible) != "" {
		return v.Visible
	}
	return l.Text
}

// AllWords is Words, and what the person behind the letter wrote where that
// does not stand in its own text.
func (v Verdict) AllWords(l letter.Letter) string { return v.Words(l) + v.within(l) }

// Bounce is one recipient that a delivery report tells of.
type Bounce struct {
	Recipient string // in small letters; "" is whoever the message in Answers went to
	Status    string // RFC 3463, such as 5.1.1; "" when the report has none
	Hard      bool   // mail to it never arrives: unknown user, unknown host, moved, no mail host
	Reason    string // one word of our own vocabulary, such as user_unknown, mailbox_full
}

// Delayed says whether the mail may still arrive: the mail server goes on trying.
func (b Bounce) Delayed() bool { return b.Reason == reasonDelayed }

// Complaint is what an abuse report tells (RFC 5965).
type Complaint struct {
	FeedbackType string
	Recipients   []string
}

// Unwanted says whether a person asked for no more of such mail. Reports go the
// same way of letters that were not junk after all, and of checks that failed
// (RFC 6430; RFC 6591; RFC 6650).
func (c *Complaint) Unwanted() bool {
	if c == nil {
		return true
	}
	switch c.FeedbackType {
	case "not-spam", "auth-failure", "dmarc", "virus":
		return false
	}
	return true
}
