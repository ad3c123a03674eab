package outbound

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/proof"
)

// Edition is one newsletter as somebody wrote it.
type Edition struct {
	Subject  string
	Locale   string // of the text
	Markdown string
	Others   []postroom.EditionText // the same in other languages
	Audience postroom.Audience
	Pictures []postroom.Picture // in all its languages
}

// Material is what an edition may take from elsewhere. The zero value has
// nothing.
type Material struct {
	Events []EventCard // in the order of their dates, the first first
	Fields []string    // answers that a copy may repeat to whoever gave them, besides their name
	Topics []string    // what an edition may be about: the readers of the list choose from them
	// Picture returns a picture that is on file already, or what is in a file beside
	// the edition. nil has none.
	Picture func(file string) (postroom.Picture, []byte, error)
	// Condition reads a line of to: or except:, a segment's name or a
	// condition, and returns the condition. nil takes none.
	Condition func(text string) (string, error)
	Zone      *time.Location // in which dates are written; nil is UTC
	Now       time.Time      // what is over is not announced
	Name      string         // of the organisation
}

// ConditionError is a condition that cannot be read. Line and Column count from
// 1, within the condition.
type ConditionError struct {
	Line, Column int
	Say, Instead string
}

// Error says what is wrong.
func (e *ConditionError) Error() string { return e.Say }

// EventCard is one date that an edition may announce.
type EventCard struct {
	Event        string // its name, as in the programme file
	Title        postroom.Words
	Session      postroom.Words // what this date of it is called
	Starts, Ends time.Time
	Venue        string
	Book         func(locale string) string // the page where somebody books it, or ""
}

// maxSubject is how many signs a subject may have: phones show fewer than half
// of them.
const maxSubject = 150

// maxPage is how large the HTML part may be. Some mail programs cut what is
// longer, and with it the link that stops the newsletter.
const maxPage = 100_000

// ReadEdition is ReadEditionWith for an edition that takes nothing from
// elsewhere.
func (l *Letters) ReadEdition(file string, data []byte) (Edition, proof.Mistakes) {
	return l.ReadEditionWith(file, data, Material{})
}

// ReadEditionWith reads a newsletter's file: between two lines of three dashes
// subject: and, where the text is not English, locale:, and then Markdown. The
// same again with another locale: is the text for readers of that language. The
// first part may say to:, except: and topic: whom it is for.
func (l *Letters) ReadEditionWith(file string, data []byte, with Material) (Edition, proof.Mistakes) {
	text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
	if !utf8.ValidString(text) || len(text) > 2*MaxMarkdown*max(1, len(l.words)) {
		return Edition{}, CheckMarkdown(file, text)
	}
	var e Edition
	var found proof.Mistakes
	var taken album
	for i, part := range partsOf(text) {
		r := &editionReader{letters: l, file: file, with: with, first: i == 0, taken: &taken}
		read := r.part(part)
		found = append(found, r.found...)
		if i == 0 {
			e.Subject, e.Locale, e.Markdown, e.Audience = read.Subject, read.Locale, read.Markdown, r.audience
			continue
		}
		twice := read.Locale == e.Locale || slices.ContainsFunc(e.Others, func(o postroom.EditionText) bool { return o.Locale == read.Locale })
		if twice && len(r.found) == 0 {
			found = append(found, proof.Mistake{File: file, Line: part.line + 1, Column: 1, Say: "there are two texts in " + read.Locale, Instead: "another locale:, or one text"})
		}
		e.Others = append(e.Others, read)
	}
	slices.SortFunc(e.Others, func(a, b postroom.EditionText) int { return strings.Compare(a.Locale, b.Locale) })
	e.Pictures = taken
	return e, found.Sorted()
}

// CheckFiled says what keeps an edition from being sent that was read before: the
// colours may have been changed since, or what a mail may hold. Places are in the text
// of the language that is named.
func (l *Letters) CheckFiled(c postroom.Campaign, fields []string) (found proof.Mistakes) {
	for _, text := range c.Texts() {
		r := &editionReader{letters: l, file: text.Locale, with: Material{Fields: fields}, taken: new(album)}
		if strings.TrimSpace(text.Subject) == "" {
			r.wrong(1, 1, "the edition has no subject", "What is on in May")
		}
		r.found = append(r.found, CheckMarkdown(r.file, text.Markdown)...)
		r.gaps(text.Markdown, text.Locale)
		r.links(text.Markdown)
		r.contrast()
		r.size(text)
		found = append(found, r.found...)
	}
	return found.Sorted()
}

// editionPart is the text in one language, with its front matter, and how many
// lines stand before it.
type editionPart struct {
	text string
	line int
}

