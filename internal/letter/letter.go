// Package letter reads an email as a person would see it: who wrote, about
// what, which words, what is attached, and which thread it belongs to
// (RFC 5322, RFC 2045 to 2049, RFC 2047, RFC 2231).
//
// The idea a newcomer needs: Read never fails. Half of what the internet sends
// breaks a rule somewhere, and the person behind it waits for an answer all
// the same. What can be read is read, what was odd is noted in Problems, and
// everything has a limit (size, parts, depth), because the letter may have been
// written to hurt.
package letter

import "time"

// Address is one person or mailbox named in a header. Address is in the form
// local@domain with the domain in small letters.
type Address struct {
	Name    string
	Address string
}

// Attachment is a part that is not the letter's own text, or a file that was
// written into the text. It is never opened here, only looked at.
type Attachment struct {
	Name    string // as the sender called it, decoded and without folders; "" when it has no name
	Type    string // media type as declared, in small letters
	Sniffed string // media type that its first bytes look like; "" when it is empty
	Size    int    // decoded bytes
	Part    int    // which of Parts it is
}

// Part is one leaf of the MIME tree, decoded, or a message inside the letter
// (message/rfc822, message/delivery-status and the like) as it stands.
type Part struct {
	Type   string // media type in small letters
	Params map[string]string
	Header Header
	Body   []byte // decoded from its transfer encoding; in its own charset unless it is text
	Depth  int    // how many multiparts it is in

	within      []branch // which, the outermost first
	called      string   // its file name as the sender wrote it, decoded
	disposition string   // what its Content-Disposition begins with
}

// Letter is one email as it was read.
type Letter struct {
	Header      Header
	From        []Address
	Sender      []Address
	ReplyTo     []Address
	To          []Address
	Cc          []Address
	Subject     string
	MessageID   string   // without angle brackets; "" when there is none
	InReplyTo   []string // message ids without angle brackets
	References  []string // message ids without angle brackets, the oldest first
	Date        time.Time
	First       string // the first of its texts: what programs that show only one call its body
	Text        string // the plain text, or what the HTML says when there is none
	HTML        string // the HTML part, decoded, without large pictures in it; never shown as it is
	Attachments []Attachment
	Parts       []Part
	Problems    []string // what was odd, for the person who looks into it
}

// Refs lists every message id that the letter names in In-Reply-To and
// References, once each.
func (l Letter) Refs() []string {
	seen := make(map[string]bool)
	var refs []string
	for _, id := range append(append([]string{}, l.InReplyTo...), l.References...) {
		if id != "" && !seen[id] {
			seen[id] = true
			refs = append(refs, id)
		}
	}
	return refs
}
