package outbound

import (
	"bytes"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"postroom/internal/config"
	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/templates"
)

// sample is a message in which everything is known.
func sample(template, locale string) postroom.Message {
	m := postroom.Message{
		ID: "01939f3e-8a10-7cc4-9b1e-5a6f0d2c7e11", MessageID: "01939f3e-8a10-7cc4-9b1e-5a6f0d2c7e11.0123456789abcdef@example.org",
		Programme: "networking-event", About: "sub-1", To: "person@example.org", Template: template, Locale: locale,
		Class: postroom.Service, Lane: postroom.Confirm, CreatedAt: moment,
		Data: map[string]string{
			"name": "Olena", "reference": "K7M-4QX", "programme": "Networking event", "form_title": "Book a place",
			"reply_by": "2026-11-26T17:00:00Z", "event": "Refugee support: meet & greet", "session": "Evening",
			"starts": "2026-12-03T18:00:00Z", "ends": "2026-12-03T20:30:00Z", "venue": "Room 2, The Old Bath House, MK12 5JR",
			"party": "2", "list": "Garden news", "area": "Wolverton", "url": "https://post.example.org/shelf/1",
			"phone": "123", "owed": "place-booked", "reason": ReasonNoAddress, "subject": "What is on in December", "mailbox": "events@example.org", "chosen": "212", "sent": "200", "suppressed": "5", "held": "1", "failed": "4", "uncertain": "2", "code": "123 456", "browser": "Firefox", "system": "Windows",
			dataMarkdown: "The garden opens again.\n\n[See the dates](https://post.example.org/dates)",
			dataWords:    "Thank you for asking.\nWe open at 6pm: https://example.org/*visit*\n\n- Tea is free.\nOlena",
		},
	}
	if template == "digest" || template == "done-by-mail" {
		m.Data[dataMarkdown] = "## Waiting for an answer\n\n- K7M-4QX" // the letter has a link of its own
	}
	return m
}

// parts are what the reader's program makes of a mail.
type parts struct {
	header     mail.Header
	text, html string
}

func unpack(t testing.TB, raw []byte) parts {
	t.Helper()
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("the mail cannot be read: %v\n%s", err, raw)
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if kind == "text/plain" {
		body, err := io.ReadAll(quotedprintable.NewReader(msg.Body))
		if err != nil || msg.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Fatalf("%v in %s", err, msg.Header)
		}
		return parts{header: msg.Header, text: strings.ReplaceAll(string(body), "\r\n", "\n")}
	}
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("the mail is %q (%v)", kind, err)
	}
	p := parts{header: msg.Header}
	r := multipart.NewReader(msg.Body, params["boundary"])
	for _, into := range []*string{&p.text, &p.html} {
		part, err := r.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		if got := part.Header.Get("Content-Transfer-Encoding"); got != "quoted-printable" {
			t.Errorf("a part is encoded as %q", got)
		}
		decoded, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		*into = strings.ReplaceAll(string(decoded), "\r\n", "\n")
	}
	if _, err := r.NextPart(); err != io.EOF {
		t.Errorf("after text and HTML comes %v", err)
	}
	return p
}

