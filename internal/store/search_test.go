package store

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"postroom/internal/postroom"
)

// find returns what a search finds: "contact Ann", "submission K7M-4QX", …
func find(t testing.TB, s *Store, query string) (list []string) {
	t.Helper()
	for _, f := range got(s.Read(t.Context()).Search(query, 20))(t) {
		list = append(list, string(f.Kind)+" "+strings.TrimSpace(f.Reference+" "+f.Name))
	}
	return list
}

func wantFound(t testing.TB, s *Store, query string, want ...string) {
	t.Helper()
	if list := find(t, s, query); !slices.Equal(list, want) {
		t.Errorf("%q finds %q, not %q", query, list, want)
	}
}

// somebody files a contact and returns the id.
func somebody(t testing.TB, s *Store, name, address, phone string) (id string) {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		c, err := tx.FindOrAddContact(postroom.Contact{Name: name, Address: address, Phone: phone, Reach: postroom.ReachEmail}, monday)
		id = c.ID
		return err
	})
	return id
}

func TestPeopleAreFoundHoweverSomebodyWritesThem(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		for _, c := range []struct {
			name, address, phone string
			queries              []string
		}{
			{"Zoë O'Neill-Łukasz", "zoe.neill@riverside.example", "+441908123456", []string{
				"zoe", "ZOË", "oneill", "O’Neill", "lukasz", "łuk", "zo luk", "lukasz zoe", "zoe.neill@riverside.example", "Zoe.Neill@River",
				"riverside.example", "@riverside", "01908 123456", "+44 (0)1908 123 456", "0044 1908123456", "441908", "01908-12"}},
			{"Дем'янюк Ґалина Їжак", "halyna@example.org", "", []string{"демʼянюк", "ДЕМЯНЮК", "галина", "Їжак", "їж ґал"}},
			{"علي رضا كريمي", "", "+93701234567", []string{"علی", "کریمی", "كريمي", "رضا عل", "۰۷۰۱۲۳۴۵", "٠٧٠١٢٣٤٥"}},
			{"می‌خواهم ګل", "p@example.org", "", []string{"میخواهم", "مي‌خواهم", "گل", "ګل"}},
		} {
			somebody(t, s, c.name, c.address, c.phone)
			for _, query := range c.queries {
				wantFound(t, s, query, "contact "+c.name)
			}
		}
		for _, query := range []string{"", " ", "neill zoe galina", "nobody", "oe", "example riverside halyna", "908123456", "zoe.neill@example", `"`, "'"} {
			wantFound(t, s, query)
		}
	})
}

func TestWhatIsFoundFollowsEveryChange(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ann := somebody(t, s, "", "ann@example.org", "")
		wantFound(t, s, "ann@example.org", "contact ")
		change := func(fn func(tx *Tx) error) { t.Helper(); write(t, s, fn); wantWordsAsCut(t, s) }
		change(func(tx *Tx) error { return tx.AddAddress(ann, "second@else.example", monday) })
		wantFound(t, s, "second else", "contact ")
		change(func(tx *Tx) error { return tx.AddAddress(ann, "second@else.example", monday.Add(time.Hour)) })
		change(func(tx *Tx) error {
			return tx.ComplementContact(ann, postroom.Contact{Name: "Ann Lee", Phone: "+441908777777", Reach: postroom.ReachPhone})
		})
		wantFound(t, s, "ann lee second", "contact Ann Lee")
		wantFound(t, s, "01908777", "contact Ann Lee")
		change(func(tx *Tx) error { return tx.SetReach(ann, postroom.ReachPhone, "+441908888888") })
		wantFound(t, s, "01908777")
		wantFound(t, s, "01908888", "contact Ann Lee")
		change(func(tx *Tx) error {
			return tx.CorrectAddress(ann, "second@else.example", "third@there.example", monday)
		})
		wantFound(t, s, "else")
		wantFound(t, s, "there ann", "contact Ann Lee")

		for range 2 {
			change(func(tx *Tx) error {
				group, err := tx.FindOrAddOrganisation("Gärten für alle", monday)
				if err != nil {
					return err
				}
				return tx.JoinOrganisation(ann, group, monday)
			})
		}
		wantFound(t, s, "garten alle", "organisation Gärten für alle", "contact Ann Lee")

		change(func(tx *Tx) error {
			for _, table := range []string{"contact_addresses", "contact_organisations"} {
				if _, err := tx.exec(`DELETE FROM `+table+` WHERE contact_id = $1`, ann); err != nil {
					return err
				}
			}
			if _, err := tx.exec(`DELETE FROM contacts WHERE id = $1`, ann); err != nil {
				return err
			}
			return tx.findAnew(ann)
		})
		wantFound(t, s, "ann")
	})
}

// wantWordsAsCut holds the words of every contact and organisation against what
// they would be if they were cut now, in any order, and the index against them.
func wantWordsAsCut(t testing.TB, s *Store) {
	t.Helper()
	const words = `SELECT kind || ' ' || id || ' ' || words FROM finds`
	sorted := func() (list []string) {
		for _, row := range columns(t, s, words) {
			all := strings.Fields(row)
			slices.Sort(all[2:])
			list = append(list, strings.Join(slices.Compact(all), " "))
		}
		slices.Sort(list)
		return list
	}
	before := sorted()
	write(t, s, func(tx *Tx) error {
		if _, err := tx.exec(`DELETE FROM finds`); err != nil {
			return err
		}
		return tx.findEverybody()
	})
	if after := sorted(); !slices.Equal(before, after) {
		t.Errorf("the words on file are\n%s\nand should be\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	if s.Engine() == "sqlite" {
		write(t, s, func(tx *Tx) error {
			_, err := tx.exec(`INSERT INTO finds_index (finds_index, rank) VALUES ('integrity-check', 1)`)
			return err
		})
	}
}

func TestPeopleWhoWereThereBeforeTheSearchAreFound(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error {
			for i := range 2*atOnce + 7 {
				if _, err := person(tx, fmt.Sprintf("p%da", i)); err != nil {
					return err
				}
			}
			group, err := tx.FindOrAddOrganisation("Riverside", monday)
			if err != nil {
				return err
			}
			c, err := person(tx, "ann")
			if err != nil {
				return err
			}
			return tx.JoinOrganisation(c.ID, group, monday)
		})
		wantWordsAsCut(t, s)
		wantFound(t, s, fmt.Sprintf("p%da@exa", 2*atOnce+6), fmt.Sprintf("contact p%da", 2*atOnce+6))
		if n := count(t, s, `SELECT count(*) FROM finds`); n != 2*atOnce+7+2 {
			t.Errorf("%d have words", n)
		}
	})
}

