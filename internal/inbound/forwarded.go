package inbound

import (
	"cmp"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"postroom/internal/letter"
)

// mostLayers is how often a letter may have been passed on.
const mostLayers = 4

// maxPrinted is over how many lines the printed header of a letter may go that
// is passed on.
const maxPrinted = 24

// passedOn finds the person whose letter is passed on in this one, through
// everybody who passed it on before; nil if none is. Whoever wrote it is asked
// for by a coordinator: a forward proves nothing.
func (r *reading) passedOn(v Verdict) *Behind {
	inner, found := r.firstLayer(v)
	if !found {
		return nil
	}
	b := inner.behind()
	b.Cover = inner.cover
	last := *b
	for range mostLayers {
		next, found := nextLayer(inner)
		if !found {
			break
		}
		inner = next
		deeper := inner.behind()
		deeper.Cover, deeper.Through = b.Cover, append(slices.Clone(last.Through), whoOf(last))
		last = *deeper
		if !r.ours.Owns(deeper.Address) {
			b = deeper
		}
	}
	if r.nobodyElse(b) {
		return nil
	}
	return b
}

// nobodyElse says whether what is passed on is our own letter or that of who
// passes it on, or no person's at all.
func (r *reading) nobodyElse(b *Behind) bool {
	if b.Address == "" {
		return b.Name == "" || daemonName.MatchString(strings.ToLower(b.Name))
	}
	return b.Address == r.sender() || r.ours.Owns(b.Address) || robotName.MatchString(b.Address)
}

func whoOf(b Behind) string { return cmp.Or(b.Address, b.Name) }

// passedLayer is a letter that is passed on within another.
type passedLayer struct {
	name, address string
	subject       string
	date          time.Time
	text          string
	cover         string // what stands above it
	marked        bool   // a line says that it is passed on, not only answered
}

func (l passedLayer) behind() *Behind {
	return &Behind{By: ByForward, Name: personName(l.name), Address: l.address, Subject: oneLineOf(l.subject), Text: strings.TrimSpace(l.text), Date: l.date}
}

// firstLayer looks for a letter that is passed on: attached to one that says
// so, or printed below a line or a header that say so. Beneath an answer stands
// what is answered, which is passed on to nobody.
func (r *reading) firstLayer(v Verdict) (passedLayer, bool) {
	says := forwardSubject.MatchString(r.Subject)
	answer := !says && (replySubject.MatchString(r.Subject) || len(r.Refs()) > 0)
	if l, found := r.attachedLayer(); found && !answer {
		return l, true
	}
	if !says && !v.Staff && !hasForwardMark(r.Text) {
		return passedLayer{}, false // most letters, and reading them line by line costs more
	}
	l, found := printedLayer(r.Text)
	return l, found && (l.marked || says || v.Staff && !answer)
}

// attachedLayer reads the first letter that is attached.
func (r *reading) attachedLayer() (passedLayer, bool) {
	for _, p := range r.Parts {
		if p.Type != "message/rfc822" {
			continue
		}
		l := letter.Read(p.Body)
		if len(l.From) == 0 {
			return passedLayer{}, false
		}
		return passedLayer{name: l.From[0].Name, address: soleAddress(l.From[0].Address), subject: l.Subject, date: l.Date, text: clip(l.Text), cover: strings.TrimSpace(clip(r.Text)), marked: true}, true
	}
	return passedLayer{}, false
}

// nextLayer is the letter that a letter passes on which is passed on itself.
func nextLayer(l passedLayer) (passedLayer, bool) {
	next, found := printedLayer(l.text)
	return next, found && (next.marked || forwardSubject.MatchString(l.subject))
}

// printedLayer finds the first letter that is printed within a text.
func printedLayer(text string) (passedLayer, bool) {
	lines := linesOf(text)
	for i, line := range lines {
		marked := isForwardMark(line)
		begin := i
		if marked {
			begin = i + 1
		} else if !fieldAt(line) {
			continue
		}
		l, ok := readPrinted(lines[begin:], marked)
		if !ok {
			continue
		}
		l.marked, l.cover = marked, strings.TrimSpace(strings.Join(lines[:i], "\n"))
		return l, true
	}
	return passedLayer{}, false
}

// forwardMark is the line that programs print above a letter that is passed on,
// in their languages. What stands in it says that it is forwarded.
var forwardMark = regexp.MustCompile(`(?i)^[\s>*]*([-_=]{2,}\s*)?(begin forwarded message|forwarded message|forwarded by|début du message (réexpédié|transféré)|message (transféré|réexpédié)|anfang der weitergeleiteten (nachricht|e-mail)|weitergeleitete nachricht|` +
	`inicio del mensaje reenviado|mensaje reenviado|inizio messaggio inoltrato|messaggio inoltrato|início da mensagem (reencaminhada|encaminhada)|mensagem (reencaminhada|encaminhada)|begin doorgestuurd bericht|doorgestuurd bericht|` +
	`vidarebefordrat (meddelande|brev)|vidarebefordrat mejl|videresendt (melding|besked|meddelelse)|välitetty viesti|přeposlaná zpráva|preposlaná správa|przekazana wiadomość|wiadomość przekazana|iletilen mesaj|iletilmiş mesaj|továbbított (üzenet|levél)|mesaj redirecționat|` +
	`переслане повідомлення|початок переслан\S+ повідомлення|пересланное сообщение|пересылаемое сообщение|начало переадресованного сообщения|پیام هدایت شده|پیام بازارسال شده|پیام ارسال شده|لېږل شوی پیغام|لیږل شوی پیغام)[^\n]{0,60}$`)

