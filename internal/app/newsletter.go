package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"postroom/internal/campaign"
	"postroom/internal/config"
	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/proof"
	"postroom/internal/store"
	"postroom/templates"
)

// Newsroom reads newsletters. Organisation may be zero: what an edition takes
// from it is then missing.
type Newsroom struct {
	Letters      *outbound.Letters
	Programmes   *programme.Set
	Organisation config.Organisation
	Clock        postroom.Clock
	Pictures     Pictures // beside the file; nil has none
}

// Newsletter reads a newsletter's file, to be sent to a list that one of the
// programmes keeps, for an organisation about which nothing is known. The error
// names every mistake with its place.
func Newsletter(letters *outbound.Letters, set *programme.Set, file string, data []byte, list string) (postroom.Campaign, error) {
	return Newsroom{Letters: letters, Programmes: set, Clock: new(Clock)}.Read(file, data, list)
}

// Read reads a newsletter's file, to be sent to a list that one of the
// programmes keeps. The error names every mistake with its place.
func (n Newsroom) Read(file string, data []byte, list string) (postroom.Campaign, error) {
	of, all := campaign.ListIn(n.Programmes, list)
	if of == nil {
		return postroom.Campaign{}, fmt.Errorf("there is no list %q; write %s", list, proof.OneOf(list, all))
	}
	e, found := n.Letters.ReadEditionWith(file, data, n.material(of, list))
	if err := found.AsError(); err != nil {
		return postroom.Campaign{}, err
	}
	return postroom.Campaign{
		List: list, Programme: of.Name, Subject: e.Subject, Markdown: e.Markdown, Locale: e.Locale, Others: e.Others, Audience: e.Audience,
		Pictures: e.Pictures,
	}, nil
}

// Check says what keeps an edition from being sent that was read before. It is asked
// again whenever somebody approves or sends it: the settings may have been changed.
func (n Newsroom) Check(c postroom.Campaign) error {
	if strings.TrimSpace(n.Organisation.PostalAddress) == "" {
		return errors.New("the organisation has no postal address, which every newsletter must have; write postal_address: under organisation: in the settings")
	}
	of, all := campaign.ListIn(n.Programmes, c.List)
	if of == nil {
		return fmt.Errorf("there is no list %q; write %s", c.List, proof.OneOf(c.List, all))
	}
	return n.Letters.CheckFiled(c, of.Tellable(c.List)).AsError()
}

// Pictures returns a picture that an edition names: one that is on file already, or
// what is in a file.
type Pictures func(file string) (on postroom.Picture, data []byte, err error)

// PicturesIn are those in a folder, and in no other that a file in it may point to.
func PicturesIn(folder string) Pictures {
	return func(name string) (on postroom.Picture, data []byte, err error) {
		root, err := os.OpenRoot(folder)
		if err != nil {
			return on, nil, err
		}
		defer root.Close()
		if about, err := root.Stat(name); err != nil || !about.Mode().IsRegular() {
			return on, nil, errors.Join(err, fs.ErrNotExist)
		}
		file, err := root.Open(name)
		if err != nil {
			return on, nil, err
		}
		defer file.Close()
		data, err = io.ReadAll(io.LimitReader(file, outbound.MaxPictureFile+1)) // what is longer is refused for its length
		return on, data, err
	}
}

// PicturesOf are those of an edition that is on file: whoever changes its words on the
// desk has no folder beside them.
func PicturesOf(pictures []postroom.Picture) Pictures {
	return func(name string) (on postroom.Picture, data []byte, err error) {
		for _, p := range pictures {
			if p.File == name {
				return p, nil, nil
			}
		}
		return on, nil, fs.ErrNotExist
	}
}

func (n Newsroom) material(of *programme.Programme, list string) outbound.Material {
	return outbound.Material{
		Picture: n.Pictures, Topics: topicsOf(of, list), Events: n.cards(), Fields: of.Tellable(list), Zone: n.Organisation.Zone, Now: n.Clock.Now(), Name: n.Organisation.Name,
		Condition: func(text string) (string, error) {
			read, err := campaign.NewAudiences(n.Programmes, n.Clock).Read(list, postroom.Audience{To: []string{text}})
			if wrong, ok := errors.AsType[*programme.SegmentError](err); ok {
				return "", &outbound.ConditionError{Line: wrong.Line, Column: wrong.Column, Say: wrong.Say, Instead: wrong.Instead}
			}
			if err != nil {
				return "", err
			}
			return read.To[0], nil
		},
	}
}

