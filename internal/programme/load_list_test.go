package programme

import (
	"strings"
	"testing"
	"testing/fstest"
)

const listFile = `
programme: p
languages: [en]
reviewed: [en]
name: {en: P}
privacy: {en: We keep it.}
lists:
  - list: news
    name: {en: News}
    topics_from: interests
    areas: {north: {en: The north}, south: {en: The south}}
    soft_opt_in: true
forms:
  - form: join
    kind: KIND
    list: news
    title: {en: Join}
    reach: [email]
    fields:
      - {field: email, type: email, required: true}
      - {field: interests, type: choices, label: {en: "What?"}, error_label: {en: what}, options: {events: {en: Events}, money: {en: Money}}}
`

func loadList(text string) (*Set, error) {
	return Load(fstest.MapFS{"p.yaml": {Data: []byte(text)}}, Options{})
}

func TestAListOffersWhatStandsThereOrWhatAFormAsks(t *testing.T) {
	t.Parallel()
	set, err := loadList(strings.ReplaceAll(listFile, "KIND", "sign_up"))
	if err != nil {
		t.Fatal(err)
	}
	l, p, ok := set.List("news")
	if !ok || p.Name != "p" || len(l.Topics) != 2 || l.Topics[0].Value != "events" || l.TopicsField != "interests" || len(l.Areas) != 2 || !l.SoftOptIn {
		t.Errorf("%+v", l)
	}
	if _, _, ok := set.List("other"); ok {
		t.Error("a list that is not there was found")
	}
}

func TestNobodyWhoAskedForHelpIsMailedWithoutAYes(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"enquiry", "concern", "referral"} {
		if _, err := loadList(strings.ReplaceAll(listFile, "KIND", kind)); err == nil || !strings.Contains(err.Error(), "soft_opt_in") {
			t.Errorf("a programme with a form of kind %s: %v", kind, err)
		}
	}
	wrong := strings.ReplaceAll(strings.ReplaceAll(listFile, "KIND", "sign_up"), "topics_from: interests", "topics_from: email")
	if _, err := loadList(wrong); err == nil || !strings.Contains(err.Error(), "a field email of type choices") {
		t.Errorf("topics from a field that offers none: %v", err)
	}
}
