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
// somebody may be in danger. The key is the one under which that call is owed.
func (g *gathering) called(l postroom.Letter) (bool, error) {
	_, called, err := g.read.MessageWithKey("alert:" + l.ID + ":" + g.who.Address)
	return called, err
}

// assigned says whether somebody who is still there looks after a letter.
func (g *gathering) assigned(l postroom.Letter) bool {
	_, known := g.find(l.AssignedTo)
	return known
}
