package digest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"html"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

const (
	office = "office@riverside.example"
	events = "events@riverside.example"
	cag    = "cag@riverside.example"
	nobody = "newsletter@riverside.example" // a coordinator who looks after nothing
)

// open starts a post room with the programmes of testdata. Its clock stands at
// half past nine of Monday 23 November 2026.
func open(t testing.TB, options ...testkit.Option) *testkit.Room {
	t.Helper()
	folder, err := filepath.Abs("testdata/programmes")
	if err != nil {
		t.Fatal(err)
	}
	summaries := testkit.Setting("digest_at: \"08:00\"\nprogrammes: " + folder)
	return testkit.New(t, append([]testkit.Option{summaries}, options...)...)
}

// at moves a room's clock to a day of November 2026 and does what is due then.
func at(t *testing.T, room *testkit.Room, day, hour, minute int) {
	t.Helper()
	room.Clock.Set(time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC))
	room.Work(t)
}

// send fills in a form and returns the reference of what is on file.
func send(t *testing.T, room *testkit.Room, form string, fields ...string) string {
	t.Helper()
	filled := url.Values{}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		filled.Set(name, value)
	}
	page := room.Submit(t, form, filled)
	if page.Status != 200 || !strings.Contains(page.URL, "/receipt/") {
		t.Fatalf("form %s: status %d at %s\n%s", form, page.Status, page.URL, page.Body)
	}
	room.Work(t)
	subs, err := room.Store.Read(t.Context()).Submissions(1)
	if err != nil {
		t.Fatal(err)
	}
	return subs[0].Reference
}

func write(t *testing.T, room *testkit.Room, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := room.Store.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// puzzle files a letter that nobody can place and returns its reference.
func puzzle(t *testing.T, room *testkit.Room, mailbox, words string) (reference string) {
	t.Helper()
	now := room.Clock.Now()
	sum := sha256.Sum256([]byte(words))
	write(t, room, func(tx *store.Tx) error {
		id, _, err := tx.AddLetter(postroom.Letter{Hash: hex.EncodeToString(sum[:]), Mailbox: mailbox, ReceivedAt: now}, nil, []byte(words))
		if err != nil {
			return err
		}
		if _, err := tx.SettleLetter(postroom.Letter{ID: id, Class: postroom.LetterUnknown, State: postroom.LetterTriage}, now); err != nil {
			return err
		}
		l, err := tx.Letter(id)
		reference = l.Reference
		return err
	})
	return reference
}

// summaries returns the summaries that an address received, without the numbers
// of what waits.
func summaries(t *testing.T, room *testkit.Room, address string) (list []testkit.Letter) {
	t.Helper()
	for _, l := range asWritten(t, room, address) {
		l.Text = numbers.ReplaceAllString(l.Text, "- ")
		list = append(list, l)
	}
	return list
}

// numbers finds the item numbers in a summary.
var numbers = regexp.MustCompile(`(?m)^- (\d+) · `)

// asWritten returns the summaries that an address received.
func asWritten(t *testing.T, room *testkit.Room, address string) (list []testkit.Letter) {
	t.Helper()
	for _, l := range room.Letters(t, address) {
		if strings.HasPrefix(l.Subject, "Your summary") || l.Subject == "All is calm" {
			l.Text = strings.ReplaceAll(l.Text, "\r\n", "\n")
			list = append(list, l)
		}
	}
	return list
}

// summary returns the one summary that an address received.
func summary(t *testing.T, room *testkit.Room, address string) testkit.Letter {
	t.Helper()
	list := summaries(t, room, address)
	if len(list) != 1 {
		t.Fatalf("%s received %d summaries, want one: %q", address, len(list), room.Subjects(t, address))
	}
	return list[0]
}

// labels puts names that a test knows in the place of references, which are
// drawn, and counts item numbers from 1: which colleague's summary was made
// first, and took which numbers, is as it happens.
func labels(text string, references map[string]string) string {
	for label, reference := range references {
		text = strings.ReplaceAll(text, reference, label)
	}
	var numbers []int
	for _, found := range itemNumber.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(found[1]) // digits alone are found
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return itemNumber.ReplaceAllStringFunc(text, func(line string) string {
		n, _ := strconv.Atoi(itemNumber.FindStringSubmatch(line)[1])
		return fmt.Sprintf("- %d · ", slices.Index(numbers, n)+1)
	})
}

var itemNumber = regexp.MustCompile(`(?m)^- (\d+) · `)

var anyReference = regexp.MustCompile(`\b[2-9B-Z]{3}-[2-9B-Z]{3}\b`)

var update = flag.Bool("update", false, "write the goldens anew")

// golden holds a text against the file it should read like, word for word.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s reads differently now (see it with -update and git diff):\n%s", name, got)
	}
}

// tag finds what is HTML and no word; of a link it keeps where that leads.
var tag = regexp.MustCompile(`<a [^>]*href="([^"]*)"[^>]*>|</?[a-z][^>]*>`)

// sameWords fails unless the HTML part says what the text part says.
func sameWords(t *testing.T, l testkit.Letter) {
	t.Helper()
	body := html.UnescapeString(tag.ReplaceAllString(l.HTML, " $1 "))
	for word := range strings.FieldsSeq(l.Text) {
		if word = strings.Trim(word, ".,:-<>"); !strings.Contains(body, word) {
			t.Errorf("the HTML part lacks %q", word)
		}
	}
}