// beginsPart is where the text in the next language begins. In a text a line of
// dashes is followed by something else.
var beginsPart = regexp.MustCompile(`(?m)^---\n(?:[a-z_]+:.*\n)*?locale:`)

// partsOf cuts a file into its languages.
func partsOf(text string) []editionPart {
	_, body, found := strings.Cut(strings.TrimPrefix(text, "---\n"), "\n---\n")
	if !found {
		return []editionPart{{text: text}}
	}
	begin := len(text) - len(body)
	var parts []editionPart
	from := 0
	for _, at := range beginsPart.FindAllStringIndex(body, -1) {
		to := begin + at[0]
		parts = append(parts, editionPart{text[from:to], strings.Count(text[:from], "\n")})
		from = to
	}
	return append(parts, editionPart{text[from:], strings.Count(text[:from], "\n")})
}

// editionReader reads the text in one language.
type editionReader struct {
	letters  *Letters
	file     string
	with     Material
	first    bool
	audience postroom.Audience
	taken    *album // pictures of all languages so far
	found    proof.Mistakes
}

func (r *editionReader) part(p editionPart) postroom.EditionText {
	front, body, found := split(r.file, p.text)
	if len(found) > 0 {
		found[0].Line = 1 + p.line
		found[0].Say, found[0].Instead = "the newsletter does not begin with its subject between two lines of ---", "---, subject: What is on in May, and --- again"
		r.found = found
		return postroom.EditionText{}
	}
	above := strings.Repeat("\n", p.line)
	text := r.front(strings.Repeat("#\n", p.line) + front)
	body = above + body
	r.found = append(r.found, checkMarkdown(r.file, body, true)...)
	if strings.TrimSpace(body) == "" {
		r.wrong(1+strings.Count(body, "\n"), 1, "the newsletter says nothing", "the news")
		return text
	}
	r.pictures(body)
	body = r.placed(r.gaps(body, text.Locale))
	text.Markdown = strings.Trim(body, "\n") + "\n"
	r.links(body)
	if len(r.found) == 0 { // a picture that is written in another way was not taken in
		r.found = append(r.found, CheckMarkdown(r.file, body)...)
	}
	r.contrast()
	r.size(text)
	return text
}

// paperByNight is the lightest of the dark papers that mail programs show a text on.
const paperByNight config.Colour = "#333333"

// contrast notes colours that people with weak sight could not read (WCAG 2.2, 1.4.3).
// They are the organisation's, and the same in each of its letters.
func (r *editionReader) contrast() {
	worn := r.letters.colour
	on := cmp.Or(worn, pressOn)
	pairs := [][2]config.Colour{{config.White, on}}
	if worn != "" {
		pairs = append(pairs, [2]config.Colour{worn, config.White}, [2]config.Colour{night(worn), paperByNight})
	}
	for _, p := range pairs {
		if !p[0].ReadableOn(p[1]) {
			r.wrong(1, 1, fmt.Sprintf("%s on %s has a contrast of %.1f to 1, and %.1f is needed to read it", p[0], p[1], p[0].Contrast(p[1]), config.Readable),
				"another colour: under organisation: in the settings")
			return
		}
	}
}

func (r *editionReader) wrong(line, column int, say, instead string) {
	r.found = append(r.found, proof.Mistake{File: r.file, Line: line, Column: column, Say: say, Instead: instead})
}

func (r *editionReader) front(front string) postroom.EditionText {
	sheet := proof.Open(r.file, []byte(front))
	m := sheet.Root().As("the newsletter")
	text := postroom.EditionText{Subject: tidy(m.Need("subject", "What is on in May"))}
	text.Locale = m.Choice("locale", "en", r.letters.Locales()...)
	if n := utf8.RuneCountInString(text.Subject); n > maxSubject {
		m.Wrong("subject", fmt.Sprintf("the subject has %d signs, and nobody would see its end", n), fmt.Sprintf("at most %d", maxSubject))
	}
	if strings.Contains(text.Subject, "{{") {
		m.Wrong("subject", "a subject knows no gaps: it is shown where others see it", "words that are right for everybody")
	}
	if m.Has("subject") && text.Subject == "" {
		m.Wrong("subject", "the subject has no sign that anybody could see", "What is on in May")
	}
	if r.first {
		r.audience = postroom.Audience{To: r.conditions(m, "to"), Except: r.conditions(m, "except"), Topics: r.topics(m)}
	}
	r.found = append(r.found, sheet.Mistakes()...)
	return text
}

