package desk

import (
	"postroom/internal/postroom"
)

// programmes lists the names of the programmes of which a colleague may read
// something. What an area bounds besides is asked of each thing (reads).
func (d *Desk) programmes(who postroom.Colleague) (names []string) {
	for _, p := range d.Programmes.Programmes() {
		for _, g := range who.Grants {
			if (g.Role == postroom.Admin || g.Role == postroom.IsCoordinator) && (g.Programme == "" || g.Programme == p.Name) {
				names = append(names, p.Name)
				break
			}
		}
	}
	return names
}

// notYours is the answer to whoever may not read something. It is the same
// whether it exists or not.
func notYours() error {
	return &postroom.Error{Kind: postroom.Forbidden, Say: postroom.Say("desk.error.not_yours")}
}
