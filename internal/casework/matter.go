package casework

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// matter is what a colleague acts on, as it stands in the transaction.
type matter struct {
	Ref
	stood map[string]string // the columns that say where it stands

	programmes []string // whose it is; more than one for a letter to a mailbox that many share
	area       string
	assigned   string
	reference  string
	brakes     []brake // it is held because somebody may be in danger
	suspect    bool    // held for any other reason
	held       string  // the gravest reason of its holds, or ""

	submission postroom.Submission // zero where it has none
	letter     postroom.Letter
	call       store.CallToMake
	step       postroom.Step
}

// brake is that somebody may be in danger: what that is about, whose guards are
// called, and how far that has risen.
type brake struct {
	Ref
	programme string
	stage     int
}

// safety says whether a matter is held because somebody may be in danger.
func (m *matter) safety() bool { return len(m.brakes) > 0 }

// rings says whether somebody may be in danger because of the very matter.
func (m *matter) rings() bool {
	return slices.ContainsFunc(m.brakes, func(b brake) bool { return b.Ref == m.Ref })
}

// open locks a matter and reads it.
func (c *Casework) open(tx *store.Tx, r Ref) (*matter, error) {
	stood, err := tx.Stand(r.Matter, r.ID)
	if err != nil {
		return nil, err
	}
	m, err := c.read(tx.Reader, r)
	if err == nil {
		m.stood = stood
	}
	return m, err
}

// read reads a matter without locking it.
func (c *Casework) read(r store.Reader, ref Ref) (m *matter, err error) {
	m = &matter{Ref: ref}
	switch ref.Matter {
	case postroom.AboutSubmission:
		err = m.readSubmission(r, ref.ID)
	case postroom.AboutLetter:
		err = c.readLetter(r, m)
	case postroom.AboutCall:
		err = m.readCall(r)
	case postroom.AboutStep:
		err = m.readStep(r)
	case postroom.AboutContact:
		_, err = r.Contact(ref.ID)
	case postroom.AboutOrganisation:
	default:
		err = fault(postroom.Invalid, "nobody acts on a "+string(ref.Matter)+" here", "desk.not_possible")
	}
	return m, err
}

func (m *matter) readSubmission(r store.Reader, id string) (err error) {
	if m.submission, err = r.Submission(id); err != nil {
		return err
	}
	m.programmes, m.area, m.reference = []string{m.submission.Programme}, m.submission.Area, m.submission.Reference
	m.assigned = m.submission.AssignedTo
	reason, err := r.Held(id)
	if err != nil {
		return fmt.Errorf("look for a hold on submission %s: %w", id, err)
	}
	m.held = reason
	return m.readAlarm(r, postroom.AboutSubmission, id, reason)
}

// readAlarm notes what closes a matter to most.
func (m *matter) readAlarm(r store.Reader, about postroom.Matter, id, held string) error {
	a, rang, err := r.AlarmOf(about, id)
	if err != nil {
		return fmt.Errorf("look for an alarm about %s: %w", id, err)
	}
	open := rang && a.ClosedAt.IsZero()
	danger := held == workflow.HeldForSafety || open && about == postroom.AboutLetter
	m.suspect = held != "" && !danger
	if !danger {
		return nil
	}
	b := brake{Ref: Ref{about, id}, programme: m.programmes[0]}
	if open {
		b.programme, b.stage = a.Programme, a.Risen // whoever is called must be able to look
	}
	m.brakes = append(m.brakes, b)
	return nil
}

// readLetter reads a letter. One that belongs to a submission is looked after, and
// held, with it; but somebody may be in danger because of the letter alone.
func (c *Casework) readLetter(r store.Reader, m *matter) (err error) {
	if m.letter, err = r.Letter(m.ID); err != nil {
		return err
	}
	m.programmes = c.programmesAt(m.letter.Mailbox)
	if m.letter.Submission != "" {
		if err = m.readSubmission(r, m.letter.Submission); err != nil {
			return err
		}
	}
	suspect := m.suspect
	err = m.readAlarm(r, postroom.AboutLetter, m.ID, "")
	m.suspect, m.assigned, m.reference = suspect, m.letter.AssignedTo, m.letter.Reference
	return err
}

func (m *matter) readCall(r store.Reader) (err error) {
	if m.call, err = r.Call(m.ID); err != nil {
		return err
	}
	if m.call.Submission != "" {
		err = m.readSubmission(r, m.call.Submission)
	} else {
		m.programmes = []string{m.call.Programme}
	}
	if m.call.AssignedTo != "" {
		m.assigned = m.call.AssignedTo
	}
	return err
}

