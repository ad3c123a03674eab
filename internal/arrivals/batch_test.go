package arrivals

import (
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/letter"
	"postroom/internal/postroom"
)

func names(groups [][]postroom.Letter) (list []string) {
	for _, group := range groups {
		var ids []string
		for _, l := range group {
			ids = append(ids, l.ID)
		}
		list = append(list, strings.Join(ids, " "))
	}
	return list
}

func TestLettersOfABatchAreReadInGroupsThatFitInMemory(t *testing.T) {
	t.Parallel()
	small, large := 4000, groupBytes-5000
	for _, c := range []struct {
		name    string
		sizes   []int
		careful bool
		want    []string
	}{
		{"none", nil, false, nil},
		{"small ones go together", []int{small, small, small}, false, []string{"a b c"}},
		{"a large one fills its group", []int{small, large, small, large}, false, []string{"a b", "c d"}},
		{"one that is larger than a group is alone in it", []int{small, 5 * groupBytes, small}, false, []string{"a", "b", "c"}},
		{"where care is needed, each is alone", []int{small, small, small}, true, []string{"a", "b", "c"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var letters []postroom.Letter
			for i, size := range c.sizes {
				letters = append(letters, postroom.Letter{ID: string(rune('a' + i)), Size: size})
			}
			if got := names(groups(letters, c.careful)); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestLettersOfOneSenderOrOneThreadAreActedOnInTheirOrder(t *testing.T) {
	t.Parallel()
	from := func(id, address string, refs ...string) arrival {
		return arrival{Letter: postroom.Letter{ID: id, MessageID: id + "@example.org", Address: address}, read: letter.Letter{References: refs}}
	}
	var list [][]postroom.Letter
	for _, wave := range waves([]arrival{
		from("a", "one@example.org"), from("b", "two@example.org"), from("c", "one@example.org"),
		from("d", "three@example.org", "b@example.org"), from("e", "four@example.org", "d@example.org"),
		from("f", ""), from("g", ""), from("h", "one@example.org"),
	}) {
		var letters []postroom.Letter
		for _, a := range wave {
			letters = append(letters, a.Letter)
		}
		list = append(list, letters)
	}
	if got, want := names(list), []string{"a b f g", "c d", "e h"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestALetterWithoutADateIsJudgedAsOfNow(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	for name, c := range map[string]struct{ dated, received, want time.Time }{
		"no date":              {time.Time{}, now.Add(-time.Hour), now},
		"an hour with us":      {now.Add(-3 * time.Hour), now.Add(-time.Hour), now.Add(-2 * time.Hour)},
		"a clock that is fast": {now.Add(time.Hour), now.Add(-time.Hour), now},
	} {
		a := arrival{Letter: postroom.Letter{ReceivedAt: c.received}, read: letter.Letter{Date: c.dated}, at: now}
		if got := a.asOf(); !got.Equal(c.want) {
			t.Errorf("%s: as of %v, want %v", name, got, c.want)
		}
	}
}
