package outbound

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/emersion/go-ical"

	"postroom/internal/postroom"
)

// booked is a letter about a booking.
func booked(template, locale string) postroom.Message {
	m := sample(template, locale)
	m.Data["booking"], m.Data["sequence"] = "01939f3e-0000-7cc4-9b1e-5a6f0d2c7e11", "4"
	return m
}

// fileOf takes the calendar file out of a mail, or returns nil. The rest of
// the mail must be the letter as it is without one.
func fileOf(t testing.TB, o *Outbox, m postroom.Message) (file []byte, params map[string]string) {
	t.Helper()
	raw, err := o.Compose(m)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := o.Compose(m); err != nil || !bytes.Equal(raw, again) {
		t.Errorf("%s is another mail the second time (%v)", m.Template, err)
	}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, outer, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "multipart/mixed" {
		unpack(t, raw)
		return nil, nil
	}
	r := multipart.NewReader(msg.Body, outer["boundary"])
	letter, err := r.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(letter)
	if err != nil {
		t.Fatal(err)
	}
	bare := m
	bare.Data = map[string]string{}
	for key, value := range m.Data {
		if key != "booking" {
			bare.Data[key] = value
		}
	}
	with := unpack(t, append([]byte("Content-Type: "+letter.Header.Get("Content-Type")+"\r\n\r\n"), body...))
	if without := compose(t, o, bare); with.text != without.text || with.html != without.html {
		t.Errorf("%s reads differently with a calendar file", m.Template)
	}
	part, err := r.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	if part.FileName() != "booking.ics" || !strings.HasPrefix(part.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the file is %q", part.Header.Get("Content-Disposition"))
	}
	kind, params, err = mime.ParseMediaType(part.Header.Get("Content-Type"))
	if err != nil || kind != "text/calendar" || params["charset"] != "utf-8" {
		t.Errorf("the file is %q with %v (%v)", kind, params, err)
	}
	if file, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, part)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.NextRawPart(); err != io.EOF {
		t.Errorf("after the file comes %v", err)
	}
	return file, params
}

// entry reads a calendar file with another library than wrote it, and looks
// at its lines as RFC 5545, section 3.1, wants them.
func entry(t testing.TB, file []byte) (*ical.Calendar, ical.Event) {
	t.Helper()
	for line := range strings.SplitSeq(strings.TrimSuffix(string(file), "\r\n"), "\r\n") {
		if len(line) > 75 || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n") {
			t.Errorf("a line has %d octets: %q", len(line), line)
		}
	}
	file = bytes.ReplaceAll(file, []byte("\r\n "), nil)
	calendar, err := ical.NewDecoder(bytes.NewReader(file)).Decode()
	if err != nil {
		t.Fatalf("%v in\n%s", err, file)
	}
	if len(calendar.Events()) != 1 || len(calendar.Children) != 1 {
		t.Fatalf("%d entries in\n%s", len(calendar.Children), file)
	}
	if err := ical.NewEncoder(io.Discard).Encode(calendar); err != nil { // which looks for what must be there
		t.Errorf("%v in\n%s", err, file)
	}
	return calendar, calendar.Events()[0]
}

func said(t testing.TB, props ical.Props, name string) string {
	t.Helper()
	s, err := props.Text(name)
	if err != nil {
		t.Errorf("read %s: %v", name, err)
	}
	return s
}

func TestALetterAboutABookingBringsACalendarFile(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for _, locale := range []string{"en", "uk", "fa", "fa-AF", "ps"} {
		for _, name := range o.letters.Names() {
			method := map[string]string{"place-booked": "PUBLISH", "event-moved": "PUBLISH", "event-update": "PUBLISH", "event-reminder": "PUBLISH", "booking-cancelled": "CANCEL"}[name]
			file, params := fileOf(t, o, booked(name, locale))
			if method == "" {
				if file != nil {
					t.Errorf("%s in %s brings\n%s", name, locale, file)
				}
				continue
			}
			calendar, event := entry(t, file)
			status := map[string]string{"PUBLISH": "CONFIRMED", "CANCEL": "CANCELLED"}[method]
			for property, want := range map[string]string{
				"UID": "booking-01939f3e-0000-7cc4-9b1e-5a6f0d2c7e11@post.example.org", "STATUS": status,
				"SUMMARY": "Refugee support: meet & greet, Evening", "LOCATION": "Room 2, The Old Bath House, MK12 5JR",
				"DESCRIPTION": strings.ReplaceAll(o.letters.words[locale].reference, "{reference}", "K7M-4QX"),
			} {
				if got := said(t, event.Props, property); got != want {
					t.Errorf("%s in %s: %s is %q, want %q", name, locale, property, got, want)
				}
			}
			for property, want := range map[string]string{"DTSTART": "20261203T180000Z", "DTEND": "20261203T203000Z", "DTSTAMP": "20261123T100000Z",
				"SEQUENCE": "4", "ORGANIZER": "mailto:office@example.org"} {
				if got := event.Props.Get(property).Value; got != want {
					t.Errorf("%s in %s: %s is %q, want %q", name, locale, property, got, want)
				}
			}
			if got := said(t, calendar.Props, "METHOD"); got != method || params["method"] != method {
				t.Errorf("%s in %s: METHOD is %q in the file and %q in its header, want %q", name, locale, got, params["method"], method)
			}
		}
	}
}

