package plural_test

import (
	"slices"
	"testing"

	"postroom/internal/plural"
)

func TestFormsAreThoseOfCLDR(t *testing.T) {
	t.Parallel()
	for locale, want := range map[string][]string{
		"en": {"one", "other"}, "uk": {"one", "few", "many", "other"}, "fa": {"one", "other"}, "fa-AF": {"one", "other"},
		"ps": {"one", "other"}, "ar": {"zero", "one", "two", "few", "many", "other"}, "ja": {"other"},
	} {
		if got := plural.Forms(locale); !slices.Equal(got, want) {
			t.Errorf("%s has %q, want %q", locale, got, want)
		}
	}
}

func TestTheFormGoesWithTheNumber(t *testing.T) {
	t.Parallel()
	for _, each := range []struct {
		locale string
		n      int
		want   string
	}{
		{"en", 0, "other"}, {"en", 1, "one"}, {"en", 2, "other"}, {"en", 101, "other"},
		{"uk", 1, "one"}, {"uk", 3, "few"}, {"uk", 5, "many"}, {"uk", 11, "many"}, {"uk", 21, "one"}, {"uk", 112, "many"}, {"uk", 0, "many"},
		{"fa", 0, "one"}, {"fa", 1, "one"}, {"fa", 2, "other"}, {"fa-AF", 1, "one"}, {"ps", 1, "one"}, {"ps", 7, "other"}, {"uk", -3, "few"},
	} {
		if got := plural.Form(each.locale, each.n); got != each.want {
			t.Errorf("%s %d is %s, want %s", each.locale, each.n, got, each.want)
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{"error.too_long.one": "one", "receipt.other_way": "", "form.again.too_many": "", "other": ""} {
		if _, form, _ := plural.Split(key); form != want {
			t.Errorf("%s has the form %q, want %q", key, form, want)
		}
	}
}
