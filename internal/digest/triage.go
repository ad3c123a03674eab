package digest

import (
	"slices"
	"strings"

	"postroom/internal/postroom"
)

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
	about, err := g.read.CalledAbout(g.who.Address)
	if err != nil {
		return err
	}
	sorted := make(map[string][]Item)
	for _, l := range letters {
		b := g.belongingAt(l.Mailbox, l.AssignedTo)
		called := !g.assigned(l) && (slices.Contains(about, l.ID) || g.calledAsAdmin(l.ID))
		if !called && !g.mine(b) {
			continue
		}
		if !called && l.SnoozedUntil.After(g.now) {
			g.out.PutOff++
			continue
		}
		i := g.item(postroom.AboutLetter, l.ID, l.ReceivedAt, b)
		i.Reference, i.Yours, i.Why, i.secret = l.Reference, l.AssignedTo == g.who.Name, pileOf(l.Reason), true
		if slices.Contains(about, l.ID) || called {
			i.Why = pileDanger
		}
		sorted[i.Why] = append(sorted[i.Why], i)
	}
	for _, why := range piles() {
		some := cut(sorted[why], g.limit, len(sorted[why]))
		g.out.Letters.Items, g.out.Letters.More = append(g.out.Letters.Items, some.Items...), g.out.Letters.More+some.More
		g.piles[why] = some.More
	}
	return nil
}

// assigned says whether somebody who is still here looks after a letter.
func (g *gathering) assigned(l postroom.Letter) bool {
	_, here := g.named(l.AssignedTo)
	return here
}
