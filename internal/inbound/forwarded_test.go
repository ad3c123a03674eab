package inbound

import "testing"

func TestWhatStandsAboveALetterIsSeldomNothing(t *testing.T) {
	t.Parallel()
	for _, cover := range []string{"", "FYI", "Fyi...", "Please see below", "For your information:", "\n\nSent from my iPhone\n", "FYI\n\n-- \nA Person\nSome Office", "-----Original Message-----"} {
		if !saysNothing(cover) {
			t.Errorf("%q is taken for a letter", cover)
		}
	}
	for _, cover := range []string{"Please help", "Help me", "Is this true?", "I am afraid", "Допоможіть", "کمک", "My husband wrote this", "See below, I want to come", "1"} {
		if saysNothing(cover) {
			t.Errorf("%q is taken for nothing", cover)
		}
	}
}

func TestAPrintedDateIsReadWhereThatDependsOnNoLanguage(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"Mon, 23 Nov 2026 09:00:00 +0000": "2026-11-23 09:00", "Mon, 23 Nov 2026 at 09:00": "2026-11-23 09:00", "Mon, Nov 23, 2026 at 9:00 AM": "2026-11-23 09:00",
		"23 November 2026 09:00": "2026-11-23 09:00", "Monday, November 23, 2026 9:00:00 AM": "2026-11-23 09:00", "lundi 23 novembre 2026": "0001-01-01 00:00",
	} {
		if got := printedTime(written).Format("2006-01-02 15:04"); got != want {
			t.Errorf("%q is %s, want %s", written, got, want)
		}
	}
}
