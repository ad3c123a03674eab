package outbound

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"postroom/internal/link"
	"postroom/internal/postroom"
)

// written is a letter as it will be read.
type written struct {
	subject, text string
	html          string    // "" where the reader wants none
	calendar      *calendar // nil when the letter has none
}

// Compose returns the message as it goes to the mail server, without the
// signature a server's DKIM key adds. The same row at the same moment gives
// the same bytes.
func (o *Outbox) Compose(m postroom.Message) ([]byte, error) { return o.compose(m, nil) }

func (o *Outbox) compose(m postroom.Message, signer *gomail.DKIMSigner) ([]byte, error) {
	if m.Raw != nil {
		return m.Raw, nil
	}
	w, err := o.write(m)
	if err != nil {
		return nil, fmt.Errorf("compose message %s: %w", m.ID, err)
	}
	return o.pack(m, w, signer)
}

// pack makes a mail of a letter that is written.
func (o *Outbox) pack(m postroom.Message, w written, signer *gomail.DKIMSigner) ([]byte, error) {
	mime := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := o.head(mime, m); err != nil {
		return nil, fmt.Errorf("compose message %s: %w", m.ID, err)
	}
	mime.Subject(w.subject)
	if err := w.fill(mime, boundaryID(m)); err != nil {
		return nil, fmt.Errorf("compose message %s: %w", m.ID, err)
	}
	if signer != nil {
		mime.SetDKIM(signer)
	}
	var b bytes.Buffer
	if _, err := mime.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("compose message %s: %w", m.ID, err)
	}
	return b.Bytes(), nil
}

// boundaryID makes the boundaries of a message its own.
func boundaryID(m postroom.Message) string { return strings.ReplaceAll(m.ID, "-", "") }

// head writes every header but the subject.
func (o *Outbox) head(mime *gomail.Msg, m postroom.Message) error {
	if strings.ContainsAny(m.To, "\r\n") {
		return errors.New("the address is more than one line")
	}
	from := mail.Address{Name: tidy(o.org.From.Name), Address: o.sender(m)}
	mime.FromMailAddress(&from)
	if err := mime.To(m.To); err != nil {
		return errors.New("the address cannot be read") // go-mail's words would repeat it
	}
	if reply, err := mail.ParseAddress(tidy(m.Data["reply_to"])); err == nil {
		mime.ReplyToMailAddress(reply)
	}
	mime.SetMessageIDWithValue(m.MessageID)
	mime.SetDateWithValue(o.clock.Now().In(o.org.Zone))
	for name, value := range o.headers(m) {
		if value != "" {
			mime.SetGenHeader(gomail.Header(name), value)
		}
	}
	return nil
}

// headers are those by which other programs know what kind of mail this is.
// Precedence is for bulk alone: it would delay an acknowledgement.
func (o *Outbox) headers(m postroom.Message) map[string]string {
	own, _, _ := strings.Cut(m.MessageID, "@")
	h := map[string]string{
		"Auto-Submitted":           "auto-generated",
		"X-Auto-Response-Suppress": "All",
		"X-Postroom-Loop":          own + "@" + o.instance(), // signed, and not rewritten where Message-IDs are
		"In-Reply-To":              firstID(m.InReplyTo),
		"References":               strings.Join(ids(m.References), " "),
	}
	if m.Lane == postroom.Confirm || m.Letter != "" {
		h["Auto-Submitted"] = "auto-replied" // RFC 3834, section 5.1.7
	}
	if o.letters.byAPerson(m.Template) { // RFC 3834, section 5: it is no response of a machine
		delete(h, "Auto-Submitted")
		delete(h, "X-Auto-Response-Suppress")
	}
	if m.Class == postroom.Marketing {
		h["List-Id"] = "<" + listID(cmp.Or(m.Data[dataList], m.Programme)) + "." + o.instance() + ">"
		h["List-Unsubscribe"] = "<" + o.linkFor(link.Unsubscribe, m) + ">" // first: it is what is tried first (RFC 2369, section 2)
		if to := o.leaveAddress(m); to != "" {
			h["List-Unsubscribe"] += ", <mailto:" + to + "?subject=unsubscribe>"
		}
		h["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click" // RFC 8058
	}
	if m.Lane == postroom.Bulk {
		h["Precedence"] = "bulk"
	}
	return h
}

// sender is the address that a message is from: the mailbox that somebody wrote
// to, or the organisation's own.
func (o *Outbox) sender(m postroom.Message) string { return cmp.Or(m.Sender, o.org.From.Address) }

// leaveAddress is where a letter ends the subscription that a message is about,
// or "" where no mailbox would get it.
func (o *Outbox) leaveAddress(m postroom.Message) string {
	if o.leaveTo == nil || m.About == "" {
		return ""
	}
	return o.leaveTo(m.About)
}

var msgID = regexp.MustCompile(`[^\s<>,"]+@[^\s<>,"]+`)

// ids reads the message ids out of a header's text, whoever wrote it, and no
// more than a thread needs.
func ids(header string) []string {
	found := msgID.FindAllString(tidy(header), 30)
	for i, id := range found {
		found[i] = "<" + id + ">"
	}
	return found
}

func firstID(header string) string {
	if found := ids(header); len(found) > 0 {
		return found[0]
	}
	return ""
}

// listID writes a programme's name as a label of RFC 2919.
func listID(programme string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, strings.ToLower(cmp.Or(programme, "news")))
}

