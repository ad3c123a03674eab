package desk_test

import (
	"testing"

	"postroom/internal/testkit"
)

func TestPuttingInACallInARealBrowser(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	look(t, room, "office", "entries", "/desk/entry")
	look(t, room, "office", "entry", "/desk/entry/ask")
	look(t, room, "", "print-fa", "/f/register/print?lang=fa")
	look(t, room, "", "print-en", "/f/join/print?lang=en")
	look(t, room, "", "embed-en", "/embed/ask?lang=en")
}
