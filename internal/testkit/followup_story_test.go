package testkit_test

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postroom/internal/testkit"
	"postroom/templates"
)

// notebook is a post room that is stopped, has its programme files edited, and
// goes on where it stopped.
type notebook struct {
	*testkit.Room
	t         *testing.T
	first     *testkit.Room // whose mail server, database and clock every later one uses
	programme string        // path of networking-event.yaml
	options   []testkit.Option
}

// programmes copies the starter programmes into a folder that a test may edit.
func programmes(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	files, err := fs.Sub(templates.FS, "programme")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	return dir
}

func newNotebook(t *testing.T, options ...testkit.Option) *notebook {
	t.Helper()
	files := programmes(t)
	n := &notebook{t: t, programme: filepath.Join(files, "networking-event.yaml")}
	n.options = []testkit.Option{testkit.In(t.TempDir()), testkit.Setting("programmes: " + files)}
	n.first = testkit.New(t, append(options, n.options...)...)
	n.Room = n.first
	return n
}

// edit stops the room, changes the programme file, and starts the room again
// at the same moment.
func (n *notebook) edit(old, now string) {
	n.t.Helper()
	text, err := os.ReadFile(n.programme)
	if err != nil {
		n.t.Fatal(err)
	}
	changed := strings.Replace(string(text), old, now, 1)
	if old != now && changed == string(text) {
		n.t.Fatalf("%q is not in the programme", old)
	}
	if err := os.WriteFile(n.programme, []byte(changed), 0o600); err != nil {
		n.t.Fatal(err)
	}
	n.restart(n.Clock.Now())
}

// restart stops the room and starts it again when the clock says now, as after
// a time without power.
func (n *notebook) restart(now time.Time) {
	n.t.Helper()
	n.Stop()
	n.Clock.Set(now)
	n.Room = testkit.New(n.t, append([]testkit.Option{testkit.Beside(n.first)}, n.options...)...)
	n.Work(n.t)
}

// letters are all mails to the person, from every room there was.
func (n *notebook) letters() []testkit.Letter { return n.first.Letters(n.t, person) }

// wait lets the clock run until t, in steps of a day, working on each.
func (n *notebook) wait(t time.Time) {
	n.t.Helper()
	for n.Clock.Now().AddDate(0, 0, 1).Before(t) {
		n.Clock.Advance(24 * time.Hour)
		n.Work(n.t)
	}
	n.Clock.Set(t)
	n.Work(n.t)
}

// want compares the beginnings of the subjects of every mail so far.
func (n *notebook) want(beginnings ...string) {
	n.t.Helper()
	var got []string
	for _, l := range n.letters() {
		got = append(got, l.Subject)
	}
	same := len(got) == len(beginnings)
	for i := 0; same && i < len(got); i++ {
		same = strings.HasPrefix(got[i], beginnings[i])
	}
	if !same {
		n.t.Fatalf("at %v the person has received\n%q\nwant\n%q", n.Clock.Now(), got, beginnings)
	}
}

// entry reads one line of the last mail's calendar file.
func (n *notebook) entry(property string) string {
	n.t.Helper()
	all := n.letters()
	file := strings.ReplaceAll(all[len(all)-1].Calendar, "\r\n ", "")
	for line := range strings.SplitSeq(file, "\r\n") {
		if value, found := strings.CutPrefix(line, property+":"); found {
			return value
		}
	}
	return ""
}

func (n *notebook) wantEntry(lines map[string]string) {
	n.t.Helper()
	for property, want := range lines {
		if got := n.entry(property); got != want {
			n.t.Errorf("the calendar file says %s:%s, want %s", property, got, want)
		}
	}
}

func march(day, hour, minute int) time.Time {
	return time.Date(2027, time.March, day, hour, minute, 0, 0, time.UTC)
}

// mainEvent fills in the registration form for the main event, on 13 March
// 2027 from ten until three.
func mainEvent(address string) url.Values {
	return url.Values{"session": {"main"}, "places": {"1"}, "name": {"A Person"}, "email": {address}}
}

func TestTheNetworkingEventFromBookingToThanks(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		n := newNotebook(t, engine)
		n.Submit(t, "register", mainEvent(person))
		n.Work(t)
		n.want("Your place is booked")
		uid := n.entry("UID")
		n.wantEntry(map[string]string{"METHOD": "PUBLISH", "DTSTART": "20270313T100000Z", "DTEND": "20270313T150000Z", "SEQUENCE": "0"})

		n.wait(march(6, 9, 59))
		n.want("Your place is booked")
		n.wait(march(6, 10, 0)) // seven days before
		n.want("Your place is booked", "Soon")
		n.wait(march(11, 10, 0)) // two days before
		n.want("Your place is booked", "Soon", "Reminder")

		// The hall is flooded: two weeks later, after the clocks have changed.
		n.edit("starts: 2027-03-13 10:00\n        ends: 2027-03-13 15:00", "starts: 2027-04-03 10:00\n        ends: 2027-04-03 15:00")
		heard := []string{"Your place is booked", "Soon", "Reminder", "A change to your event"}
		n.want(heard...)
		n.wantEntry(map[string]string{"UID": uid, "SEQUENCE": "2", "DTSTART": "20270403T090000Z", "DTEND": "20270403T140000Z"})
		n.restart(n.Clock.Now()) // tells nothing again
		n.want(heard...)

		april := march(34, 9, 0)
		n.wait(april.AddDate(0, 0, -2))
		heard = append(heard, "Soon", "Reminder")
		n.want(heard...)
		n.wantEntry(map[string]string{"UID": uid, "SEQUENCE": "2", "DTSTART": "20270403T090000Z"})
		n.wait(april.AddDate(0, 0, 1))
		n.wait(april.AddDate(0, 1, 0))
		n.want(append(heard, "How was")...)
	})
}

