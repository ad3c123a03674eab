package testkit_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"postroom/internal/imports"
	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

const listOfOthers = "Ваше ім’я;Email;Your question or message;When;left over\r\n" +
	"Олена;olena@example.org;Is there a list?;2026-05-01;x\r\n" +
	"Amir;amir@example.org;=1+1;;x\r\n\r\n" +
	"Nobody;;What?;31/2/2026;x\r\n"

// inUTF16 is how Excel writes "Unicode text".
func inUTF16(text string) (file []byte) {
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		file = append(file, byte(unit), byte(unit>>8))
	}
	return file
}

func TestAFileIsImportedOnceQuietlyAndCanBeTakenBack(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		before := room.Count(t)
		order := imports.Order{Form: "ask", File: inUTF16(listOfOthers), Map: map[string]string{"When": imports.DateColumn, "Your question or message": "question"}, By: "sam"}
		read := func() imports.Plan {
			t.Helper()
			p, err := room.Imports.Plan(t.Context(), order)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		plan := read()
		if plan.Encoding != "UTF-16" || plan.Separator != ';' || plan.Columns[0].Field != "name" || plan.Columns[4].Field != "" ||
			plan.Count(imports.IsNew) != 2 || plan.Count(imports.ToMend) != 1 || plan.Rows[2].Line != 5 || room.Count(t) != before {
			t.Fatalf("%+v", plan)
		}
		first, err := room.Imports.Do(t.Context(), plan, func(int) {})
		if err != nil || first.Added != 2 {
			t.Fatalf("%+v, %v", first, err)
		}
		room.Work(t)
		if got := len(room.Sink.To("olena@example.org")) + len(room.Sink.To("office@riverside.example")); got != 0 {
			t.Errorf("%d mails left", got)
		}
		list, err := room.Store.Read(t.Context()).Submissions(10)
		if err != nil || list[1].Answers.One("name") != "Олена" || list[1].ReceivedAt.Format("2006-01-02") != "2026-05-01" || list[1].Channel != postroom.ByImport || list[1].State != postroom.SubmissionAnswered {
			t.Errorf("%+v, %v", list, err)
		}
		if again := read(); again.Count(imports.IsKnown) != 2 || again.Count(imports.IsNew) != 0 {
			t.Errorf("the same file twice: %d known", again.Count(imports.IsKnown))
		}
		office := room.As(t, "office")
		office.Post(t, "/desk/submission/"+list[0].ID+"/note", map[string][]string{"note": {"They called."}, "text": {"They called."}})
		undone, err := room.Imports.Undo(t.Context(), first.ID)
		if err != nil || undone.Removed != 1 || len(undone.Kept) != 1 || undone.Kept[0] != list[0].Reference {
			t.Errorf("%+v, %v", undone, err)
		}
		if strings.Contains(room.Rows(t), "olena@example.org") && room.Count(t) != before+1 {
			t.Error("something is left of what was taken back")
		}
		if again := read(); again.Count(imports.IsNew) != 1 {
			t.Errorf("what was taken back can be imported again, but %d rows are new", again.Count(imports.IsNew))
		}
	})
}

func TestAnImportThatDiedGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	order := imports.Order{Form: "ask", File: []byte("name,email,question\nA,a@example.org,1\nB,b@example.org,2\nC,c@example.org,3\n")}
	plan, err := room.Imports.Plan(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = room.Imports.Do(t.Context(), plan, func(done int) { // it dies
			if done == 2 {
				panic("died")
			}
		})
	}()
	if plan, err = room.Imports.Plan(t.Context(), order); err != nil || plan.Count(imports.IsKnown) != 2 {
		t.Fatalf("%d known, %v", plan.Count(imports.IsKnown), err)
	}
	result, err := room.Imports.Do(t.Context(), plan, func(int) {})
	if err != nil || result.Added != 1 {
		t.Fatalf("%+v, %v", result, err)
	}
	if undone, err := room.Imports.Undo(t.Context(), result.ID); err != nil || undone.Removed != 3 {
		t.Errorf("%+v, %v: undo takes back what both halves added", undone, err)
	}
}

func TestStaffPutInACall(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	office := room.As(t, "office")
	page := office.Get(t, "/desk/entry/ask")
	sent := page.Hidden()
	sent.Set("entry_way", "phone")
	sent.Set("entry_date", "2026-11-20")
	sent.Set("entry_language", "uk")
	sent.Set("name", "Olena")
	sent.Set("phone", "01908 123456")
	sent.Set("question", "May I come?")
	if got := office.Post(t, "/desk/entry/ask", sent); got.Status != 422 || !strings.Contains(got.Body, "#entry-source") || !strings.Contains(got.Body, "May I come?") {
		t.Fatalf("without a source: %d", got.Status)
	}
	sent.Set("entry_source", "said yes, heard by office")
	for range 2 { // a double click
		if got := office.Post(t, "/desk/entry/ask", sent); got.Status != 200 || !strings.Contains(got.URL, "/desk/submission/") {
			t.Fatalf("%d at %s", got.Status, got.URL)
		}
	}
	list, err := room.Store.Read(t.Context()).Submissions(10)
	if err != nil || len(list) != 1 || list[0].Channel != postroom.ByPhone || list[0].Locale != "uk" || list[0].ReceivedAt.Format("2006-01-02") != "2026-11-20" {
		t.Errorf("%+v, %v", list, err)
	}
	if seen, err := room.Store.Read(t.Context()).Seen("office", "put in by phone", list[0].ID, list[0].ReceivedAt.AddDate(0, 0, -1)); err != nil || !seen {
		t.Errorf("who put it in is not on file: %v", err)
	}
}
