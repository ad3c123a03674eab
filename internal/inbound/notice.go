package inbound

import (
	"encoding/json"
	"regexp"
	"strings"

	"postroom/internal/letter"
)

// notification is what a sending service tells in JSON, by a mail of its own
// instead of a report (Amazon SES, "notificationType"): the same three things.
type notification struct {
	Kind   string `json:"notificationType"`
	Event  string `json:"eventType"`
	Bounce struct {
		Kind       string                 `json:"bounceType"`
		Recipients []notificationOfFailed `json:"bouncedRecipients"`
	} `json:"bounce"`
	Complaint struct {
		Type       string                 `json:"complaintFeedbackType"`
		Recipients []notificationOfFailed `json:"complainedRecipients"`
	} `json:"complaint"`
	Mail struct {
		Headers []letter.Field `json:"headers"`
	} `json:"mail"`
}

type notificationOfFailed struct {
	Address    string `json:"emailAddress"`
	Status     string `json:"status"`
	Diagnostic string `json:"diagnosticCode"`
}

// readNotification reads the notice of a sending service, alone or inside the
// message of a notification service. Nothing is read in what people write.
func (r *reading) readNotification() (n notification, found bool) {
	text := strings.TrimSpace(r.Text[:min(len(r.Text), 4*maxRead)])
	end := strings.LastIndexByte(text, '}')
	if !strings.HasPrefix(text, "{") || !strings.Contains(text, "notificationType") && !strings.Contains(text, "eventType") {
		return n, false
	}
	var outer struct{ Message string }
	inner := brokenLine.ReplaceAllString(text[:end+1], "")
	if json.Unmarshal([]byte(inner), &outer) == nil && outer.Message != "" {
		inner = outer.Message
	}
	err := json.Unmarshal([]byte(inner), &n)
	if n.Kind == "" {
		n.Kind = n.Event
	}
	return n, err == nil && n.Kind != ""
}

// brokenLine is where an old mail server broke a line that was too long.
var brokenLine = regexp.MustCompile(`!\r?\n `)

func (r *reading) notifies(kind string) bool {
	n, found := r.notification()
	return found && strings.EqualFold(n.Kind, kind)
}

// told is the notification of a kind, if the letter is one.
func (r *reading) told(kind string) (notification, bool) {
	n, _ := r.notification()
	if !r.notifies(kind) {
		return notification{}, false
	}
	r.returned = append(r.returned, letter.Header(n.Mail.Headers))
	return n, true
}

// notified is the proof by a sending service.
func notified(r *reading) []Bounce {
	n, found := r.told("Bounce")
	if !found {
		return nil
	}
	var list []Bounce
	for _, f := range n.Bounce.Recipients {
		b := Bounce{Recipient: onlyAddress(f.Address), Status: statusCode.FindString(f.Status)}
		if b.Recipient == "" {
			continue
		}
		r.judge(&b, f.Diagnostic[:min(len(f.Diagnostic), longestReply)])
		list = addBounce(list, b)
	}
	return list
}

// notifiedComplaint is a complaint that a sending service passes on.
func (r *reading) notifiedComplaint() (c Complaint, found bool) {
	n, found := r.told("Complaint")
	c.FeedbackType = strings.ToLower(n.Complaint.Type)
	for _, f := range n.Complaint.Recipients {
		c.add(f.Address)
	}
	return c, found
}