func TestReferencesAreFoundByTheirBeginning(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		drawn := []string{"K7M-4QX", "K7M-ZZZ", "K7N-222", "ANN-222"}
		s.draw = func() string { one := drawn[0]; drawn = drawn[1:]; return one }
		for _, name := range []string{"ann", "bea", "cem"} {
			filed(t, s, name)
		}
		drawn = []string{"K7M-5BB"}
		write(t, s, func(tx *Tx) error {
			id, _, err := tx.AddLetter(postroom.Letter{Hash: "h", Mailbox: "support@example.org", ReceivedAt: monday}, nil, []byte("raw"))
			if err != nil {
				return err
			}
			_, err = tx.SettleLetters([]postroom.Letter{{ID: id, State: postroom.LetterTriage, Address: "who@example.org"}}, monday)
			return err
		})
		for query, want := range map[string]int{"K7M-4QX": 1, "k7m4qx": 1, "k7m": 3, "k7m-": 3, " k7m 5": 1, "K7": 0, "K7M-4QXX": 0, "k7n-2": 1, "k7m5bb": 1, "2-2": 0} {
			if list := find(t, s, query); len(list) != want {
				t.Errorf("%q finds %q", query, list)
			}
		}
		wantFound(t, s, "k7m-z", "submission K7M-ZZZ bea")
		wantFound(t, s, "k7m-5", "letter K7M-5BB")
	})
}

func TestAMessyNameKeepsNobodyOut(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		long := strings.Repeat("x", 5000)
		somebody(t, s, long+" "+strings.Repeat("y ", 3000), "long@example.org", strings.Repeat("9", 4000))
		somebody(t, s, "…", "…@…", "")
		somebody(t, s, "a\u200bb\u2028'); DROP", "n@example.org", "")
		if n := len(find(t, s, long)); n != 1 {
			t.Errorf("a very long name is found %d times", n)
		}
		wantWordsAsCut(t, s)
	})
}

// typed is what somebody may type who knows a query language, or means nothing by it.
func typed() []string {
	return []string{`"`, `ann" OR b*`, `NEAR(ann b)`, `ann & !b | (c)`, `ann:*`, `''`, `\`, "-", "words:ann", "{ann}", "^ann", "ann\x00b", "\xff", "ǆ ﷺ ½ Ⅷ", "+44 (0)", "k7m-", "@", "a@b@c", "'ann':*A", "ann NOT lee"}
}

func TestQueryLanguagesMeanNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		somebody(t, s, "Ann Lee", "ann@example.org", "+441908123456")
		for _, query := range typed() {
			meant := true // every word of it begins a word of Ann's
			for _, word := range asked(query) {
				meant = meant && slices.ContainsFunc(contactWords("Ann Lee", "+441908123456", "ann@example.org"), func(w string) bool { return strings.HasPrefix(w, word) })
			}
			if list := find(t, s, query); (len(list) > 0) != (meant && len(asked(query)) > 0) {
				t.Errorf("%q finds %q", query, list)
			}
		}
	})
}

// FuzzSearch asks for what a stranger may type. Nothing in it is an error, and
// nothing of it that is neither letter nor digit reaches a database.
func FuzzSearch(f *testing.F) {
	for _, query := range typed() {
		f.Add(query)
	}
	s := open(f, filepath.Join(f.TempDir(), "x.db"))
	somebody(f, s, "Ann Lee", "ann@example.org", "+441908123456")
	f.Fuzz(func(t *testing.T, query string) {
		words := asked(query)
		for _, word := range words {
			if word == "" || strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
				t.Errorf("%q is cut into the word %q", query, word)
			}
		}
		find(t, s, query)
		somebody(t, s, query, query, query)
		if list := find(t, s, query); len(words) > 0 && len([]rune(query)) < maxWord && len(list) == 0 {
			t.Errorf("%q does not find who is called so", query)
		}
	})
}

// Whoever was put on file by a version without words is found after one look for them.
func TestWhoHasNoWordsIsGivenThem(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		filed(t, s, "ann")
		write(t, s, func(tx *Tx) error {
			if _, err := tx.exec(`INSERT INTO organisations (id, name, name_key, created_at) VALUES ('o1', 'Garden Friends', 'garden friends', 1)`); err != nil {
				return err
			}
			_, err := tx.exec(`DELETE FROM finds`)
			return err
		})
		for _, want := range []int{2, 0} {
			if n, err := s.FindMissing(t.Context()); err != nil || n != want {
				t.Errorf("%d were given words, not %d: %v", n, want, err)
			}
		}
		for _, query := range []string{"ann", "garden fri"} {
			if list, err := s.Read(t.Context()).Search(query, 5); err != nil || len(list) != 1 {
				t.Errorf("%q finds %+v, %v", query, list, err)
			}
		}
	})
}
