package outbound

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io/fs"
	"strings"
	"testing"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/proof"
)

// field is a picture that is red above and blue below.
func field(wide, high int) *image.NRGBA {
	p := image.NewNRGBA(image.Rect(0, 0, wide, high))
	for y := range high {
		for x := range wide {
			c := color.NRGBA{R: 200, A: 255}
			if y >= high/2 {
				c = color.NRGBA{B: 200, A: 255}
			}
			p.SetNRGBA(x, y, c)
		}
	}
	return p
}

func jpegOf(t testing.TB, p image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, p image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// fromCamera puts before a JPEG what a camera writes: how it was held, and where.
func fromCamera(data []byte, turned byte) []byte {
	exif := "Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(turned) + "\x00\x00\x00\x00\x00\x00GPS 52.0406 N 0.7594 W"
	return []byte(string(data[:2]) + "\xff\xe1\x00" + string(rune(len(exif)+2)) + exif + string(data[2:]))
}

func webpOf(t testing.TB) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// besideIt is what lies beside an edition.
func besideIt(files map[string][]byte) Material {
	with := material()
	with.Topics = []string{"funding", "walks"}
	with.Picture = func(file string) (postroom.Picture, []byte, error) {
		if data, there := files[file]; there {
			return postroom.Picture{}, data, nil
		}
		return postroom.Picture{}, nil, fs.ErrNotExist
	}
	return with
}

func TestAPhotographIsPublishedWithoutWhereItWasTaken(t *testing.T) {
	t.Parallel()
	for turned, want := range map[byte]struct {
		wide, high int
		upper      string
	}{1: {800, 400, "red"}, 3: {800, 400, "blue"}, 6: {400, 800, ""}, 8: {400, 800, ""}} {
		data := fromCamera(jpegOf(t, field(800, 400)), turned)
		if !bytes.Contains(data, []byte("GPS 52")) {
			t.Fatal("the camera wrote nothing")
		}
		p, wrong, _ := readPicture(data)
		if wrong != "" {
			t.Fatal(wrong)
		}
		if bytes.Contains(p.Data, []byte("Exif")) || bytes.Contains(p.Data, []byte("GPS")) {
			t.Error("what the camera wrote is still there")
		}
		got, err := jpeg.Decode(bytes.NewReader(p.Data))
		if err != nil {
			t.Fatal(err)
		}
		wide, high, ok := postroom.PictureSize(postroom.PicturePath + p.Name)
		if b := got.Bounds(); !ok || b.Dx() != want.wide || b.Dy() != want.high || wide != want.wide || high != want.high {
			t.Errorf("held as %d: %v, called %s", turned, b, p.Name)
		}
		r, _, b, _ := got.At(want.wide/2, 10).RGBA()
		if want.upper == "red" && r < b || want.upper == "blue" && b < r {
			t.Errorf("held as %d, it stands on its head", turned)
		}
		if again, _, _ := readPicture(data); again.Name != p.Name {
			t.Error("the same file lies under another address each time")
		}
	}
}

func TestPicturesAreKnownByWhatIsInThemAndMadeSmall(t *testing.T) {
	t.Parallel()
	var moving bytes.Buffer
	palette := color.Palette{color.Black, color.White}
	if err := gif.EncodeAll(&moving, &gif.GIF{Image: []*image.Paletted{image.NewPaletted(image.Rect(0, 0, 30, 20), palette), image.NewPaletted(image.Rect(0, 0, 30, 20), palette)}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	through := field(40, 40)
	through.SetNRGBA(3, 3, color.NRGBA{R: 10, A: 100})
	for name, c := range map[string]struct {
		data []byte
		want string // how its name ends
	}{
		"a large photograph":               {jpegOf(t, field(1500, 750)), "-1152x576.jpg"},
		"a tall one":                       {jpegOf(t, field(50, 4608)), "-25x2304.jpg"},
		"a drawing":                        {pngOf(t, field(300, 200)), "-300x200.png"},
		"one that something shows through": {pngOf(t, through), "-40x40.png"},
		"the first of one that moves":      {moving.Bytes(), "-30x20.png"},
		"a WebP file":                      {webpOf(t), "-1x1.png"},
	} {
		p, wrong, _ := readPicture(c.data)
		if wrong != "" || !strings.HasSuffix(p.Name, c.want) {
			t.Errorf("%s: %s %s, want %s", name, p.Name, wrong, c.want)
		}
	}
	var bomb bytes.Buffer // it says that it is larger than what is in it
	if err := gif.EncodeAll(&bomb, &gif.GIF{Image: []*image.Paletted{image.NewPaletted(image.Rect(0, 0, 3, 3), palette)}, Delay: []int{0}, Config: image.Config{ColorModel: palette, Width: 8000, Height: 6000}}); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"a script": []byte("<svg onload=x>"), "half a file": jpegOf(t, field(80, 80))[:300], "nothing": nil, "more pixels than there is room for": bomb.Bytes()} {
		if p, wrong, instead := readPicture(data); wrong == "" || instead == "" {
			t.Errorf("%s was taken as %s", name, p.Name)
		}
	}
}

func FuzzReadPicture(f *testing.F) {
	f.Add(fromCamera(jpegOf(f, field(8, 8)), 6))
	f.Add(pngOf(f, field(8, 8)))
	f.Add(webpOf(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, wrong, _ := readPicture(data)
		if _, _, ok := postroom.PictureSize(postroom.PicturePath + p.Name); wrong == "" && (!ok || len(p.Data) > maxPicture) {
			t.Errorf("%s, %d bytes", p.Name, len(p.Data))
		}
	})
}

func TestWhatKeepsPicturesAndTopicsFromBeingSentIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	l := letters(t)
	with := besideIt(map[string][]byte{"a.png": pngOf(t, field(8, 8)), "c.png": []byte("no"), "my garden.jpg": jpegOf(t, field(9, 8))})
	const good = "---\nsubject: May\n---\nThe garden opens.\n"
	for _, c := range []struct{ name, text, want string }{
		{"no words", good + "\nSee ![](a.png)\n", "may.md:6:5: the picture says nothing to those who do not see it; write ![what it shows](a.png)"},
		{"its file for words", good + "\nSee ![A.png](a.png)\n", "may.md:6:5: the picture says nothing"},
		{"not there", good + "\nSee ![A](b.png)\n", "may.md:6:5: there is no picture b.png"},
		{"no picture", good + "\nSee ![A](c.png)\n", "may.md:6:5: c.png is no picture"},
		{"from elsewhere", good + "\nSee ![A](https://example.org/a.png)\n", "may.md:6:5: pictures lie beside the file"},
		{"from another folder", good + "\nSee ![A](../a.png)\n", "may.md:6:5: pictures lie beside the file"},
		{"a hidden file", good + "\nSee ![A](.a.png)\n", "may.md:6:5: pictures lie beside the file"},
		{"written in another way", good + "\nSee ![A][a]\n\n[a]: a.png\n", "may.md:6:5: pictures lie beside the file"},
		{"in the second language", good + "\n---\nlocale: uk\nsubject: Т\n---\n![](a.png)\n", "may.md:10:1: the picture says nothing"},
		{"a topic that is not offered", "---\nsubject: May\ntopic: fundings\n---\nx\n", "may.md:3:8: the list offers no topic fundings; write funding"},
	} {
		_, found := l.ReadEditionWith("may.md", []byte(c.text), with)
		if len(found) == 0 || !strings.HasPrefix(found[0].String(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, found, c.want)
		}
	}
	e, found := l.ReadEditionWith("may.md", []byte("---\nsubject: May\ntopic: [funding, walks]\n---\n![A](a.png) ![The garden](<my garden.jpg> \"x\")\n"), with)
	if len(found) > 0 || len(e.Pictures) != 2 || len(e.Audience.Topics) != 2 || strings.Contains(e.Markdown, "my garden") {
		t.Errorf("%+v, %v", e, found)
	}
}

func TestAPictureLiesUnderOneAddressForEverybody(t *testing.T) {
	t.Parallel()
	o := writer(t)
	e, found := o.letters.ReadEditionWith("may.md", []byte("---\nsubject: May\n---\n![The garden](a.jpg)\n\n[![Dates](a.jpg)](https://example.org/dates)\n\n---\nlocale: fa\nsubject: مه\n---\n![باغ](a.jpg)\n"),
		besideIt(map[string][]byte{"a.jpg": jpegOf(t, field(1152, 576))}))
	if len(found) > 0 || len(e.Pictures) != 1 || e.Pictures[0].File != "a.jpg" {
		t.Fatalf("%d pictures, %v", len(e.Pictures), found)
	}
	c := postroom.Campaign{List: "news", Subject: e.Subject, Locale: e.Locale, Markdown: e.Markdown, Others: e.Others}
	for locale, words := range map[string]string{"en": "The garden", "fa": "باغ"} {
		for _, reader := range []string{"ann@example.org", "ben@example.org"} {
			raw, err := o.ComposeCopy(c, Recipient{To: reader, Locale: locale})
			if err != nil {
				t.Fatal(err)
			}
			p := unpack(t, raw)
			want := `<img src="https://post.example.org/pictures/` + e.Pictures[0].Name + `" alt="` + words + `" width="576" height="288" style="` + pictureStyle + `"`
			if !strings.Contains(p.html, want) || !strings.HasPrefix(p.text, "["+words+"]\n") {
				t.Errorf("want %s\n%s\n%s", want, p.html, p.text)
			}
			if locale == "en" && (strings.Contains(p.html, `<a href="https://example.org/dates" style=`) || !strings.Contains(p.text, "[Dates] <https://example.org/dates>")) {
				t.Errorf("a picture that leads somewhere is no button:\n%s\n%s", p.html, p.text)
			}
		}
	}
	test, err := o.Compose(postroom.Message{ID: "x", To: "ben@example.org", Template: postroom.NewsletterTest, Locale: "en", Data: map[string]string{
		"subject": e.Others[0].Subject, "markdown": e.Others[0].Markdown + "\n{{name | همسایه}}\n", "markdown_locale": "fa",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if p := unpack(t, test); !strings.Contains(p.html, `src="https://post.example.org/pictures/`) || !strings.Contains(p.html, `<div lang="fa" dir="rtl">`) || strings.Contains(p.text, "{{") || !strings.Contains(p.text, "همسایه") {
		t.Errorf("the test shows\n%s\n%s", p.html, p.text)
	}
}

func TestWhatWasReadIsLookedAtOnceMoreBeforeItIsSent(t *testing.T) {
	t.Parallel()
	l := letters(t)
	good := postroom.Campaign{Subject: "May", Locale: "en", Markdown: "Hello {{name | you}}. ![A](/pictures/0123456789abcdef0123456789abcdef-8x8.png)\n", Others: []postroom.EditionText{{Locale: "fa", Subject: "مه", Markdown: "سلام\n"}}}
	if found := l.CheckFiled(good, nil); len(found) > 0 {
		t.Error(found)
	}
	for name, spoil := range map[string]func(*postroom.Campaign){
		"no subject in one language":     func(c *postroom.Campaign) { c.Others[0].Subject = " " },
		"HTML":                           func(c *postroom.Campaign) { c.Markdown = "<b>x</b>\n" },
		"a picture without words":        func(c *postroom.Campaign) { c.Markdown = strings.Replace(c.Markdown, "[A]", "[]", 1) },
		"a picture from elsewhere":       func(c *postroom.Campaign) { c.Others[0].Markdown = "![A](https://example.org/a.png)\n" },
		"a gap that nobody fills":        func(c *postroom.Campaign) { c.Markdown = "Hello {{area | x}}.\n" },
		"a link without words":           func(c *postroom.Campaign) { c.Markdown = "[](https://example.org)\n" },
		"more than a mail program shows": func(c *postroom.Campaign) { c.Markdown = strings.Repeat("- **a**\n", 5000) },
	} {
		c := good
		c.Others = append([]postroom.EditionText(nil), good.Others...)
		spoil(&c)
		if found := l.CheckFiled(c, nil); len(found) == 0 {
			t.Errorf("%s may be sent", name)
		}
	}
}

func TestColoursThatCannotBeReadKeepAnEditionFromBeingSent(t *testing.T) {
	t.Parallel()
	for colour, want := range map[config.Colour]string{"": "", "#0d5c63": "", "#ffcc00": "#ffffff on #ffcc00 has a contrast of 1.5 to 1, and 4.5 is needed"} {
		l := letters(t)
		l.Wear(colour)
		_, read := l.ReadEdition("may.md", []byte("---\nsubject: May\n---\nx\n"))
		for _, found := range []proof.Mistakes{read, l.CheckFiled(postroom.Campaign{Subject: "May", Locale: "en", Markdown: "x\n"}, nil)} {
			if want == "" && len(found) > 0 || want != "" && (len(found) != 1 || !strings.Contains(found[0].String(), want)) {
				t.Errorf("%s: %v", colour, found)
			}
		}
	}
}
