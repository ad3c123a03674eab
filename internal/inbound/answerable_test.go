package inbound

import (
	"slices"
	"testing"
	"time"

	"postroom/internal/letter"
)

func TestWhatWasWithUsBeforeGoesInACircle(t *testing.T) {
	t.Parallel()
	hop := letter.Field{Name: "Received", Value: "from mx.example.org by post.charity.example; Mon, 23 Nov 2026 09:00:00 +0000"}
	other := letter.Field{Name: "Received", Value: "from post.charity.example by mx.example.org; Mon, 23 Nov 2026 09:00:00 +0000"}
	for name, c := range map[string]struct {
		header letter.Header
		want   bool
	}{
		"once":       {letter.Header{hop, other, other}, false},
		"twice":      {letter.Header{hop, other, hop}, true},
		"not at all": {letter.Header{other}, false},
	} {
		v := Classify(letter.Letter{Header: c.header, Text: "Hello"}, Ours{Host: "post.charity.example"}, time.Now())
		if got := slices.Contains(v.Against, "own_host_twice"); got != c.want {
			t.Errorf("%s: against it speaks %v", name, v.Against)
		}
	}
}
