package programme

import (
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"postroom/internal/postroom"
)

// FieldError is one answer that has to be mended. Say lacks the argument
// "label": the field's error label in the reader's language, which Labelled
// adds. Part names the part of the answer that is wrong, where it has parts:
// "number", "month", and of the second attendee "2.email".
type FieldError struct {
	Field string
	Part  string
	Say   postroom.Text
}

// Labelled returns Say with its label, the words by which the reader knows
// the field.
func (e FieldError) Labelled(label string) postroom.Text {
	args := map[string]string{"label": label}
	maps.Copy(args, e.Say.Args)
	return postroom.Text{Key: e.Say.Key, Args: args}
}

// The locale keys of everything Check may say. All may have {label}.
const (
	sayEnter   = "error.enter"          // nothing was written
	saySelect  = "error.select"         // nothing was chosen or ticked
	sayTooLong = "error.too_long"       // {max} characters are the most
	sayEmail   = "error.email"          // not an address
	sayPhone   = "error.phone"          // not a telephone number
	sayDate    = "error.date"           // not a real date
	sayNumber  = "error.number"         // not a whole number
	sayRange   = "error.range"          // not from {min} to {max}
	sayReach   = "error.reach"          // no way to answer the person was given
	sayUnknown = "error.unknown_option" // not one of the answers to choose from
	sayNone    = "error.none_and_more"  // "none of these", and one of these

	sayDateDay   = "error.date_day" // it has no day
	sayDateMonth = "error.date_month"
	sayDateYear  = "error.date_year"
	sayYear      = "error.year"        // not of four figures
	sayFuture    = "error.date_future" // today or earlier
	sayPast      = "error.date_past"   // today or later
	sayTime      = "error.time"        // not a time of day

	sayPostcode        = "error.postcode" // not a postcode
	sayAddressLine     = "error.address_line"
	sayAddressTown     = "error.address_town"
	sayAddressPostcode = "error.address_postcode"

	sayTrustedName   = "error.trusted_name"
	sayTrustedNumber = "error.trusted_number"
	sayTrustedShape  = "error.trusted_shape" // not a telephone number

	sayConsentNeeded = "error.consent_needed" // a text that may not be kept

	sayPartyMost     = "error.attendees_most"    // more people than {max}
	sayPersonEmail   = "error.attendee_email"    // person {number} has none
	sayPersonShape   = "error.attendee_shape"    // not an address
	sayPersonLetters = "error.attendee_letters"  // none of the ways
	sayPersonPhotos  = "error.attendee_photos"   // neither yes nor no
	sayPersonLong    = "error.attendee_too_long" // more than {max} characters

	sayFileEmpty    = "error.file_empty"    // nothing is in it
	sayFileLarge    = "error.file_large"    // {size} megabytes or more
	sayFileKind     = "error.file_kind"     // none of {kinds}, whatever it is called
	sayFileMany     = "error.file_many"     // more than {max}
	sayFileTogether = "error.file_together" // {size} megabytes or more, all of them
	sayFileAgain    = "error.file_again"    // it could not be kept, and has to be chosen again
)

// says lists what Check may say.
func says() []string {
	return []string{sayEnter, saySelect, sayTooLong, sayEmail, sayPhone, sayDate, sayNumber, sayRange, sayReach, sayUnknown, sayNone,
		sayDateDay, sayDateMonth, sayDateYear, sayYear, sayFuture, sayPast, sayTime,
		sayPostcode, sayAddressLine, sayAddressTown, sayAddressPostcode, sayTrustedName, sayTrustedNumber, sayTrustedShape,
		sayConsentNeeded, sayPartyMost, sayPersonEmail, sayPersonShape, sayPersonLetters, sayPersonPhotos, sayPersonLong,
		sayFileEmpty, sayFileLarge, sayFileKind, sayFileMany, sayFileTogether, sayFileAgain}
}

// Keys lists every locale key that Check, the labels of well-known types and
// their answers use, so that a test can find them in every locale file.
func Keys() []string {
	keys := append(says(), optionKeys()...)
	for kind := range attachmentKinds {
		keys = append(keys, KindKey(kind))
	}
	for _, t := range FieldTypes() {
		if t.WellKnown() {
			keys = append(keys, t.LabelKey(), t.ErrorLabelKey())
		}
	}
	for _, b := range Bases() {
		keys = append(keys, b.Key())
	}
	return keys
}

// The one answer of a ticked box, and the two of a question.
const (
	yes = "yes"
	no  = "no"
)

