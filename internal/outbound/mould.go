package outbound

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"

	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// A newsletter is written once for each language and not once for each reader:
// all that differs between two copies are an address, two ids, a date and the
// link that stops it. A mould is one copy with gaps in those places.

// own is what only one copy says.
type own [6]string

// The places in own.
const (
	ownAddress = iota // in To
	ownID             // in the boundary
	ownName           // what stands before the @ in Message-ID
	ownToken          // in the link that stops the newsletter
	ownDate
	ownLeave // before the @ in the address that stops it; "" where there is none
)

// mould is a finished copy in pieces. A gap comes after each but the last.
type mould struct {
	pieces [][]byte
	gaps   []gap
	like   own // the values that were cut out
	size   int
	given  prose // the text in it, whose own gaps are still open
}

// gap is where a part of one value goes. A long line may have been broken in
// the middle of a value, which then fills two gaps.
type gap struct{ what, from, to int }

func (o *Outbox) ownOf(m postroom.Message, date string) own {
	name, _, _ := strings.Cut(m.MessageID, "@")
	leave, _, _ := strings.Cut(o.leaveAddress(m), "@")
	return own{m.To, boundaryID(m), name, o.links.Make(link.Unsubscribe, m.About, lives(link.Unsubscribe, m)), date, leave}
}

// edition writes the copies of one campaign. It is safe for many workers at
// once.
type edition struct {
	outbox   *Outbox
	campaign postroom.Campaign
	wording  *library // of the letter around it
	fields   []string // that its texts repeat to their readers

	mu     sync.Mutex
	given  map[string]prose    // what all copies say, set once for each language of the letter around it
	moulds map[likeness]*mould // nil where one was tried and is not enough
}

// likeness is what copies have in common that one mould is good for.
type likeness struct {
	locale, sender, programme string
	class                     postroom.Class
	lane                      postroom.Lane
	discreet                  bool
	look                      postroom.Look
}

// edition returns the edition of a campaign, which the parts of one campaign
// share.
func (o *Outbox) edition(c postroom.Campaign) *edition {
	o.mu.Lock()
	defer o.mu.Unlock()
	if wording := o.letters.held.Load(); o.latest == nil || !o.latest.campaign.Same(c) || o.latest.wording != wording {
		o.latest = o.newEdition(c, wording)
	}
	return o.latest
}

func (o *Outbox) newEdition(c postroom.Campaign, wording *library) *edition {
	return &edition{outbox: o, campaign: c, wording: wording, fields: fieldsOf(c), given: make(map[string]prose), moulds: make(map[likeness]*mould)}
}

// write writes a copy, if it can by a mould.
func (e *edition) write(m postroom.Message, signer *gomail.DKIMSigner) ([]byte, error) {
	return e.writeInto(nil, m, signer)
}

// writeInto is write with room for the copy, which it may use.
func (e *edition) writeInto(room []byte, m postroom.Message, signer *gomail.DKIMSigner) ([]byte, error) {
	if signer == nil {
		if made, err := e.mould(m); err != nil {
			return nil, err
		} else if made != nil {
			if raw, ok := made.fill(room, e.outbox.ownOf(m, e.outbox.clock.Now().In(e.outbox.org.Zone).Format(time.RFC1123Z))); ok {
				return made.given.told.fillRaw(raw, m.Data, made.given.locale), nil
			}
		}
	}
	return e.compose(m, signer)
}

// mould returns the mould for a copy, or nil if there is none.
func (e *edition) mould(m postroom.Message) (*mould, error) {
	l, err := e.outbox.letters.find(m.Template, m.Locale)
	if err != nil {
		return nil, err
	}
	like := likeness{l.locale, m.Sender, m.Programme, m.Class, m.Lane, m.Discreet, m.Look}
	e.mu.Lock()
	defer e.mu.Unlock()
	made, tried := e.moulds[like]
	if tried {
		return made, nil
	}
	if made, err = e.cast(m); err != nil {
		return nil, err
	}
	e.moulds[like] = made
	return made, nil
}

// compose writes a copy the long way.
func (e *edition) compose(m postroom.Message, signer *gomail.DKIMSigner) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if m.Data == nil {
		m.Data = map[string]string{} // nothing is known, and every gap is filled
	}
	return e.composeLocked(m, signer)
}

func (e *edition) composeLocked(m postroom.Message, signer *gomail.DKIMSigner) ([]byte, error) {
	filled, w, err := e.writeLocked(m)
	if err != nil {
		return nil, err
	}
	return e.outbox.pack(filled, w, signer)
}

// writeLocked writes a copy, and returns the message with what the letter around it
// says. It leaves the gaps of the text open where m.Data is nil.
func (e *edition) writeLocked(m postroom.Message) (postroom.Message, written, error) {
	l, err := e.outbox.letters.find(m.Template, m.Locale)
	if err != nil {
		return m, written{}, err
	}
	text := e.campaign.In(l.locale)
	about := m.Data
	m.Data = map[string]string{
		"subject": text.Subject, dataMarkdown: text.Markdown, dataLanguage: text.Locale, dataList: e.campaign.List,
	}
	given, set := e.given[l.locale]
	if !set {
		if given, err = e.outbox.given(l, m); err != nil {
			return m, written{}, err
		}
		e.given[l.locale] = given
	}
	w, err := e.outbox.writeAround(l, m, given)
	if err != nil {
		return m, w, err
	}
	if about != nil {
		w.text, w.html = given.told.fill(w.text, about, given.locale), given.told.fillHTML(w.html, about, given.locale)
	}
	return m, w, nil
}