func (p parts) subject(t testing.TB) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(p.header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// writer is an outbox that can compose and nothing else.
func writer(t testing.TB) *Outbox {
	t.Helper()
	clock := &handClock{now: moment}
	return &Outbox{letters: letters(t), links: signer(t, clock), clock: clock, org: func() Organisation {
		o := organisation()
		o.DeskURL = o.BaseURL + "/desk"
		return o
	}()}
}

func compose(t testing.TB, o *Outbox, m postroom.Message) parts {
	t.Helper()
	l, err := o.letters.find(m.Template, m.Locale)
	if err != nil {
		t.Fatal(err)
	}
	m.Class, m.Lane = l.class, l.lane
	raw, err := o.Compose(m)
	if err != nil {
		t.Fatal(err)
	}
	return unpack(t, raw)
}

func TestEnglishLettersReadAsTheyDid(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for _, name := range o.letters.Names() {
		p := compose(t, o, sample(name, "en"))
		golden(t, name+".txt", "Subject: "+p.subject(t)+"\n\n"+p.text)
		golden(t, name+".html", p.html)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "letters", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s reads differently now (see it with -update and git diff):\n%s", name, got)
	}
}

func TestFirstLineAnswersThePerson(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for name, want := range map[string]string{
		"we-have-your-message": "We have your message. A person will answer by Thursday 26 November.",
		"offer-received":       "We have your offer to help. A person will answer by Thursday 26 November.",
		"place-booked":         "Your place is booked.",
		"waiting-list":         "You are on the waiting list. You are not booked yet.",
		"please-confirm":       "You are not on our list yet. Please confirm that you want our messages.",
		"booking-cancelled":    "Your booking is cancelled.",
		"please-call":          "Please phone somebody: reference K7M-4QX.",
	} {
		first, _, _ := strings.Cut(compose(t, o, sample(name, "en")).text, "\n\n")
		if got := strings.Join(strings.Fields(first), " "); got != want {
			t.Errorf("%s begins with %q, want %q", name, got, want)
		}
	}
}

func TestEveryLetterInEveryLanguageReadsAsItMust(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for _, locale := range []string{"en", "uk", "fa", "fa-AF", "ps"} {
		for _, name := range o.letters.Names() {
			if o.letters.library()[locale][name] == nil {
				t.Errorf("%s is not there in %s", name, locale)
				continue
			}
			bare := sample(name, locale)
			if bare.Data = nil; o.letters.library()[locale][name].says.given {
				bare.Data = map[string]string{dataMarkdown: "The garden opens again.", dataWords: "Thank you."}
			}
			for _, m := range []postroom.Message{sample(name, locale), bare} {
				checkLetter(t, o, m, compose(t, o, m))
			}
		}
	}
}

// linkless are the letters that lead nowhere.
var linkless = []string{"newsletter-welcome", "booking-cancelled", "holding", "letter-kept", ProbeLetter, "left-list", "language-kept", "which-language", "reach-kept", replyOfAPerson}

// replyOfAPerson is what a colleague writes; it leads where they say.
const replyOfAPerson = "reply"

// checkLetter holds one written letter to what every letter promises.
func checkLetter(t *testing.T, o *Outbox, m postroom.Message, p parts) {
	t.Helper()
	wrong := func(say string) { t.Errorf("%s in %s %s:\n%s", m.Template, m.Locale, say, p.text) }
	w := o.letters.words[m.Locale]
	body, end, found := strings.Cut(p.text, "\n----\n")
	plainEnd := strings.Join(strings.Fields(end), " ")
	reply := w.reply
	if o.letters.library()["en"][m.Template].coordinators {
		reply = w.noReply
	}
	opens := w.machine + " " + reply
	if o.letters.byAPerson(m.Template) { // it says nothing of a computer
		opens = tidy(o.org.Name)
	}
	switch {
	case !found:
		wrong("has no end")
	case !strings.HasPrefix(plainEnd, opens):
		wrong("does not say that a computer sent it and who reads a reply")
	case !strings.HasSuffix(plainEnd, w.emergency):
		wrong("does not end with whom to call at once")
	case strings.Count(body, "https://") > 1:
		wrong("has more than one link")
	case m.Data["name"] != "" && !slices.Contains(linkless, m.Template) && strings.Count(body, "https://") != 1:
		wrong("has no link")
	case m.Template == "newsletter-welcome" && !strings.Contains(end, w.unsubscribe+":\nhttps://post.example.org/"+m.Locale+"/unsubscribe/"):
		wrong("has no way to stop it")
	case strings.Contains(p.text+p.html, "{{") || strings.Contains(p.text+p.html, "no value"):
		wrong("shows how it is made")
	case strings.Contains(p.html, "<img") || strings.Contains(p.html, "<link") || strings.Contains(p.html, "src="):
		wrong("loads something")
	case p.subject(t) == "" || strings.Contains(p.subject(t), "()"):
		wrong("has no good subject")
	}
	direction := "ltr"
	if postroom.RightToLeft(m.Locale) {
		direction = "rtl"
	}
	if !strings.Contains(p.html, `<html lang="`+m.Locale+`" dir="`+direction+`">`) {
		wrong("does not say in which direction it runs")
	}
	for line := range strings.SplitSeq(p.text, "\n") {
		if len([]rune(line)) > width && !strings.HasPrefix(line, "https://") {
			wrong("has a line that is too long")
		}
	}
}

func TestWithoutADeskNoLetterMentionsOne(t *testing.T) {
	t.Parallel()
	o := writer(t)
	o.org.DeskURL = ""
	for locale, desk := range map[string]string{"en": "desk", "uk": "стіл", "fa": "میز", "fa-AF": "میز", "ps": "مېز"} {
		for _, name := range []string{"notice", "chase", "please-call", "please-look"} {
			m := sample(name, locale)
			text := compose(t, o, m).text
			if strings.Contains(text, desk) || strings.Contains(text, "https://") || !strings.Contains(text, m.Data["reference"]) {
				t.Errorf("%s in %s:\n%s", name, locale, text)
			}
		}
	}
}

func TestCoordinatorIsToldWhyAndWhatTheyMaySay(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for owed, want := range map[string]string{
		"place-booked": "their place is booked", "waiting-list": "they are on the waiting list", "booking-cancelled": "their booking is cancelled",
		"event-reminder": "their event is soon", "we-have-your-message": "we have what they sent",
	} {
		m := sample("please-call", "en")
		m.Data["owed"], m.Data["reason"] = owed, "550 5.7.1 ann.smith is on a list"
		text := compose(t, o, m).text
		if !strings.Contains(text, want) || !strings.Contains(text, "Reason: the mail server did not take the message") || strings.Contains(text, "smith") || strings.Contains(text, "Olena") {
			t.Errorf("%s:\n%s", owed, text)
		}
	}
}

func TestEventIsNamedOnceWhereItsDateRepeatsIt(t *testing.T) {
	t.Parallel()
	for _, c := range [][4]string{
		{"Autumn fair", "Evening", "Autumn fair", "Evening"}, {"Autumn fair", "autumn fair", "Autumn fair", ""},
		{"Autumn fair", "Autumn fair, evening", "Autumn fair, evening", ""}, {"Autumn fair", "", "Autumn fair", ""}, {"", "Evening", "", "Evening"},
	} {
		if event, session := once(c[0], c[1]); event != c[2] || session != c[3] {
			t.Errorf("%q, %q became %q, %q", c[0], c[1], event, session)
		}
	}
}

func TestNumbersAreWrittenInOneKindOfDigits(t *testing.T) {
	t.Parallel()
	if text := compose(t, writer(t), sample("place-booked", "fa")).text; !strings.Contains(text, "\u2068۲\u2069") {
		t.Errorf("the number of people is not written as the date is:\n%s", text)
	}
}

func TestTextAndHTMLLeadToTheSamePlaces(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for _, name := range o.letters.Names() {
		p := compose(t, o, sample(name, "fa"))
		inText := regexp.MustCompile(`https://\S+`).FindAllString(p.text, -1)
		var inHTML []string
		for _, found := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(p.html, -1) {
			inHTML = append(inHTML, html.UnescapeString(found[1]))
		}
		if !slices.Equal(inText, inHTML) {
			t.Errorf("%s: the text leads to %q, the HTML to %q", name, inText, inHTML)
		}
	}
}

func TestReaderIsAnsweredInTheNearestLanguage(t *testing.T) {
	t.Parallel()
	l := letters(t)
	for _, c := range []struct {
		locale, found string
		has           bool
	}{
		{"en", "en", true}, {"en-GB", "en", true}, {"fa", "fa", true}, {"fa-AF", "fa-AF", true},
		{"fa-IR", "fa", true}, {"uk-UA", "uk", true}, {"ps", "ps", true}, {"de", "en", false}, {"", "en", false},
	} {
		found, err := l.find("welcome", c.locale)
		if err != nil || found.locale != c.found {
			t.Errorf("a reader of %q gets %v (%v), want %s", c.locale, found, err, c.found)
		}
		if got := l.Has("welcome", c.locale); got != c.has {
			t.Errorf("Has(welcome, %q) is %v", c.locale, got)
		}
	}
	if l.Has("no-such-letter", "en") {
		t.Error("a letter is there that is not")
	}
}

func TestDariIsNotFarsi(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for _, name := range o.letters.Names() {
		if compose(t, o, sample(name, "fa")).text == compose(t, o, sample(name, "fa-AF")).text {
			t.Errorf("%s is the same in Farsi and Dari", name)
		}
	}
}

func TestDatesAreWrittenInTheReadersWordsAndZone(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for locale, want := range map[string]string{
		"en": "Thursday 2 July 2026|Thursday 2 July|6:30pm", "uk": "2 липня 2026 року (четвер)|2 липня (четвер)|18:30",
		"fa": "پنجشنبه ۲ ژوئیه ۲۰۲۶|پنجشنبه ۲ ژوئیه|۱۸:۳۰", "fa-AF": "پنج‌شنبه ۲ جولای ۲۰۲۶|پنج‌شنبه ۲ جولای|۱۸:۳۰",
		"ps": "پنجشنبه ۲ جولای ۲۰۲۶|پنجشنبه ۲ جولای|۱۸:۳۰",
	} {
		w, at := o.letters.words[locale], "2026-07-02T17:30:00Z" // summer: London is an hour ahead
		got := w.when(at, o.org.Zone, w.writeDate) + "|" + w.when(at, o.org.Zone, w.writeDay) + "|" + w.when(at, o.org.Zone, w.writeTime)
		if got != want {
			t.Errorf("%s: %q, want %q", locale, got, want)
		}
	}
}

func TestEmergencyTextIsTheOrganisationsInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	o := writer(t)
	o.org.EmergencyText = postroom.Words{"en": "Ring us on 01908 000000.", "fa": "به ما زنگ بزنید."}
	for locale, want := range map[string]string{"en": "Ring us on 01908 000000.", "fa-AF": "به ما زنگ بزنید.", "uk": o.letters.words["uk"].emergency} {
		if text := compose(t, o, sample("welcome", locale)).text; !strings.HasSuffix(strings.TrimSpace(text), want) {
			t.Errorf("%s does not end with %q:\n%s", locale, want, text)
		}
	}
}