// isForwardMark looks at the first sign before the pattern: every line of a
// letter may be asked.
func isForwardMark(line string) bool {
	s := strings.TrimLeft(line, " \t>*")
	if s == "" || len(line) > 200 {
		return false
	}
	drawn := strings.IndexByte("-_=", s[0]) >= 0
	ends := strings.HasSuffix(line, ":") || strings.HasSuffix(line, "：")
	return (drawn || ends) && forwardMark.MatchString(line)
}

// hasForwardMark says whether any line of a text is one.
func hasForwardMark(text string) bool {
	for line := range strings.SplitSeq(text[:min(len(text), maxVisible)], "\n") {
		if isForwardMark(strings.TrimRight(line, " \t\r")) {
			return true
		}
	}
	return false
}

// printed is a field of a header as programs print it.
type printed int

const (
	printedFrom printed = iota
	printedDate
	printedSubject
	printedTo // or cc, or where answers go
)

// printedWords are the names of those fields.
var printedWords = map[printed][]string{
	printedFrom: {"from", "de", "von", "da", "van", "från", "fra", "od", "від", "от", "lähettäjä", "feladó", "kimden", "gönderen", "de la", "od koho", "از", "فرستنده", "له", "لېږونکی"},
	printedDate: {"date", "sent", "datum", "gesendet", "envoyé", "envoyé le", "fecha", "enviado", "enviado el", "enviado em", "inviato", "data", "verzonden", "skickat", "sendt", "dato", "wysłano", "data wysłania",
		"відправлено", "надіслано", "дата", "отправлено", "lähetetty", "päivämäärä", "elküldve", "dátum", "odesláno", "tarih", "gönderildi", "trimis", "تاریخ", "ارسال شده", "زمان", "نېټه", "لېږل شوی"},
	printedSubject: {"subject", "betreff", "objet", "asunto", "oggetto", "assunto", "onderwerp", "ämne", "emne", "temat", "тема", "aihe", "tárgy", "konu", "předmět", "predmet", "subiect", "موضوع", "سرلیک"},
	printedTo: {"to", "cc", "bcc", "an", "à", "a", "para", "aan", "till", "til", "do", "dw", "кому", "копія", "копия", "vastaanottaja", "kopio", "címzett", "másolat", "komu", "kopie", "kime", "bilgi", "către", "reply-to", "répondre à", "antwort an",
		"responder a", "به", "گیرنده", "رونوشت", "ته", "كاپي"},
}

var printedNames = func() map[string]printed {
	byName := map[string]printed{}
	for what, names := range printedWords {
		for _, name := range names {
			byName[name] = what
		}
	}
	return byName
}()

// longestField is as long as the name of a printed field is in any language.
const longestField = 40

// printedField reads "From: A Person <person@sender.example>", with the marks
// that programs put around it.
func printedField(line string) (what printed, value string, ok bool) {
	line = strings.TrimLeft(line, " \t>*_|")
	at := strings.IndexAny(line, ":：")
	if at <= 0 || at > longestField {
		return 0, "", false
	}
	what, ok = printedNames[strings.ToLower(strings.Trim(line[:at], " \t*_\u00a0"))]
	return what, strings.Trim(line[at:], " \t*_:：\u00a0"), ok
}

// readPrinted reads a letter from where its printed header begins. With a line
// above that says what it is, From is enough; without one, two more fields
// have to stand beside it.
func readPrinted(lines []string, marked bool) (l passedLayer, ok bool) {
	fields, from, i := 0, false, 0
	for ; i < min(len(lines), maxPrinted); i++ {
		what, value, is := printedField(lines[i])
		if is && from && what == printedFrom || !is && !headerGoesOn(lines[i:], fields) {
			break
		}
		if is {
			fields++
			from = from || what == printedFrom
			l.take(what, value)
		}
	}
	least := 3
	if marked {
		least = 1
	}
	l.text = withoutMarks(lines[i:])
	return l, from && fields >= least
}

// headerGoesOn says whether a printed header goes on over a line that is no
// field: the rest of a long field, or an empty line before the next one.
func headerGoesOn(lines []string, fields int) bool {
	if isBlank(lines[0]) {
		return fields == 0 || fieldAfter(lines)
	}
	return fields > 0 && (goesOn(lines[0]) || len(lines) > 1 && fieldAt(lines[1]))
}

// mostBlank is how many empty lines may stand between two fields.
const mostBlank = 3

