package web

import (
	"context"
	"fmt"
	"net/http"

	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// managePage shows what somebody has with us, and the button that gives a
// place back.
type managePage struct {
	page
	Reference string
	Form      run
	Booking   *bookingView
	CanCancel bool
	Cancelled bool
	Action    string
}

func (s *Server) showBooking(w http.ResponseWriter, r *http.Request) error {
	file, err := s.managed(r)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.of(file.sub.Programme), file.sub.Locale)
	p := managePage{
		page:      s.page(r, v, file.sub.Programme),
		Reference: file.sub.Reference,
		Form:      v.of(file.form.Title),
		Booking:   s.bookingView(v, file),
		CanCancel: s.canCancel(file),
		Cancelled: file.booking != nil && file.booking.State == postroom.BookingCancelled,
		Action:    link.Path(link.Manage, r.PathValue("token")),
	}
	p.Title, p.Private = v.Say("manage.title"), true
	if p.Booking != nil {
		p.Booking.StateSaid = v.Say("booking.state." + string(p.Booking.State))
	}
	return s.render(w, http.StatusOK, v, "manage.html", p)
}

func (s *Server) managed(r *http.Request) (onFile, error) {
	id, err := s.Links.Open(r.PathValue("token"), link.Manage)
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