// write puts a message into the reader's words.
func (o *Outbox) write(m postroom.Message) (written, error) {
	l, err := o.letters.find(m.Template, m.Locale)
	if err != nil {
		return written{}, err
	}
	given, err := o.given(l, m)
	if err != nil {
		return written{}, err
	}
	return o.writeAround(l, m, given)
}

// writeAround writes a letter with a text that came from elsewhere, which is
// empty for most.
func (o *Outbox) writeAround(l *letter, m postroom.Message, given prose) (written, error) {
	words, data := o.letters.words[l.locale], clean(m.Data)
	subject, err := o.subject(l, m, words, data)
	if err != nil {
		return written{}, err
	}
	say := func(s string) any { return marked(s) }
	if postroom.RightToLeft(l.locale) {
		say = func(s string) any { return isolated(s) }
	}
	body, err := writing{o.functions(m, words, say), say, data}.run(l.body)
	if err != nil {
		return written{}, err
	}
	if postroom.RightToLeft(l.locale) {
		body = fenceLatin(body)
	}
	body += alsoBooked(m, words, say) + heard(m, words, say) + o.english(m, l)
	whole, err := o.letters.assemble(body+o.end(m, l, words), given)
	if err != nil {
		return written{}, err
	}
	w := written{subject: subject, text: whole.text, calendar: o.calendarOf(l, m, words, data)}
	if m.Look == postroom.PlainText {
		return w, nil
	}
	w.html, err = o.letters.page(l.locale, subject, whole.html, m.Look)
	return w, err
}

// subject says what the letter is about, or, to somebody whose part in a
// programme is nobody's business, only that there is a message.
func (o *Outbox) subject(l *letter, m postroom.Message, words *words, data map[string]string) (string, error) {
	if own := theirs(m); own != "" {
		return "Re: " + own, nil
	}
	t := l.subject
	if m.Discreet {
		t = l.discreet
	}
	if t == nil {
		return words.discreet, nil
	}
	say := func(s string) any { return plain(s) }
	if postroom.RightToLeft(l.locale) {
		say = func(s string) any { return fenced(s) }
	}
	s, err := writing{o.functions(m, words, say), say, data}.run(t)
	return wholeSubject(strings.Join(strings.Fields(s), " ")), err
}

// theirs is the subject of the letter that a message answers, as it may be
// repeated: answers are found by it. Who writes with somebody else's address
// could have us carry a text to them, so anything that looks like a link or an
// address, and anything about a discreet programme, is left out.
func theirs(m postroom.Message) string {
	own := tidy(m.Data["re"])
	for cut := true; cut; {
		own, cut = strings.CutPrefix(strings.TrimSpace(own), "Re:")
		if !cut {
			own, cut = strings.CutPrefix(own, "RE:")
		}
	}
	if m.Letter == "" || m.Discreet {
		return ""
	}
	return greeting(own)
}

// alsoBooked asks whether two bookings are the same person's, or "". It is said
// at the address that both are from, whatever became of the message since.
func alsoBooked(m postroom.Message, words *words, say func(string) any) string {
	reference := tidy(m.Data["also"])
	if reference == "" || m.Data["also_at"] != m.To {
		return ""
	}
	before, after, _ := strings.Cut(words.also, "{reference}")
	return "\n\n" + escape(before) + fmt.Sprint(say(reference)) + escape(after) + "\n"
}

