package intake

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/workflow"
)

// arrival is an entry that passed the check, read as far as is possible
// without the store.
type arrival struct {
	form         *programme.Form
	at           time.Time
	contact      postroom.Contact
	organisation string
	submission   postroom.Submission
	consents     []postroom.Consent
	wantsList    bool
	seen         bool   // they saw the words of the form as it is now
	source       string // how they asked, where they did not see them
	party        int
	signs        []postroom.Sign // by which it looks automatic
	worrying     bool            // a phrase of the programme's safeguarding stands in it
	silent       bool            // and so does one by which nothing may be written to them
	subject      string          // of the letter it was
	quiet        bool            // nobody is to hear of it
	by           string          // who put it in for somebody else
	notByMail    bool
}

func read(form *programme.Form, e postroom.Entry, clean postroom.Answers, clock time.Time) arrival {
	a := arrival{form: form, at: now(e.At, clock), signs: signs(form, e), subject: e.Subject}
	said := programme.Fold(strings.Join(everything(e), "\n"))
	a.worrying = form.Programme.Safeguarding.Phrases.InFolded(said)
	a.silent = form.Programme.Safeguarding.Silent.InFolded(said)
	locale := localeOf(form, e.Locale)
	a.contact = person(form, clean)
	a.contact.Locale = locale
	a.quiet, a.by, a.notByMail = e.Quiet, e.By, e.NotByMail
	if a.notByMail {
		a.contact.Reach = otherWay(a.contact)
	}
	a.organisation = answer(form, clean, programme.OrganisationField, "organisation")
	a.party = party(form, clean)
	a.wantsList = workflow.WantsList(form, clean) && a.contact.Address != ""
	a.seen, a.source = e.FormVersion == form.Version, cmp.Or(e.Source, howAsked(e))
	a.consents = consents(form, e, clean, locale, a.at)
	a.submission = postroom.Submission{
		Key: e.Key, NaturalKey: naturalKey(form.Name, a.contact, clean, e.Words),
		Programme: form.Programme.Name, Form: form.Name, FormVersion: form.Version, Kind: form.Kind, Channel: e.Channel,
		Address: a.contact.Address, Locale: locale, Area: area(form, clean), Answers: clean,
		Mailbox: e.Mailbox, Letter: e.Letter, Guessed: e.Guessed, State: postroom.SubmissionReceived, ReceivedAt: a.at,
	}
	return a
}

// open lists the fields that a letter left open. A name is not asked for: who
// writes a letter has been answered without one since there was mail; nor a file,
// which they would have sent with it.
func open(form *programme.Form, mistakes []programme.FieldError) (fields []string) {
	for _, m := range mistakes {
		if f, ok := form.Field(m.Field); ok && f.Type != programme.NameField && f.Type != programme.FileField {
			fields = append(fields, m.Field)
		}
	}
	return fields
}

// everything is all that somebody wrote, also what no field was there for.
func everything(e postroom.Entry) []string {
	texts := []string{e.Subject, e.Words}
	for _, values := range e.Answers {
		texts = append(texts, values...)
	}
	return texts
}

// person reads who sent it from the well-known fields. The address is kept in
// small letters: mail servers that tell Ann@ from ann@ are not to be found,
// while telephones that write the first letter large are everywhere, and
// somebody who left a list as one must not be on it as the other.
func person(form *programme.Form, clean postroom.Answers) postroom.Contact {
	return postroom.Contact{
		Name:    answer(form, clean, programme.NameField, "name"),
		Address: strings.ToLower(answer(form, clean, programme.EmailField, string(postroom.ReachEmail))),
		Phone:   answer(form, clean, programme.PhoneField, string(postroom.ReachPhone)),
		Reach:   reach(form, clean),
	}
}

// answer returns the answer to the field of a type: the one with the name
// that the type is known by, or else the first. Another person's address,
// asked for further down, is never taken for the sender's.
func answer(form *programme.Form, clean postroom.Answers, t programme.FieldType, name string) string {
	if f, ok := form.Field(name); ok && f.Type == t {
		return clean.One(name)
	}
	for _, f := range form.Fields {
		if f.Type == t {
			return clean.One(f.Name)
		}
	}
	return ""
}

