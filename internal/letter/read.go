package letter

import (
	"cmp"
	"strings"
)

// Read reads a letter from its raw bytes. It never fails: what cannot be
// taken apart is read leniently, and what cannot be read leniently is text.
func Read(raw []byte) (l Letter) {
	defer func() {
		if recover() != nil {
			l = plainest(raw)
		}
	}()
	var problems []string
	if len(raw) > maxRaw {
		raw, problems = raw[:maxRaw], append(problems, "too_big")
	}
	h, body, odd := split(raw)
	if odd {
		problems = append(problems, "broken_header")
	}
	inner, body, piece := wholeOf(h, body)
	if piece {
		problems = append(problems, "partial")
	}
	w := takeApart(inner, body)
	charset := charsetOf(h, w.leaves)
	l = envelope(h.inCharset(charset))
	l.Problems = append(problems, w.odd...)
	for i := range w.leaves {
		w.leaves[i].label(charset)
	}
	l.put(w.leaves)
	return l
}

// label reads once what a part's header says of it as a file.
func (p *Part) label(charset string) {
	p.Header = p.Header.inCharset(charset)
	p.called, p.disposition = fileName(p.Header), dispositionOf(p.Header)
}

// wholeOf looks into the first piece of a letter that was sent in pieces
// (RFC 2046, 5.2.2.1), which begins with the header of the whole. The others
// go on in the middle, mostly of a file, and stay attached as they are.
func wholeOf(h Header, body []byte) (inner Header, content []byte, piece bool) {
	if !strings.Contains(strings.ToLower(h.Get("Content-Type")), "message/partial") {
		return h, body, false
	}
	if kind, params, _ := mediaOf(h); kind != "message/partial" || params["number"] != "1" {
		return h, body, false
	}
	inner, content = ReadHeader(body)
	return inner, content, true
}

// charsetOf is the charset in which a header is probably written that was never
// encoded: that of the letter, or of its first text.
func charsetOf(h Header, leaves []Part) string {
	divided := len(leaves) > 0 && len(leaves[0].within) > 0
	if divided && strings.Contains(h.Get("Content-Type"), "charset") {
		if _, params, _ := mediaOf(h); params["charset"] != "" {
			return params["charset"]
		}
	}
	for i := range leaves {
		if charset := leaves[i].Params["charset"]; charset != "" {
			return charset
		}
	}
	return ""
}

// takeApart tries the fast way, then the lenient one, then none.
func takeApart(h Header, body []byte) walk {
	var fast walk
	fast.strict(h, body, nil)
	if len(fast.odd) == 0 {
		return fast
	}
	slow := walk{odd: fast.odd}
	if slow.lenient(h, body) {
		return slow
	}
	if len(fast.leaves) > 0 {
		return fast
	}
	last := walk{odd: append(fast.odd, "no_structure")}
	last.add(nil, "text/plain", nil, body, nil)
	return last
}

// envelope reads what a header says about the letter.
func envelope(h Header) Letter {
	return Letter{
		Header: h,
		From:   writersIn(h), Sender: addressesIn(h, "Sender"), ReplyTo: addressesIn(h, "Reply-To"),
		To: addressesIn(h, "To"), Cc: addressesIn(h, "Cc"),
		Subject:   Words(h.Get("Subject")),
		MessageID: firstID(h.Get("Message-ID")),
		InReplyTo: idsIn(h.All("In-Reply-To")), References: idsIn(h.All("References")),
		Date: dateOf(h.Get("Date")),
	}
}

// plainest is what is left of a letter that broke its reader.
func plainest(raw []byte) Letter {
	text := storable(decode("", raw[:min(len(raw), maxText)]))
	return Letter{First: text, Text: text, Parts: []Part{{Type: "text/plain", Body: []byte(text)}}, Problems: []string{"unreadable"}}
}

// put tells the letter's own text from what is attached to it.
func (l *Letter) put(leaves []Part) {
	var own []Part
	only := onlyText(leaves)
	for i := range leaves {
		p := &leaves[i]
		l.noteOnce(p.sealed())
		switch {
		case p.returned():
			l.Parts = append(l.Parts, *p)
		case p.attached() && i != only:
			l.attach(*p)
		default:
			files := p.takeFiles()
			p.dropPictures()
			own = append(own, p.readable())
			l.Parts = append(l.Parts, own[len(own)-1])
			for _, f := range files {
				l.attach(Part{Type: "application/octet-stream", Body: f.body, Depth: p.Depth, called: Words(f.name)})
			}
		}
	}
	l.Text, l.HTML = ownWords(own)
	l.First = cmp.Or(firstWords(own), l.Text)
}

// attach lists a part as attached. The type that the sender declares is often a
// guess by its name, and sometimes a lie, so that what the content begins with
// is looked at too.
func (l *Letter) attach(p Part) {
	a := Attachment{Name: p.name(), Type: p.Type, Sniffed: sniffed(p.Body), Size: len(p.Body), Part: len(l.Parts)}
	l.Attachments = append(l.Attachments, a)
	l.Parts = append(l.Parts, p.readable())
}

// returned says whether a part is a letter within the letter, such as what a
// report returns. One that somebody attached has a name, or says so.
func (p *Part) returned() bool {
	return p.Type == "message/rfc822" && p.disposition != "attachment" && p.called == ""
}

// takeFiles takes files that were written into a plain text out of it.
func (p *Part) takeFiles() (files []file) {
	if p.Type == "text/plain" {
		p.Body, files = filesInText(p.Body)
	}
	return files
}

// dropPictures leaves out pictures that a page holds within itself as data
// (RFC 2397). They may be larger than all that is looked at of a page, and stand
// before its words.
func (p *Part) dropPictures() {
	if p.Type == "text/html" && len(p.Body) > smallPage {
		p.Body = withoutData(p.Body)
	}
}

// readable is a part with its text in UTF-8. A long file is left as it is.
func (p Part) readable() Part {
	switch {
	case !strings.HasPrefix(p.Type, "text/"):
	case len(p.Body) <= maxDecoded:
		p.Body = []byte(storable(decode(p.Params["charset"], p.Body)))
	case !p.attached():
		p.Body = []byte(storable(decode(p.Params["charset"], p.Body[:maxDecoded])))
	}
	return p
}

// onlyText is the index of the part that is the letter's text although it has
// a file name, because there is no other; -1 if there is none such.
func onlyText(leaves []Part) int {
	only := -1
	for i := range leaves {
		switch p := &leaves[i]; {
		case !p.attached():
			return -1
		case only < 0 && p.Type == "text/plain" && p.disposition != "attachment":
			only = i
		}
	}
	return only
}

// attached says whether a part is something beside the letter's own text.
func (p *Part) attached() bool {
	if p.Type != "text/plain" && p.Type != "text/html" {
		return true
	}
	return p.disposition == "attachment" || p.called != ""
}

// limited keeps a text to what is looked at, and whole letters whole.
func limited(s string) string {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}
