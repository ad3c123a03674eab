package inbound_test

import (
	"testing"

	"postroom/internal/inbound"
)

func TestForHowManySomebodySaysYes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"YES 3": 3, "Yes, two of us": 2, "yes please, 4 of us": 4, "Так, 3": 3, "بلی ۳": 3, "بله، ۳ نفر": 3, "هو ۲": 2, "bale 3": 3,
		"Yes": 0, "Yes, on 14 December": 0, "Yes 13 March": 0, "Yes, at 10:30": 0, "YES 300": 0, "Yes 2 or 3": 0, "Yes, maybe 3": 0,
		"Yes, see you on Saturday the 6": 0,
	} {
		if got := inbound.SaidParty(text); got != want {
			t.Errorf("%q says %d, want %d", text, got, want)
		}
	}
}

func TestTheWishToWaitIsHeard(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"Waiting list please": true, "Please put me on the waiting list.": true, "Hello,\n\nwaiting list, please.\n\nThank you\nA Person": true,
		"Лист очікування, будь ласка": true, "لطفاً لیست انتظار": true, "لیست انتظار لطفا": true, "د انتظار لیست": true,
		"Take me off the waiting list": false, "Am I on the waiting list?": false, "How long is the waiting list": false, "Please remove me from the waiting list": false,
		"I have been on the waiting list for a flat for years": false, "": false, "Yes please": false,
	} {
		if got := inbound.AsksToWait(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}
