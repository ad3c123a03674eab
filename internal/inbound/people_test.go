package inbound_test

import (
	"slices"
	"testing"

	"postroom/internal/inbound"
	"postroom/internal/letter"
	"postroom/internal/postroom"
)

// written is a letter as people send them, with what a test adds above.
func written(header, subject, body string) inbound.Verdict {
	raw := header + "From: Person One <person@sender.example>\nTo: support@org.example\nDate: Mon, 23 Nov 2026 10:00:00 +0000\nSubject: " + subject + "\n\n" + body
	return inbound.Classify(letter.Read([]byte(raw)), house(), today)
}

func TestNoSubjectAloneMakesAPersonARobot(t *testing.T) {
	t.Parallel()
	for subject, body := range map[string]string{
		"I am on my own with two children and need help": "Can somebody ring me?",
		"I am out of work":                      "I lost my place in May and would like to talk to somebody.",
		"I am away from home and hungry":        "Is there food anywhere today?",
		"On leave - can I volunteer?":           "I am on leave until March and have time on my hands.",
		"On holiday club places":                "Are there any left for two children?",
		"Thank you for your email":              "I received your email, and yes please.",
		"Auto: car lifts offered":               "I can take three people on Saturday.",
		"Out of office space, need a room":      "Our group has nowhere to meet.",
		"Automatic response team volunteers":    "We are four, and can come when there is a flood.",
		"Delivery problem with the food parcel": "The parcel could not be delivered.",
		"Mail not arriving":                     "Your letters were returned to me, the parcel could not be delivered.",
		"Returned mail":                         "The parcel could not be delivered.",
		"Not delivered":                         "My neighbour's lunch has not been delivered, an error occurred with the address.",
	} {
		if v := written("", subject, body); v.Class != postroom.LetterSubmission || !v.Answerable {
			t.Errorf("%q is %s because %q, against %q", subject, v.Class, v.Because, v.Against)
		}
	}
}

func TestAProgramThatWantsNoReceiptsIsAPersonsOwn(t *testing.T) {
	t.Parallel()
	if v := written("X-Auto-Response-Suppress: DR, RN, NRN\n", "I am out of work", "I am on holiday from nothing, so to say."); v.Class != postroom.LetterSubmission {
		t.Errorf("%s because %q", v.Class, v.Because)
	}
}

func TestTheSameSubjectsFromARobotAreAutomatic(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ header, subject, body string }{
		"a soft subject, sent by a program":   {"Auto-Submitted: auto-generated\n", "On holiday", "Back soon."},
		"a soft subject, nobody in envelope":  {"Return-Path: <>\n", "Thank you for your email", "We will be in touch."},
		"a hard subject and an absent person": {"", "Out of Office", "I am out of the office until 7 December."},
		"a hard subject, sent by a program":   {"Precedence: bulk\n", "Automatic reply: Saturday", "Thanks!"},
	} {
		if v := written(c.header, c.subject, c.body); v.Class != postroom.LetterAutoReply {
			t.Errorf("%s: %s because %q", name, v.Class, v.Because)
		}
	}
}

func TestAReportWithoutAnyHeaderIsKnownByWhatOnlyServersWrite(t *testing.T) {
	t.Parallel()
	v := written("", "Undeliverable: Your place", "Your message was not delivered.\n\n<somebody@gone.example>: 550 5.1.1 user unknown\n")
	if v.Class != postroom.LetterBounce || len(v.Bounces) != 1 || v.Bounces[0].Recipient != "somebody@gone.example" {
		t.Errorf("%s because %q, bounces %+v", v.Class, v.Because, v.Bounces)
	}
}

func TestTheListThatIsOurFrontDoorBringsPeople(t *testing.T) {
	t.Parallel()
	const mailman = "Precedence: list\nSender: support-bounces@org.example\n"
	for name, header := range map[string]string{
		"by its id":         mailman + "List-Id: Support <support.org.example>\n",
		"by a bare id":      mailman + "List-ID: support.ORG.example\n",
		"by where it posts": mailman + "List-Post: <https://groups.example/g/support>, <mailto:Support@org.example>\n",
	} {
		v := written(header, "Saturday", "Is the hall open? I am on holiday until then.")
		if v.Class != postroom.LetterSubmission || v.Answerable || !slices.Contains(v.Against, "list") {
			t.Errorf("%s: %s because %q, against %q; nothing may answer it, and a person wrote it", name, v.Class, v.Because, v.Against)
		}
	}
	for name, header := range map[string]string{
		"somebody else's list":            "List-Id: <news.sender.example>\n",
		"one whose name ours begins with": "List-Id: <support.org.example.sender.example>\n",
		"a newsletter that came by ours":  "List-Id: <support.org.example>\nPrecedence: bulk\n",
		"bulk by our list":                "List-Id: <support.org.example>\nFeedback-ID: 1:bulk:x\n",
	} {
		if v := written(header, "Saturday", "Is the hall open?"); v.Class != postroom.LetterList {
			t.Errorf("%s: %s because %q", name, v.Class, v.Because)
		}
	}
}