// topics reads what an edition is about.
func (r *editionReader) topics(m proof.Map) (read []string) {
	for i, topic := range m.Texts("topic") {
		switch {
		case len(r.with.Topics) == 0:
			m.WrongIn("topic", i, 1, 1, "the readers of this list do not choose topics", "the newsletter without it")
		case !slices.Contains(r.with.Topics, topic):
			m.WrongIn("topic", i, 1, 1, "the list offers no topic "+topic, proof.OneOf(topic, r.with.Topics))
		case !slices.Contains(read, topic):
			read = append(read, topic)
		}
	}
	return read
}

// conditions reads whom an edition is for.
func (r *editionReader) conditions(m proof.Map, key string) (read []string) {
	for i, text := range m.Texts(key) {
		if r.with.Condition == nil {
			m.WrongIn(key, i, 1, 1, "nothing is known here of who is on the list", "the newsletter without it")
			continue
		}
		condition, err := r.with.Condition(text)
		switch wrong, ok := errors.AsType[*ConditionError](err); {
		case ok:
			m.WrongIn(key, i, wrong.Line, wrong.Column, wrong.Say, wrong.Instead)
		case err != nil:
			m.WrongIn(key, i, 1, 1, err.Error(), "")
		default:
			read = append(read, condition)
		}
	}
	return read
}

// gaps checks what stands between braces, and puts in the dates of events.
// Everybody would read braces that nothing fills.
func (r *editionReader) gaps(body, locale string) string {
	known := make(map[gapTold]bool)
	var b strings.Builder
	from := 0
	for {
		at := strings.Index(body[from:], "{{")
		if at < 0 {
			return b.String() + body[from:]
		}
		at += from
		b.WriteString(body[from:at])
		place := gapShape.FindStringIndex(body[at:])
		line, column := placeOf(body, at)
		if place == nil || place[0] != 0 {
			r.wrong(line, column, "this gap does not end", "{{name | neighbour}}, on one line")
			return b.String() + body[at:]
		}
		written := body[at : at+place[1]]
		from = at + place[1]
		b.WriteString(r.gap(strings.TrimSpace(written[2:len(written)-2]), written, locale, gapPlace{body, at, line, column}, known))
	}
}

// gapPlace is where a gap stands.
type gapPlace struct {
	body             string
	at, line, column int
}

// inLink says whether the gap stands in the address of a link.
func (p gapPlace) inLink() bool {
	line := p.body[strings.LastIndexByte(p.body[:p.at], '\n')+1 : p.at]
	open := max(strings.LastIndex(line, "]("), strings.LastIndexByte(line, '<'))
	return open >= 0 && !strings.ContainsAny(line[open+1:], ")>")
}

// alone says whether the gap is all there is in its line.
func (p gapPlace) alone(written string) bool {
	begin := strings.LastIndexByte(p.body[:p.at], '\n') + 1
	line, _, _ := strings.Cut(p.body[begin:], "\n")
	return strings.TrimSpace(line) == written
}

// gap is what one gap stands for in the Markdown that is kept.
func (r *editionReader) gap(inside, written, locale string, p gapPlace, known map[gapTold]bool) string {
	word, rest, _ := strings.Cut(inside, " ")
	switch word {
	case "write": // a template of ours says what belongs there
		r.wrong(p.line, p.column, "this is still to be written: "+strings.TrimSpace(rest), "your own words")
		return ""
	case "org":
		return escape(tidy(r.with.Name))
	case "event", "events":
		if !p.alone(written) {
			r.wrong(p.line, p.column, "dates of events do not stand in a sentence", written+" in a line of its own")
			return ""
		}
		return r.cards(word, strings.TrimSpace(rest), locale, p)
	}
	fields := append([]string{"name"}, r.with.Fields...)
	parts := toldShape.FindStringSubmatch(inside)
	switch {
	case parts == nil && slices.Contains(fields, word):
		r.wrong(p.line, p.column, "nothing is there for those of whom we do not know "+word, "{{"+word+" | "+instead(word)+"}}")
	case parts == nil:
		r.wrong(p.line, p.column, "this gap is not known", "{{name | neighbour}}, {{event NAME}}, {{events}} or {{org}}")
	case !slices.Contains(fields, parts[1]):
		r.wrong(p.line, p.column, "there is no field "+parts[1]+" to fill this gap", proof.OneOf(parts[1], fields))
	case p.inLink():
		r.wrong(p.line, p.column, "an address cannot differ between readers", "the same link for everybody")
	default:
		if known[gapTold{parts[1], parts[2]}] = true; len(known) > mostTold {
			r.wrong(p.line, p.column, fmt.Sprintf("there are more than %d different gaps", mostTold), "fewer")
		}
	}
	return written
}

