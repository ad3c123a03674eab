package inbound

import (
	"cmp"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// Behind is the person behind a letter that came from somebody or something
// else: from the form of a website, or from whoever passes a letter on.
type Behind struct {
	By       By           `json:",omitempty"`
	Adapter  string       `json:",omitempty"` // whose form it was, such as "wix"; "" is nobody we know
	Believed bool         `json:",omitempty"` // the letter is theirs without anybody being asked
	Name     string       `json:",omitempty"`
	Address  string       `json:",omitempty"` // in small letters; "" when there is none, or none that is theirs
	Phone    string       `json:",omitempty"` // as they wrote it
	Subject  string       `json:",omitempty"`
	Text     string       `json:",omitempty"` // what they wrote themselves
	Date     time.Time    `json:",omitzero"`  // of the letter that is passed on; zero if unknown
	Said     []FormAnswer `json:",omitempty"` // the questions of a form with their answers
	Through  []string     `json:",omitempty"` // who passed it on before, the last one first
	Cover    string       `json:",omitempty"` // what whoever passed it on wrote above it

	theirs bool // the letter is taken for one that they sent
}

// By is what stands between us and the person behind a letter.
type By string

// What may stand between.
const (
	ByWebsite By = "website"
	ByForward By = "forward"
)

// FormAnswer is one question of a website's form and what was answered.
type FormAnswer struct {
	Label string
	Value string

	role role
}

// siteAdapter is one maker of websites, and whom its forms send their mails
// from: addresses, or domains whose every address is meant. It is believed
// only where our own provider vouches for that domain. All of them print a
// label and an answer in turn; how they set them is found out from the letter.
type siteAdapter struct {
	name    string
	senders []string
}

// siteAdapters are the makers that send from domains of their own. WordPress
// and its like send from the organisation's own host, which the settings name.
// Who has a site with one of them can have it write to us what they like: what
// such a letter says counts as much as what is typed into a form of ours.
var siteAdapters = []siteAdapter{
	{"wix", []string{"wix-forms.com", "crm.wix.com", "wixsiteautomations.com"}},
	{"squarespace", []string{"form-submission@squarespace.info"}},
	{"jotform", []string{"noreply@jotform.com"}},
}

// ownSite is the adapter of the senders that the settings name.
const ownSite = "own_site"

// adapter is the maker of the form that a letter comes from, or "".
func (r *reading) adapter() string {
	from := r.sender()
	if from == "" {
		return ""
	}
	if slices.Contains(r.ours.WebsiteForms, from) {
		return ownSite
	}
	_, domain, _ := strings.Cut(from, "@")
	for _, a := range siteAdapters {
		if slices.Contains(a.senders, from) || slices.Contains(a.senders, domain) {
			return a.name
		}
	}
	return ""
}

// fromSite recognises the mail of a website's form by its sender and by the
// person in it. It comes before all other kinds: such mails call themselves
// automatic, carry the headers of lists, and come from addresses behind which
// nobody sits, and yet a person wrote.
func fromSite(r *reading, v *Verdict) string {
	adapter := r.adapter()
	if adapter == "" {
		return ""
	}
	b := r.onForm()
	if b == nil {
		return ""
	}
	b.Adapter, b.Believed, b.Address = adapter, v.Verified, r.theirAddress(b)
	v.Behind = b
	return "website_form"
}

// behind looks for the person behind a letter that somebody seems to have
// written: on the form of a website that nobody named, or in a letter that is
// passed on. Neither is believed.
func (r *reading) behind(v Verdict) *Behind {
	switch {
	case v.Behind != nil:
		return v.Behind
	case v.Class == postroom.LetterSubmission && r.looksLikeSite():
		if b := r.onForm(); b != nil && r.printedForm(b) {
			return b
		}
	}
	switch v.Class {
	case postroom.LetterSubmission, postroom.LetterReply, postroom.LetterUnknown:
		return r.passedOn(v)
	}
	return nil
}

// printsForm says whether a letter that has the marks of a robot may be what
// somebody wrote on a website: it comes from one that the settings name, or has
// the look of a form. Nothing that a person wrote is put away unseen for what a
// website adds, or for words such as "I am away until Monday".
func (r *reading) printsForm() bool {
	if r.adapter() == ownSite {
		return true
	}
	if !r.looksLikeSite() {
		return false
	}
	b := r.onForm()
	return b != nil && r.printedForm(b) && !r.ours.Owns(b.Address)
}

// looksLikeSite says whether it is worth looking for a form in a letter: it
// is from a robot, or from the name under which WordPress sends, or answers to
// it go to somebody else.
func (r *reading) looksLikeSite() bool {
	return r.fromRobot() || strings.HasPrefix(r.sender(), "wordpress@") || len(r.ReplyTo) == 1 && firstAddress(r.ReplyTo) != r.sender()
}

// printedForm says whether what was found is a form, and no signature of
// somebody who has two addresses.
func (r *reading) printedForm(b *Behind) bool {
	if b.Address == "" || b.Address == r.sender() {
		return false
	}
	robot := r.fromRobot() || strings.HasPrefix(r.sender(), "wordpress@")
	return b.asked(asksMessage) && (robot || firstAddress(r.ReplyTo) == b.Address)
}

func (b *Behind) asked(what role) bool {
	return slices.ContainsFunc(b.Said, func(s FormAnswer) bool { return s.role == what })
}

// againstAnswer is what speaks against answering whoever wrote a letter, given
// what speaks against answering its sender. The marks of robots are no reason
// where the robot's letter is believed: it is not the robot that is answered,
// ever.
func (r *reading) againstAnswer(v Verdict, words []string) []string {
	b := v.Behind
	switch {
	case b != nil && b.By == ByWebsite && b.Believed:
		return append(b.against(r.ours), slices.DeleteFunc(words, aboutTheSender)...)
	case b != nil && b.By == ByWebsite:
		return append(words, "form_unverified")
	case r.adapter() != "":
		return append(words, "website")
	}
	return words
}

// against is what speaks against answering the person on a form.
func (b *Behind) against(ours Ours) (words []string) {
	switch {
	case b.Address == "":
		words = append(words, "no_address")
	case ours.Owns(b.Address):
		words = append(words, "own_address")
	case robotName.MatchString(b.Address):
		words = append(words, "robot_address")
	}
	if b.Text == "" {
		words = append(words, "no_message") // somebody who has signed in, perhaps
	}
	return words
}

// aboutTheSender says whether an objection is to answering the sender, and
// not to the letter.
func aboutTheSender(word string) bool {
	switch word {
	case "own_mailbox", "null_sender", "robot_sender", "auto_submitted", "precedence", "list", "suppress", "automatic_header":
		return true
	}
	return false
}

// Owns says whether mail to an address would come back to us.
func (o Ours) Owns(address string) bool {
	address = strings.ToLower(address)
	for _, own := range [][]string{o.Mailboxes, o.Staff, o.WebsiteForms} {
		if slices.Contains(own, address) || slices.Contains(own, without(address)) {
			return true
		}
	}
	if o.ReplyTo == nil {
		return false
	}
	_, ours := o.ReplyTo(address)
	return ours
}

// commentPage is the page of WordPress on which comments are looked through. A
// comment below an article is shown there, and asks us nothing.
const commentPage = "/wp-admin/comment.php"

// onForm reads a letter as the mail of a form, or returns nil if it is none.
func (r *reading) onForm() *Behind {
	if strings.Contains(r.Text, commentPage) {
		return nil
	}
	said := saidIn(r.Letter)
	b := &Behind{By: ByWebsite, Said: said, Text: ownPart(said)}
	var first, last string
	for _, s := range said {
		switch s.role {
		case asksName:
			fill(&b.Name, personName(s.Value))
		case asksFirstName:
			fill(&first, personName(s.Value))
		case asksLastName:
			fill(&last, personName(s.Value))
		case asksEmail:
			_, address := nameAndAddress(s.Value)
			fill(&b.Address, address)
		case asksFrom:
			name, address := nameAndAddress(s.Value)
			fill(&b.Name, personName(name))
			fill(&b.Address, address)
		case asksPhone:
			fill(&b.Phone, oneLineOf(s.Value))
		case asksSubject:
			fill(&b.Subject, oneLineOf(s.Value))
		}
	}
	fill(&b.Name, strings.TrimSpace(first+" "+last))
	r.fromReplyTo(b)
	if b.Address == "" && b.Phone == "" && !b.asked(asksMessage) {
		return nil
	}
	return b
}

// fromReplyTo takes what the form does not print from Reply-To, where makers of
// forms put the person so that staff can just answer.
func (r *reading) fromReplyTo(b *Behind) {
	if len(r.ReplyTo) != 1 || firstAddress(r.ReplyTo) == r.sender() {
		return
	}
	fill(&b.Address, soleAddress(r.ReplyTo[0].Address))
	if strings.EqualFold(b.Address, r.ReplyTo[0].Address) {
		fill(&b.Name, personName(r.ReplyTo[0].Name))
	}
}

// theirAddress is the one address that the mail of a form gives as the person's,
// or "" where it gives two: what looks like an answer may stand in their
// message and be somebody else's, and a person has to say whose it is.
func (r *reading) theirAddress(b *Behind) string {
	given := map[string]bool{}
	for _, s := range b.Said {
		if s.role != asksEmail && s.role != asksFrom {
			continue
		}
		if _, address := nameAndAddress(s.Value); address != "" && address != r.sender() {
			given[address] = true
		}
	}
	if answers := r.answersGoTo(); answers != "" {
		given[answers] = given[answers] || len(given) == 0
		if given[answers] {
			return answers
		}
		return ""
	}
	if len(given) > 1 {
		return ""
	}
	return b.Address
}

// answersGoTo is where an answer to a form's mail would go, if that is not to
// us or to whoever makes the form, who may pass answers on.
func (r *reading) answersGoTo() string {
	if len(r.ReplyTo) != 1 {
		return ""
	}
	address := soleAddress(r.ReplyTo[0].Address)
	_, domain, _ := strings.Cut(address, "@")
	_, maker, _ := strings.Cut(r.sender(), "@")
	if address == "" || r.ours.Owns(address) || domain == maker || aligned(domain, maker) {
		return ""
	}
	return address
}

// fill fills what is empty.
func fill(into *string, value string) {
	if *into == "" {
		*into = value
	}
}

// longestName is of how many characters a name may be.
const longestName = 120

// personName is a name as it may stand in a greeting and a header.
func personName(s string) string {
	s = oneLineOf(s)
	if strings.Contains(s, "@") || len([]rune(s)) > longestName {
		return ""
	}
	return s
}

// oneLineOf is a value on one line and without signs that command something.
// A stranger typed it, and it may end in a header.
func oneLineOf(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

var (
	bareAddress = regexp.MustCompile(`^[^\s<>@,;:"()\[\]\\%!]{1,64}@[^\s<>@,;:"()\[\]\\%!]+\.[^\s<>@,;:"()\[\]\\%!.]{2,}$`)
	lastAddress = regexp.MustCompile(`^(.*?)[\s<(\["']*([^\s<>@,;:"()\[\]]+@[^\s<>@,;:"()\[\]]+)[>)\]"'\s]*$`)
)

// soleAddress is the address that a value is, in small letters, or "".
func soleAddress(value string) string {
	value = strings.TrimPrefix(strings.Trim(strings.TrimSpace(value), "<>[]"), "mailto:")
	if len(value) > 254 || !bareAddress.MatchString(value) {
		return ""
	}
	if _, err := mail.ParseAddress(value); err != nil {
		return ""
	}
	return strings.ToLower(value)
}

// nameAndAddress divides "A Person <person@sender.example>", and the ways in
// which programs print that.
func nameAndAddress(value string) (name, address string) {
	value = strings.ReplaceAll(oneLineOf(value), "mailto:", "")
	m := lastAddress.FindStringSubmatch(value)
	if m == nil {
		return strings.Trim(value, `"' `), ""
	}
	if strings.Contains(m[1], "@") {
		return "", "" // two addresses are none: nobody says which is theirs
	}
	return strings.Trim(m[1], `"'<([ `), soleAddress(m[2])
}

// Named is the person behind a letter as a coordinator names them, by their
// address or their telephone number and perhaps by name, with what the letter
// holds of them; nil where that is neither address nor number.
func (v Verdict) Named(l letter.Letter, person, name string) *Behind {
	address, phone := soleAddress(person), ""
	if address == "" {
		if phone = Phone(person); phone == "" {
			return nil
		}
	}
	b := Behind{By: ByForward, Subject: l.Subject, Text: v.Visible}
	switch {
	case v.Behind != nil && (address == "" || address != Sender(l)):
		b = *v.Behind
	case address != "" && address == Sender(l):
		b.Name = personName(l.From[0].Name)
	}
	if b.Address != "" && b.Address != address {
		b.Name = "" // it is somebody else's
	}
	b.Address, b.Phone = address, phoneOr(phone, b.Phone)
	if name != "" {
		b.Name = personName(name)
	}
	return &b
}

func phoneOr(phone, otherwise string) string {
	if phone != "" {
		return phone
	}
	return otherwise
}

// ByThePersonBehind is a letter, and what it is taken for, as the person behind
// it would have sent it, so that everything that follows is about them.
func (v Verdict) ByThePersonBehind(l letter.Letter) (letter.Letter, Verdict) {
	b := *v.Behind
	b.theirs = true
	l.From = []letter.Address{{Name: b.Name, Address: b.Address}}
	l.Subject, v.Visible, v.Verified, v.Staff = b.Subject, b.Text, false, false
	v.Behind = &b
	return l, v
}

// isTheirs says whether a letter is taken for one that the person behind it
// sent.
func (b *Behind) isTheirs() bool { return b != nil && b.theirs }

// answersOf takes over what was answered to questions that a form of ours asks
// in the same words, in any of its languages. What nothing of ours asks stays
// among the person's own words. A tick under the words of somebody else is no
// consent.
func (b *Behind) answersOf(form *programme.Form, answers postroom.Answers) {
	own := ownWords(form)
	var left []FormAnswer
	for _, s := range b.Said {
		f, values := askedHere(form, s)
		if len(values) == 0 {
			left = append(left, s)
			continue
		}
		answers[f.Name] = values
		if f.Name == own {
			left = append(left, FormAnswer{Value: s.Value, role: asksMessage})
		}
	}
	if text := ownPart(left); own != "" && text != "" {
		answers[own] = []string{cut(text)}
	}
	if phone := firstOf(form, programme.PhoneField); phone != "" && b.Phone != "" && answers.One(phone) == "" {
		answers[phone] = []string{cmp.Or(Phone(b.Phone), b.Phone)}
	}
}

// askedHere is the field of a form that asks what a website asked, and what the
// answer means there; nothing where it means nothing.
func askedHere(form *programme.Form, s FormAnswer) (*programme.Field, []string) {
	f, asked := askedBy(form, s.Label)
	if !asked || s.Value == "" || s.role != asksOther {
		return nil, nil
	}
	return f, valuesOf(f, s.Value)
}

// askedBy is the field of a form that has this label.
func askedBy(form *programme.Form, label string) (*programme.Field, bool) {
	said := programme.Fold(plainLabel(label))
	if said == programme.Fold("") {
		return nil, false
	}
	for i := range form.Fields {
		f := &form.Fields[i]
		if f.Type == programme.ConsentField || f.If != "" {
			continue
		}
		for _, words := range f.Label {
			if programme.Fold(words) == said {
				return f, true
			}
		}
	}
	return nil, false
}

// valuesOf is what a value means as an answer to a field; nothing where it is
// none of the answers to choose from.
func valuesOf(f *programme.Field, value string) (values []string) {
	switch f.Type {
	case programme.ChoiceField, programme.ChoicesField, programme.SelectField:
		return optionsIn(f, value)
	case programme.LanguagesField:
		return optionsBeside(f, value)
	case programme.SessionField, programme.YesNoField, programme.SafeMessageField, programme.DateField, programme.NumberField,
		programme.PlacesField, programme.AvailabilityField, programme.AttendeesField, programme.AccessNeedsField:
		return nil // they are read from the words, or asked for
	case programme.LongTextField, programme.AddressField:
		return []string{cut(value)}
	}
	return []string{oneLineOf(value)}
}

// optionsIn are the options whose labels a value lists.
func optionsIn(f *programme.Field, value string) (values []string) {
	parts := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ';' || r == '\n' || r == '،' })
	for _, o := range f.Options {
		is := func(part string) bool {
			for _, words := range o.Label {
				if programme.Fold(words) == programme.Fold(part) {
					return true
				}
			}
			return false
		}
		if is(value) || slices.ContainsFunc(parts, is) {
			values = append(values, o.Value)
		}
	}
	if f.Type != programme.ChoicesField && len(values) > 1 {
		return nil
	}
	return values
}
