package testkit_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"postroom/internal/imports"
	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

// importMembers brings a file to the newsletter as the command does.
func importMembers(t *testing.T, room *testkit.Room, file string) (imports.MemberPlan, imports.MemberResult) {
	t.Helper()
	plan, err := room.Imports.PlanMembers(t.Context(), imports.MemberOrder{List: "newsletter", File: []byte(file), By: "sam"})
	if err != nil {
		t.Fatal(err)
	}
	result, err := room.Imports.DoMembers(t.Context(), plan, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return plan, result
}

func TestAnImportNeverBringsBackWhoLeftAndMailsOnlyWhoAgreed(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		signUp(t, room, 1, 2)
		room.Post(t, room.Letter(t, reader(1)).Link(t, "unsubscribe"))
		room.Work(t)
		file := "email,name,basis,source\n" + reader(1) + ",One,consent,old list\n" + reader(2) + ",Two,consent,old list\nnew@example.org,New,consent,old list\nunsure@example.org,Unsure,,\n"
		plan, result := importMembers(t, room, file)
		if plan.Count(imports.MemberLeft) != 1 || plan.Count(imports.MemberKnown) != 1 || result.Added != 2 {
			t.Fatalf("%+v %+v", plan.Rows, result)
		}
		room.Clock.Advance(time.Hour)
		startEdition(t, room, false)
		room.Work(t)
		for address, want := range map[string]int{reader(1): 0, reader(2): 1, "new@example.org": 1, "unsure@example.org": 0} {
			if got := len(copies(t, room, address)); got != want {
				t.Errorf("%s received %d copies, want %d", address, got, want)
			}
		}
		leave := copies(t, room, "new@example.org")[0]
		at := strings.Trim(strings.Split(leave.Header.Get("List-Unsubscribe"), ",")[0], "<> ")
		for range 2 {
			if page := room.PostForm(t, at, url.Values{"List-Unsubscribe": {"One-Click"}}); page.Status != 200 {
				t.Errorf("one click from somebody of a file: %d", page.Status)
			}
		}
		if got := standing(t, room, "new@example.org"); got != postroom.Unsubscribed {
			t.Errorf("after one click they are %s", got)
		}
		undone, err := room.Imports.Undo(t.Context(), result.ID)
		if err != nil || undone.Removed != 1 {
			t.Errorf("%+v, %v: only who has done nothing is taken back", undone, err)
		}
	})
}

func TestTheLinkInANewsletterTellsTheAddressOnceAndCanBeUndone(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	signUp(t, room, 1, 1)
	at := room.Letter(t, reader(1)).Link(t, "unsubscribe")
	before := len(room.Letters(t, reader(1)))
	room.Post(t, at)
	room.Post(t, at)
	room.Work(t)
	if got := len(room.Letters(t, reader(1))) - before; got != 1 {
		t.Fatalf("the address heard %d times", got)
	}
	room.Clock.Advance(3 * time.Hour)
	if page := room.PostForm(t, at+"/back", url.Values{}); page.Status != 410 {
		t.Errorf("undo on the page after three hours: %d", page.Status)
	}
	room.Post(t, room.Letter(t, reader(1)).Link(t, "undo"))
	if got := onList(t, room); got != postroom.Confirmed {
		t.Errorf("after the undo in the mail they are %s", got)
	}
}

func TestNewsMovesWhenBothMailboxesAgree(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		signUp(t, room, 1, 1)
		for range 2 { // asked twice is asked once
			if err := room.Lists.AskToMove(t.Context(), reader(1), "moved@example.org", "en"); err != nil {
				t.Fatal(err)
			}
		}
		room.Work(t)
		if got := len(room.Letters(t, "moved@example.org")); got != 1 {
			t.Fatalf("the new address has %d mails", got)
		}
		room.Post(t, room.Letter(t, "moved@example.org").Link(t, "move"))
		if got := onList(t, room); got != postroom.Confirmed {
			t.Errorf("one end alone moved it: %s", got)
		}
		room.Post(t, room.Letter(t, reader(1)).Link(t, "move"))
		if got := standing(t, room, "moved@example.org"); got != postroom.Confirmed {
			t.Errorf("the new address is %s", got)
		}
		startEdition(t, room, false)
		room.Work(t)
		if old, fresh := len(copies(t, room, reader(1))), len(copies(t, room, "moved@example.org")); old != 0 || fresh != 1 {
			t.Errorf("the old address has %d copies, the new one %d", old, fresh)
		}
	})
}
