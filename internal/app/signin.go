package app

import "postroom/internal/signin"

// makeSignIn makes the door of the desk.
func (r *Room) makeSignIn(demo bool) {
	r.SignIn = signin.New(signin.Options{
		Store: r.Store, Team: r.Team, Outbox: r.Outbox, Clock: r.Clock, BaseURL: r.Config.Organisation.BaseURL, Demo: demo, Log: r.Log,
	})
}
