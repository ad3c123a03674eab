package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"postroom/internal/inbound"
	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

func TestAFigureSaysWhetherItIsGoodEnough(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		goal   goal
		values []float64
		want   string
	}{
		"more than enough":          {atLeast(0.4), []float64{0.5, 0.1, 0.6}, "ok"},
		"just enough":               {atLeast(0.4), []float64{0.4}, "ok"},
		"less than enough":          {atLeast(0.4), []float64{0.3, 0.9, 0.2}, "short"},
		"soon enough":               {atMost(15), []float64{9, 14, 300}, "ok"},
		"too late":                  {atMost(15), []float64{16, 17, 2}, "short"},
		"there to be compared with": {goal{}, []float64{1}, "-"},
	} {
		if f := (&figure{goal: c.goal, values: c.values}); f.verdict() != c.want {
			t.Errorf("%s: %s, want %s", name, f.verdict(), c.want)
		}
	}
}

func TestPartsAreChosenByTheirWholeName(t *testing.T) {
	t.Parallel()
	if chosen, err := choose("letter,jobs"); err != nil || len(chosen) != 2 || chosen[0].name != "letter" || chosen[1].name != "jobs" {
		t.Errorf("chose %v, %v", chosen, err)
	}
	if _, err := choose("lett"); err == nil || !strings.Contains(err.Error(), "newsletter") {
		t.Errorf("what is no part is answered with %v", err)
	}
}

// Figures of different days are compared, so the letters must be the same, and
// from people as far as the post room can tell.
func TestMadeUpLettersAreTheSameEachTimeAndFromPeople(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	one, two := newScribe("office@hall.example", at), newScribe("office@hall.example", at)
	for i := range 50 {
		raw := one.letter(i)
		if !bytes.Equal(raw, two.letter(i)) {
			t.Fatalf("letter %d is another the second time", i)
		}
		l := letter.Read(raw)
		v := inbound.Classify(l, inbound.Ours{Mailboxes: []string{"office@hall.example"}}, at)
		if v.Class != postroom.LetterSubmission && v.Class != postroom.LetterReply || len(l.Problems) > 0 {
			t.Errorf("letter %d is taken for %s %v, with problems %v:\n%.2000s", i, v.Class, v.Because, l.Problems, raw)
		}
		if n := len(raw); n < smallest/2 || n > 2*largest {
			t.Errorf("letter %d has %d bytes", i, n)
		}
	}
}

func TestEveryPageOfTheDeskIsMeasured(t *testing.T) {
	t.Parallel()
	if err := missing(testkit.New(t).Desk.Pages()); err != nil {
		t.Error(err)
	}
	if err := missing([]string{"GET /desk/today", "GET /desk/forgotten"}); err == nil || !strings.Contains(err.Error(), "GET /desk/forgotten") {
		t.Errorf("a page that nothing measures is answered with %v", err)
	}
}
