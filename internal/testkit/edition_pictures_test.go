package testkit_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"postroom/internal/app"
	"postroom/internal/campaign"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

const pictured = "---\nsubject: The garden\ntopic: events\n---\nHello {{name | neighbour}}.\n\n![The garden in May](garden.jpg)\n\n---\nlocale: uk\nsubject: Сад\n---\nВітаємо!\n\n![Сад у травні](garden.jpg)\n"

// From a file with a picture beside it to what each reader gets, and to the archive.
func TestAnEditionWithAPictureReachesReadersAsTheyChoseToReadIt(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		signUp(t, room, 1, 4)
		room.Hire(t, "ben", postroom.Grant{Role: postroom.Admin})
		for n, chosen := range map[int]postroom.Choices{1: {}, 2: {Look: postroom.PlainText, Topics: "events"}, 3: {Look: postroom.LargeText}, 4: {Topics: "funding"}} {
			chose(t, room, n, chosen)
		}
		folder := t.TempDir()
		var photo bytes.Buffer
		if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 1200, 600)), nil); err != nil {
			t.Fatal(err)
		}
		taken := "Exif\x00\x00GPS 52.0406 N"
		data := photo.String()
		data = data[:2] + "\xff\xe1\x00" + string(rune(len(taken)+2)) + taken + data[2:]
		outside := filepath.Join(t.TempDir(), "outside.jpg")
		for path, data := range map[string]string{filepath.Join(folder, "garden.jpg"): data, outside: photo.String()} {
			if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink(outside, filepath.Join(folder, "link.jpg")); err != nil {
			t.Fatal(err)
		}
		if _, err := room.Draft("news.md", []byte(strings.ReplaceAll(pictured, "garden.jpg", "link.jpg")), "newsletter", app.PicturesIn(folder)); err == nil {
			t.Error("a picture from outside the folder was taken")
		}
		c, err := room.Draft("news.md", []byte(pictured), "newsletter", app.PicturesIn(folder))
		if err != nil {
			t.Fatal(err)
		}
		if c, _, err = room.Newsletter.Draft(t.Context(), c, pictured, "ann"); err != nil {
			t.Fatal(err)
		}
		filed, err := room.Store.Read(t.Context()).Campaign(c.ID)
		if err != nil || len(filed.Pictures) != 1 || filed.Pictures[0].File != "garden.jpg" {
			t.Fatalf("%+v, %v", filed.Pictures, err)
		}
		changed := strings.Replace(pictured, "Hello", "Good morning", 1) // on the desk there is no folder beside it
		if c, err = room.Draft("line", []byte(changed), "newsletter", app.PicturesOf(filed.Pictures)); err != nil {
			t.Fatal(err)
		}
		if err := room.Newsletter.Edit(t.Context(), filed.ID, "ann", c, changed); err != nil {
			t.Fatal(err)
		}
		sendNow(t, room, filed.ID)
		address := "/pictures/" + filed.Pictures[0].Name
		for n := 1; n <= 3; n++ {
			got := room.Letter(t, reader(n))
			if got.Subject != "The garden" || !strings.HasPrefix(got.Text, "Good morning") || !strings.Contains(got.Text, "[The garden in May]") {
				t.Errorf("reader %d got %q\n%s", n, got.Subject, got.Text)
			}
			html := regexp.MustCompile(`<img src="http[^"]+` + regexp.QuoteMeta(address) + `" alt="The garden in May" width="576" height="288"`).MatchString(got.HTML)
			if html != (n != 2) || strings.Contains(got.HTML, "font-size:26px") != (n == 3) {
				t.Errorf("reader %d got\n%s", n, got.HTML)
			}
		}
		a := accountOf(t, room, filed.ID)
		if a.Chosen != 4 || a.Sent != 3 || a.Suppressed != 1 || len(a.Reasons) != 1 || a.Reasons[0].Reason != "reason.other_topics" {
			t.Errorf("the account is %+v", a)
		}
		if p := room.Get(t, address); p.Status != 200 || strings.Contains(p.Body, "GPS") || !strings.HasPrefix(p.Body, "\xff\xd8") {
			t.Errorf("the picture: status %d", p.Status)
		}
	})
}

func chose(t *testing.T, room *testkit.Room, n int, c postroom.Choices) {
	t.Helper()
	sub, found, err := room.Store.Read(t.Context()).SubscriptionAt("newsletter", reader(n))
	if err == nil && found {
		c.Often = postroom.EveryEdition
		err = room.Store.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.SetChoices(sub.ID, sub.Locale, c)
			return err
		})
	}
	if err != nil || !found {
		t.Fatal(found, err)
	}
}

func sendNow(t *testing.T, room *testkit.Room, id string) {
	t.Helper()
	if err := room.Newsletter.Approve(t.Context(), id, "ben", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := room.Newsletter.Send(t.Context(), id, "ben", campaign.When{AtOnce: true}); err != nil {
		t.Fatal(err)
	}
	room.Work(t)
}

// The settings can lose what every newsletter must have after an edition was approved.
func TestWithoutAPostalAddressNothingIsApproved(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	signUp(t, room, 1, 1)
	room.Hire(t, "ben", postroom.Grant{Role: postroom.Admin})
	id := drafted(t, room, "ann")
	room.Config.Organisation.PostalAddress = ""
	err := room.Newsletter.Approve(t.Context(), id, "ben", "")
	if postroom.KindOf(err) != postroom.Conflict || !strings.Contains(err.Error(), "postal address") {
		t.Errorf("approving: %v", err)
	}
	if c, err := room.Store.Read(t.Context()).Campaign(id); err != nil || c.State != postroom.CampaignDraft {
		t.Errorf("it is %s, %v", c.State, err)
	}
}