func TestMistakesInLettersAreToldWithTheirPlace(t *testing.T) {
	t.Parallel()
	const good = "---\nclass: service\nlane: confirm\nsubject: Hello\n---\nYour place is booked.\n\nMore.\n"
	for _, c := range []struct{ name, letter, want string }{
		{"no front matter", "Hello.\n", "email/en/a.md:1:1: the letter does not begin with its class"},
		{"no class", strings.Replace(good, "class: service\n", "", 1), "email/en/a.md:2:1: the letter has no class"},
		{"unknown class", strings.Replace(good, "service", "sevice", 1), "email/en/a.md:2:8: \"sevice\" cannot be the class; write service"},
		{"unknown lane", strings.Replace(good, "confirm", "fast", 1), "email/en/a.md:3:7: \"fast\" cannot be the lane"},
		{"no subject", strings.Replace(good, "subject: Hello\n", "", 1), "email/en/a.md:2:1: the letter has no subject"},
		{"unknown key in the front matter", strings.Replace(good, "lane:", "subjct: x\nlane:", 1), "email/en/a.md:3:1"},
		{"unknown key in the subject", strings.Replace(good, "Hello", "Hello {{.nam}}", 1), "email/en/a.md:4:1: there is no key nam; write name"},
		{"unknown key", strings.Replace(good, "More.", "{{.refrence}}", 1), "email/en/a.md:8:1: there is no key refrence; write reference"},
		{"unknown function", strings.Replace(good, "More.", "{{shout .name}}", 1), `email/en/a.md:8:1: function "shout" not defined`},
		{"function that is not for letters", strings.Replace(good, "More.", "{{printf .name}}", 1), "email/en/a.md:8:1: a letter may not call printf"},
		{"link without a purpose", strings.Replace(good, "More.", "[x]({{link \"erase\"}})", 1), "email/en/a.md:8:1: link has no purpose that is known"},
		{"unclosed action", strings.Replace(good, "More.", "{{if .name}}", 1), "email/en/a.md:"},
		{"range", strings.Replace(good, "More.", "{{range .name}}{{end}}", 1), "email/en/a.md:8:1: a letter has no use for"},
		{"heading first", strings.Replace(good, "Your place", "# Your place", 1), "email/en/a.md:6:1: the first line is not a sentence"},
		{"greeting first", strings.Replace(good, "Your place is booked.", "Dear friend,", 1), "email/en/a.md:6:1: the first line is not a sentence"},
		{"HTML", strings.Replace(good, "More.", "<b>More</b>", 1), "email/en/a.md:8:1: a letter holds neither HTML"},
		{"picture", strings.Replace(good, "More.", "![x](https://x.example/y.png)", 1), "email/en/a.md:8:1: a letter holds neither HTML"},
		{"link inside a sentence", strings.Replace(good, "More.", "Press [here](https://x.example).", 1), "email/en/a.md:8:1: a letter has one link"},
		{"two links", good + "\n[a](https://x.example)\n\n[b](https://x.example)\n", "email/en/a.md:12:1: a letter has one link"},
	} {
		_, err := LoadLetters(fstest.MapFS{
			"email/letter.html":   {Data: []byte("{{.Body}}")},
			"email/en/words.yaml": {Data: englishWords(t)},
			"email/en/a.md":       {Data: []byte(c.letter)},
		})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

func TestTranslationsAreHeldToTheEnglishLetter(t *testing.T) {
	t.Parallel()
	const english = "---\nclass: service\nlane: confirm\nsubject: Hello\n---\nYour place is booked. {{.reference}}.\n\n[x]({{link \"manage\"}})\n"
	for _, c := range []struct{ name, letter, want string }{
		{"another class", strings.Replace(english, "service", "marketing", 1), "class and lane are not those"},
		{"a lost link", strings.Replace(english, `[x]({{link "manage"}})`, "x", 1), "the links are not those"},
		{"a lost fact", strings.Replace(english, " {{.reference}}.", "", 1), "what the letter tells is not"},
		{"no English letter", "", "there is no English letter of this name"},
	} {
		files := fstest.MapFS{
			"email/letter.html":   {Data: []byte("{{.Body}}")},
			"email/en/words.yaml": {Data: englishWords(t)}, "email/uk/words.yaml": {Data: englishWords(t)},
			"email/en/a.md": {Data: []byte(english)}, "email/uk/a.md": {Data: []byte(c.letter)},
		}
		if c.letter == "" {
			delete(files, "email/uk/a.md")
			files["email/uk/b.md"] = &fstest.MapFile{Data: []byte(english)}
		}
		if _, err := LoadLetters(files); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

func englishWords(t *testing.T) []byte {
	t.Helper()
	data, err := templates.FS.ReadFile("email/en/words.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestBookingIsManagedUntilAMonthAfterItAndFromTheAddressTheMailWentTo(t *testing.T) {
	t.Parallel()
	clock := &handClock{now: moment}
	o := writer(t)
	o.links, o.clock = signer(t, clock), clock
	open := func(m postroom.Message) (string, error) {
		t.Helper()
		token := regexp.MustCompile(`/manage/(\S+)`).FindStringSubmatch(compose(t, o, m).text)[1]
		return o.links.Open(token, link.Manage)
	}
	booked, asked := sample("place-booked", "en"), sample("we-have-your-message", "en")
	booked.Data["ends"] = "2027-09-01T20:00:00Z"
	delete(asked.Data, "ends")

	clock.now = time.Date(2027, time.September, 30, 0, 0, 0, 0, time.UTC)
	subject, err := open(booked)
	if err != nil {
		t.Fatal(err)
	}
	at := func(address string) error {
		id, err := o.links.Untie(subject, func(string) (string, error) { return address, nil })
		if err == nil && id != booked.About {
			t.Errorf("the link is about %q", id)
		}
		return err
	}
	if at(booked.To) != nil || postroom.KindOf(at("other@example.org")) != postroom.Gone {
		t.Error("the link is not tied to the address the mail went to")
	}
	if _, err := open(asked); err != nil {
		t.Errorf("an enquiry cannot be looked at within a year: %v", err)
	}
	clock.now = time.Date(2027, time.December, 1, 0, 0, 0, 0, time.UTC)
	for _, m := range []postroom.Message{booked, asked} {
		if _, err := open(m); postroom.KindOf(err) != postroom.Gone {
			t.Errorf("the link in %s never ends: %v", m.Template, err)
		}
	}
}

func TestCoordinatorsAreToldHowToAnswerWhereThereIsAMailbox(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for _, locale := range []string{"en", "uk", "fa", "fa-AF", "ps"} {
		for _, name := range []string{"notice", "chase", "wrote-again"} {
			m := sample(name, locale)
			with := compose(t, o, m).text
			delete(m.Data, "mailbox")
			without := compose(t, o, m).text
			if !strings.Contains(with, "events@example.org") || strings.Contains(without, "events@") || len(without) >= len(with) || !strings.Contains(without, m.Data["reference"]) {
				t.Errorf("%s in %s:\n%s\nand without a mailbox:\n%s", name, locale, with, without)
			}
		}
	}
}

// A letter in the organisation's colour can be read on white and on dark paper, and
// says what it said.
func TestLettersWearTheOrganisationsColour(t *testing.T) {
	t.Parallel()
	plain, o := writer(t), writer(t)
	o.letters = o.letters.Copy()
	o.letters.Wear("#7a0000")
	before, worn := compose(t, plain, sample("place-booked", "en")), compose(t, o, sample("place-booked", "en"))
	for _, want := range []string{"background:#7a0000;color:#ffffff", "border-block-start:6px solid #7a0000", "h1, h2, h3 { color: #7a0000; }", "prefers-color-scheme: dark"} {
		if !strings.Contains(worn.html, want) {
			t.Errorf("the letter lacks %s:\n%s", want, worn.html)
		}
	}
	if strings.Contains(worn.html, "#1a4480") || strings.Contains(before.html, "#7a0000") || strings.Contains(worn.html, "<img") {
		t.Errorf("the letter is\n%s", worn.html)
	}
	if worn.text != before.text {
		t.Errorf("the text part is now\n%s", worn.text)
	}
	for _, day := range []config.Colour{"#0d5c63", "#000000", "#7a0000", "#00008b", "#5b2a86"} {
		if !night(day).ReadableOn("#000000", "#1e1e1e", "#333333") {
			t.Errorf("%s becomes %s by night, which cannot be read", day, night(day))
		}
	}
}
