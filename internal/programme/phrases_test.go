package programme

import "testing"

func TestPhrasesAreFoundHoweverPeopleWriteThem(t *testing.T) {
	t.Parallel()
	p := NewPhrases("hurt myself", "can't go on", "самогуб*", "б'є мене", "می‌خواهم بمیرم", "کمک", "ما وهي")
	for text, want := range map[string]bool{
		"I might HURT  myself tonight.":  true,
		"I hurt\nmyself":                 true,
		"it hurt. Myself, I do not mind": true, // a false alarm loses nothing
		"I can’t go on":                  true,
		"I cant go on":                   true,
		"hurting myself":                 false,
		"що робити, думаю про самогубство": true,
		"він бʼє мене":        true,
		"مي خواهم بميرم":      true, // Arabic yeh, a space for the joiner
		"می\u200cخواهم بمیرم": true,
		"ميخواهم بميرم":       true, // as most telephones write it
		"او می خواهم بمیرم":   true,
		"كمك":                 true,
		"کمکی":                false,
		"هغه ما وهي.":         true,
		"":                    false,
		"...":                 false,
	} {
		if got := p.In(text); got != want {
			t.Errorf("%q: found %t, want %t", text, got, want)
		}
	}
}

func FuzzPhrases(f *testing.F) {
	f.Add("I might hurt myself", "hurt myself")
	f.Add("می\u200cخواهم", "می‌خواهم*")
	f.Add("\xff\xfe", "*")
	f.Fuzz(func(t *testing.T, text, phrase string) {
		p := NewPhrases(phrase)
		p.In(text)
		if p.Any() && !p.In(phrase) {
			t.Errorf("%q is not found in itself", phrase)
		}
	})
}
