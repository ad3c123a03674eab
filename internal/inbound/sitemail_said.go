package inbound

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"postroom/internal/letter"
	"postroom/internal/programme"
)

// role is what a question of a website's form asks for.
type role int

const (
	asksOther role = iota
	asksName
	asksFirstName
	asksLastName
	asksEmail
	asksFrom // name and address in one
	asksPhone
	asksSubject
	asksMessage
	asksMachine // what the website adds: the visitor's network address, program and account
)

// roleWords are the labels by which forms ask, as people write them.
var roleWords = map[role][]string{
	asksName: {"name", "your name", "full name", "your full name", "contact name", "name of contact", "first and last name", "sender", "nom", "nom complet", "votre nom", "nombre", "nome", "naam", "ihr name",
		"ім'я", "ваше ім'я", "імʼя та прізвище", "ім'я та прізвище", "имя", "ваше имя", "نام", "نام شما", "اسم", "نام و نام خانوادگی", "نوم", "ستاسو نوم", "نام کامل"},
	asksFirstName: {"first name", "first", "given name", "forename", "prénom", "vorname", "نام کوچک"},
	asksLastName:  {"last name", "last", "surname", "family name", "nom de famille", "nachname", "прізвище", "фамилия", "نام خانوادگی", "تخلص"},
	asksEmail: {"email", "e-mail", "your email", "your e-mail", "email address", "e-mail address", "your email address", "contact email", "mail", "courriel", "adresse e-mail", "correo electrónico", "ihre e-mail",
		"електронна пошта", "ел. пошта", "ваша електронна пошта", "пошта", "имейл", "электронная почта", "ایمیل", "ایمیل شما", "آدرس ایمیل", "برېښنالیک", "بریښنالیک", "ایمیل آدرس"},
	asksFrom: {"from", "de", "von", "від", "от", "از"},
	asksPhone: {"phone", "your phone", "phone number", "your phone number", "telephone", "telephone number", "tel", "mobile", "mobile number", "mobile phone", "contact number", "cell", "téléphone", "telefon", "teléfono",
		"телефон", "ваш телефон", "номер телефону", "номер телефона", "تلفن", "شماره تلفن", "تلفون", "شماره تلفون", "موبایل", "ټیلیفون", "تلیفون", "د تلیفون شمېره"},
	asksSubject: {"subject", "your subject", "topic of your message", "objet", "sujet", "betreff", "asunto", "тема", "موضوع"},
	asksMessage: {"message", "your message", "message body", "comment", "comments", "comment or message", "your comment", "your comments", "question", "your question", "enquiry", "your enquiry", "inquiry", "your inquiry",
		"how can we help", "how can we help you", "details", "notes", "nachricht", "ihre nachricht", "mensaje", "messaggio", "bericht", "повідомлення", "ваше повідомлення", "запитання", "ваше запитання", "сообщение", "ваше сообщение",
		"پیام", "پیام شما", "پرسش شما", "سوال شما", "پیغام", "ستاسو پیغام", "ستاسو پوښتنه", "پوښتنه"},
	asksMachine: {"ip", "ip address", "remote ip", "visitor ip", "sender ip", "user agent", "browser", "referrer", "referer", "entry id", "submission id", "form id", "username", "user name", "login"},
}

// siteRoles is roleWords the other way round.
var siteRoles = func() map[programme.Folded]role {
	byLabel := map[programme.Folded]role{}
	for is, labels := range roleWords {
		for _, label := range labels {
			byLabel[programme.Fold(label)] = is
		}
	}
	return byLabel
}()

func roleOf(label string) role { return siteRoles[programme.Fold(plainLabel(label))] }

var marksOfLabel = regexp.MustCompile(`(?i)\((required|optional|обов'язково|необов'язково|اختیاری|الزامی)\)|[*:：]+\s*$|^\s*[-–—*•]+\s*|\s*[-–—]+\s*$`)

// plainLabel is a label without what says that it must be answered.
func plainLabel(label string) string {
	return strings.TrimSpace(marksOfLabel.ReplaceAllString(marksOfLabel.ReplaceAllString(strings.TrimSpace(label), ""), ""))
}

// saidIn reads the questions and answers of a form's mail: from its lines, or
// from the table of its page, whichever says more about the person.
func saidIn(l letter.Letter) []FormAnswer {
	best := saidInLines(l.Text)
	if l.HTML == "" {
		return best
	}
	page := l.HTML[:min(len(l.HTML), maxPage)]
	best = better(best, saidInTable(page))
	if !hasPlainText(l) {
		return best // its text was made of the page
	}
	return better(best, saidInLines(letter.Plain(page, nil)))
}

// better is what says more about a person, the first if both say the same.
func better(first, second []FormAnswer) []FormAnswer {
	if worthOf(second) > worthOf(first) {
		return second
	}
	return first
}

// maxPage is how much of a page is looked through.
const maxPage = 256 << 10

