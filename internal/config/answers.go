package config

import "postroom/internal/proof"

// Answers is how many answers to letters may leave in a day (24 hours). Two
// machines that answer each other stop there, whatever their headers say (RFC
// 3834, section 2).
type Answers struct {
	Same      int // to one address, that say the same about one form
	ToAddress int // to one address
	ToDomain  int // to one domain, unless everybody has an address there
	InAll     int
}

// UsualAnswers are the numbers that hold where the settings say nothing.
func UsualAnswers() Answers { return Answers{Same: 1, ToAddress: 3, ToDomain: 10, InAll: 500} }

// mostAnswers is the largest number of answers that a day may have: each is
// looked at when the next one is to leave.
const mostAnswers = 3000

func answers(m proof.Map) Answers {
	m, usual := m.Map("answers_a_day").As("answers_a_day"), UsualAnswers()
	a := Answers{
		Same:      m.Int("same", usual.Same, 1, 10),
		ToAddress: m.Int("to_address", usual.ToAddress, 1, 100),
		ToDomain:  m.Int("to_domain", usual.ToDomain, 1, mostAnswers),
		InAll:     m.Int("in_all", usual.InAll, 1, mostAnswers),
	}
	if a.Same > a.ToAddress {
		m.Wrong("same", "same is more than to_address, and would never be reached", "a number up to to_address")
	}
	return a
}