// Check cleans the answers and says what has to be mended, in the order of
// the form and with one message a field: what is missing before what cannot
// be, and that before what breaks a rule. Answers to fields that are unknown
// or not asked for in this case are dropped without a word. The clean answers
// of a form with mistakes hold only what was right. What Check has cleaned it
// leaves as it is.
func (f *Form) Check(a postroom.Answers) (clean postroom.Answers, mistakes []FieldError) {
	return f.CheckAt(a, time.Time{})
}

// CheckAt is Check at a moment, by which ages are told.
func (f *Form) CheckAt(a postroom.Answers, at time.Time) (clean postroom.Answers, mistakes []FieldError) {
	return f.checking(a, at).all()
}

// CheckOn is CheckAt for answers that arrive at that moment: a date that must be after
// today is, today. Check and CheckAt are for answers that have arrived.
func (f *Form) CheckOn(today time.Time, a postroom.Answers) (clean postroom.Answers, mistakes []FieldError) {
	c := f.checking(a, today)
	c.today = today
	return c.all()
}

func (c *checking) all() (postroom.Answers, []FieldError) {
	f, a := c.form, c.given
	for i := range f.Fields {
		c.field(&f.Fields[i], a[f.Fields[i].Name])
	}
	c.reach(a)
	c.guardian()
	return c.clean, c.mistakes
}

func (f *Form) checking(a postroom.Answers, at time.Time) *checking {
	a = f.party(a)
	return &checking{form: f, given: a, at: at, clean: postroom.Answers{}, asked: map[string]bool{}, env: map[string]any{}, left: maxAnswers}
}

type checking struct {
	form     *Form
	given    postroom.Answers // as they came
	at       time.Time
	asked    map[string]bool // which fields were asked
	clean    postroom.Answers
	env      map[string]any
	left     int // bytes all further answers may have
	files    int // bytes of all files so far
	mistakes []FieldError
	today    time.Time
}

func (c *checking) field(f *Field, written []string) {
	if f.Derived != nil {
		c.derive(f, written)
		return
	}
	if c.asked[f.Name] = c.asks(f); !c.asked[f.Name] || c.told(f, written) {
		f.put(c.env, nil)
		return
	}
	values, wrong := f.readOn(c.today, c.form, written)
	if !wrong.is() {
		values, wrong = c.within(values)
	}
	if !wrong.is() && f.Type == FileField {
		values, wrong = c.together(values)
	}
	if wrong.is() {
		c.mistakes = append(c.mistakes, FieldError{Field: f.Name, Part: wrong.part, Say: wrong.say})
		values = nil
	}
	if len(values) > 0 {
		c.clean[f.Name] = values
	}
	f.put(c.env, values)
}

// asks says whether a field is asked after the answers to those before it.
func (c *checking) asks(f *Field) bool { return f.shown == nil || f.shown.holds(c.env) }

// within refuses what goes beyond the limit for all answers together, and says
// how many characters of it there was room for.
func (c *checking) within(values []string) ([]string, fault) {
	all := strings.Join(values, "")
	if len(all) > c.left {
		return nil, tooLong("", utf8.RuneCountInString(all[:c.left]))
	}
	c.left -= len(all)
	return values, fault{}
}

// reach notes at the first way of reach that none was given. A way that was
// given wrongly has its own message already.
func (c *checking) reach(written postroom.Answers) {
	first := len(c.form.Fields)
	for _, way := range c.form.Reach {
		if len(tidyAll(written[string(way)])) > 0 {
			return
		}
		named := func(f Field) bool { return f.Name == string(way) }
		if i := slices.IndexFunc(c.form.Fields, named); i >= 0 {
			first = min(first, i)
		}
	}
	if first == len(c.form.Fields) || slices.ContainsFunc(c.mistakes, c.isWay) {
		return
	}
	say := postroom.Say(sayReach)
	if len(c.form.Reach) == 1 {
		say = postroom.Say(sayEnter)
	}
	c.mistakes = append(c.mistakes, FieldError{Field: c.form.Fields[first].Name, Say: say})
	slices.SortStableFunc(c.mistakes, func(a, b FieldError) int { return c.place(a) - c.place(b) })
}

func (c *checking) isWay(e FieldError) bool {
	return slices.Contains(c.form.Reach, postroom.Reach(e.Field))
}

func (c *checking) place(e FieldError) int {
	return slices.IndexFunc(c.form.Fields, func(f Field) bool { return f.Name == e.Field })
}

// read cleans one field's values and says what is wrong with them.
func (f *Field) read(form *Form, written []string) ([]string, fault) {
	return f.readOn(time.Time{}, form, written)
}

