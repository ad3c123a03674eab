package outbound

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/proof"
)

// words are what every letter in one language says the same way: its end,
// and how a date is written. They stand in email/LOCALE/words.yaml.
type words struct {
	machine     string // a computer sent this
	reply       string // a person reads a reply
	noReply     string // a reply does not reach the person, for a coordinator
	emergency   string // whom to call now; an organisation may have its own
	unsubscribe string // the link that ends a subscription
	privacy     string // the link to what a programme does with what people tell it
	mine        string // the link by which somebody asks for all that they have with us
	discreet    string // a subject that says nothing
	languages   string // how to ask for another language, where ours was a guess
	understood  string // what stands above the answers that were read from a letter
	also        string // pattern of {reference}: somebody else at the address has booked
	numbered    string // the same with numbers, where nothing else in the letter has any
	beside      string // above the English that stands beside an unread translation; "" in English
	reference   string // pattern of {reference}, for a calendar
	otherTongue string // above news in another language than the reader's
	cardWhen    string // pattern of {date}, {starts} and {ends}: when an event is
	cardWhere   string // pattern of {venue}
	cardBook    string // the link by which somebody books it
	noEvents    string // instead of a list of events
	weekdays    []string
	months      []string
	digits      []string
	date        string // pattern of {weekday} {day} {month} {year}
	day         string // the same without the year
	clock       string // layout of a time of day, as package time writes it
	reasons     map[string]string
}

// readWords reads words.yaml; every word must be there.
func readWords(file string, data []byte) (*words, proof.Mistakes) {
	sheet := proof.Open(file, data)
	m := sheet.Root()
	w := &words{
		machine:     m.Need("machine", "This message was sent by a computer."),
		reply:       m.Need("reply", "If you reply to this message, a person reads it."),
		noReply:     m.Need("no_reply", "Do not reply to this message to answer the person."),
		emergency:   m.Need("emergency", "If somebody is in danger now, call 999."),
		unsubscribe: m.Need("unsubscribe", "Stop getting these messages"),
		privacy:     m.Need("privacy", "How we look after what you tell us"),
		mine:        m.Need("mine", "See everything you have with us"),
		discreet:    m.Need("discreet_subject", "A message for you"),
		languages:   m.Need("languages", "Would another language be better? Write its name in your reply."),
		understood:  m.Need("understood", `"This is what we understood from your answer:"`),
		also:        m.Need("also", `"There is another booking from this address: {reference}."`),
		numbered:    m.Need("languages_numbered", "Would another language be better? Write its name or number in your reply."),
		beside:      m.Text("beside"),
		reference:   m.Need("reference", `"Your reference: {reference}"`),
		otherTongue: m.Need("other_language", "We do not have this news in your language yet."),
		cardWhen:    m.Need("card_when", `"{date}, {starts} to {ends}"`),
		cardWhere:   m.Need("card_where", `"Where: {venue}"`),
		cardBook:    m.Need("card_book", "Book a place"),
		noEvents:    m.Need("no_events", "There are no dates to tell you about at the moment."),
		weekdays:    list(m, "weekdays", 7),
		months:      list(m, "months", 12),
		digits:      strings.Split(m.Need("digits", `"0123456789"`), ""),
		date:        m.Need("date", "\"{weekday} {day} {month} {year}\""),
		day:         m.Need("day", "\"{weekday} {day} {month}\""),
		clock:       m.Need("time", `"15:04"`),
		reasons:     readReasons(m.Map("reasons")),
	}
	if !m.Has("reasons") {
		m.Lacks("reasons", "{refused: the mail server did not take the message, …}")
	}
	if m.Has("digits") && len(w.digits) != 10 {
		m.Wrong("digits", "digits are not ten signs", `digits: "0123456789"`)
	}
	return w, sheet.Mistakes()
}

// notTaken stands for whatever a mail server said: its own words are for whoever
// looks after the servers.
const notTaken = "refused"

// reasonCorrected is why intake lets a message go whose address proved wrong.
const reasonCorrected = "reason.corrected"

// readReasons reads why a coordinator has to phone or to look.
func readReasons(m proof.Map) map[string]string {
	reasons := make(map[string]string)
	for _, key := range []string{ReasonNoAddress, ReasonNotByEmail, ReasonAddressDead, ReasonHeld, ReasonOnlyTo,
		ReasonCoolDown, ReasonWatch, ReasonDrafted, ReasonBudget, ReasonBudgetAddress, ReasonBudgetDomain, ReasonBudgetInAll, ReasonBounced, ReasonAnswerLost, ReasonUnwritable,
		ReasonSuppressed, ReasonResting, ReasonNotConfirmed, ReasonOtherTopics, ReasonCheckFailed, ReasonServerAway, ReasonNoPermit, ReasonAnswered, ReasonTakenBack, reasonCorrected, notTaken, ReasonPaused, ReasonCancelled,
		ReasonMailboxLogin, ReasonMailboxTrust, ReasonMailboxAway, ReasonMailboxFolder, ReasonMailboxBroken} {
		name := strings.TrimPrefix(key, "reason.")
		reasons[name] = m.Need(name, "we have no email address for them")
	}
	return reasons
}

// because puts the reason of a message into words.
func (w *words) because(reason string) string {
	name, _ := strings.CutPrefix(reason, "reason.")
	if say := w.reasons[name]; say != "" || reason == "" {
		return say
	}
	return w.reasons[notTaken]
}

func list(m proof.Map, key string, n int) []string {
	texts := m.Texts(key)
	if len(texts) != n {
		m.Wrong(key, fmt.Sprintf("%s has %d words", key, len(texts)), fmt.Sprintf("%d of them", n))
		return make([]string, n)
	}
	return texts
}

// when writes the moment an RFC 3339 text stands for; what is no moment is
// left out rather than shown as numbers.
func (w *words) when(rfc3339 string, zone *time.Location, write func(time.Time) string) string {
	t, err := time.Parse(time.RFC3339, rfc3339)
	if err != nil {
		return ""
	}
	return w.numerals(write(t.In(zone)))
}

func (w *words) writeDate(t time.Time) string { return w.fill(w.date, t) }
func (w *words) writeDay(t time.Time) string  { return w.fill(w.day, t) }
func (w *words) writeTime(t time.Time) string { return t.Format(w.clock) }

func (w *words) fill(pattern string, t time.Time) string {
	return strings.NewReplacer(
		"{weekday}", w.weekdays[t.Weekday()], "{day}", strconv.Itoa(t.Day()),
		"{month}", w.months[t.Month()-1], "{year}", strconv.Itoa(t.Year()),
	).Replace(pattern)
}

// numerals writes digits the way the language does.
func (w *words) numerals(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return []rune(w.digits[r-'0'])[0]
		}
		return r
	}, s)
}

// offer is how to ask for another language. Where the letter asks questions, a
// number answers those.
func (w *words) offer(m postroom.Message) string {
	if m.Data["questions"] != "" {
		return w.languages
	}
	return w.numbered
}