func TestAChangeOfVenueAloneIsTold(t *testing.T) {
	t.Parallel()
	n := newNotebook(t)
	n.Submit(t, "register", mainEvent(person))
	n.Work(t)
	n.edit("venue: The Community Hall, 1 Market Square, Milton Keynes\n        capacity: 60", "venue: The Library, 3 Silver Street, Milton Keynes\n        capacity: 60")
	n.want("Your place is booked", "A change to your event")
	text := n.letters()[1].Text
	if !strings.HasPrefix(text, "Your event has a new place. Your place is kept.") || !strings.Contains(text, "Where now: The Library") || !strings.Contains(text, "Where before: The Community Hall") {
		t.Errorf("the mail says\n%s", text)
	}
	n.wantEntry(map[string]string{"SEQUENCE": "2", "LOCATION": `The Library\, 3 Silver Street\, Milton Keynes`})
}

func TestWhoeverWaitsHearsOfAMoveAndGetsTheCalendarFileWithAPlaceAlsoAtNight(t *testing.T) {
	t.Parallel()
	n := newNotebook(t)
	n.Submit(t, "register", place("First", "first@example.org", 10))
	n.Submit(t, "register", place("Somebody", person, 3))
	n.Work(t)
	n.want("You are on the waiting list")
	n.edit("starts: 2027-03-13 13:00\n        ends: 2027-03-13 14:00", "starts: 2027-03-13 11:00\n        ends: 2027-03-13 12:00")
	n.want("You are on the waiting list", "A change to your event")
	all := n.letters()
	if !strings.Contains(all[1].Text, "You are still on the waiting list") || all[0].Calendar+all[1].Calendar != "" {
		t.Errorf("who waits hears\n%s\nwith calendar files %q", all[1].Text, all[0].Calendar+all[1].Calendar)
	}
	n.Clock.Set(time.Date(2026, 12, 2, 2, 0, 0, 0, time.UTC)) // in the middle of the night
	n.Post(t, n.first.Letter(t, "first@example.org").Link(t, "manage"))
	n.Work(t)
	n.want("You are on the waiting list", "A change to your event", "Your place is booked")
	n.wantEntry(map[string]string{"METHOD": "PUBLISH", "DTSTART": "20270313T110000Z"})
	if cancelled := n.first.Letter(t, "first@example.org"); !strings.Contains(cancelled.Calendar, "METHOD:CANCEL\r\n") || !strings.Contains(cancelled.Calendar, "SEQUENCE:3\r\n") {
		t.Errorf("who cancelled gets\n%s", cancelled.Calendar)
	}
}

func TestWhatIsLateAfterDowntimeIsLeftOutOrAsked(t *testing.T) {
	t.Parallel()
	n := newNotebook(t)
	n.Submit(t, "register", mainEvent(person))
	n.Work(t)
	n.restart(march(10, 12, 0)) // over the update, due on the sixth and too late after three days
	n.want("Your place is booked")
	n.restart(march(14, 0, 0)) // over the reminder and the day itself
	n.want("Your place is booked")
	n.restart(march(29, 12, 0)) // over the thanks, due on the fourteenth and too late after two weeks
	n.want("Your place is booked")
	asked := n.first.Letter(t, "events@riverside.example")
	if !strings.HasPrefix(asked.Subject, "Something we promised is late") || !strings.Contains(asked.Text, "Step: thanks") {
		t.Errorf("the coordinator hears %q\n%s", asked.Subject, asked.Text)
	}
	told := len(n.first.Letters(t, "events@riverside.example"))
	n.restart(march(30, 12, 0))
	if got := len(n.first.Letters(t, "events@riverside.example")) - told; got != 0 {
		t.Errorf("the coordinator is asked %d times more", got)
	}

	// It had not taken place after all: the new date has thanks of its own.
	n.edit("starts: 2027-03-13 10:00\n        ends: 2027-03-13 15:00", "starts: 2027-05-15 10:00\n        ends: 2027-05-15 15:00")
	n.want("Your place is booked", "A change to your event")
	n.wait(time.Date(2027, 5, 17, 9, 0, 0, 0, time.UTC))
	n.want("Your place is booked", "A change to your event", "Soon", "Reminder", "How was")
}

func TestWhoOnlyWaitedHasNothingToStrikeOutOfACalendar(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Submit(t, "register", place("First", "first@example.org", 10))
	room.Submit(t, "register", place("Somebody", person, 3))
	room.Work(t)
	room.Clock.Advance(time.Hour)
	room.Post(t, room.Letter(t, person).Link(t, "manage"))
	room.Work(t)
	if l := room.Letter(t, person); !strings.HasPrefix(l.Subject, "Your booking is cancelled") || l.Calendar != "" {
		t.Errorf("who waited and left hears %q with\n%s", l.Subject, l.Calendar)
	}
}

func TestAReminderOverdueByNightWaitsForTheMorning(t *testing.T) {
	t.Parallel()
	n := newNotebook(t)
	n.Submit(t, "register", mainEvent(person))
	n.Work(t)
	n.wait(march(6, 10, 0))
	n.restart(march(11, 23, 30)) // the reminder was due at ten in the morning
	n.want("Your place is booked", "Soon")
	n.wait(march(12, 8, 0))
	n.want("Your place is booked", "Soon", "Reminder")
}
