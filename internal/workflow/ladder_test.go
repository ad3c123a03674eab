package workflow

import (
	"strings"
	"testing"
)

func TestWhoIsToldAtEachStage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		guards  string // the stages; a small letter is away
		from    int
		want    string
		reached int
	}{
		"the lead":                                         {"L D A", stageLead, "L", stageLead},
		"the deputy":                                       {"L D A", stageDeputy, "D", stageDeputy},
		"the admins":                                       {"L D AB", stageAdmins, "AB", stageAdmins},
		"a lead who is away, and the deputy":               {"l D A", stageLead, "lD", stageDeputy},
		"both away, and the admins":                        {"l d A", stageLead, "ldA", stageAdmins},
		"a lead who is away without a deputy":              {"l - A", stageLead, "lA", stageAdmins},
		"no lead, and everybody else":                      {"- D A", stageLead, "DA", stageAdmins},
		"nobody but the admins":                            {"- - A", stageLead, "A", stageAdmins},
		"no deputy, and the admins in their place":         {"L - A", stageDeputy, "A", stageAdmins},
		"a deputy who is away, and the admins":             {"L d A", stageDeputy, "dA", stageAdmins},
		"admins who are away: nobody comes after them":     {"L D a", stageAdmins, "a", stageAdmins},
		"one who is both, once":                            {"- D DA", stageLead, "DA", stageAdmins},
		"the only one there is, once more when it is late": {"L - L", stageDeputy, "L", stageAdmins},
	} {
		var g Guards
		for i, names := range strings.Fields(c.guards) {
			for _, r := range strings.Trim(names, "-") {
				g[i] = append(g[i], Coordinator{Name: string(r), Address: string(r), Away: r >= 'a'})
			}
		}
		list, reached := g.ladder(c.from)
		var got string
		for _, who := range list {
			got += who.Name
		}
		if got != c.want || reached != c.reached {
			t.Errorf("%s: told are %q up to stage %d, want %q up to %d", name, got, reached, c.want, c.reached)
		}
	}
}
