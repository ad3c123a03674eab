package web

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// Editions of a newsletter may be read by anybody where the list says so, once all
// of its readers have them. They are what was sent, without anything of anybody it
// was sent to.

// mostNews is how many editions the archive of a list shows.
const mostNews = 60

func (s *Server) routeArchive(page func(string, handler)) {
	page("GET /news/{list}", s.showArchive)
	page("GET /news/{list}/feed.atom", s.newsFeed)
	page("GET /news/{list}/{edition}", s.showEdition)
}

// archivePage is the archive of one list.
type archivePage struct {
	page
	List     run
	Feed     string
	SignUp   string // where one joins the list; "" is no form that is open
	Editions []archiveRow
}

type archiveRow struct {
	Link    string
	Subject run
	Day     string
	ISO     string
}

// editionPage is one edition.
type editionPage struct {
	page
	List    run
	Archive string
	Subject run
	Day     string
	ISO     string
	TextDir string // of the edition, which may be in another language than the page
	TextTag string
	Text    template.HTML
	Others  []tongue // in which languages it can be read; none where there is only one
}

// archived is the list that an address names, if anybody may read its editions.
// Those of a discreet programme nobody may: who reads along would learn of it.
func (s *Server) archived(r *http.Request) (*programme.Programme, *programme.List, error) {
	l, p, known := s.Programmes.List(r.PathValue("list"))
	if !known || !l.Archive || p.Discreet {
		return nil, nil, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found")}
	}
	return p, l, nil
}

func archiveLink(list, locale string) string {
	return inLanguage("/news/"+url.PathEscape(list), locale)
}

func (s *Server) showArchive(w http.ResponseWriter, r *http.Request) error {
	of, list, err := s.archived(r)
	if err != nil {
		return err
	}
	sent, err := s.Store.Read(r.Context()).SentCampaigns(list.Name, mostNews)
	if err != nil {
		return fmt.Errorf("list editions: %w", err)
	}
	v := s.voice(r, s.guess.of(of.Name), "")
	p := archivePage{page: s.page(r, v, of.Name), List: v.of(list.Title), Feed: "/news/" + url.PathEscape(list.Name) + "/feed.atom?in=" + v.locale}
	p.Title = p.List.Text
	for _, f := range of.Forms {
		if f.List == list.Name && f.Kind == postroom.SignUp && s.open(f) {
			p.SignUp = inLanguage("/f/"+url.PathEscape(f.Name), v.locale)
		}
	}
	for _, c := range sent {
		text := c.In(v.locale)
		p.Editions = append(p.Editions, archiveRow{
			Link: archiveLink(list.Name, v.locale) + "/" + url.PathEscape(c.ID), Subject: v.run(text.Subject, text.Locale),
			Day: v.day(c.SettledAt.In(s.Org.Zone)), ISO: c.SettledAt.In(s.Org.Zone).Format(time.DateOnly),
		})
	}
	return s.render(w, http.StatusOK, v, "archive.html", p)
}

// edition is the edition that an address names, if it is in the archive.
func (s *Server) edition(r *http.Request, list *programme.List) (postroom.Campaign, error) {
	read, id := s.Store.Read(r.Context()), r.PathValue("edition")
	c, err := read.Campaign(id)
	if err != nil {
		return c, err
	}
	life, err := read.CampaignLife(id)
	if err == nil && (c.List != list.Name || c.State != postroom.CampaignSent || life.LeftOf != "") {
		err = &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found")}
	}
	return c, err
}

func (s *Server) showEdition(w http.ResponseWriter, r *http.Request) error {
	of, list, err := s.archived(r)
	if err != nil {
		return err
	}
	c, err := s.edition(r, list)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.of(of.Name), "")
	text := textIn(c, r.URL.Query().Get("in"), v.locale)
	body, err := s.editionHTML(text, false)
	if err != nil {
		return err
	}
	p := editionPage{
		page: s.page(r, v, of.Name), List: v.of(list.Title), Archive: archiveLink(list.Name, v.locale), Subject: v.run(text.Subject, text.Locale),
		Day: v.day(c.SettledAt.In(s.Org.Zone)), ISO: c.SettledAt.In(s.Org.Zone).Format(time.DateOnly), TextDir: direction(text.Locale), TextTag: text.Locale, Text: body,
		Others: s.textsOf(c, text.Locale, archiveLink(list.Name, v.locale)+"/"+url.PathEscape(c.ID)),
	}
	p.Title = text.Subject
	return s.render(w, http.StatusOK, v, "archive-edition.html", p)
}

// textIn is what an edition says in the language that was asked for, or else to a reader
// of the page.
func textIn(c postroom.Campaign, asked, locale string) postroom.EditionText {
	for _, text := range c.Texts() {
		if text.Locale == asked {
			return text
		}
	}
	return c.In(locale)
}

