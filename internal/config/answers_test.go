package config_test

import (
	"strings"
	"testing"

	"postroom/internal/config"
)

func TestHowManyAnswersLeaveIsSet(t *testing.T) {
	t.Parallel()
	if got := mustLoad(t, least, nil).Answers; got != config.UsualAnswers() {
		t.Errorf("left out it is %+v", got)
	}
	got := mustLoad(t, least+"answers_a_day: {same: 2, in_all: 40}\n", nil).Answers
	if want := (config.Answers{Same: 2, ToAddress: 3, ToDomain: 10, InAll: 40}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for written, want := range map[string]string{
		"answers_a_day: {in_all: 0}":              "in_all",
		"answers_a_day: {same: 5, to_address: 2}": "same is more than to_address",
		"answers_a_day: {to_everybody: 9}":        "to_everybody is not a key here",
	} {
		if _, err := load(t, least+written+"\n", nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", written, err, want)
		}
	}
}

func TestTheFoldersOfAMailboxAreThreeFolders(t *testing.T) {
	t.Parallel()
	box, err := mailboxWith(t, "host: h, inbox: Enquiries, sent: Outgoing, done: Filed")
	if err != nil || box.Inbox != "Enquiries" || box.Sent != "Outgoing" || box.Done != "Filed" {
		t.Errorf("got %+v, %v", box, err)
	}
	for more, want := range map[string]string{
		"host: h, done: inbox":                       "done is the folder that letters come to",
		"host: h, inbox: Enquiries, sent: enquiries": "sent is the folder that letters come to",
	} {
		if _, err := mailboxWith(t, more); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", more, err, want)
		}
	}
}
