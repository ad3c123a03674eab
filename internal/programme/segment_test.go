package programme_test

import (
	"strings"
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

func TestMistakesInASegmentAreToldWithTheirPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ when, want string }{
		{`'area == "a"'`, ""},
		{`'"news" in lists and subscribed_days > 30'`, ""},
		{`'area == "z"'`, `p.yaml:29:36: area cannot be "z"; write a`},
		{`'"nwes" in lists'`, `p.yaml:29:28: lists cannot be "nwes"; write news`},
		{`'form == "cmoe"'`, `p.yaml:29:36: form cannot be "cmoe"; write come`},
		{`'area == '`, "p.yaml:29:"},
		{`'areaa == "a"'`, "p.yaml:29:28: this condition cannot be read: unknown name areaa"},
		{`'needs == "x"'`, "p.yaml:29:28: this condition cannot be read: unknown name needs"},
		{`'len(area) > 1'`, "p.yaml:29:"},
		{`'area'`, "p.yaml:29:"},
		{`'all(1..9, true)'`, "p.yaml:29:"},
	} {
		_, err := load(map[string]string{"p.yaml": small + "segments:\n  - {segment: here, when: " + c.when + "}\n"})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(c.want, "p.yaml"))) {
			t.Errorf("%s: %v, want %s", c.when, err, c.want)
		}
	}
}

func TestASegmentJudgesOnePersonAfterAnother(t *testing.T) {
	t.Parallel()
	set, err := load(map[string]string{"p.yaml": small + "segments:\n  - {segment: here, when: 'area == \"a\"'}\n"})
	if err != nil {
		t.Fatal(err)
	}
	p := set.Programmes()[0]
	here, err := p.SegmentOf("here", nil)
	if err != nil || here.When != `area == "a"` || !here.AsksAnswers() || here.AsksEvents() {
		t.Fatalf("%+v, %v", here, err)
	}
	j := here.NewJudge(p)
	for _, c := range []struct {
		answers postroom.Answers
		want    bool
	}{{postroom.Answers{"area": {"a"}}, true}, {nil, false}, {postroom.Answers{"area": {"b"}}, false}, {postroom.Answers{"area": {"a"}}, true}} {
		if got := j.Holds(programme.Member{Answers: c.answers}); got != c.want {
			t.Errorf("%v: %v", c.answers, got)
		}
	}
	for text, want := range map[string]string{"hre": "there is no segment called hre", `"x" in editions`: "", "area matches area": ""} {
		if _, err := p.SegmentOf(text, nil); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
