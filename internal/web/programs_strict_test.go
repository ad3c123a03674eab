package web

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"postroom/internal/postroom"
)

func TestWhatProgramsSendIsReadToTheLetter(t *testing.T) {
	t.Parallel()
	const good = `{"address": "a@example.org", "basis": "ask", "source": "x", "topics": ["a", "b"]}`
	m, err := readStrictly[newMember](strings.NewReader(good))
	if err != nil || m.Address != "a@example.org" || len(m.Topics) != 2 {
		t.Errorf("got %+v, %v", m, err)
	}
	for name, each := range map[string]struct{ body, field string }{
		"a part nobody knows":     {`{"colour": 1}`, "colour"},
		"in other letters":        {`{"Address": "a"}`, "Address"},
		"twice":                   {`{"address": "a", "address": "b"}`, "address"},
		"missing":                 {`{"address": "a", "basis": "ask"}`, "source"},
		"empty":                   {`{"address": "a", "basis": "ask", "source": " "}`, "source"},
		"null":                    {`{"address": null}`, "address"},
		"of another kind":         {`{"address": ["a"]}`, "address"},
		"a list of something":     {`{"address": "a", "topics": [1]}`, "topics"},
		"no value that it may be": {`{"address": "a", "basis": "whim"}`, "basis"},
		"too long":                {`{"address": "` + strings.Repeat("a", 300) + `"}`, "address"},
	} {
		_, err := readStrictly[newMember](strings.NewReader(each.body))
		if refused, ok := errors.AsType[*refusedField](err); !ok || refused.field != each.field {
			t.Errorf("%s: %v, want the field %s", name, err, each.field)
		}
	}
	for _, broken := range []string{"", "null", "[]", `"x"`, "{", `{"address"`, good + "x", good + good, `{"address": }`} {
		if _, err := readStrictly[newMember](strings.NewReader(broken)); postroom.KindOf(err) != postroom.Invalid {
			t.Errorf("%q: %v", broken, err)
		}
	}
}

// FuzzWhatProgramsSend holds the strict reader against the lenient one: what it takes
// is the same to both.
func FuzzWhatProgramsSend(f *testing.F) {
	for _, seed := range []string{`{"address": "a", "basis": "ask", "source": "x"}`, `{"a":1}`, `{"address":{}}`, `[`, `{"address":"\ud800"}`, "{\"addre\\u0073s\":\"a\"}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		strict, err := readStrictly[newMember](strings.NewReader(body))
		if err != nil {
			if postroom.KindOf(err) != postroom.Invalid {
				t.Errorf("%q is nobody's mistake: %v", body, err)
			}
			return
		}
		var lenient newMember
		d := json.NewDecoder(strings.NewReader(body))
		d.DisallowUnknownFields()
		if err := d.Decode(&lenient); err != nil || !reflect.DeepEqual(strict, lenient) {
			t.Errorf("%q is %+v, and to others %+v, %v", body, strict, lenient, err)
		}
	})
}