func TestNothingToWriteIntoACalendarIsNoFile(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for what, change := range map[string]func(*postroom.Message){
		"no booking":  func(m *postroom.Message) { m.Data["booking"] = "" },
		"no date":     func(m *postroom.Message) { m.Data["starts"] = "" },
		"no data":     func(m *postroom.Message) { m.Data = nil },
		"no such day": func(m *postroom.Message) { m.Data["starts"] = "2026-13-40T18:00:00Z" },
	} {
		m := booked("place-booked", "en")
		change(&m)
		if file, _ := fileOf(t, o, m); file != nil {
			t.Errorf("%s brings\n%s", what, file)
		}
	}
	m := booked("place-booked", "en")
	m.Data["ends"] = "2026-12-03T17:00:00Z" // before it begins
	if _, event := entry(t, first(fileOf(t, o, m))); event.Props.Get("DTEND") != nil {
		t.Error("an end before the beginning is told")
	}
}

func first(file []byte, _ map[string]string) []byte { return file }

func TestACalendarFileIsRightOnBothNightsWhenClocksChange(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for _, c := range []struct{ starts, want, wall string }{
		{"2027-03-28T00:30:00Z", "20270328T003000Z", "00:30"},
		{"2027-03-28T01:30:00Z", "20270328T013000Z", "02:30"},
		{"2027-10-31T01:30:00+01:00", "20271031T003000Z", "01:30"},
		{"2027-10-31T01:30:00Z", "20271031T013000Z", "01:30"},
	} {
		m := booked("event-reminder", "en")
		m.Data["starts"], m.Data["ends"] = c.starts, ""
		_, event := entry(t, first(fileOf(t, o, m)))
		at, err := event.DateTimeStart(o.org.Zone)
		if got := event.Props.Get("DTSTART").Value; err != nil || got != c.want || at.In(o.org.Zone).Format("15:04") != c.wall {
			t.Errorf("%s: DTSTART:%s is %v (%v), want %s", c.starts, got, at, err, c.want)
		}
	}
}

func TestACalendarShowsNothingThatIsNobodysBusiness(t *testing.T) {
	t.Parallel()
	o := writer(t)
	m := booked("place-booked", "en")
	m.Discreet = true
	file := first(fileOf(t, o, m))
	_, event := entry(t, file)
	if got := said(t, event.Props, "SUMMARY"); got != "Example Charity" {
		t.Errorf("the entry is called %q", got)
	}
	for _, secret := range []string{"Refugee", "Evening", "Bath House", "K7M-4QX", "Olena", "Networking", "person@", "DESCRIPTION", "LOCATION"} {
		if bytes.Contains(bytes.ReplaceAll(file, []byte("\r\n "), nil), []byte(secret)) {
			t.Errorf("the file tells %q:\n%s", secret, file)
		}
	}
	if said(t, event.Props, "CLASS") != "PRIVATE" {
		t.Error("the entry is not private")
	}
}

func TestTheOrganiserIsNamedWithoutBackslashes(t *testing.T) {
	t.Parallel()
	o := writer(t)
	o.org.Name = `St Mary's: "Arts", Music; \ More`
	file := first(fileOf(t, o, booked("place-booked", "en")))
	_, event := entry(t, file)
	if got := event.Props.Get("ORGANIZER").Params.Get("CN"); got != "St Mary’s Arts Music More" {
		t.Errorf("the organiser is %q", got)
	}
}

// Whatever an event or a place is called, the calendar file says that and
// nothing else.
func FuzzCalendarFileHoldsWhatItWasGiven(f *testing.F) {
	for _, name := range []string{"Tea; cake, and \\n more", "گردهمایی‌های بهاری در کتابخانه مرکزی شهر میلتون کینز برای همه همسایگان تازه‌وارد و دوستان", "BEGIN:VEVENT\r\nEND:VCALENDAR",
		strings.Repeat("⌘", 200), strings.Repeat("a", 74) + "é", strings.Repeat("word ", 60), "<b>x</b> <<<< >>>>", " ", "\x00\xff", "۱۲\u200c۳\u2028\u202e"} {
		f.Add(name, name)
	}
	o := writer(f)
	f.Fuzz(func(t *testing.T, event, venue string) {
		m := booked("place-booked", "fa")
		m.Data["event"], m.Data["session"], m.Data["venue"], m.Data["programme"] = event, "", venue, ""
		calendar, err := o.write(m)
		if err != nil {
			t.Fatal(err)
		}
		_, back := entry(t, []byte(calendar.calendar.text))
		want := clean(m.Data)
		if want["event"] == "" {
			want["event"] = o.org.Name
		}
		if got := said(t, back.Props, "SUMMARY"); got != want["event"] {
			t.Errorf("the entry is called %q, want %q", got, want["event"])
		}
		if want["venue"] != "" && said(t, back.Props, "LOCATION") != want["venue"] {
			t.Errorf("the place is %q, want %q", said(t, back.Props, "LOCATION"), want["venue"])
		}
	})
}
