package web

import (
	"encoding/xml"
	"net/http"
	"strings"
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// newsText is an edition, with what a page must not hold.
const newsText = "# The garden\n\nIt opens on **Saturday**. <script>alert(1)</script>\n\n[bad](javascript:alert(1)) [good](https://example.org/dates)\n"

// edition puts an edition on file that all of its readers have, once, and returns
// its id.
func (c *counter) edition() (id string) { return c.editionOf("news", postroom.CampaignSent) }

func (c *counter) editionOf(list string, state postroom.CampaignState) (id string) {
	c.t.Helper()
	err := c.Store.Write(c.t.Context(), func(tx *store.Tx) error {
		filed, _, err := tx.AddCampaign(postroom.Campaign{
			Key: list + string(state), List: list, Programme: "everything", Subject: "What is on in May", Markdown: newsText, Locale: "en", State: state, CreatedAt: noon,
		})
		if id = filed.ID; err != nil {
			return err
		}
		return tx.SetCampaignState(id, state, noon)
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return id
}

func TestTheArchiveHasWhatWasSentAndNothingElse(t *testing.T) {
	t.Parallel()
	c := open(t)
	sent, draft := c.edition(), c.editionOf("news", postroom.CampaignDraft)
	want(t, c.get("/news/news"), 200, "What is on in May", "Follow with a feed reader")
	page := c.get("/news/news/" + sent)
	want(t, page, 200, "What is on in May", "<h2>The garden</h2>", "<strong>Saturday</strong>", `href="https://example.org/dates"`)
	for _, bad := range []string{"<script>alert", "javascript:"} {
		if strings.Contains(page.Body.String(), bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	for _, path := range []string{"/news/news/" + draft, "/news/news/nothing", "/news/nothing", "/news/nothing/" + sent, "/news/nothing/feed.atom"} {
		if w := c.get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
}

func TestTheFeedOfAListIsAtom(t *testing.T) {
	t.Parallel()
	c := open(t)
	id := c.edition()
	w := c.get("/news/news/feed.atom")
	if kind := w.Header().Get("Content-Type"); w.Code != 200 || !strings.HasPrefix(kind, "application/atom+xml") {
		t.Fatalf("status %d, %s", w.Code, kind)
	}
	var feed struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		ID      string   `xml:"id"`
		Updated string   `xml:"updated"`
		Entries []struct {
			ID      string `xml:"id"`
			Lang    string `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
			Title   string `xml:"title"`
			Content string `xml:"content"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(w.Body.Bytes(), &feed); err != nil {
		t.Fatalf("%v\n%s", err, w.Body)
	}
	if len(feed.Entries) != 1 || feed.Updated != noon.UTC().Format("2006-01-02T15:04:05Z07:00") || feed.ID == "" {
		t.Fatalf("%+v", feed)
	}
	if e := feed.Entries[0]; !strings.HasSuffix(e.ID, id) || e.Lang != "en" || e.Title != "What is on in May" || !strings.Contains(e.Content, "<strong>Saturday</strong>") {
		t.Errorf("%+v", e)
	}
}

func TestAnEditionInTheArchiveCanBeReadInEachOfItsLanguages(t *testing.T) {
	t.Parallel()
	c := open(t)
	var id string
	picture := postroom.Picture{File: "a.png", Name: "0123456789abcdef0123456789abcdef-1152x576.png", Data: []byte("\x89PNG")}
	err := c.Store.Write(t.Context(), func(tx *store.Tx) error {
		filed, _, err := tx.AddCampaign(postroom.Campaign{
			Key: "two", List: "news", Programme: "everything", Subject: "May", Locale: "en", State: postroom.CampaignSent, CreatedAt: noon, Pictures: []postroom.Picture{picture},
			Markdown: "Hello {{name | dear _neighbour_}}.\n\n![The garden](/pictures/" + picture.Name + ") ![x](https://spy.example/x.png)\n",
			Others:   []postroom.EditionText{{Locale: "fa", Subject: "مه", Markdown: "سلام {{name | همسایه}}\n"}},
		})
		if id = filed.ID; err != nil {
			return err
		}
		return tx.SetCampaignState(id, postroom.CampaignSent, noon)
	})
	if err != nil {
		t.Fatal(err)
	}
	at := "/news/news/" + id
	page := c.get(at)
	want(t, page, 200, "Hello dear _neighbour_.", `<article class="edition" lang="en" dir="ltr">`,
		`<img src="/pictures/`+picture.Name+`" alt="The garden" width="576" height="288">`, at+`?in=fa" lang="fa" hreflang="fa" dir="rtl">`)
	unwanted(t, page, "spy.example", "{{")
	want(t, c.get(at+"?in=fa"), 200, "سلام همسایه", `<article class="edition" lang="fa" dir="rtl">`, at+`?in=en" lang="en"`)
	want(t, c.get(at+"?in=xx"), 200, "Hello dear")
	want(t, c.get("/news/news/feed.atom"), 200, `<entry xml:lang="en">`, "src=&#34;https://post.example.org/pictures/"+picture.Name)
	want(t, c.get("/news/news/feed.atom?in=fa"), 200, `<entry xml:lang="fa">`, "سلام همسایه")
	w := c.get("/pictures/" + picture.Name)
	if w.Code != 200 || w.Body.String() != string(picture.Data) || w.Header().Get("Content-Type") != "image/png" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") ||
		len(w.Header().Values("Set-Cookie")) != 0 || w.Header().Get("Cross-Origin-Resource-Policy") != "cross-origin" || w.Header().Get("Vary") != "" {
		t.Errorf("the picture: %d %s", w.Code, w.Header())
	}
	for _, path := range []string{"/pictures/nothing.png", "/pictures/", "/pictures/" + picture.Name + "/x"} {
		if w := c.get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
}