func (m *matter) readStep(r store.Reader) (err error) {
	if m.step, err = r.Step(m.ID); err != nil {
		return err
	}
	run, err := r.Run(m.step.Run)
	if err != nil {
		return err
	}
	return m.readSubmission(r, run.Submission)
}

// programmesAt lists the programmes that people write to at a mailbox, or "" for
// one that is nobody's.
func (c *Casework) programmesAt(mailbox string) (list []string) {
	for _, p := range c.Programmes.Programmes() {
		if slices.ContainsFunc(p.Addresses, func(a string) bool { return strings.EqualFold(a, mailbox) }) {
			list = append(list, p.Name)
		}
	}
	if len(list) == 0 {
		return []string{""}
	}
	return list
}

// MayRead says whether a colleague may read, and so act on, what somebody of a
// programme and an area sent; hold is that it is held because somebody may be in
// danger. "" is what belongs to no programme. It knows nothing of who it is
// assigned to, or of how far an alarm has risen: May does.
func (c *Casework) MayRead(by postroom.Colleague, programme, area string, hold bool) bool {
	switch {
	case isRoot(by):
		return true
	case hold:
		return c.lets(by, programme, 0)
	}
	return by.Reads(programme, area) || named(c.Team.LooksAfter(programme, area), by)
}

// lets says whether a colleague is one of those who are called when somebody of a
// programme may be in danger, by the stage which that has reached.
func (c *Casework) lets(by postroom.Colleague, programme string, stage int) bool {
	if c.Workflow.Safeguarding == nil {
		return named(c.Team.LooksAfter(programme, ""), by)
	}
	return c.Workflow.Safeguarding(programme).Lets(by, stage)
}

func named(list []postroom.Colleague, who postroom.Colleague) bool {
	return slices.ContainsFunc(list, func(c postroom.Colleague) bool { return c.Name == who.Name && c.Address == who.Address })
}

// May says whether a colleague may read, and so act on, a matter.
func (c *Casework) May(ctx context.Context, by postroom.Colleague, r Ref) (bool, error) {
	read := c.Store.Read(ctx)
	m, err := c.read(read, r)
	if err != nil {
		return false, err
	}
	return c.mayThis(by, m), nil
}

// may returns Forbidden unless a colleague may act on a matter.
func (c *Casework) may(tx *store.Tx, by postroom.Colleague, m *matter) error {
	allowed := c.mayThis(by, m)
	if !allowed && (m.Matter == postroom.AboutContact || m.Matter == postroom.AboutOrganisation) {
		return c.mayContact(tx, by, m)
	}
	if allowed {
		return nil
	}
	key := "desk.not_yours"
	if m.safety() {
		key = "desk.held_for_lead"
	}
	return fault(postroom.Forbidden, by.Name+" may not act on this "+string(m.Matter), key, "reference", m.reference)
}

func (c *Casework) mayThis(by postroom.Colleague, m *matter) bool {
	switch {
	case isRoot(by):
		return true
	case m.safety():
		return slices.ContainsFunc(m.brakes, func(b brake) bool { return c.lets(by, b.programme, b.stage) })
	case slices.ContainsFunc(m.programmes, func(p string) bool { return c.MayRead(by, p, m.area, false) }):
		return true
	case !by.Answers():
		return false
	}
	return m.assigned == by.Name || slices.ContainsFunc(m.programmes, func(p string) bool { // who stands in for somebody
		return c.Team.Owner(p, m.area, m.assigned, c.Clock.Now()).Name == by.Name
	})
}

// mayContact returns Forbidden unless a colleague looks after something that a
// contact sent, or may do everything.
func (c *Casework) mayContact(tx *store.Tx, by postroom.Colleague, m *matter) error {
	if by.Has(postroom.Admin, "", "") || by.Has(postroom.IsCoordinator, "", "") {
		return nil
	}
	if m.Matter == postroom.AboutOrganisation && by.Is(postroom.IsCoordinator) {
		return nil // a group's name is public; what its people sent is not
	}
	ids, err := tx.SubmissionIDsOf(m.ID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		sub, err := c.read(tx.Reader, Ref{postroom.AboutSubmission, id})
		if err != nil {
			return err
		}
		if c.mayThis(by, sub) {
			return nil
		}
	}
	return fault(postroom.Forbidden, by.Name+" looks after nothing of this "+string(m.Matter), "desk.not_yours", "reference", "")
}
