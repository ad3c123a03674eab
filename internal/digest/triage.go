package digest

import (
	"strings"

	"postroom/internal/postroom"
)

// pile is letters that need a person for the same reason.
type pile struct {
	Why string // one of piles
	section[wait]
}

// Why letters need a person, in the order in which they are listed: first
// where somebody may be in danger, then who has not even heard that their
// letter is here.
const (
	pileDanger       = "danger"
	pileUnanswerable = "unanswerable"
	pileUnclear      = "unclear"
	pileStranger     = "stranger"
	pileLeaving      = "leaving"
	pileOurs         = "ours"
)

func piles() []string {
	return []string{pileDanger, pileUnanswerable, pileUnclear, pileStranger, pileLeaving, pileOurs}
}

// pileOf sorts a letter by the reason that stands in its row, as the arrivals
// room writes them: a word, and in some details after it.
func pileOf(reason string) string {
	word, _, _ := strings.Cut(reason, " ")
	switch word {
	case "worrying":
		return pileDanger
	case "not_answered":
		return pileUnanswerable
	case "other_sender":
		return pileStranger
	case "unsubscribes":
		return pileLeaving
	case "from_staff":
		return pileOurs
	}
	return pileUnclear
}

func (g *gathering) triage() error {
	letters, err := g.read.Triage(bound)
	if err != nil {
		return err
	}
	sorted := make(map[string][]wait)
	for _, l := range letters {
		yours := l.AssignedTo == g.who.Name
		called, err := g.called(l)
		if err != nil {
			return err
		}
		if yours || !g.assigned(l) && (called || g.reads(l.Mailbox)) {
			why := pileOf(l.Reason)
			if called {
				why = pileDanger
			}
			sorted[why] = append(sorted[why], wait{age: g.age(l.ReceivedAt), Reference: g.say(l.Reference), Yours: yours})
		}
	}
	for _, why := range piles() {
		if list := sorted[why]; len(list) > 0 {
			g.out.Triage = append(g.out.Triage, pile{why, cut(list, len(list))})
		}
	}
	return nil
}

// called says whether this coordinator was called about a letter because
// somebody may be in danger, and nobody has said that it is over.
func (g *gathering) called(l postroom.Letter) (bool, error) {
	a, rang, err := g.read.AlarmOf(postroom.AboutLetter, l.ID)
	if err != nil || !rang || !a.ClosedAt.IsZero() {
		return false, err
	}
	return g.alarmed(a)
}

// calledAbout lists the references of the submissions about which this
// coordinator was called, though it is not their programme.
func (g *gathering) calledAbout() (references []string, err error) {
	open, err := g.read.OpenAlarms(bound)
	if err != nil {
		return nil, err
	}
	for _, a := range open {
		if a.Matter != postroom.AboutSubmission || g.concerns(a.Programme) {
			continue
		}
		called, err := g.alarmed(a)
		if err != nil {
			return nil, err
		}
		if called {
			sub, err := g.read.Submission(a.Subject)
			if err != nil {
				return nil, err
			}
			references = append(references, sub.Reference)
		}
	}
	return references, nil
}

// alarmed says whether this coordinator was called at any stage of an alarm.
func (g *gathering) alarmed(a postroom.Alarm) (called bool, err error) {
	for stage := 0; stage <= a.Stage && !called && err == nil; stage++ {
		_, called, err = g.read.MessageWithKey(a.CallKey(stage) + g.who.Address)
	}
	return called, err
}

// assigned says whether somebody who is still there looks after a letter.
func (g *gathering) assigned(l postroom.Letter) bool {
	_, known := g.find(l.AssignedTo)
	return known
}