func (f *Field) readOn(today time.Time, form *Form, written []string) ([]string, fault) {
	switch f.Type {
	case DateField:
		return f.date(written, today)
	case TrustedField:
		return f.trusted(written)
	case AddressField:
		return f.address(written)
	case AccessNeedsField:
		return f.accessNeeds(written)
	case AttendeesField:
		return f.attendees(written)
	case FileField:
		return f.files(written)
	}
	return f.plain(form, f.tidy(written))
}

// plain reads the types that have no parts.
func (f *Field) plain(form *Form, values []string) ([]string, fault) {
	if len(values) == 0 {
		return nil, fault{say: f.missing()}
	}
	switch f.Type {
	case ChoicesField, AvailabilityField:
		return f.chosen(values)
	case LanguagesField:
		return f.languages(values)
	case ChoiceField, SelectField:
		return f.chosen(values[:1])
	case SessionField:
		return f.session(form, values[0])
	}
	value, say := f.one(values[0])
	if say.Key != "" {
		return nil, fault{say: say}
	}
	return []string{value}, fault{}
}

// one reads the types that have a single value.
func (f *Field) one(value string) (string, postroom.Text) {
	if utf8.RuneCountInString(value) > f.MaxLength {
		return "", postroom.Say(sayTooLong, "max", strconv.Itoa(f.MaxLength))
	}
	switch f.Type {
	case EmailField:
		return email(value)
	case PhoneField:
		return phone(value)
	case PostcodeField:
		return postcode(value)
	case TimeField:
		return clock(value)
	case NumberField, PlacesField:
		return f.number(value)
	case YesNoField, SafeMessageField:
		return among(value, yes, no)
	case ConsentField:
		return among(value, yes)
	}
	return value, postroom.Text{}
}

func (f *Field) missing() postroom.Text {
	if !f.Required {
		return postroom.Text{}
	}
	switch f.Type {
	case ChoiceField, ChoicesField, SelectField, LanguagesField, AvailabilityField, YesNoField, SafeMessageField, SessionField, ConsentField, FileField:
		return postroom.Say(saySelect)
	}
	return postroom.Say(sayEnter)
}

func (f *Field) session(form *Form, value string) ([]string, fault) {
	if !slices.ContainsFunc(form.Sessions(), func(s *Session) bool { return s.Name == value }) {
		return nil, fault{say: postroom.Say(sayUnknown)}
	}
	return []string{value}, fault{}
}

func (f *Field) number(value string) (string, postroom.Text) {
	n, err := strconv.Atoi(value)
	if err != nil {
		return "", postroom.Say(sayNumber)
	}
	if n < f.Min || n > f.Max {
		return "", postroom.Say(sayRange, "min", strconv.Itoa(f.Min), "max", strconv.Itoa(f.Max))
	}
	return strconv.Itoa(n), postroom.Text{}
}

// among accepts a value that is one of a few.
func among(value string, allowed ...string) (string, postroom.Text) {
	if !slices.Contains(allowed, value) {
		return "", postroom.Say(sayUnknown)
	}
	return value, postroom.Text{}
}

func email(value string) (string, postroom.Text) {
	address, err := cleanEmail(value)
	if err != nil {
		return "", postroom.Say(sayEmail)
	}
	return address, postroom.Text{}
}

// cleanEmail accepts an addr-spec of RFC 5322 without quotes or comments, at
// a domain with a dot, and returns it with the domain in small letters: that
// part is the same however it is written (RFC 5321, section 2.4).
func cleanEmail(value string) (string, error) {
	parsed, err := mail.ParseAddress(value)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errNotAddress, err)
	}
	local, domain, _ := strings.Cut(value, "@")
	if parsed.Address != value || len(value) > maxEmail || len(local) > 64 || !plainDomain(domain) {
		return "", errNotAddress
	}
	return local + "@" + strings.ToLower(domain), nil
}

func plainDomain(domain string) bool {
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
	}
	return len(labels) > 1 && !strings.ContainsFunc(domain, notInDomain)
}

// phone keeps a number in the international form where it can be read (from
// Great Britain, if it does not say), and as it was written where not: a
// person can make more of "ask for Sam, ext 12" than a program.
func phone(value string) (string, postroom.Text) {
	if digits(value) < 5 {
		return "", postroom.Say(sayPhone)
	}
	number, err := phonenumbers.Parse(value, "GB")
	if err != nil || !phonenumbers.IsPossibleNumber(number) || number.GetExtension() != "" {
		return value, postroom.Text{}
	}
	return phonenumbers.Format(number, phonenumbers.E164), postroom.Text{}
}