// worthOf says how much of a person some answers tell.
func worthOf(said []FormAnswer) (points int) {
	seen := map[role]bool{}
	for _, s := range said {
		if s.Value == "" || seen[s.role] {
			continue
		}
		seen[s.role] = true
		switch s.role {
		case asksEmail, asksFrom:
			if strings.Contains(s.Value, "@") {
				points += 8
			}
		case asksMessage:
			points += 4
		case asksName, asksFirstName, asksPhone:
			points += 2
		case asksOther:
			points++
		}
	}
	return points
}

// saidInLines reads lines such as "Name: A Person", and labels that have the
// answer below them.
func saidInLines(text string) []FormAnswer {
	var f formLines
	for _, line := range linesOf(text) {
		f.line(strings.TrimSpace(line))
	}
	return f.all()
}

// formLines is a walk through the lines of a form's mail.
type formLines struct {
	said []FormAnswer
	open bool          // the last answer may go on
	seen map[role]bool // what has been answered
}

func (f *formLines) line(line string) {
	if siteWords(line) {
		return
	}
	if label, value, is, ok := cutLabel(line); ok && !f.within(is) {
		f.begin(label, value, is)
		return
	}
	if f.asks(line) {
		f.begin(line, "", asksOther)
		return
	}
	f.goOn(line)
}

// asks says whether a line is a question of the form's, with the answer below
// it. In a message it is the person's.
func (f *formLines) asks(line string) bool {
	n := len(f.said)
	message := n > 0 && f.open && f.said[n-1].role == asksMessage
	waits := n > 0 && f.open && f.said[n-1].Value == ""
	return n > 0 && !message && !waits && strings.HasSuffix(line, "?") && isLabel(line)
}

// within says whether a line that looks like a question belongs to what the
// person wrote: whoever writes "PS: …" has asked nothing, and no second address
// in a message is the person's.
func (f *formLines) within(is role) bool {
	n := len(f.said)
	return n > 0 && f.said[n-1].role == asksMessage && f.open && (is == asksOther || f.seen[is])
}

func (f *formLines) begin(label, value string, is role) {
	if f.seen == nil {
		f.seen = map[role]bool{}
	}
	f.seen[is], f.open = true, true
	f.said = append(f.said, FormAnswer{Label: label, Value: value, role: is})
}

// goOn adds a line to the answer above it. An answer of one line ends with it.
func (f *formLines) goOn(line string) {
	n := len(f.said)
	switch {
	case n == 0 && line == "":
	case n == 0 || !f.open:
		f.loose(line)
	case f.said[n-1].Value == "" && line == "":
	case oneLiner(f.said[n-1].role) && f.said[n-1].Value != "":
		f.open = false
		f.loose(line)
	default:
		f.said[n-1].Value = strings.TrimPrefix(f.said[n-1].Value+"\n"+line, "\n")
	}
}

// loose keeps a line that answers no question. What stands above the first of
// them is the website's.
func (f *formLines) loose(line string) {
	n := len(f.said)
	switch {
	case n == 0:
	case f.said[n-1].Label == "":
		f.said[n-1].Value += "\n" + line
	case line != "":
		f.said = append(f.said, FormAnswer{Value: line})
	}
	f.open = false
}

// all is what was said, without empty lines at the ends.
func (f *formLines) all() []FormAnswer {
	for i := range f.said {
		f.said[i].Value = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(f.said[i].Value), "\n--"))
	}
	return f.said
}

// oneLiner says whether an answer is one line.
func oneLiner(is role) bool {
	switch is {
	case asksOther, asksMessage:
		return false
	}
	return true
}

// Labels are no longer than this.
const (
	longestQuestion = 80 // characters
	mostOfLabel     = 10 // words
)

// cutLabel divides a line at the colon that ends its label. A label alone on
// its line needs none where it is one that forms use.
func cutLabel(line string) (label, value string, is role, ok bool) {
	if line == "" {
		return "", "", asksOther, false
	}
	at := strings.IndexAny(line, ":：")
	if at < 0 {
		if len(line) > longestQuestion {
			return "", "", asksOther, false
		}
		is = roleOf(line)
		return plainLabel(line), "", is, is != asksOther && is != asksFrom
	}
	label, value = line[:at], strings.TrimLeft(line[at:], ":：")
	if !isLabel(label) || strings.HasPrefix(value, "//") {
		return "", "", asksOther, false
	}
	return plainLabel(label), strings.TrimSpace(value), roleOf(label), true
}

// isLabel says whether what stands before a colon may be a question: no time
// of day, no address of a page, and not a whole sentence.
func isLabel(s string) bool {
	if len(s) > 4*longestQuestion || len([]rune(s)) > longestQuestion || len(strings.Fields(s)) > mostOfLabel {
		return false
	}
	return strings.ContainsFunc(s, unicode.IsLetter) && !strings.ContainsAny(s, "@<>")
}