func instead(field string) string {
	if field == "name" {
		return "neighbour"
	}
	return "…"
}

// placeOf is the line and the column of a place in a text, from 1.
func placeOf(text string, at int) (line, column int) {
	before := text[:at]
	return 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}

var daysAhead = regexp.MustCompile(`^(?:([1-9][0-9]{0,2}) days)?$`)

// cards writes the dates of one event, or of all that are near, as Markdown.
func (r *editionReader) cards(word, rest, locale string, p gapPlace) string {
	of := func(EventCard) bool { return true }
	if word == "event" {
		names := r.events()
		if !slices.Contains(names, rest) {
			r.wrong(p.line, p.column, fmt.Sprintf("there is no event called %q", rest), proof.OneOf(rest, names))
			return ""
		}
		of = func(c EventCard) bool { return c.Event == rest }
	} else {
		days := daysAhead.FindStringSubmatch(rest)
		if days == nil {
			r.wrong(p.line, p.column, "how far ahead is not a number of days", "{{events 30 days}}")
			return ""
		}
		if n := number(days[1]); n > 0 {
			until := r.with.Now.AddDate(0, 0, n)
			of = func(c EventCard) bool { return c.Starts.Before(until) }
		}
	}
	var cards []string
	for _, c := range r.with.Events {
		if of(c) && c.Starts.After(r.with.Now) {
			cards = append(cards, r.letters.card(c, locale, r.with.Zone))
		}
	}
	switch {
	case len(cards) > 0:
		return strings.Join(cards, "\n\n")
	case word == "event":
		r.wrong(p.line, p.column, fmt.Sprintf("event %q is over", rest), "the newsletter without it")
	}
	if w := r.letters.words[locale]; w != nil {
		return escape(w.noEvents)
	}
	return ""
}

func number(digits string) (n int) {
	for _, d := range digits {
		n = 10*n + int(d-'0')
	}
	return n
}

func (r *editionReader) events() (names []string) {
	for _, c := range r.with.Events {
		if !slices.Contains(names, c.Event) {
			names = append(names, c.Event)
		}
	}
	return names
}

// card writes one date as Markdown: what, when, where, and the link to book it,
// which is shown as a button. It has no line that begins another kind of block.
func (l *Letters) card(c EventCard, locale string, zone *time.Location) string {
	w := l.words[locale]
	if w == nil {
		w = l.words["en"]
	}
	if zone == nil {
		zone = time.UTC
	}
	say := func(s string) string {
		if postroom.RightToLeft(locale) {
			return isolated(tidy(s)).String() // as a whole, so that its parts keep their order
		}
		return escape(tidy(s))
	}
	title, session := once(c.Title.In(locale), c.Session.In(locale))
	if title != "" && session != "" {
		title += ": " + session
	} else {
		title += session
	}
	starts, ends := c.Starts.In(zone), c.Ends.In(zone)
	when := strings.NewReplacer("{date}", w.writeDay(starts), "{starts}", w.writeTime(starts), "{ends}", w.writeTime(ends)).Replace(w.cardWhen)
	lines := []string{"### " + say(title), "", escape(w.numerals(when))}
	if c.Venue != "" {
		lines[2] += "\\"
		before, after, _ := strings.Cut(w.cardWhere, "{venue}")
		lines = append(lines, escape(before)+say(c.Venue)+escape(after))
	}
	if c.Book != nil && page(c.Book(locale)) != "" {
		lines = append(lines, "", "["+escape(w.cardBook)+"](<"+page(c.Book(locale))+">)")
	}
	return strings.Join(lines, "\n")
}

// links notes what nobody could press because it says nothing.
func (r *editionReader) links(body string) {
	_ = ast.Walk(parser().Parse(reader(body)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if l, ok := n.(*ast.Link); ok && entering && strings.TrimSpace(plainText(l, []byte(body))) == "" {
			line, column := placeOf(body, max(0, min(l.Pos(), len(body))))
			r.wrong(line, column, "a link has no words", "[what is there](https://…)")
		}
		return ast.WalkContinue, nil
	})
}

// size notes a text that mail programs would cut.
func (r *editionReader) size(text postroom.EditionText) {
	if len(r.found) > 0 {
		return
	}
	p, err := r.letters.prose(text.Markdown, true)
	if err != nil {
		return
	}
	whole, err := r.letters.page(text.Locale, text.Subject, p.html, postroom.LargeText)
	if n := len(whole); err == nil && n > maxPage {
		r.wrong(1, 1, fmt.Sprintf("the text in %s is %d kB large as a page, and mail programs would cut its end", text.Locale, n/1000), "less, and a link to the rest")
	}
}