// reach is how the person asked to be reached, or else the first of the form's
// ways that they gave. The check has made sure that there is one.
func reach(form *programme.Form, clean postroom.Answers) postroom.Reach {
	wish := postroom.Reach(clean.One("reach"))
	if slices.Contains(form.Reach, wish) && clean.One(string(wish)) != "" {
		return wish
	}
	for _, way := range form.Reach {
		if clean.One(string(way)) != "" {
			return way
		}
	}
	return postroom.ReachEmail
}

// otherWay is how somebody is reached who wants no mail.
func otherWay(c postroom.Contact) postroom.Reach {
	if c.Phone != "" {
		return postroom.ReachPhone
	}
	return postroom.ReachPost
}

// area is kept in the open, for sorting, so it never holds an answer of a
// special category.
func area(form *programme.Form, clean postroom.Answers) string {
	if f, ok := form.Field("area"); !ok || f.SpecialCategory {
		return ""
	}
	return clean.One("area")
}

func party(form *programme.Form, clean postroom.Answers) int {
	for _, f := range form.Fields {
		if f.Type != programme.PlacesField {
			continue
		}
		if n, err := strconv.Atoi(clean.One(f.Name)); err == nil && n > 0 {
			return n
		}
	}
	return 1
}

// howAsked says by what an entry asked, for what is kept of a "yes" that no page
// of ours showed the words of.
func howAsked(e postroom.Entry) string {
	if e.Letter != "" {
		return "letter " + e.Letter
	}
	return string(e.Channel)
}

// consents are the boxes that were ticked, that by which access needs may be
// kept among them, with the words beside them. Words
// of an older version of the form cannot be shown to anybody any more, and
// nobody knows which words a program showed: a tick beside those proves
// nothing and is kept among the answers only. Where it was given otherwise, whoever
// put it in says how, and that is kept in place of the words.
func consents(form *programme.Form, e postroom.Entry, clean postroom.Answers, locale string, at time.Time) []postroom.Consent {
	seen := e.FormVersion == form.Version
	if !seen && e.Source == "" {
		return nil
	}
	var given []postroom.Consent
	for _, f := range form.Fields {
		words, ticked := agreed(f, clean)
		if !ticked {
			continue
		}
		yes := postroom.Consent{Purpose: f.Name, Source: e.Source, At: at}
		if seen {
			yes.Wording, yes.FormVersion = words.In(locale), form.Version
		}
		given = append(given, yes)
	}
	return given
}

// agreed says whether an answer is a "yes" that is kept, and to which words.
func agreed(f programme.Field, clean postroom.Answers) (postroom.Words, bool) {
	switch f.Type {
	case programme.ConsentField:
		return f.Label, clean.One(f.Name) == "yes"
	case programme.AccessNeedsField:
		return f.Consent, f.Basis == programme.ExplicitConsent && len(clean[f.Name]) > 0
	}
	return nil, false
}

// longestLocale is enough for every language tag (RFC 5646, section 4.4.1).
const longestLocale = 35

// localeOf returns the language the person was reading, or the programme's
// first when the channel does not know it.
func localeOf(form *programme.Form, said string) string {
	strange := func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}
	if said == "" || len(said) > longestLocale || strings.ContainsFunc(said, strange) {
		return cmp.Or(append(slices.Clone(form.Programme.Languages), "en")...)
	}
	return said
}

// sameAnswers says whether an arrival says what a submission said.
func sameAnswers(a arrival, sub postroom.Submission) bool {
	return naturalKey(a.form.Name, person(a.form, sub.Answers), sub.Answers, "") == a.submission.NaturalKey
}

// naturalKey is the same for the same person sending the same answers on the
// same form, however they space and capitalise them. words are those of a letter
// that no field of the form is for.
func naturalKey(form string, who postroom.Contact, clean postroom.Answers, words string) string {
	h := sha256.New()
	part := func(text string) {
		text = strings.ToLower(strings.Join(strings.Fields(text), " "))
		h.Write(binary.AppendUvarint(nil, uint64(len(text)))) // so that no part runs into the next
		h.Write([]byte(text))
	}
	part(form)
	part(who.Name)
	part(who.Address)
	part(who.Phone)
	if words != "" {
		part(words)
	}
	for _, field := range slices.Sorted(maps.Keys(clean)) {
		part(field)
		part(strconv.Itoa(len(clean[field])))
		for _, value := range clean[field] {
			if file, ok := programme.FileOf(value); ok {
				value = file.Hash
			}
			part(value)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