// heard is what was understood of the letter that a message answers, as a list,
// or "".
func heard(m postroom.Message, words *words, say func(string) any) string {
	var b strings.Builder
	for line := range strings.Lines(m.Data["understood"]) {
		if line = shorten(tidy(line)); line != "" {
			fmt.Fprintf(&b, "- %s\n", say(line))
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "\n\n" + escape(words.understood) + "\n\n" + b.String()
}

// english is the English letter below a translation that nobody has read yet
// who speaks the language, where a mistake could do harm.
func (o *Outbox) english(m postroom.Message, l *letter) string {
	own := o.letters.words[l.locale]
	if !l.weighs() || m.Data["unreviewed"] == "" || own.beside == "" {
		return ""
	}
	english, words := o.letters.library()["en"][l.name], o.letters.words["en"]
	say := func(s string) any { return marked(s) }
	body, err := writing{o.functions(m, words, say), say, clean(m.Data)}.run(english.body)
	if err != nil {
		return "" // it was rehearsed when it was loaded
	}
	if postroom.RightToLeft(l.locale) {
		body = leftToRight(body)
	}
	return "\n\n" + escape(own.beside) + "\n\n" + body
}

// weighs says whether somebody decides about safety or for a child by what a letter
// says.
func (l *letter) weighs() bool { return l.holding || l.name == guardianAsk }

const guardianAsk = "guardian-ask"

// leftToRight fences each paragraph off from a letter that runs the other way,
// so that its full stops and telephone numbers stay where they belong (Unicode
// TR 9, LEFT-TO-RIGHT ISOLATE).
func leftToRight(body string) string {
	paragraphs := strings.Split(strings.TrimSpace(body), "\n\n")
	for i, p := range paragraphs {
		if p = strings.TrimSpace(p); p != "" {
			paragraphs[i] = "\u2066" + p + "\u2069"
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// end is what every letter ends with: that a computer sent it, who reads a
// reply, and whom to call at once. Under what a
// person wrote nothing is said of a computer.
func (o *Outbox) end(m postroom.Message, l *letter, words *words) string {
	var b strings.Builder
	reply := words.reply
	if l.coordinators {
		reply = words.noReply
	}
	b.WriteString("\n\n---\n")
	if !l.byPerson {
		b.WriteString("\n" + escape(words.machine) + " " + escape(reply) + "\n")
	}
	if m.Data["guessed"] != "" {
		b.WriteString("\n" + escape(words.offer(m)) + "\n")
	}
	b.WriteString(o.rights(m, l, words))
	who := tidy(o.org.Name)
	if l.class == postroom.Marketing {
		b.WriteString("\n[" + escape(words.unsubscribe) + "](<" + o.linkFor(link.Unsubscribe, m) + ">)\n")
		who = tidy(o.org.Name + ", " + o.org.PostalAddress)
	}
	b.WriteString("\n" + escape(strings.TrimSuffix(who, ",")) + "\n")
	b.WriteString("\n**" + escape(o.emergency(l.locale, words)) + "**\n")
	return b.String()
}

// rights are the links to the notice of a programme, and to where somebody asks for
// all that they have with us. The address of a notice names its programme, so a
// discreet letter has none; nor has one to somebody who may be in danger, or what a
// person wrote, either of the two.
func (o *Outbox) rights(m postroom.Message, l *letter, words *words) string {
	if l.coordinators || l.byPerson || l.holding || l.class != postroom.Service {
		return ""
	}
	var b strings.Builder
	if m.Programme != "" && !m.Discreet {
		b.WriteString("\n[" + escape(words.privacy) + "](<" + o.pages(m.Locale) + "/privacy/" + url.PathEscape(m.Programme) + ">)\n")
	}
	if m.Contact != "" {
		b.WriteString("\n[" + escape(words.mine) + "](<" + o.pages(m.Locale) + "/my-link>)\n")
	}
	return b.String()
}

// emergency is the organisation's own text where it is in the reader's
// language, else the standard one: English is of no use in an emergency to
// somebody who does not read it.
func (o *Outbox) emergency(locale string, words *words) string {
	for _, tag := range postroom.Fallbacks(locale) {
		if own := tidy(o.org.EmergencyText[tag]); own != "" && (tag != "en" || strings.HasPrefix(locale, "en")) {
			return own
		}
	}
	return words.emergency
}
