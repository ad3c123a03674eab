package outbound

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"

	"postroom/internal/postroom"
	"postroom/internal/proof"
)

// What people may change of a letter is what it says. Its class, its lane and the
// rest between the lines of three dashes stay as they came: whether a mail is
// marketing is a matter of law, and whether it lets a hold pass one of safety. So
// a changed letter is always put together anew from what came with the program and
// from three texts.

// LetterText is what may be changed of a letter, with its gaps as {{.name}}.
type LetterText struct {
	Subject  string
	Discreet string // the subject of a discreet message; "" where the letter has none of its own
	Body     string // Markdown
}

// MaxLetter is how long a changed letter may be, in bytes.
const MaxLetter = 64 << 10

// Letter is a letter in one language, as it stands.
type Letter struct {
	Name, Locale   string
	Class          postroom.Class
	ToCoordinators bool
	Holding        bool // its words were approved for people who may be in danger
	OwnDiscreet    bool // it has a subject of its own for a discreet message
	Given          bool // a room of ours writes the most of it
	Text           LetterText
}

// Letter returns a letter in one language, and only in that.
func (l *Letters) Letter(name, locale string) (Letter, bool) {
	r := l.library()[locale][name]
	if r == nil {
		return Letter{}, false
	}
	text, _ := ReadLetterText(r.text) // it was read before
	return Letter{
		Name: name, Locale: locale, Class: r.class, ToCoordinators: r.coordinators, Holding: r.holding,
		OwnDiscreet: r.discreet != nil, Given: r.says.given, Text: text,
	}, true
}

// ReadLetterText reads the three texts out of a letter's file.
func ReadLetterText(file string) (LetterText, error) {
	front, body, found := split("letter", strings.ReplaceAll(file, "\r\n", "\n"))
	if len(found) > 0 {
		return LetterText{}, found
	}
	m := proof.Open("letter", []byte(front)).Root()
	return LetterText{Subject: m.Text("subject"), Discreet: m.Text("discreet_subject"), Body: strings.TrimSpace(body)}, nil
}

// Reword returns the file of a letter with other texts in it. l must be the
// letters that came with the program. It returns NotFound where there is no such
// letter in that language, and else does not judge the texts: CheckText does.
func (l *Letters) Reword(name, locale string, t LetterText) (string, error) {
	r := l.library()[locale][name]
	if r == nil {
		return "", &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found"), Cause: fmt.Errorf("reword letter %s in %s: there is none", name, locale)}
	}
	return r.reword(t), nil
}

func (r *letter) reword(t LetterText) string {
	front, _, _ := strings.Cut(strings.ReplaceAll(r.text, "\r\n", "\n"), "\n---\n")
	lines := strings.Split(front, "\n")
	for i, line := range lines {
		switch key, _, _ := strings.Cut(line, ":"); key {
		case "subject":
			lines[i] = "subject: " + strconv.Quote(oneLine(t.Subject))
		case "discreet_subject":
			lines[i] = "discreet_subject: " + strconv.Quote(oneLine(t.Discreet))
		}
	}
	return strings.Join(lines, "\n") + "\n---\n" + strings.TrimSpace(strings.ReplaceAll(t.Body, "\r\n", "\n")) + "\n"
}

// oneLine is a text on one line, with whatever else is wrong with it still in it.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// CheckText says what keeps texts from being used for a letter, as
// proof.Mistakes whose File is "subject", "discreet_subject" or "body" and whose
// Line is the line of that text. l must be the letters that came with the program.
func (l *Letters) CheckText(name, locale string, t LetterText) error {
	_, err := l.reworded(name, locale, t)
	return err
}

func (l *Letters) reworded(name, locale string, t LetterText) (*letter, error) {
	file, err := l.Reword(name, locale, t)
	if err != nil {
		return nil, err
	}
	if found := t.unreadable(); len(found) > 0 {
		return nil, found
	}
	came := l.library()[locale][name]
	read, found := readLetter(came.file, file)
	read.name, read.locale = name, locale
	if len(found) == 0 {
		found = read.keepsPromises(came)
	}
	if len(found) == 0 {
		found = append(l.rehearseBoth(read, l.words[locale]), l.shape(read, l.words[locale])...)
	}
	return read, placed(file, found).AsError()
}

