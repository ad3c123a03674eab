package web

import (
	"context"
	"fmt"
	"net/http"

	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// managePage shows what somebody has with us, and the way to give a place
// back.
type managePage struct {
	page
	Reference string
	Form      run
	Booking   *bookingView
	Received  string // day
	Stands    string // what has become of it
	CanCancel bool
	Waiting   bool
	Cancelled bool
	Action    string
	Again     string // where the form is, as long as it is open
}

func (s *Server) showBooking(w http.ResponseWriter, r *http.Request) error {
	file, err := s.managed(r)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.of(file.sub.Programme), file.sub.Locale)
	return s.render(w, http.StatusOK, v, "manage.html", s.managePage(r, v, file))
}

func (s *Server) managePage(r *http.Request, v voice, f onFile) managePage {
	p := managePage{
		page:      s.page(r, v, f.sub.Programme),
		Reference: f.sub.Reference,
		Form:      v.of(f.form.Title),
		Booking:   s.bookingView(v, f),
		Received:  v.day(f.sub.ReceivedAt.In(s.Org.Zone)),
		Stands:    v.Say("manage.state." + string(f.sub.State)),
		CanCancel: s.canCancel(f),
		Action:    inLanguage(link.Path(link.Manage, r.PathValue("token")), v.locale),
	}
	p.Title, p.Private = v.Say("manage.title_other"), true
	if p.Booking != nil {
		p.Title = v.Say("manage.title")
		p.Waiting = p.Booking.State == postroom.BookingWaiting
		p.Cancelled = p.Booking.State == postroom.BookingCancelled
		p.Booking.StateSaid = v.Say("booking.state." + string(p.Booking.State))
	}
	if s.open(f.form) {
		p.Again = inLanguage("/f/"+f.form.Name, v.locale)
	}
	return p
}

// askCancel asks whether somebody means it. What they came for may have ended
// meanwhile; then the other page says so.
func (s *Server) askCancel(w http.ResponseWriter, r *http.Request) error {
	file, err := s.managed(r)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.of(file.sub.Programme), file.sub.Locale)
	p := s.managePage(r, v, file)
	if !p.CanCancel {
		http.Redirect(w, r, p.Action, http.StatusSeeOther)
		return nil
	}
	p.Title = v.Say("cancel.title")
	if p.Waiting {
		p.Title = v.Say("cancel.title_waiting")
	}
	return s.render(w, http.StatusOK, v, "cancel.html", p)
}

func (s *Server) managed(r *http.Request) (onFile, error) {
	subject, err := s.Links.Open(r.PathValue("token"), link.Manage)
	if err != nil {
		return onFile{}, err
	}
	id, err := s.Links.Untie(subject, func(id string) (string, error) {
		sub, err := s.Store.Read(r.Context()).Submission(id)
		return sub.Address, err
	})
	if err != nil {
		return onFile{}, err
	}
	return s.onFile(r, id)
}

func (s *Server) canCancel(f onFile) bool {
	if f.booking == nil || !f.session.StartsAt.After(s.Clock.Now()) {
		return false
	}
	switch f.booking.State {
	case postroom.BookingConfirmed, postroom.BookingWaiting, postroom.BookingHeld:
		return true
	}
	return false
}

// cancelBooking gives a place back. Pressing the button again changes nothing
// and leads to the same page.
func (s *Server) cancelBooking(w http.ResponseWriter, r *http.Request) error {
	if err := readBody(r); err != nil {
		return err
	}
	file, err := s.managed(r)
	if err != nil {
		return err
	}
	if err := s.remember(r, file.sub); err != nil {
		return err
	}
	if s.canCancel(file) {
		if err := s.cancel(r.Context(), *file.booking); err != nil {
			return err
		}
	}
	v := s.voice(r, s.guess.of(file.sub.Programme), file.sub.Locale)
	http.Redirect(w, r, inLanguage(link.Path(link.Manage, r.PathValue("token")), v.locale), http.StatusSeeOther)
	return nil
}

func (s *Server) cancel(ctx context.Context, b postroom.Booking) error {
	err := s.Store.Write(ctx, func(tx *store.Tx) error { return s.Events.Cancel(tx, b, s.Clock.Now()) })
	if postroom.KindOf(err) == postroom.Gone {
		return nil // somebody pressed the button twice
	}
	if err != nil {
		return fmt.Errorf("cancel booking %s: %w", b.ID, err)
	}
	return nil
}
