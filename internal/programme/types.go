package programme

// FieldType says what an answer may look like.
type FieldType string

// The types of field.
const (
	TextField         FieldType = "text"
	LongTextField     FieldType = "long_text"
	NameField         FieldType = "name"
	EmailField        FieldType = "email"
	PhoneField        FieldType = "phone"
	TrustedField      FieldType = "trusted_person" // a name and a number
	SafeMessageField  FieldType = "safe_message"   // "yes" or "no": may a message be left on the phone?
	PostcodeField     FieldType = "postcode"       // kept as MK1 1AA
	AddressField      FieldType = "address"        // two lines, a town and a postcode
	OrganisationField FieldType = "organisation"
	ChoiceField       FieldType = "choice"
	ChoicesField      FieldType = "choices"
	SelectField       FieldType = "select"       // a choice among many, shown as a list to search
	LanguagesField    FieldType = "languages"    // codes: uk, fa, fa-AF; "also:" and a name for any other
	AvailabilityField FieldType = "availability" // mon-morning, sun-evening
	YesNoField        FieldType = "yes_no"       // "yes" or "no"
	NumberField       FieldType = "number"       // a whole number
	DateField         FieldType = "date"         // kept as 2027-03-13
	TimeField         FieldType = "time"         // kept as 14:30
	PlacesField       FieldType = "places"       // size of a party, 1 to 10
	AttendeesField    FieldType = "attendees"    // those people, one by one
	SessionField      FieldType = "session"      // name of one of the event's dates
	AccessNeedsField  FieldType = "access_needs" // a text of a special category, and the leave to keep it
	ConsentField      FieldType = "consent"      // "yes" or nothing; never ticked beforehand
	FileField         FieldType = "file"         // photos and documents: what is known of each, as File.Answer writes it
)

// FieldTypes lists every type.
func FieldTypes() []FieldType {
	return []FieldType{TextField, LongTextField, NameField, EmailField, PhoneField, TrustedField, SafeMessageField, PostcodeField,
		AddressField, OrganisationField, ChoiceField, ChoicesField, SelectField, LanguagesField, AvailabilityField, YesNoField,
		NumberField, DateField, TimeField, PlacesField, AttendeesField, SessionField, AccessNeedsField, ConsentField, FileField}
}

// WellKnown says whether a field of this type may leave out its label and
// error label. Whoever shows it then uses the locale keys
// "field.<type>.label" and "field.<type>.error_label".
func (t FieldType) WellKnown() bool {
	switch t {
	case NameField, EmailField, PhoneField, TrustedField, SafeMessageField, PostcodeField, AddressField, OrganisationField,
		LanguagesField, AvailabilityField, PlacesField, AttendeesField, SessionField, AccessNeedsField:
		return true
	}
	return false
}

// LabelKey returns the locale key of a well-known type's label.
func (t FieldType) LabelKey() string { return "field." + string(t) + ".label" }

// ErrorLabelKey returns the locale key of a well-known type's error label.
func (t FieldType) ErrorLabelKey() string { return "field." + string(t) + ".error_label" }

// Special says whether an answer of this type is of a special category
// whatever it is about (UK GDPR, Article 9).
func (t FieldType) Special() bool { return t == AccessNeedsField || t == AttendeesField }

// Parts lists what an answer of this type is made of: one value each, in this
// order, "" for what was left empty. Attendees have them for each person.
// Types whose values stand alone have none.
func (t FieldType) Parts() []string {
	switch t {
	case DateField:
		return []string{"day", "month", "year"}
	case TrustedField:
		return []string{"name", "number"}
	case AddressField:
		return []string{"line1", "line2", "town", "postcode"}
	case AccessNeedsField:
		return []string{"text", "consent"}
	case AttendeesField:
		return []string{"name", "needs", "letters", "email", "photos"}
	}
	return nil
}

// listed says whether an answer is chosen among options that the form, or the
// type itself, has.
func (t FieldType) listed() bool {
	switch t {
	case ChoiceField, ChoicesField, SelectField, LanguagesField, AvailabilityField:
		return true
	}
	return false
}

// Basis is why the law lets an answer of a special category be kept (UK GDPR,
// Article 9(2); Data Protection Act 2018, Schedule 1).
type Basis string

// The grounds a community organisation may have.
const (
	ExplicitConsent  Basis = "explicit_consent"  // Article 9(2)(a)
	SocialProtection Basis = "social_protection" // (b): duties of employment and social protection law
	VitalInterests   Basis = "vital_interests"   // (c): somebody's life is in danger
	OwnMembers       Basis = "own_members"       // (d): a charity's members and regular contacts
	PublicInterest   Basis = "public_interest"   // (g): safeguarding, equal treatment
)

// Bases lists every ground.
func Bases() []Basis {
	return []Basis{ExplicitConsent, SocialProtection, VitalInterests, OwnMembers, PublicInterest}
}

// Key returns the locale key of the words that say it on the page.
func (b Basis) Key() string { return "form.basis." + string(b) }