// unreadable notes what must not reach the parsers: too much, and signs that
// nobody can see or that turn the direction of the text around.
func (t LetterText) unreadable() (found proof.Mistakes) {
	for _, part := range []struct{ name, text string }{{"subject", t.Subject}, {"discreet_subject", t.Discreet}, {"body", t.Body}} {
		wrong := func(at int, say, instead string) {
			line := 1 + strings.Count(part.text[:at], "\n")
			found = append(found, proof.Mistake{File: part.name, Line: line, Column: 1, Say: say, Instead: instead})
		}
		if !utf8.ValidString(part.text) {
			wrong(0, "the text is not UTF-8", "it again")
			continue
		}
		if len(part.text) > MaxLetter {
			wrong(0, fmt.Sprintf("the text is longer than %d bytes", MaxLetter), "less")
			continue
		}
		if part.name != "body" && utf8.RuneCountInString(part.text) > 2*maxSubject {
			wrong(0, "the subject is so long that nobody would see its end", "less")
		}
		if at := Unseen(part.text); at >= 0 {
			wrong(at, "there is a sign that nobody can see", "the text without it")
		}
		if at := nested(part.text); at >= 0 {
			wrong(at, "lists and quotations stand in each other too deep", "fewer levels")
		}
	}
	return found
}

// Unseen returns where in a text the first sign stands that its reader cannot see
// and that could mislead them, or -1.
func Unseen(text string) int { return strings.IndexFunc(text, hidden) }

// hidden knows control characters, what turns the direction of writing around, and
// signs for private use. The joiners and marks that right-to-left spelling needs
// are no such.
func hidden(r rune) bool {
	switch {
	case r == '\n' || r == '\t' || r == '\r':
		return false
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff, r == unicode.ReplacementChar:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Co)
}

// nested finds a line that begins with more signs of lists and quotations than
// stand in each other in any letter, or -1.
func nested(text string) int {
	at := 0
	for line := range strings.Lines(text) {
		marks := 0
		for _, r := range line {
			if strings.ContainsRune(">-*+", r) {
				marks++
			} else if !unicode.IsSpace(r) {
				break
			}
		}
		if begin := strings.TrimLeft(line, "> \t-*+"); marks > maxNesting && strings.TrimSpace(begin) != "" {
			return at
		}
		at += len(line)
	}
	return -1
}

// keepsPromises notes what a changed letter has lost that the one that came had to
// have: a link that the law or the reader needs, and the text from elsewhere.
func (r *letter) keepsPromises(came *letter) proof.Mistakes {
	wrong := func(file, say, instead string) proof.Mistakes {
		return proof.Mistakes{{File: file, Line: 1, Column: 1, Say: say, Instead: instead}}
	}
	var links []string
	for _, purpose := range slices.Sorted(maps.Keys(came.says.links)) {
		links = append(links, `[words]({{link "`+purpose+`"}})`)
	}
	switch {
	case r.discreet == nil && came.discreet != nil:
		return wrong("discreet_subject", "the subject for discreet messages is missing", "one that says nothing of what it is about")
	case !maps.Equal(r.says.links, came.says.links) && len(links) == 0:
		return wrong("body", "this letter cannot have such a link", "the text without the link")
	case !maps.Equal(r.says.links, came.says.links):
		return wrong("body", "the link that this letter is for is missing, or another was added", strings.Join(links, " and "))
	case r.says.given != came.says.given:
		return wrong("body", "the line {{markdown}} is missing, or was added", "{{markdown}} once where it was, on a line of its own")
	case r.says.calls["desk_url"] && !r.coordinators:
		return wrong("body", "a letter to somebody outside leads to our own pages", "the text without {{desk_url}}")
	}
	return nil
}

// shape notes what a letter as it is written out would hold that no mail may: a
// link that leads nowhere, or text that is nested too deep.
func (l *Letters) shape(r *letter, w *words) proof.Mistakes {
	write := writing{functions: rehearsal(w, "https://example.org/desk"), say: func(s string) any { return marked(s) }, data: everythingKnown()}
	body, err := write.run(r.body)
	if err != nil {
		return proof.Mistakes{templateMistake(r.file, err)}
	}
	c := checking{file: r.file, text: body}
	_ = ast.Walk(l.markdown([]byte(body)), c.node)
	return c.found
}

// placed names the text in which each mistake is, and its line there.
func placed(file string, found proof.Mistakes) proof.Mistakes {
	front, _, _ := strings.Cut(file, "\n---\n")
	head := strings.Count(front, "\n") + 2
	discreet := 0
	for i, line := range strings.Split(front, "\n") {
		if strings.HasPrefix(line, "discreet_subject:") {
			discreet = i + 1
		}
	}
	for i := range found {
		m := &found[i]
		switch {
		case !strings.HasPrefix(m.File, "email/"): // it says where it is already
		case m.Line > head:
			m.File, m.Line = "body", m.Line-head
		case m.Line == discreet:
			m.File, m.Line = "discreet_subject", 1
		default:
			m.File, m.Line = "subject", 1
		}
	}
	return found
}

