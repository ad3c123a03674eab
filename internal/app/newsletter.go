package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"postroom/internal/config"
	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/proof"
)

// Newsletter reads a newsletter's file, to be sent to a list that one of the
// programmes keeps. The error names every mistake with its place.
func Newsletter(letters *outbound.Letters, set *programme.Set, file string, data []byte, list string) (postroom.Campaign, error) {
	of, known := programmeOf(set, list)
	if !known {
		return postroom.Campaign{}, fmt.Errorf("there is no list %q; write %s", list, proof.OneOf(list, lists(set)))
	}
	e, found := letters.ReadEdition(file, data)
	if err := found.AsError(); err != nil {
		return postroom.Campaign{}, err
	}
	return postroom.Campaign{List: list, Programme: of, Subject: e.Subject, Markdown: e.Markdown, Locale: e.Locale}, nil
}

func programmeOf(set *programme.Set, list string) (name string, known bool) {
	for _, p := range set.Programmes() {
		if slices.ContainsFunc(p.Lists, func(l *programme.List) bool { return l.Name == list }) {
			return p.Name, true
		}
	}
	return "", false
}

func lists(set *programme.Set) (names []string) {
	for _, p := range set.Programmes() {
		for _, l := range p.Lists {
			names = append(names, l.Name)
		}
	}
	return names
}

// Preview returns a newsletter as somebody at an address would get it, in the
// language they read. Nothing is filed or sent, and the links lead nowhere.
func Preview(ctx context.Context, cfg config.Config, log *slog.Logger, c postroom.Campaign, to, locale string) (mail []byte, err error) {
	r := &Room{Config: cfg, Clock: new(Clock), Log: log, unlock: func() error { return nil }}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := r.lay(ctx, Options{}); err != nil {
		return nil, err
	}
	if r.Outbox, err = outbound.New(outboxOptions(r, "")); err != nil {
		return nil, err
	}
	return r.Outbox.ComposeCopy(c, to, locale)
}
