package web

import "testing"

func TestHomeListsOpenFormsInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	c := open(t)
	want(t, c.get("/"), 200, `<html lang="en" dir="ltr">`, "Book your place", "Offer to help", `href="/f/register?lang=en"`)
	want(t, c.get("/", "Accept-Language", "fa-AF,en;q=0.5"), 200, `<html lang="fa-AF" dir="rtl">`)
}