// Rewording is one letter in other words.
type Rewording struct {
	Name, Locale string
	Text         LetterText
}

// With returns letters in other words, and what was wrong with those that cannot
// be used: they stay as they came. l must be the letters that came with the program.
func (l *Letters) With(changes []Rewording) (*Letters, []error) {
	all := maps.Clone(l.library())
	for locale, letters := range all {
		all[locale] = maps.Clone(letters)
	}
	problems := make([]error, len(changes))
	for i, c := range changes {
		read, err := l.reworded(c.Name, c.Locale, c.Text)
		if problems[i] = err; err == nil {
			all[c.Locale][c.Name] = read
		}
	}
	with := &Letters{words: l.words, shell: l.shell}
	with.held.Store(&all)
	return with, problems
}

// Look is a letter as somebody would get it.
type Look struct{ Subject, Discreet, Text, HTML string }

// Look writes a letter with sample data and the end that every letter has. The
// texts must have passed CheckText, or the error is what it says.
func (l *Letters) Look(name, locale string, t LetterText, organisation string) (Look, error) {
	r, err := l.reworded(name, locale, t)
	if err != nil {
		return Look{}, err
	}
	w := l.words[locale]
	functions := rehearsal(w, "https://example.org/desk")
	functions["org"] = func() any { return marked(tidy(organisation)) }
	write := writing{functions: functions, say: func(s string) any { return marked(s) }, data: everythingKnown()}
	body, err := write.run(r.body)
	if err != nil {
		return Look{}, err
	}
	look := Look{Discreet: w.discreet}
	write.say, functions["org"] = func(s string) any { return plain(s) }, func() any { return plain(tidy(organisation)) }
	if look.Subject, err = write.run(r.subject); err == nil && r.discreet != nil {
		look.Discreet, err = write.run(r.discreet)
	}
	if err != nil {
		return Look{}, err
	}
	look.Subject, look.Discreet = tidy(look.Subject), tidy(look.Discreet)
	whole, err := l.prose(body+r.sampleEnd(w, organisation), false)
	if err != nil {
		return Look{}, err
	}
	look.Text = whole.text
	look.HTML, err = l.page(locale, look.Subject, whole.html, postroom.UsualLook)
	return look, err
}

// sampleEnd is the end that every letter has, for nobody in particular.
func (r *letter) sampleEnd(w *words, organisation string) string {
	reply := w.reply
	if r.coordinators {
		reply = w.noReply
	}
	end := "\n\n---\n\n" + escape(w.machine) + " " + escape(reply) + "\n"
	if r.class == postroom.Marketing {
		end += "\n[" + escape(w.unsubscribe) + "](<https://example.org/x>)\n"
	}
	return end + "\n" + escape(tidy(organisation)) + "\n\n**" + escape(w.emergency) + "**\n"
}

// Gap is something that a letter can say of whoever it is for.
type Gap struct {
	Write string // "{{.name}}", as it is written into the text
	Key   string // "gap.name": the locale key of what it stands for
	Must  bool   // the letter cannot do without it
}

// Gaps lists what a letter can say: what it said when it came, in the order of
// names. Everything else it would not know.
func (l *Letters) Gaps(name string) (list []Gap) {
	came := l.library()["en"][name]
	if came == nil {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(came.says.keys)) {
		for _, how := range ways(key) {
			list = append(list, Gap{Write: "{{" + strings.TrimSpace(how+" ."+key) + "}}", Key: "gap." + strings.TrimPrefix(how+"_"+key, "_")})
		}
	}
	for _, purpose := range slices.Sorted(maps.Keys(came.says.links)) {
		list = append(list, Gap{Write: `{{link "` + purpose + `"}}`, Key: "gap.link_" + purpose, Must: true})
	}
	for _, call := range []string{"desk_url", "questions"} {
		if came.says.calls[call] {
			list = append(list, Gap{Write: "{{" + call + "}}", Key: "gap." + call})
		}
	}
	if came.says.given {
		list = append(list, Gap{Write: "{{markdown}}", Key: "gap.markdown", Must: true})
	}
	return append(list, Gap{Write: "{{org}}", Key: "gap.org"})
}

// ways lists the functions by which a value is written; "" is as it is.
func ways(key string) []string {
	switch key {
	case "starts", "was_starts", "reply_by", "since":
		return []string{"date", "day", "time"}
	case "ends":
		return []string{"time"}
	case "party", "waiting":
		return []string{"number"}
	case "again", "owed":
		return nil // only asked about, {{if .again}}
	case "reason":
		return []string{"because"}
	}
	return []string{""}
}
