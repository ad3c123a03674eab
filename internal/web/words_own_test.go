package web

import (
	"strings"
	"testing"
	"testing/fstest"

	"postroom/internal/postroom"
	"postroom/templates"
)

func TestAnOrganisationsOwnTextsStandOverThoseThatCame(t *testing.T) {
	t.Parallel()
	came, err := LoadLocales(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	own, aside := came.With(fstest.MapFS{
		"locale/uk.yaml":   file("home.title: Чим допомогти?\nreceipt.reference: Номер\ngone.away: Немає\nerror.too_long.two: \"{label} {max}\"\n"),
		"locale/en.yaml":   file("home.title: Not this way"),
		"reviewed/uk.yaml": file("confirm.button: " + Mark("Yes, send me the news")),
		"reviewed/ps.yaml": file("confirm.button: " + Mark("Yes")),
		"locale/fa.yaml":   file("- no texts"),
	})
	for _, said := range []string{"uk.yaml: receipt.reference has the gaps []", "uk.yaml: gone.away is not in English", "error.too_long.two is a form that the language has not", "fa.yaml:"} {
		if aside == nil || !strings.Contains(aside.Error(), said) {
			t.Errorf("%v does not say %q", aside, said)
		}
	}
	for _, each := range []struct {
		l               *Locales
		tag, key, holds string
	}{
		{own, "uk", "home.title", "Чим допомогти?"}, {came, "uk", "home.title", came.texts["uk"]["home.title"]},
		{own, "uk", "receipt.reference", "{reference}"}, {own, "en", "home.title", "How can we help?"}, {own, "fa", "home.title", came.texts["fa"]["home.title"]},
	} {
		if got := each.l.Text(each.tag, postroom.Say(each.key)); !strings.Contains(got, each.holds) {
			t.Errorf("%s in %s is %q", each.key, each.tag, got)
		}
	}
	for tag, beside := range map[string]bool{"uk": false, "ps": true, "fa": true} {
		if got := strings.Contains(string(own.HTML(tag, postroom.Say("confirm.button"))), "beside"); got != beside {
			t.Errorf("%s: the English stands beside it: %t", tag, got)
		}
	}
}
