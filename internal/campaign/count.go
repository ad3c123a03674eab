package campaign

import (
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// ListCount is how many are or were on a list.
type ListCount struct {
	List    string         `json:"list"`
	State   map[string]int `json:"state"`
	Basis   map[string]int `json:"basis" say:"Of those who are on it"`
	Locale  map[string]int `json:"language" say:"Of those who are on it"`
	RoundUp int            `json:"round_up" say:"How many want one mail a month"`
	Paused  int            `json:"paused"`
}

// CountList adds up how many are on a list. Those without a ground wait among the
// pending.
func CountList(list string, counts []store.MemberCount) ListCount {
	sum := ListCount{List: list, State: map[string]int{}, Basis: map[string]int{}, Locale: map[string]int{}}
	for _, n := range counts {
		sum.State[string(n.State)] += n.N
		if n.State != postroom.Confirmed {
			if n.Basis == postroom.UnknownBasis && n.State == postroom.Pending {
				sum.Basis[string(n.Basis)] += n.N
			}
			continue
		}
		sum.Basis[string(n.Basis)] += n.N
		sum.Locale[n.Locale] += n.N
		if n.Often == postroom.RoundUp {
			sum.RoundUp += n.N
		}
		if n.Paused {
			sum.Paused += n.N
		}
	}
	return sum
}