// fieldAfter says whether a field comes after some empty lines.
func fieldAfter(lines []string) bool {
	for i, line := range lines[:min(len(lines), mostBlank+1)] {
		if !isBlank(line) {
			return i > 0 && fieldAt(line)
		}
	}
	return false
}

func isBlank(line string) bool { return strings.TrimLeft(line, " \t>*|") == "" }

func fieldAt(line string) bool {
	_, _, ok := printedField(line)
	return ok
}

// goesOn says whether a line is the rest of a list of recipients.
func goesOn(line string) bool {
	return strings.Contains(line, "@") && (strings.Contains(line, "<") || strings.HasSuffix(strings.TrimSpace(line), ">") || strings.Contains(line, ";")) && len(line) < 300
}

func (l *passedLayer) take(what printed, value string) {
	switch what {
	case printedFrom:
		if l.name == "" && l.address == "" {
			l.name, l.address = nameAndAddress(strings.NewReplacer("[mailto:", "<", "]", ">").Replace(value))
		}
	case printedSubject:
		fill(&l.subject, value)
	case printedDate:
		if l.date.IsZero() {
			l.date = printedTime(value)
		}
	}
}

// printedTime reads the ways in which a date is printed that do not depend on
// a language; the zero time where it is another.
func printedTime(value string) time.Time {
	if t, err := mail.ParseDate(value); err == nil {
		return t
	}
	value = strings.NewReplacer(" at ", " ", "\u202f", " ").Replace(value)
	for _, layout := range []string{"Mon, 2 Jan 2006 15:04", "Mon, Jan 2, 2006 3:04 PM", "Monday, January 2, 2006 3:04 PM", "2 January 2006 15:04", "Monday, 2 January 2006 15:04", "Monday, January 2, 2006 3:04:05 PM", "Monday, 2 January 2006 3:04 pm", "2 January 2006 15:04:05 MST", "January 2, 2006 15:04:05 MST"} {
		if t, err := time.Parse(layout, value); err == nil {
			return t
		}
	}
	return time.Time{}
}

// withoutMarks is a text without the mark of quotes, if it begins with that.
func withoutMarks(lines []string) string {
	lines = skipEmpty(lines)
	if len(lines) == 0 || !strings.HasPrefix(strings.TrimSpace(lines[0]), ">") {
		return strings.TrimSpace(strings.Join(lines, "\n"))
	}
	var plain []string
	for _, line := range lines {
		if marked, ok := strings.CutPrefix(strings.TrimLeft(line, " \t"), ">"); ok {
			line = strings.TrimPrefix(marked, " ")
		}
		plain = append(plain, line)
	}
	return strings.TrimSpace(strings.Join(plain, "\n"))
}

// within is what the person behind a letter wrote, where that does not stand in
// its own text: in a letter that is attached, or in a page.
func (v Verdict) within(l letter.Letter) string {
	b := v.Behind
	if b == nil || b.theirs || b.Text == "" || strings.Contains(v.text(l), b.Text) {
		return ""
	}
	return "\n" + b.Text
}

// coverWords is all that somebody may put above a letter and still say nothing
// of their own. "Please help" is a letter of their own.
var coverWords = regexp.MustCompile(`(?i)^[^\pL\pN]*((fyi|for (your )?(info|information)|(please )?(see|read) (below|attached|this)|(see )?(as )?(attached|below|enclosed)|forward(ed|ing)?( this)?|passing (this )?on|for you|zur (info|kenntnis)|pour (info|information|vous)|до відома|для інформації|див\.? нижче|к сведению|برای اطلاع)[^\pL\pN]*)?$`)

// endsCover is a line below which nothing is said any more: the mark of a
// signature, a drawn line, or what a telephone adds.
var endsCover = regexp.MustCompile(`(?i)^\s*([-–—_=*]{2,}|—|sent (from|via) (my|the|mail|outlook|yahoo|proton|android|iphone|ipad|samsung)\b.*|get outlook for .*|(envoyé (de|depuis)|gesendet (von|mit)|von meinem|enviado desde|inviato da|verzonden (vanaf|met)|надіслано з|отправлено с|wysłane z|ارسال شده از|فرستاده شده از) .*|-+ ?(original message|original-nachricht).*)`)

// saysNothing says whether what stands above a letter is no letter of its own.
func saysNothing(cover string) bool {
	lines := linesOf(cover)
	for i, line := range lines {
		if endsCover.MatchString(line) {
			lines = lines[:i]
			break
		}
	}
	said := strings.TrimSpace(strings.Join(lines, " "))
	return len(said) < 60 && coverWords.MatchString(said)
}

// OnlyPassesOn says whether a stranger's letter is nothing but somebody else's:
// then it is not theirs, and a coordinator is asked whose it is. Whoever adds
// something of their own writes for themselves.
func (v Verdict) OnlyPassesOn() bool {
	b := v.Behind
	return b != nil && b.By == ByForward && !b.theirs && saysNothing(b.Cover)
}