// siteLines are how lines begin that the makers of forms print themselves.
var siteLines = []string{"this e-mail was sent from a contact form", "this email was sent from a contact form", "this is a notification that a contact form was submitted", "this e-mail was sent via contact form",
	"sent via form submission from", "submission summary", "manage submissions", "does this submission look like spam", "this message was sent from", "sent by an unverified visitor", "sent by a verified visitor",
	"you've got a new submission", "you have a new submission", "you just got a form submission", "you can edit this submission", "view submission", "to edit your email settings", "form submission -"}

// siteWords says whether a line is the website's and not the person's.
func siteWords(line string) bool {
	if len(line) < 12 {
		return false
	}
	said := strings.ToLower(line[:min(len(line), 60)])
	for _, begin := range siteLines {
		if strings.HasPrefix(said, begin) {
			return true
		}
	}
	return false
}

// saidInTable reads the tables of a page: rows of a label and an answer, or
// rows that are the one and the other in turn.
func saidInTable(page string) []FormAnswer {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil
	}
	var f formRows
	f.walk(doc)
	return f.said
}

// mostRows is how many rows of tables are looked at: no form asks more.
const mostRows = 400

// formRows is a walk through the tables of a page.
type formRows struct {
	said  []FormAnswer
	label string // of the row above, which had nothing else
	rows  int
}

func (f *formRows) walk(n *html.Node) {
	if n.DataAtom == atom.Tr && f.rows < mostRows && !containing(n, atom.Table) {
		f.rows++
		f.row(n)
		return
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		f.walk(child)
	}
}

func (f *formRows) row(tr *html.Node) {
	cells := formCells(tr)
	switch {
	case len(cells) == 2 && isLabel(cells[0].text) && f.label == "":
		f.add(cells[0].text, cells[1].text)
	case len(cells) == 1 && f.label != "" && !cells[0].heads:
		f.add(f.label, cells[0].text)
	case len(cells) == 1 && isLabel(cells[0].text) && cells[0].heads:
		f.label = cells[0].text
		return
	}
	f.label = ""
}

func (f *formRows) add(label, value string) {
	f.said = append(f.said, FormAnswer{Label: plainLabel(label), Value: value, role: roleOf(label)})
}

// formCell is one cell of a row that says something. heads is one that is printed
// as a heading, or has the words of a label.
type formCell struct {
	text  string
	heads bool
}

func formCells(tr *html.Node) (cells []formCell) {
	for td := tr.FirstChild; td != nil; td = td.NextSibling {
		if td.DataAtom != atom.Td && td.DataAtom != atom.Th {
			continue
		}
		if text := strings.TrimSpace(seenText(td)); text != "" {
			bold := td.DataAtom == atom.Th || containing(td, atom.Strong) || containing(td, atom.B)
			cells = append(cells, formCell{text, bold || strings.HasSuffix(text, ":") || roleOf(text) != asksOther})
		}
	}
	return cells
}

// containing says whether an element is anywhere within another. Who calls it for
// each row looks at no row twice, because rows within rows are left out.
func containing(n *html.Node, a atom.Atom) bool {
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		if child.DataAtom == a || containing(child, a) {
			return true
		}
	}
	return false
}

// seenText is what a reader of the page sees in a cell, a line for each line
// there.
func seenText(n *html.Node) string {
	var b strings.Builder
	printCell(&b, n)
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.Join(strings.Fields(lines[i]), " ")
	}
	return strings.Join(lines, "\n")
}

func printCell(b *strings.Builder, n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		b.WriteString(strings.Map(lineEndIsSpace, n.Data))
		return
	case n.Type == html.ElementNode && unseenInCell(n):
		return
	case n.DataAtom == atom.Br || n.DataAtom == atom.P || n.DataAtom == atom.Div || n.DataAtom == atom.Li:
		b.WriteByte('\n')
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		printCell(b, child)
	}
}

// lineEndIsSpace makes a space of what ends a line of a page's source.
func lineEndIsSpace(r rune) rune {
	if r == '\n' || r == '\r' {
		return ' '
	}
	return r
}

// unseenInCell says whether an element is not shown.
func unseenInCell(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Style, atom.Script, atom.Title, atom.Noscript, atom.Template:
		return true
	}
	return strings.Contains(strings.ReplaceAll(strings.ToLower(letter.Attr(n, "style")), " ", ""), "display:none")
}

// ownPart is what the person wrote themselves: the message first, then each
// other answer with its question, so that nothing is lost that no field of
// ours is for.
func ownPart(said []FormAnswer) string {
	var first, then []string
	for _, s := range said {
		switch {
		case s.Value == "":
		case s.role == asksMessage:
			first = append(first, s.Value)
		case s.role == asksOther && s.Label == "":
			then = append(then, s.Value)
		case s.role == asksOther:
			then = append(then, asAsked(s.Label)+s.Value)
		}
	}
	return strings.TrimSpace(strings.Join(append(first, then...), "\n\n"))
}

// asAsked is a label as it stands before an answer.
func asAsked(label string) string {
	if strings.HasSuffix(label, "?") {
		return label + " "
	}
	return label + ": "
}
