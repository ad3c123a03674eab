package programme_test

import (
	"os"
	"testing"
	"time"

	"postroom/internal/programme"
)

func starters(t testing.TB) *programme.Set {
	t.Helper()
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	set, err := programme.Load(os.DirFS("../../templates/programme"), programme.Options{Zone: zone})
	if err != nil {
		t.Fatalf("the starter files have mistakes:\n%v", err)
	}
	return set
}

func TestStartersHaveNoMistakes(t *testing.T) {
	t.Parallel()
	starters(t)
}