// cast makes a mould of the copies that are like m, or returns nil if there is
// more to them than their own values: it tries the mould with another reader,
// and what comes out must be what would have been written for that one.
func (e *edition) cast(m postroom.Message) (*mould, error) {
	one, err := e.specimen(m, "somebody-with-a-name@example.org")
	if err != nil {
		return nil, err
	}
	other, err := e.specimen(m, "x@a.example")
	if err != nil {
		return nil, err
	}
	made := cut(one.raw, one.own)
	l, err := e.outbox.letters.find(m.Template, m.Locale)
	if err != nil {
		return nil, err
	}
	made.given = e.given[l.locale] // the specimen set it
	if again, ok := made.fill(nil, other.own); !ok || !bytes.Equal(again, other.raw) {
		return nil, nil
	}
	return made, nil
}

// specimen is a copy written the long way, and what is its own in it.
type specimen struct {
	raw []byte
	own own
}

func (e *edition) specimen(m postroom.Message, to string) (s specimen, err error) {
	m.ID, m.About, m.To = store.CopyID(store.NewMessageID(), len(to)), store.NewMessageID(), to
	m.CreatedAt = m.CreatedAt.Add(-time.Duration(len(to)) * 24 * time.Hour)
	m.MessageID, m.Data = "", nil
	if err := e.outbox.address(&m); err != nil {
		return s, err
	}
	if s.raw, err = e.composeLocked(m, nil); err != nil {
		return s, err
	}
	_, rest, _ := bytes.Cut(s.raw, []byte("\r\nDate: "))
	date, _, _ := bytes.Cut(rest, []byte("\r\n"))
	s.own = e.outbox.ownOf(m, string(date))
	return s, nil
}

// cut takes the own values out of a copy.
func cut(raw []byte, values own) *mould {
	m := &mould{like: values, size: len(raw)}
	from := 0
	for at := 0; at < len(raw); {
		what, parts := find(raw[at:], values)
		if parts == nil {
			at++
			continue
		}
		m.pieces = append(m.pieces, raw[from:at])
		for i, part := range parts {
			if i > 0 {
				m.pieces = append(m.pieces, []byte(softBreak))
				at += len(softBreak)
			}
			part.what = what
			m.gaps = append(m.gaps, part)
			at += part.to - part.from
		}
		from = at
	}
	m.pieces = append(m.pieces, raw[from:])
	return m
}

// softBreak ends a line of quoted-printable that goes on (RFC 2045, section
// 6.7).
const softBreak = "=\r\n"

// find says which value stands at the beginning of text, if one does, in how
// many parts. Of two of which one begins with the other it is the longer.
func find(text []byte, values own) (what int, parts []gap) {
	longest := 0
	for i, value := range values {
		if len(value) <= longest || text[0] != value[0] {
			continue
		}
		if found := begins(text, value); found != nil {
			what, parts, longest = i, found, len(value)
		}
	}
	return what, parts
}

// begins returns the parts in which a value stands at the beginning of text, or nil.
func begins(text []byte, value string) (parts []gap) {
	rest, from := text, 0
	for at := 0; ; {
		if at == len(value) {
			return append(parts, gap{from: from, to: at})
		}
		if after, broken := bytes.CutPrefix(rest, []byte(softBreak)); broken && at > from {
			parts = append(parts, gap{from: from, to: at})
			rest, from = after, at
		}
		if len(rest) == 0 || rest[0] != value[at] {
			return nil
		}
		rest = rest[1:]
		at++
	}
}

// fill makes a copy with other values, or says that they do not fit: a value
// that is longer would have been broken elsewhere. Only an address may be of
// another length, for it stands in To alone, where it has room. The copy is written
// behind out.
func (m *mould) fill(out []byte, values own) ([]byte, bool) {
	if !simple(values[ownAddress]) {
		return nil, false
	}
	for what := range values {
		if what != ownAddress && len(values[what]) != len(m.like[what]) {
			return nil, false
		}
	}
	out = slices.Grow(out, m.size+maxSimple+8) // room for the final dot
	addresses := 0
	for i, piece := range m.pieces {
		out = append(out, piece...)
		if i == len(m.gaps) {
			break
		}
		g := m.gaps[i]
		if g.what != ownAddress {
			out = append(out, values[g.what][g.from:g.to]...)
			continue
		}
		addresses++
		out = append(out, values[ownAddress]...)
	}
	return out, addresses == 1
}

// maxSimple is how long an address may be that leaves To on one line.
const maxSimple = 60

// simple says whether an address stands in a header as it is (RFC 5322,
// dot-atom); others are written the long way.
func simple(address string) bool {
	local, domain, _ := strings.Cut(address, "@")
	for _, part := range append(strings.Split(local, "."), strings.Split(domain, ".")...) {
		if part == "" || strings.Trim(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_+") != "" {
			return false
		}
	}
	return len(address) <= maxSimple
}
