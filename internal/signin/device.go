package signin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"postroom/internal/store"
)

// Device is one browser in which a colleague is signed in. Browser and System are
// names such as Firefox and Windows, or "" where it does not say.
type Device struct {
	ID              string
	Browser, System string
	Began, Seen     time.Time
	Current         bool // it is the one that asks
}

// named is a part of a User-Agent and what it is called.
type named struct{ part, name string }

// deviceOf says what a User-Agent is, in names that people know. The order
// matters: most browsers also claim to be those further down.
func deviceOf(agent string) Device {
	find := func(list []named) string {
		for _, n := range list {
			if strings.Contains(agent, n.part) {
				return n.name
			}
		}
		return ""
	}
	return Device{
		Browser: find([]named{
			{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
			{"Chrome/", "Chrome"}, {"CriOS/", "Chrome"}, {"Safari/", "Safari"},
		}),
		System: find([]named{
			{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Macintosh", "Mac"},
			{"CrOS", "Chromebook"}, {"Linux", "Linux"},
		}),
	}
}

// String is how a device is stored.
func (d Device) String() string { return d.Browser + "/" + d.System }

// Devices lists where a colleague is signed in, the one seen last first.
func (s *SignIn) Devices(ctx context.Context, name string) ([]Device, error) {
	now := s.Clock.Now()
	rows, err := s.Store.Read(ctx).SignInsOf(name, now, s.unseen(now))
	list := make([]Device, len(rows))
	for i, row := range rows {
		browser, system, _ := strings.Cut(row.Device, "/")
		list[i] = Device{row.ID, browser, system, row.BeganAt, row.SeenAt, row.ID == s.current(ctx)}
	}
	return list, err
}

// Revoke ends one sign-in of a colleague. It returns NotFound if they have none
// of that id.
func (s *SignIn) Revoke(ctx context.Context, name, id string) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.EndSignInOf(name, id); err != nil {
			return err
		}
		return tx.Audit(name, "sign-in revoked", id, s.Clock.Now())
	})
}

// RevokeOthers ends every sign-in of a colleague but the one that asks, and the
// links that are on their way, and says how many sign-ins that were.
func (s *SignIn) RevokeOthers(ctx context.Context, name string) (int64, error) {
	return s.revokeAll(ctx, name, s.current(ctx), name)
}

// RevokeAll ends every sign-in of a colleague on somebody's word, and says how
// many that were.
func (s *SignIn) RevokeAll(ctx context.Context, name, by string) (int64, error) {
	return s.revokeAll(ctx, name, "", by)
}

func (s *SignIn) revokeAll(ctx context.Context, name, but, by string) (n int64, err error) {
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if n, err = tx.EndSignIns(name, but); err != nil {
			return err
		}
		return tx.Audit(by, "sign-ins revoked", name, s.Clock.Now())
	})
	if err != nil {
		return 0, fmt.Errorf("revoke sign-ins: %w", err)
	}
	return n, nil
}
