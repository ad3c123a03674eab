package app

import "postroom/internal/access"

// makeAccess makes the door of programs.
func (r *Room) makeAccess() {
	r.Access = access.New(access.Options{
		Store: r.Store, Clock: r.Clock,
		HasList: func(name string) bool { _, _, known := r.Programmes.List(name); return known },
	})
}
