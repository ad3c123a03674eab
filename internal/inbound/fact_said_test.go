package inbound_test

import (
	"testing"

	"postroom/internal/inbound"
)

func TestAShortAnswerIsHeard(t *testing.T) {
	t.Parallel()
	for want, texts := range map[inbound.Answer][]string{
		inbound.SaidYes: {
			"Yes", "yes please", "Yes please, we will come", "YES 3", "Hi,\n\nYes, I'll be there.\n\nThanks,\nPerson One", "Ok, see you there!", "I will come", "We'd love to come, thank you",
			"Yes, on 14 December", "Count me in", "No problem, see you there", "Of course", "Yes, two of us", "I can come, thanks",
			"так, прийду", "Так", "Добрий день, так, ми прийдемо", "Звичайно", "Будемо раді", "Прийду", "да, приду",
			"بله", "بلی", "بله می‌آیم", "سلام، بله حتما می‌آییم. تشکر", "هو", "هو، زه راځم", "راځو",
			"bale", "bale, tashakor", "salam, bale miayam", "tak", "da", "da, pridu",
		},
		inbound.SaidNo: {
			"No", "No thank you", "No, sorry I can't", "Sorry, I can't come", "I'm afraid we cannot make it", "Unfortunately I will not be able to attend", "We can no longer come", "I won't be there",
			"ні", "не зможу", "На жаль, ми не зможемо прийти", "Ні, дякую", "не прийду", "нет, спасибо", "не смогу",
			"نه", "نخیر", "نمی‌توانم بیایم", "متاسفم، نمی‌توانم بیایم", "ماهر نه راځم", "نه شم راتلای", "نه نمی‌آیم", "nakhair", "nakhair, tashakor", "nyet", "na", "Sorry, no", "We won't be able to come after all", "I am not coming",
		},
		inbound.SaidCancel: {
			"cancel my booking", "Please cancel my booking", "Cancel", "I would like to cancel my place, sorry", "Please give my place to somebody", "I no longer need my place", "Sorry, I cannot come. Please cancel.", "No. Cancel.",
			"скасувати", "Скасуйте, будь ласка, моє бронювання", "لغو", "لطفا جای مرا لغو کنید", "لغو کړئ", "Вибачте, не зможу прийти. Скасуйте, будь ласка.", "متأسفم، نمی‌توانم بیایم. لطفاً لغو کنید.",
		},
		inbound.SaidNothing: {
			"", "yes but", "Yes, but only after 3", "maybe", "Maybe yes", "Can I come?", "Yes?", "yes and no", "I don't know", "I think so", "I hope to come", "Not sure yet",
			"Do not cancel my booking", "No, please don't cancel", "Yes, cancel", "I can't come on Saturday but do not cancel", "I don't want to cancel", "Is it cancelled?", "Yes, I can't come", "Yes if it does not rain", "I will let you know",
			"I have no car", "There is no parking", "No idea", "No more letters please", "I cannot open the link", "I can't find the venue", "I am not Ukrainian", "I can't do Saturdays", "My train was cancelled",
			"I had to cancel my holiday", "Please confirm my booking", "I'm sure you are busy", "We will come back to you", "I can come round on Monday?", "буду вдячна за відповідь", "не можу знайти адресу",
			"نمی‌توانم آدرس را پیدا کنم", "ya khochu zapisatsya na 13 marta", "the safety net is torn", "Never mind", "I would love to do some befriending", "Please remove me from the list", "Yes, but I need to leave at 3", "I can't come on 13 March but can come on 6 March", "No I do not need a lift, I will come by bus", "No problem", "I will not cancel", "Has it been cancelled",
			"Hello", "Thank you", "Thanks for your letter", "How do I cancel?", "так, але пізніше", "можливо", "не знаю", "не скасовуйте", "شاید", "نمی‌دانم", "بله اما", "ښايي", "albatte agar", "shayad",
			"Yes, my mother moved to a new flat last week and the landlord said that the garden was full of old furniture from years ago",
		},
	} {
		for _, text := range texts {
			if got, _ := inbound.Said(text); got != want {
				t.Errorf("%q says %q, want %q", text, got, want)
			}
		}
	}
}

func TestAnAnswerAloneIsCertain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]inbound.Confidence{
		"Yes please": inbound.Certain, "так": inbound.Certain, "نه": inbound.Certain, "cancel my booking": inbound.Certain,
		"Yes, the garden sounds nice": inbound.Likely, "Sorry I can't come, my car is broken": inbound.Likely, "maybe": inbound.Guessed,
	} {
		if _, sure := inbound.Said(text); sure != want {
			t.Errorf("%q is %s, want %s", text, sure, want)
		}
	}
}
