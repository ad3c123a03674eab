package digest

import (
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/store"
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
	letters, err := g.read.Triages()
	if err != nil {
		return err
	}
	sorted, all := make(map[string][]Item), make(map[string]int)
	for _, l := range letters {
		b := g.belongingAt(l.Mailbox, l.Assigned)
		called := !g.assigned(l) && g.called(g.who.Colleague, l)
		switch {
		case !called && !g.mine(b):
			continue
		case !called && l.Snoozed.After(g.now):
			g.out.PutOff++
			continue
		}
		why := pileOf(l.Reason)
		if called || g.called(g.who.Colleague, l) {
			why = pileDanger
		}
		if all[why]++; all[why] <= g.limit {
			sorted[why] = append(sorted[why], g.letter(l, why, b))
		}
	}
	for _, why := range piles() {
		g.piles[why] = all[why] - len(sorted[why])
		g.out.Letters.Items, g.out.Letters.More = append(g.out.Letters.Items, sorted[why]...), g.out.Letters.More+g.piles[why]
	}
	return nil
}

func (g *gathering) letter(l store.Triaged, why string, b belongs) Item {
	i := g.item(postroom.AboutLetter, l.ID, l.Since, b)
	i.Reference, i.Yours, i.Why, i.secret = l.Reference, l.Assigned == g.who.Name, why, true
	return i
}

// called says whether somebody has to look at a letter because somebody may be in
// danger: who was called, and who is in their place since.
func (g *gathering) called(c postroom.Colleague, l store.Triaged) bool {
	a, open := g.alarms[l.ID]
	return open && (c.Name == g.who.Name && g.rung[l.ID] || g.guards(c, a.Programme) || g.calledAsAdmin(c, l.ID))
}

// assigned says whether somebody who is still here looks after a letter. Who may
// not look because somebody may be in danger does not.
func (g *gathering) assigned(l store.Triaged) bool {
	c, here := g.named(l.Assigned)
	_, danger := g.alarms[l.ID]
	return here && c.Answers() && (!danger || g.called(c, l))
}
