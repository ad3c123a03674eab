package letter

import (
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
	l = envelope(h)
	w := takeApart(h, body)
	l.Problems = append(problems, w.odd...)
	l.put(w.leaves)
	return l
}

// takeApart tries the fast way, then the lenient one, then none.
func takeApart(h Header, body []byte) walk {
	var fast walk
	fast.strict(h, body, "", 0)
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
	last.add(nil, "text/plain", nil, body, 0)
	return last
}

// envelope reads what a header says about the letter.
func envelope(h Header) Letter {
	return Letter{
		Header: h,
		From:   addressesIn(h, "From"), Sender: addressesIn(h, "Sender"), ReplyTo: addressesIn(h, "Reply-To"),
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
	return Letter{Text: text, Parts: []Part{{Type: "text/plain", Body: []byte(text)}}, Problems: []string{"unreadable"}}
}

// put tells the letter's own text from what is attached to it.
func (l *Letter) put(leaves []Part) {
	var text, page []string
	only := onlyText(leaves)
	for i := range leaves {
		p, size := &leaves[i], len(leaves[i].Body)
		if strings.HasPrefix(p.Type, "text/") {
			p.Body = []byte(storable(decode(p.Params["charset"], p.Body)))
		}
		switch {
		case p.Type == "message/rfc822" && dispositionOf(p.Header) != "attachment" && fileName(p.Header) == "":
			// a letter within the letter, such as what a report returns
		case p.attached() && i != only:
			l.Attachments = append(l.Attachments, Attachment{Name: fileName(p.Header), Type: p.Type, Size: size})
		case p.Type == "text/html":
			page = append(page, string(p.Body))
		default:
			text = append(text, string(p.Body))
		}
		l.Parts = append(l.Parts, *p)
	}
	l.Text, l.HTML = limited(strings.Join(text, "\n")), limited(strings.Join(page, "\n"))
	if strings.TrimSpace(l.Text) == "" && l.HTML != "" {
		l.Text = Plain(l.HTML, nil)
	}
}

// onlyText is the index of the part that is the letter's text although it has
// a file name, because there is no other; -1 if there is none such.
func onlyText(leaves []Part) int {
	only := -1
	for i := range leaves {
		switch p := &leaves[i]; {
		case !p.attached():
			return -1
		case only < 0 && p.Type == "text/plain" && dispositionOf(p.Header) != "attachment":
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
	return dispositionOf(p.Header) == "attachment" || fileName(p.Header) != ""
}

// limited keeps a text to what is looked at, and whole letters whole.
func limited(s string) string {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}
