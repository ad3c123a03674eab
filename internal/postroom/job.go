package postroom

import "time"

// JobKind names the worker that does a job.
type JobKind string

// The kinds of job.
const (
	JobSignUp            JobKind = "signup"
	JobVolunteerOffer    JobKind = "volunteer_offer"
	JobEventRegistration JobKind = "event_registration"
	JobEnquiry           JobKind = "enquiry"
	JobDeliver           JobKind = "deliver"
	JobTell              JobKind = "tell"           // a coordinator has to look at a message: a call, a hold, a doubt
	JobAlarms            JobKind = "alarms"         // subject: moment; who was called a moment before hears together of what rang since
	JobSuspects          JobKind = "suspects"       // subject: programme/moment; what of it looks automatic is told together
	JobInboundRead       JobKind = "inbound_read"   // subject: a batch of letters
	JobCampaign          JobKind = "campaign"       // subject: a campaign whose recipients are to be chosen
	JobCampaignLeft      JobKind = "campaign_left"  // subject: a campaign for those whom another did not reach
	JobCampaignChunk     JobKind = "campaign_chunk" // subject: campaign/number, some copies of it
	JobDigest            JobKind = "digest"         // subject: coordinator/day
	JobMyLink            JobKind = "my_link"        // subject: a request for the link to all that an address has with us
	JobSlack             JobKind = "slack"          // subject: target/day, whose counts are posted
)

// JobFor returns the job that follows a submission of this kind. Concerns,
// referrals, feedback and whatever is about somebody's data are enquiries to the queue: a person
// answers them.
func JobFor(k FormKind) JobKind {
	switch k {
	case SignUp:
		return JobSignUp
	case VolunteerOffer:
		return JobVolunteerOffer
	case EventRegistration:
		return JobEventRegistration
	}
	return JobEnquiry
}

// JobState is where a job stands.
type JobState string

// The states of a job: due → handed → running → done, or due again, or dead.
const (
	JobDue     JobState = "due"
	JobHanded  JobState = "handed"
	JobRunning JobState = "running"
	JobDone    JobState = "done"
	JobDead    JobState = "dead"
)

// Job is work due now or being retried. The row is the truth; the asynq task
// made from it is only a nudge, and Turn fences out every older nudge.
type Job struct {
	ID          string
	Kind        JobKind
	Subject     string // id of what the job is about; never content
	Lane        Lane
	State       JobState
	Turn        int // rises at every hand-over
	Tries       int // failures of the work itself; outages use none
	DueAt       time.Time
	HandedUntil time.Time
	LeasedUntil time.Time
	HeldBy      string
	Reason      string // last reason for waiting or dying
	CreatedAt   time.Time
	SettledAt   time.Time
}
