package casework

import (
	"context"
	"errors"

	"postroom/internal/postroom"
)

var errNotYet = errors.New("not built yet")

// Reply answers somebody.
func (c *Casework) Reply(ctx context.Context, by postroom.Colleague, r Ref, words, locale string) (postroom.Deed, error) {
	return postroom.Deed{}, errNotYet
}

// Reclassify moves a submission to another form.
func (c *Casework) Reclassify(ctx context.Context, by postroom.Colleague, r Ref, form string) (postroom.Deed, error) {
	return postroom.Deed{}, errNotYet
}

// Merge makes one contact of two.
func (c *Casework) Merge(ctx context.Context, by postroom.Colleague, keep, drop string) (postroom.Deed, error) {
	return postroom.Deed{}, errNotYet
}

// HandOver gives everything of a colleague who leaves to another.
func (c *Casework) HandOver(ctx context.Context, by postroom.Colleague, from, to string) (int, error) {
	return 0, errNotYet
}