// topicsOf are what the readers of a list may choose to read about.
func topicsOf(of *programme.Programme, list string) (values []string) {
	for _, l := range of.Lists {
		if l.Name == list {
			for _, topic := range l.Topics {
				values = append(values, topic.Value)
			}
		}
	}
	return values
}

// cards are the dates of all events that anybody may hear of.
func (n Newsroom) cards() (cards []outbound.EventCard) {
	for _, p := range n.Programmes.Programmes() {
		if p.Discreet {
			continue
		}
		for _, e := range p.Events {
			for _, s := range e.Sessions {
				cards = append(cards, outbound.EventCard{
					Event: e.Name, Title: e.Title, Session: s.Title, Starts: s.StartsAt, Ends: s.EndsAt, Venue: s.Venue, Book: n.book(p, e.Name),
				})
			}
		}
	}
	slices.SortStableFunc(cards, func(a, b outbound.EventCard) int { return a.Starts.Compare(b.Starts) })
	return cards
}

// book is where somebody books an event, in a language, or nil.
func (n Newsroom) book(p *programme.Programme, event string) func(string) string {
	for _, f := range p.Forms {
		if f.Event == event && n.Organisation.BaseURL != "" {
			return func(locale string) string { return n.Organisation.BaseURL + "/" + locale + "/f/" + f.Name }
		}
	}
	return nil
}

// Untold lists the languages of a campaign's programme whose readers get a text
// in another one, with the one they get.
func (n Newsroom) Untold(c postroom.Campaign) (notes []string) {
	p, _ := n.Programmes.Programme(c.Programme)
	if p == nil {
		return nil
	}
	for _, tag := range p.Languages {
		own, _, _ := strings.Cut(tag, "-")
		if got := c.In(tag).Locale; got != own && !strings.HasPrefix(got, own+"-") {
			notes = append(notes, fmt.Sprintf("there is no text in %s; its readers get the one in %s", tag, got))
		}
	}
	return notes
}

// EditionTemplates lists the editions that somebody can begin with.
func EditionTemplates() (names []string, err error) {
	files, err := fs.Glob(templates.FS, "edition/*.md")
	for _, file := range files {
		names = append(names, strings.TrimSuffix(strings.TrimPrefix(file, "edition/"), ".md"))
	}
	return names, err
}

// EditionTemplate returns the file of one of them.
func EditionTemplate(name string) ([]byte, error) {
	names, err := EditionTemplates()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(names, name) {
		return nil, fmt.Errorf("there is no template %q; write %s", name, proof.OneOf(name, names))
	}
	return fs.ReadFile(templates.FS, "edition/"+name+".md")
}

// shownFor is how long pictures lie on our pages of which somebody had only a look.
const shownFor = 7 * 24 * time.Hour

// Preview returns a newsletter as somebody would get it, in the language they read.
// Nothing is sent, and the links lead nowhere; nothing is filed but its pictures, so
// that the mail shows them.
func Preview(ctx context.Context, cfg config.Config, log *slog.Logger, c postroom.Campaign, to outbound.Recipient) (mail []byte, err error) {
	r := &Room{Config: cfg, Clock: new(Clock), Log: log, unlock: func() error { return nil }}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := r.lay(ctx, Options{}); err != nil {
		return nil, err
	}
	if r.Outbox, err = outbound.New(outboxOptions(r, "")); err != nil {
		return nil, err
	}
	err = r.Store.Write(ctx, func(tx *store.Tx) error {
		now := r.Clock.Now()
		if len(c.Pictures) == 0 {
			return nil
		}
		for _, p := range c.Pictures {
			if err := tx.AddPicture(p, now); err != nil {
				return err
			}
		}
		return tx.ForgetPictures(now.Add(-shownFor))
	})
	if err != nil {
		return nil, fmt.Errorf("keep pictures of a preview: %w", err)
	}
	return r.Outbox.ComposeCopy(c, to)
}
