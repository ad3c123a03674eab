package imports

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

type fixed time.Time

func (f fixed) Now() time.Time                  { return time.Time(f) }
func (f fixed) Until(time.Time) <-chan struct{} { return nil }

var noon = fixed(time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC))

// readMembers reads a file as PlanMembers does, without looking at what is on file.
func readMembers(t *testing.T, o MemberOrder, soft bool) MemberPlan {
	t.Helper()
	im := New(Options{Clock: noon, Locales: []string{"en", "uk", "fa", "fa-AF"}})
	p := MemberPlan{order: o, List: &programme.List{Name: "news", SoftOptIn: soft, Topics: []programme.Option{{Value: "events", Label: postroom.Words{"en": "Big events"}}}}}
	parts, err := unpack(o.Name, o.File)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, part := range parts {
		if err := im.planPart(part, &p, seen); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// summed is what was read of each row, in one line.
func summed(p MemberPlan) string {
	var lines []string
	for _, r := range p.Rows {
		lines = append(lines, strings.TrimSpace(strings.Join([]string{r.Address, r.Name, r.Locale, string(r.State), string(r.Basis), string(r.Outcome)}, "|")))
	}
	return strings.Join(lines, "\n")
}

func packed(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err == nil {
			_, err = f.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFilesOfOtherProgramsAreKnownByTheirColumns(t *testing.T) {
	t.Parallel()
	const mc = "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LAST_CHANGED,LEID,EUID\n"
	for name, each := range map[string]struct {
		order   MemberOrder
		program string
		want    string
	}{
		"Mailchimp, all in one": {MemberOrder{Name: "audience.zip", File: packed(t,
			"subscribed_members_export_1.csv", mc+"Ana@Example.org,Ana,Silva,2,,,2024-05-01 10:00:00,192.0.2.1,2025-01-01 10:00:00,1,a\nold@example.org,Old,,2,,,,,2025-01-01 10:00:00,2,b\nleft@example.org,Left,,2,,,2024-05-01 10:00:00,192.0.2.1,2025-01-01 10:00:00,3,c\n",
			"unsubscribed_members_export_1.csv", strings.Replace(mc, "LEID", "UNSUB_TIME,LEID", 1)+"left@example.org,Left,,2,,,2024-05-01 10:00:00,192.0.2.1,2025-01-01 10:00:00,2025-02-01 10:00:00,3,c\n",
			"readme.md", "no table")}, mailchimp,
			"left@example.org|Left|en|unsubscribed|consent|\nana@example.org|Ana Silva|en|confirmed|consent|\nold@example.org|Old|en|pending|unknown|\nleft@example.org|Left|en|confirmed|consent|twice"},
		"listmonk": {MemberOrder{File: []byte("uuid,email,name,attributes,status,created_at,updated_at\nu1,a@example.org,A,{},enabled,2024-05-01T10:00:00Z,\nu2,b@example.org,B,{},blocklisted,,\n")}, listmonk,
			"a@example.org|A|en|pending|unknown|\nb@example.org|B|en|unsubscribed|unknown|"},
		"CiviCRM": {MemberOrder{File: []byte("Contact ID;First Name;Last Name;Email;Do Not Email;No Bulk Emails (User Opt Out);Preferred Language\n1;Olena;K;o@example.org;No;No;uk_UA\n2;Sam;L;s@example.org;;Yes;en_GB\n"), Basis: postroom.ByConsent, Source: "forms on paper"}, civiCRM,
			"o@example.org|Olena K|uk|confirmed|consent|\ns@example.org|Sam L|en|unsubscribed|consent|"},
		"any other, with a map": {MemberOrder{File: []byte("E-post\tVorname\tbasis\nx@example.org\tXia\tconsent\nno address\tY\tconsent\nx@example.org\tXia\tconsent\n"), Map: map[string]string{"E-post": "email", "Vorname": "first_name"}}, "",
			"x@example.org|Xia|en|confirmed|consent|\nno address|||||mend\nx@example.org|Xia|en|confirmed|consent|twice"},
	} {
		p := readMembers(t, each.order, false)
		if got := summed(p); p.Program != each.program || got != each.want {
			t.Errorf("%s: %q\n%s\nwant\n%s", name, p.Program, got, each.want)
		}
	}
}

func TestTheSoftOptInCountsOnlyWhereItIsAllowedAndSinceItIsLaw(t *testing.T) {
	t.Parallel()
	file := []byte("email,basis,asked_at\nbefore@example.org,soft_opt_in,2026-02-04\nsince@example.org,soft_opt_in,2026-02-05\n")
	if got := summed(readMembers(t, MemberOrder{File: file}, false)); strings.Contains(got, "confirmed") {
		t.Errorf("a list that does not allow it: %s", got)
	}
	want := "before@example.org||en|pending|unknown|\nsince@example.org||en|confirmed|soft_opt_in|"
	if got := summed(readMembers(t, MemberOrder{File: file}, true)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestWhatIsOnFileDecides(t *testing.T) {
	t.Parallel()
	on := MemberPlanRow{}
	on.State, on.Basis = postroom.Confirmed, postroom.ByConsent
	left := on
	left.State, left.EndedAt = postroom.Unsubscribed, noon.Now()
	before := noon.Now().Add(-time.Hour)
	for want, each := range map[MemberOutcome]struct {
		row  MemberPlanRow
		file standing
	}{
		MemberNew:     {on, standing{}},
		MemberGone:    {left, standing{}},
		MemberStopped: {on, standing{Stopped: true}},
		MemberLeft:    {on, standing{Subscription: "s", State: postroom.Unsubscribed}},
		MemberKnown:   {on, standing{Subscription: "s", State: postroom.Confirmed, Basis: postroom.ByConsent}},
		MemberAgreed:  {on, standing{Subscription: "s", State: postroom.Pending, Basis: postroom.UnknownBasis}},
		MemberEnds:    {left, standing{Subscription: "s", State: postroom.Confirmed, ConfirmedAt: before}},
	} {
		each.row.settle(each.file)
		if each.row.Outcome != want {
			t.Errorf("%+v: %s, want %s", each.file, each.row.Outcome, want)
		}
	}
	again := left
	again.settle(standing{Subscription: "s", State: postroom.Confirmed, ConfirmedAt: noon.Now().Add(time.Hour)})
	if again.Outcome != MemberKnown {
		t.Errorf("who confirmed after they had left elsewhere: %s", again.Outcome)
	}
}
