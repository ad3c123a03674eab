package inbound

import (
	"testing"

	"postroom/internal/postroom"
)

func TestALetterThatSaysNothingElseChooses(t *testing.T) {
	t.Parallel()
	phone, email := postroom.ReachPhone, postroom.ReachEmail
	for said, want := range map[string]Choice{
		"Please write in Ukrainian":                {Locale: "uk"},
		"In English please":                        {Locale: "en"},
		"Hello,\n\nplease write to me in English.": {Locale: "en"},
		"Please reply in Dari, thank you":          {Locale: "fa-AF"},
		"Пишіть українською, будь ласка":           {Locale: "uk"},
		"Українською":                              {Locale: "uk", Named: true},
		"لطفا به دری بنویسید":                      {Locale: "fa-AF"},
		"به فارسی جواب بدهید لطفا":                 {Locale: "fa"},
		"دری":       {Locale: "fa-AF", Named: true},
		"فارسی دری": {Locale: "fa-AF", Named: true},
		"پښتو":      {Locale: "ps", Named: true},
		"مهرباني وکړئ په پښتو ولیکئ":    {Locale: "ps"},
		"Please write in Persian":       {Persian: true},
		"Dari Persian please":           {Locale: "fa-AF", Named: true},
		"4":                             {Locale: "fa-AF", Numbered: true},
		"۲":                             {Locale: "uk", Numbered: true},
		"Call me instead: 07700 900123": {Reach: phone, Phone: ""}, // a number that is nobody's
		"Please call me instead on 020 7946 0018":                      {Reach: phone, Phone: ""},
		"Please phone me instead: 01908 690690":                        {Reach: phone, Phone: "+441908690690"},
		"Don't email, call me: 01908 690690":                           {Reach: phone, Phone: "+441908690690"},
		"Краще телефонуйте мені: 01908 690690":                         {Reach: phone, Phone: "+441908690690"},
		"Зателефонуйте мені, будь ласка, замість листів: 01908 690690": {Reach: phone, Phone: "+441908690690"},
		"Зателефонуйте мені, будь ласка: 01908 690690":                 {},
		"به جای ایمیل به من زنگ بزنید ۰۱۹۰۸۶۹۰۶۹۰":                     {Reach: phone, Phone: "+441908690690"},
		"لطفا به عوض ایمیل به من زنگ بزنید: 01908 690690":              {Reach: phone, Phone: "+441908690690"},
		"به عوض ایمیل به من زنگ بزنید به این نمبر ۰۱۹۰۸۶۹۰۶۹۰":         {Reach: phone, Phone: "+441908690690"},
		"به من زنگ بزنید به این نمبر ۰۱۹۰۸۶۹۰۶۹۰":                      {},
		"Please don't phone, email only":                               {Reach: email},
		"Please don’t call me":                                         {Reach: email},
		"Email only please":                                            {Reach: email},
		"Не телефонуйте, лише електронною поштою":                      {Reach: email},
		"زنگ نزنید فقط ایمیل":                                          {Reach: email},
		"":                                                             {},
		"Please call me: 01908 690690":                                 {}, // wants a call, now
		"English or Ukrainian":                                         {},
		"Please do not write in English":                               {},
		"I speak Ukrainian and Dari":                                   {},
		"Please write in Polish":                                       {},
		"Can you write in Ukrainian?":                                  {},
		"9":                                                            {},
		"2 English":                                                    {},
		"Please write in Ukrainian. My son is ill too.":                {},
		"Please don't phone, he listens":                               {},
		"Please":                                                       {},
		"Thank you":                                                    {},
		"email me when you have a place for my daughter":               {},
	} {
		got := Choose(Verdict{Visible: said})
		if want.Reach == phone && want.Phone == "" {
			got.Phone = ""
		}
		if got != want {
			t.Errorf("%q chooses %+v, want %+v", said, got, want)
		}
	}
}
