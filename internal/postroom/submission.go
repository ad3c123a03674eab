package postroom

import "time"

// FormKind says what a form is for, and so which job follows a submission.
type FormKind string

// The kinds of form.
const (
	SignUp            FormKind = "sign_up"
	VolunteerOffer    FormKind = "volunteer_offer"
	EventRegistration FormKind = "event_registration"
	Enquiry           FormKind = "enquiry"
	Concern           FormKind = "concern"
	Referral          FormKind = "referral"
	Feedback          FormKind = "feedback"
	DataRequest       FormKind = "data_request"
	DataComplaint     FormKind = "data_complaint"
)

// Awaited is what a person answers: a kind of submission, or one form of it.
type Awaited struct {
	Kind FormKind
	Form string // "" is every form of the kind
}

// Channel is the door something came in by.
type Channel string

// The channels. All of them end in intake.Accept.
const (
	Web       Channel = "web"
	ByLetter  Channel = "letter"
	ByAPI     Channel = "api"
	ByImport  Channel = "import"
	ByPhone   Channel = "phone"
	FromPaper Channel = "paper"
)

// Answers maps a field's name to what was answered, in the order given. A
// single answer is a slice of one.
type Answers map[string][]string

// One returns the first answer to field, or "".
func (a Answers) One(field string) string {
	if v := a[field]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Entry is what a channel read, before anything was checked or stored.
type Entry struct {
	Channel     Channel
	Key         string // idempotency key: the same key is the same submission
	Form        string // the form's name; forms are unique across programmes
	FormVersion string // the version the person saw, if the channel knows it
	Locale      string // the language the person was reading
	Answers     Answers
	Suspect     bool      // a channel is sure that a machine wrote this; held, never refused
	Signs       []Sign    // what the channel noticed that looks automatic; enough of it is held, never refused
	Mailbox     string    // address of the mailbox it came to; "" for any other door
	Letter      string    // id of the letter it was read from; "" for any other door
	Subject     string    // of that letter, for the answer's
	Words       string    // all that the letter says, for what must be looked for in it; the letter itself is on file
	Guessed     bool      // the locale is a guess from the letter's words
	At          time.Time // when it arrived
	Source      string    // how somebody's yes was given where no page of ours showed the words: "by phone, heard by sam"
	By          string    // name of whoever put it in for somebody else; "" is the person
	Quiet       bool      // it is put on file and nobody hears of it: no mail, no promise, nothing that waits for an answer
	NotByMail   bool      // the person wants to be phoned or written to on paper
}

// SubmissionState is where one submission stands.
type SubmissionState string

// The states of a submission. Held is the safeguarding brake or a suspicion:
// a person has to look before anything automatic leaves.
const (
	SubmissionReceived SubmissionState = "received"
	SubmissionHeld     SubmissionState = "held"
	SubmissionAnswered SubmissionState = "answered"
	SubmissionClosed   SubmissionState = "closed"
)

// Submission is one thing a person sent, stored. Answers are sealed at rest.
type Submission struct {
	ID           string
	Reference    string // short, read out over the phone: "K7M-4QX"
	Key          string // idempotency key
	NaturalKey   string // same person, same form, same answers; blinded on file
	Programme    string
	Form         string
	FormVersion  string
	Kind         FormKind
	Channel      Channel
	Contact      string // id
	Organisation string // id or ""
	Address      string // where the answer goes; "" when there is no email
	Locale       string
	Area         string // the answer to a field of the name area, for sorting
	Answers      Answers
	Open         []string // fields that are needed and were not answered, as a letter may leave them
	Mailbox      string   // address of the mailbox it came to, or ""
	Letter       string   // id of the letter that began it, or ""
	Guessed      bool     // the locale is a guess
	State        SubmissionState
	AssignedTo   string    // name of a colleague; "" is whoever looks after the programme
	SnoozedUntil time.Time // zero when it is not put off
	ReceivedAt   time.Time
}

// Reach is how a person asked to be reached.
type Reach string

// The ways to reach somebody.
const (
	ReachEmail  Reach = "email"
	ReachPhone  Reach = "phone"
	ReachPost   Reach = "post"
	ReachPerson Reach = "trusted_person"
)

// Contact is a person. Several contacts may share an address, and a contact
// may have none.
type Contact struct {
	ID       string
	Name     string
	Address  string // preferred address, normalised; "" when there is none
	Phone    string // E.164 where it could be read, else as written
	Locale   string
	Reach    Reach
	Discreet bool // nothing about the programme in subjects, summaries or calendars
}

// Consent is one "yes" of a contact, with the words they saw.
type Consent struct {
	ID          string
	Contact     string
	Purpose     string // "newsletter", "photographs", …
	Wording     string
	FormVersion string
	Submission  string
	At          time.Time
	Source      string // how it was given where no page of ours showed the words; "" is on a page
}

// Subscription is one address on one list. Only a confirmed one is mailed.
type Subscription struct {
	ID         string
	List       string
	Programme  string
	Contact    string
	Address    string
	Locale     string
	Submission string // that asked; "" for one that came from a file
	State      SubscriptionState
	AskedAt    time.Time
	Basis      Basis
	Choices
}

// Choices are what somebody chose of a list.
type Choices struct {
	Topics      string    // values of the list's topics, with spaces between; "" is all
	Areas       string    // values of the list's areas, with spaces between; "" is all
	Often       Often     // "" is every edition
	PausedUntil time.Time // no edition that begins before then; zero is not paused
	Look        Look
}

// Basis is the ground on which somebody is on a list.
type Basis string

// The grounds. Nobody whose ground is unknown is mailed.
const (
	ByConsent    Basis = "consent"
	BySoftOptIn  Basis = "soft_opt_in" // a charity's, for contacts it collected itself, where its list allows it
	UnknownBasis Basis = "unknown"
)

// Often is which editions somebody gets.
type Often string

// Which editions there are to choose from.
const (
	EveryEdition Often = "every"
	RoundUp      Often = "monthly"
)

// Look is how editions are laid out for somebody.
type Look string

// The layouts.
const (
	UsualLook Look = ""
	PlainText Look = "plain"
	LargeText Look = "large"
)

// SubscriptionState is where a subscription stands.
type SubscriptionState string

// The states of a subscription.
const (
	Pending      SubscriptionState = "pending"
	Confirmed    SubscriptionState = "confirmed"
	Unsubscribed SubscriptionState = "unsubscribed"
)