// textsOf lists the languages in which an edition can be read, if there are several.
func (s *Server) textsOf(c postroom.Campaign, shown, link string) (all []tongue) {
	if len(c.Others) == 0 {
		return nil
	}
	for _, text := range c.Texts() {
		all = append(all, tongue{
			Tag: text.Locale, Dir: direction(text.Locale), Name: s.locales.Text(text.Locale, postroom.Say("language.name")),
			Link: link + "?in=" + url.QueryEscape(text.Locale), Current: text.Locale == shown,
		})
	}
	return all
}

// editionHTML writes the text of an edition, as somebody reads it of whom nothing is
// known, as a part of a page, or of a feed, which is on none. HTML in it and links that
// are none (javascript:) are left out by goldmark, whatever was on file.
func (s *Server) editionHTML(of postroom.EditionText, feed bool) (template.HTML, error) {
	var b bytes.Buffer
	base := ""
	if feed {
		base = s.Org.BaseURL
	}
	md := goldmark.New(goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(lower{base}, 100))))
	if err := md.Convert([]byte(of.ForAnybody()), &b); err != nil {
		return "", fmt.Errorf("write edition: %w", err)
	}
	return template.HTML(b.String()), nil //nolint:gosec // goldmark escapes what it is given
}

// lower puts headings below that of the page, and pictures where they lie: base stands
// before their addresses.
type lower struct{ base string }

// Transform makes each heading one level smaller, and says how large each picture is.
// One that is not ours is left out: its address would tell somebody who reads.
func (l lower) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	var strange []*ast.Image
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Heading:
			if entering {
				n.Level = min(n.Level+1, 6)
			}
		case *ast.Image:
			to := string(n.Destination)
			wide, high, ok := postroom.PictureShown(to)
			switch {
			case !entering:
			case !ok || !strings.HasPrefix(to, postroom.PicturePath):
				strange = append(strange, n)
			default:
				n.Destination = []byte(l.base + to)
				n.SetAttributeString("width", []byte(strconv.Itoa(wide)))
				n.SetAttributeString("height", []byte(strconv.Itoa(high)))
			}
		}
		return ast.WalkContinue, nil
	})
	for _, n := range strange {
		n.Parent().RemoveChild(n.Parent(), n)
	}
}

// Atom (RFC 4287), as far as the archive of a list needs it.
type (
	atomFeed struct {
		XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		Title   string      `xml:"title"`
		ID      string      `xml:"id"`
		Updated string      `xml:"updated"`
		Author  atomAuthor  `xml:"author"`
		Links   []atomLink  `xml:"link"`
		Entries []atomEntry `xml:"entry"`
	}
	atomAuthor struct {
		Name string `xml:"name"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	}
	atomEntry struct {
		Lang    string      `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
		Title   string      `xml:"title"`
		ID      string      `xml:"id"`
		Updated string      `xml:"updated"`
		Link    atomLink    `xml:"link"`
		Content atomContent `xml:"content"`
	}
	atomContent struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	}
)

// mostInFeed is how many editions a feed holds.
const mostInFeed = 20

func (s *Server) newsFeed(w http.ResponseWriter, r *http.Request) error {
	_, list, err := s.archived(r)
	if err != nil {
		return err
	}
	sent, err := s.Store.Read(r.Context()).SentCampaigns(list.Name, mostInFeed)
	if err != nil {
		return fmt.Errorf("list editions: %w", err)
	}
	at := s.Org.BaseURL + "/news/" + url.PathEscape(list.Name)
	feed := atomFeed{
		Title: list.Title.In(english) + " – " + s.Org.Name, ID: at, Author: atomAuthor{s.Org.Name}, Updated: time.Unix(0, 0).UTC().Format(time.RFC3339),
		Links: []atomLink{{"self", at + "/feed.atom"}, {"alternate", at}},
	}
	for _, c := range sent {
		of := textIn(c, r.URL.Query().Get("in"), r.URL.Query().Get("in"))
		body, err := s.editionHTML(of, true)
		if err != nil {
			return err
		}
		link := at + "/" + url.PathEscape(c.ID)
		feed.Entries = append(feed.Entries, atomEntry{
			Lang: of.Locale, Title: of.Subject, ID: link, Updated: c.SettledAt.UTC().Format(time.RFC3339), Link: atomLink{"alternate", link},
			Content: atomContent{"html", string(body)},
		})
	}
	if newest := slices.MaxFunc(append(feed.Entries, atomEntry{Updated: feed.Updated}), func(a, b atomEntry) int {
		if a.Updated < b.Updated {
			return -1
		}
		return 1
	}); newest.Updated > feed.Updated {
		feed.Updated = newest.Updated
	}
	out, err := xml.MarshalIndent(feed, "", " ")
	if err != nil {
		return fmt.Errorf("write feed: %w", err)
	}
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	_, _ = w.Write(append([]byte(xml.Header), out...)) // who is gone reads no error
	return nil
}
