package inbound_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/inbound"
	"postroom/internal/programme"
)

// written is when the letters of these tests are written: a Monday.
var writtenOn = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func starters(t testing.TB) *programme.Set {
	t.Helper()
	set, err := programme.Load(os.DirFS("../../templates/programme"), programme.Options{Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func starter(t testing.TB, name string) *programme.Form {
	t.Helper()
	if name == "" {
		return nil
	}
	form, ok := starters(t).Form(name)
	if !ok {
		t.Fatalf("no form %s", name)
	}
	return form
}

// told lists the facts of some kinds as "value confidence", in their order.
func told(form *programme.Form, text string, kinds ...inbound.FactKind) string {
	var list []string
	for _, f := range inbound.ReadFacts(form, inbound.Writing{Text: text, At: writtenOn}) {
		if slices.Contains(kinds, f.Kind) {
			list = append(list, f.Value+" "+string(f.Confidence))
		}
	}
	return strings.Join(list, ", ")
}

// chosenIn lists the options of a field that are sure enough to be answers.
func chosenIn(form *programme.Form, field, text string) string {
	var list []string
	for _, f := range inbound.ReadFacts(form, inbound.Writing{Text: text, At: writtenOn}) {
		if f.Field == field && f.Confidence.Enough() {
			list = append(list, f.Value)
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func TestTheNumberOfPlacesIsRead(t *testing.T) {
	t.Parallel()
	register := starter(t, "register")
	for text, want := range map[string]string{
		// one number of people
		"There will be 4 of us.": "4 likely",
		"there'll be four of us": "4 likely",
		"There will be five of us: me, my husband and our three children.": "5 likely",
		"Хочемо прийти на захід, нас троє: я і двоє дітей":                 "3 likely",
		"нас троє, я не знаю чи зможемо":                                   "",
		"We are three and would like to come on 6 March":                   "3 likely",
		"We're 4 people.": "4 likely",
		"Hello, we are two people and would like to come to the small workshop on 13 March.": "2 likely",
		"Two places please": "2 likely",
		"Could you book two places for me on 13 March please?": "2 likely",
		"Please book 3 seats for Saturday":                     "3 likely",
		"I'd like a table for six":                             "6 likely",
		"Please reserve places for 5 people":                   "5 likely",
		"Both of us would love to come":                        "2 likely",
		"YES 3":                                                "3 likely",
		"Yes, 2 people":                                        "2 likely",
		"Places: 4":                                            "4 certain",
		"Number of people: three":                              "3 certain",
		"How many people? 5":                                   "5 certain",
		"Нас буде четверо":                                     "4 likely",
		"нас 5":                                                "5 likely",
		"Нас троє, прийдемо в суботу":                          "3 likely",
		"Забронюйте, будь ласка, два місця на 13 березня": "2 likely",
		"Запишіть нас на 4 особи, будь ласка":             "4 likely",
		"Прийдемо вдвох":                "2 likely",
		"ما چهار نفر هستیم":             "4 likely",
		"۳ نفر هستیم":                   "3 likely",
		"لطفا برای ۳ نفر جا رزرو کنید":  "3 likely",
		"لطفاً دو جای برای ما ثبت کنید": "2 likely",
		"موږ څلور کسان یو":              "4 likely",
		"مونږ پنځه تنه یو":              "5 likely",
		"ma chahar nafar hastim":        "4 likely",
		"nas budet troe":                "3 likely",
		"Кількість осіб: 2":             "2 certain",
		"تعداد نفرات: ۴":                "4 certain",
		// a list
		"2 adults and 3 kids": "5 likely",
		"We would like to book for two adults and two children please": "4 likely",
		"We are 4: 2 adults and 2 children":                            "4 likely",
		"двоє дорослих і троє дітей":                                   "5 likely",
		// the writer and others
		"me and my two children":                        "3 likely",
		"Just me and my husband":                        "2 likely",
		"My husband and I would like to come":           "2 likely",
		"I will come with my wife and our three kids":   "5 likely",
		"I'd like to come with a friend please":         "2 likely",
		"I'm coming with my 7 year old son":             "2 likely",
		"I will come with my two children aged 4 and 7": "3 likely",
		"Myself and two friends will attend":            "3 likely",
		"я з двома дітьми":                              "3 likely",
		"Я прийду з чоловіком і двома дітьми":           "4 likely",
		"Прийду з дитиною":                              "2 likely",
		"я і моя подруга":                               "2 likely",
		"من و دو فرزندم":                                "3 likely",
		"من با همسرم می‌آیم":                            "2 likely",
		"زه او زما دوه ماشومان":                         "3 likely",
		"زه به له خپل خاوند سره راځم":                   "2 likely",
		// alone
		"just me":                    "1 likely",
		"It will be only me coming":  "1 likely",
		"I'd like to come by myself": "1 likely",
		"Буду сама":                  "1 likely",
		"тільки я":                   "1 likely",
		"فقط من":                     "1 likely",
		"یوازې زه":                   "1 likely",
		// guesses
		"Maybe 4 of us":                                        "4 guess",
		"There will be 3 or 4 of us":                           "4 guess",
		"about 15 to 20 of us":                                 "20 guess",
		"There will be 4 of us and 2 children":                 "4 guess",
		"There will be 4 of us. Sorry, there will be 5 of us.": "4 guess, 5 guess",
		"Can there be 4 of us?":                                "4 guess",
		"Нас буде, можливо, четверо":                           "",
		// no places at all
		"I would like to come":                           "",
		"My son is 7":                                    "",
		"I have two children":                            "",
		"I live with my two children":                    "",
		"I am on my own with two children and need help": "",
		"I live alone":                                   "",
		"from 6 pm":                                      "",
		"We start at 10 and end at 3":                    "",
		"in 2 weeks":                                     "",
		"room for 250 people":                            "",
		"The hall has 60 seats":                          "",
		"on 13 March":                                    "",
		"Call me on 01908 234567":                        "",
		"We are 2 miles away":                            "",
		"We are one team":                                "",
		"We are a group of 30 gardeners":                 "",
		"I can't come with my two children":              "",
		"I would like to come with my children":          "",
		"I want to come and my son needs a ramp":         "",
		"ما پنج نفر هستیم و در Wolverton زندگی می‌کنیم":               "5 guess",
		"زه یوازې پښتو وایم":                                          "",
		"Six of us from the Example Walking Group would like to come": "6 likely",
		"Please put me down for 2":                                    "2 likely",
		"salam, ma se nafar hastim":                                   "3 likely",
		"خانواده ما چهار نفره است":                                    "",
		"Two of us speak Dari":                                        "",
		"one of us is deaf":                                           "",
		"I saw that 5 places are left":                                "",
		"please help me and my two children":                          "",
		"please come for 4":                                           "",
		"Our club has 4 volunteers":                                   "",
		"We help 30 people a week":                                    "",
		"My two children will come":                                   "",
		"I am 45 and my friend is 50":                                 "",
		"They were 4 of them":                                         "",
		"see you at 4":                                                "",
		"for 2 years":                                                 "",
		"Мені 45 років":                                               "",
		"Моєму синові 7":                                              "",
		"У мене двоє дітей":                                           "",
		"Мы живем с двумя детьми":                                     "",
		"من دو فرزند دارم":                                            "",
		"پسرم ۷ ساله است":                                             "",
		"ساعت ۳ می‌آیم":                                               "",
		"زما زوی اوه کلن دی":                                          "",
	} {
		if got := told(register, text, inbound.FactPlaces); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestTheLanguagesThatSomebodyOffersAreRead(t *testing.T) {
	t.Parallel()
	volunteer := starter(t, "volunteer")
	for text, want := range map[string]string{
		"I speak Dari and a little Pashto":                      "fa-AF ps",
		"I can translate into Ukrainian.":                       "uk",
		"I could interpret in Farsi and Dari":                   "fa fa-AF",
		"I'm a native Ukrainian speaker":                        "uk",
		"I am fluent in Pashto":                                 "ps",
		"My languages are Dari, Pashto and English":             "fa-AF ps",
		"I would be happy to help with translation into Pashto": "ps",
		"I speak Dari, not Pashto":                              "fa-AF",
		"I speak Dari but not Farsi":                            "fa-AF",
		"Languages: Dari, Pashto":                               "fa-AF ps",
		"Which languages do you speak? Ukrainian":               "uk",
		"Dari and Pashto":                                       "fa-AF ps",
		"можу перекладати українською":                          "uk",
		"Я розмовляю українською та дарі":                       "fa-AF uk",
		"Моя рідна мова українська":                             "uk",
		"Вільно володію пушту":                                  "ps",
		"من دری صحبت می‌کنم":                                    "fa-AF",
		"من به فارسی و پشتو مسلط هستم":                          "fa ps",
		"زبان مادری من دری است":                                 "fa-AF",
		"می‌توانم به دری ترجمه کنم":                             "fa-AF",
		"زه پښتو خبرې کوم":                                      "ps",
		"زه په پښتو او دري ژباړه کولی شم":                       "fa-AF ps",
		"man dari gap mezanam":                                  "fa-AF",
		// not offered
		"I am Ukrainian": "",
		"لطفا به زبان دری جواب بدهید":                           "",
		"I know a Ukrainian family":                             "",
		"I would like to speak to a Dari interpreter":           "",
		"I have Ukrainian neighbours and speak to them":         "",
		"I am Ukrainian and would like to help":                 "",
		"I don't speak Dari":                                    "",
		"I do not speak Pashto or Dari":                         "",
		"I need a Dari interpreter":                             "",
		"Is there somebody who speaks Dari?":                    "",
		"My mother speaks only Pashto":                          "",
		"Do you need Farsi speakers?":                           "",
		"We help people who speak Dari":                         "",
		"I work with Ukrainian families":                        "",
		"I speak Persian":                                       "",
		"I used to speak Ukrainian":                             "",
		"Maybe I could translate Dari":                          "",
		"I would like to learn Dari":                            "",
		"I am looking for somebody to translate into Ukrainian": "",
		"Я не розмовляю дарі":                                   "",
		"Моя мама розмовляє українською":                        "",
		"من پشتو بلد نیستم":                                     "",
		"من دری صحبت نمی‌کنم":                                   "",
		"زه پښتو نه شم ویلای":                                   "",
		"به ترجمان دری نیاز دارم":                               "",
	} {
		if got := chosenIn(volunteer, "languages", text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestTheRolesThatSomebodyOffersAreRead(t *testing.T) {
	t.Parallel()
	volunteer := starter(t, "volunteer")
	for text, want := range map[string]string{
		"I can translate into Ukrainian":                  "translator",
		"I'd like to help as a translator":                "translator",
		"I would be happy to translate or interpret":      "translator",
		"I can take photographs":                          "photographer",
		"I could help as a photographer":                  "photographer",
		"I would like to work in a garden":                "gardens",
		"I want to help at club nights":                   "club_nights",
		"I would like to volunteer in the gardens":        "gardens",
		"can help with translating on the 13th. cheers":   "translator",
		"Happy to help with gardening":                    "gardens",
		"can you help with translating":                   "",
		"can help with translating needed on Monday":      "",
		"I would like to see the gardens":                 "",
		"I live near the gardens and would like to help":  "",
		"I can help on the day of an event":               "event",
		"I could help with befriending":                   "befriending",
		"How would you like to help? Take photographs":    "photographer",
		"Можу перекладати та фотографувати":               "photographer translator",
		"Хочу працювати в саду":                           "gardens",
		"می‌توانم ترجمه کنم":                              "translator",
		"می‌خواهم در ترجمانی همکاری کنم":                  "translator",
		"زه ژباړه کولی شم":                                "translator",
		"I need a translator":                             "",
		"I would like somebody to translate for me":       "",
		"I'm looking for a photographer for our event":    "",
		"Will there be a translator?":                     "",
		"I can't translate":                               "",
		"I do not want to take photographs":               "",
		"The translator was very kind":                    "",
		"I would like help with translating my documents": "",
		"I want to translate my certificate":              "",
		"Help me to translate":                            "",
		"Хочу перекласти документи":                       "",
		"لطفا کمک کنید ترجمه کنم":                         "",
		"My sister can translate":                         "",
		"I love gardens":                                  "",
		"Мені потрібен перекладач":                        "",
		"نمی‌توانم ترجمه کنم":                             "",
		"به ترجمان ضرورت دارم":                            "",
	} {
		if got := chosenIn(volunteer, "roles", text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestTheAreaIsRead(t *testing.T) {
	t.Parallel()
	join := starter(t, "join")
	for text, want := range map[string]string{
		"Our group is in Bletchley.":                  "bletchley",
		"we meet in bletchley every week":             "bletchley",
		"Area: Olney":                                 "olney",
		"Which area are you in? Newport Pagnell":      "newport-pagnell",
		"We are based in Stony Stratford":             "stony-stratford",
		"ми з Wolverton":                              "wolverton",
		"گروه ما در Bletchley است":                    "bletchley",
		"My address:\n1 Some Street\nOlney\nMK46 1AA": "olney",
		"Central Milton Keynes":                       "central",
		"I live in Olney, MK46":                       "olney",
		"У якому ви районі? Усе місто":                "citywide",
		"My mother lives in Bletchley":                "",
		"She lives in Olney":                          "",
		"Моя мама живе в Olney":                       "",
		"We are not in Bletchley":                     "",
		"Is there a group in Bletchley?":              "",
		"We are in Olney and sometimes in Bletchley":  "",
		"I work at Bletchley Park":                    "",
		"I used to live in Olney":                     "",
		"We moved from Olney to Wolverton":            "",
		"Maybe Olney":                                 "",
		"all of our city friends":                     "",
	} {
		if got := chosenIn(join, "area", text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestACommonWordIsNoAnswerByItself(t *testing.T) {
	t.Parallel()
	join, register, ask := starter(t, "join"), starter(t, "register"), starter(t, "ask")
	for _, c := range []struct {
		form        *programme.Form
		field, text string
		want        string
	}{
		{join, "serves", "Hello everybody,\nplease add my group to the network", ""},
		{join, "serves", "Other families told me about you", ""},
		{join, "serves", "We help families and older people", "families older"},
		{join, "serves", "Who do you help? Families, disabled people", "disabled families"},
		{join, "serves", "We do not help families", ""},
		{register, "attending_as", "I want to visit my brother on that day", ""},
		{register, "attending_as", "I would like to bring a stall for my group", "stall"},
		{register, "attending_as", "I could give a talk", "speaker"},
		{register, "attending_as", "My sister will give a talk", ""},
		{register, "attending_as", "Who will give a talk?", ""},
		{register, "attending_as", "Прийду зі стендом моєї групи", "stall"},
		{ask, "topic", "I heard of you from events in the park", ""},
		{ask, "topic", "What is it about? Events", "events"},
	} {
		if got := chosenIn(c.form, c.field, c.text); got != c.want {
			t.Errorf("%s, %q: %q, want %q", c.field, c.text, got, c.want)
		}
	}
}

func TestNothingIsReadForASpecialCategoryOrAConsent(t *testing.T) {
	t.Parallel()
	text := "What would help you to take part? A ramp\nYou may take photographs that show me: yes\naccess needs: a ramp\nphotographs: yes\nAdult: yes"
	for _, form := range []string{"register", "join"} {
		for _, f := range inbound.ReadFacts(starter(t, form), inbound.Writing{Text: text, At: writtenOn}) {
			if f.Field == "access_needs" || f.Field == "photographs" {
				t.Errorf("%s is read from %q", f.Field, f.From)
			}
		}
	}
}

func TestAnAnswerBesideItsQuestionIsRead(t *testing.T) {
	t.Parallel()
	volunteer := starter(t, "volunteer")
	for text, want := range map[string]string{
		"Are you 18 or older? Yes":       "yes",
		"Are you 18 or older? No":        "no",
		"Вам 18 років або більше? Так":   "yes",
		"آیا ۱۸ سال یا بیشتر دارید؟ بله": "yes",
		"Are you 18 or older? In March":  "",
		"Are you 18 or older?":           "",
		"Yes, I am 25":                   "",
	} {
		if got := chosenIn(volunteer, "adult", text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := chosenIn(volunteer, "availability", "When are you free? Saturdays"); got != "Saturdays" {
		t.Errorf("a text field holds %q", got)
	}
}

func TestThePostcodeIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"MK9 1AA":                    "MK9 1AA certain",
		"Olney\nMK46 4AA":            "MK46 4AA certain",
		"Postcode: mk9 1aa":          "MK9 1AA certain",
		"Postcode: MK9":              "MK9 certain",
		"I live at MK91AA.":          "MK9 1AA likely",
		"my postcode is mk9 1aa":     "MK9 1AA likely",
		"We are in SW1A 1AA":         "SW1A 1AA likely",
		"I live in MK4":              "MK4 guess",
		"My mother lives at MK9 1AA": "MK9 1AA guess",
		"Is MK9 1AA near you?":       "MK9 1AA guess",
		"so14 5pm":                   "",
		"e1 2am":                     "",
		"The M25 is closed":          "",
		"vitamin B12":                "",
		"ZZ9 1AA":                    "",
		"flight BA2490":              "",
		"room E1 4AB":                "E1 4AB likely",
		"reference A12 3BC":          "",
	} {
		if got := told(nil, text, inbound.FactPostcode); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestTheTelephoneNumberIsReadWithItsOwner(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Call me on 01908 234567 please":                                 "+441908234567 certain",
		"You can reach me on 07400 123456 if you have any questions":     "+447400123456 certain",
		"Tel: 01908 234567\nMob: 07400 123456":                           "+441908234567 certain, +447400123456 certain",
		"شماره من ۰۷۴۰۰۱۲۳۴۵۶ است":                                       "+447400123456 certain",
		"My neighbour's number is 01908 234567":                          "+441908234567 guess",
		"my old number was 01908 234567":                                 "+441908234567 guess",
		"My number is 01908 234567.\nPlease do not call, he picks it up": "+441908234567 guess",
		"Don't ring me on 01908 234567":                                  "+441908234567 guess",
		"> Tel: 01908 234567":                                            "",
		"15.01.2024 14:30":                                               "",
		"2016-03-03 17:21":                                               "",
		"(555) 346-9947":                                                 "+445553469947 guess",
		"account 12345678, sort code 12-34-56":                           "",
	} {
		if got := told(nil, text, inbound.FactPhone); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestTheNameIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"My name is Person One and I would like to help.": "Person One likely",
		"Hello, my name is Person One.":                   "Person One likely",
		"Мене звати Особа Друга, я з Києва":               "Особа Друга likely",
		"اسم من یک شخص است":                               "یک شخص likely",
		"زما نوم یو کس دی":                                "یو کس likely",
		"esme man Person One ast":                         "Person One likely",
		"Name: Person One":                                "Person One certain",
		"Ім'я: Особа Друга":                               "Особа Друга certain",
		"I am Person One.":                                "Person One guess",
		"Hello\n\nKind regards,\nPerson One":              "Person One likely",
		"My son's name is Person One":                     "",
		"my name is not important":                        "",
		"I am Ukrainian":                                  "",
		"I am Deaf":                                       "",
		"I am Happy Hub Trust":                            "",
		"What is my name?":                                "",
	} {
		if got := told(nil, text, inbound.FactName); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestTheNameInALetterGoesBeforeTheOneBesideTheAddress(t *testing.T) {
	t.Parallel()
	facts := inbound.ReadFacts(nil, inbound.Writing{Name: "House", Text: "My name is Person One.\n\nThanks,\nOne", At: writtenOn})
	var names []string
	for _, f := range facts {
		names = append(names, f.Value)
	}
	if want := []string{"Person One", "House", "One"}; !slices.Equal(names, want) {
		t.Errorf("the names are %q, want %q", names, want)
	}
}

func TestTheOrganisationIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"I am writing on behalf of Olney Gardening Club and we would like to join": "Olney Gardening Club likely",
		"I'm from the Example Community Centre.":                                   "Example Community Centre likely",
		"I am the chair of Example Mosque Trust":                                   "Example Mosque Trust likely",
		"Our group is called Friends of Example Park":                              "Friends of Example Park likely",
		"Organisation: Example CIC":                                                "Example CIC certain",
		"Kind regards,\nPerson One\nChair, Example Youth Club":                     "Example Youth Club likely",
		"Я представляю громадську організацію «Приклад»":                           "Приклад likely",
		"از طرف انجمن «نمونه» می‌نویسم":                                            "نمونه likely",
		"I work at Example School":                                                 "Example School guess",
		"I run the Example Toddler Group in Bletchley":                             "Example Toddler Group likely",
		"I heard about you from Example Food Bank":                                 "",
		"I'm from London":                    "",
		"We are not from Example Youth Club": "",
		"Are you from Example Youth Club?":   "",
		"We are a small club":                "",
		"> on behalf of Example Youth Club":  "",
	} {
		if got := told(nil, text, inbound.FactOrganisation); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestTheDaysThatALetterNamesAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"14 December":                    "2026-12-14 likely",
		"on the 14th of December 2026":   "2026-12-14 certain",
		"December 14th would suit us":    "2026-12-14 likely",
		"Mon 14/12":                      "2026-12-14 likely",
		"Tue 14/12":                      "2026-12-14 guess",
		"14.12.":                         "2026-12-14 likely",
		"14.12.2026":                     "2026-12-14 certain",
		"2026-12-14":                     "2026-12-14 certain",
		"14 січня":                       "2027-01-14 likely",
		"14 грудня 2026 р.":              "2026-12-14 certain",
		"۱۴ دسامبر":                      "2026-12-14 likely",
		"۱۴ دسمبر ۲۰۲۶":                  "2026-12-14 certain",
		"د مارچ ۱۳مه":                    "2027-03-13 likely",
		"6 May":                          "2027-05-06 likely",
		"tomorrow":                       "2026-11-24 guess",
		"завтра":                         "2026-11-24 guess",
		"فردا می‌آیم":                    "2026-11-24 guess",
		"next Friday":                    "2026-11-27 guess",
		"3/4":                            "2027-04-03 guess",
		"Is it on 14 December?":          "2026-12-14 guess",
		"not on 14 December":             "2026-12-14 guess",
		"I was born on 14 December 1990": "",
		"31 February":                    "",
		"we 2 may come":                  "",
		"ساعت ۳ می‌آیم":                  "",
		"at 6.30":                        "",
		"10-12":                          "",
		"£3.50":                          "",
		"call 01908 234567":              "",
		"market on 6":                    "",
	} {
		if got := told(nil, text, inbound.FactDate); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestOnlyTheWritersOwnWordsAreRead(t *testing.T) {
	t.Parallel()
	text := "Please see below.\n> There will be 4 of us.\n> Bletchley\n---------- Forwarded message ---------\nFrom: x@y.example\n\nMy name is Person One.\n01908 234567"
	if facts := inbound.ReadFacts(starter(t, "join"), inbound.Writing{Text: text, At: writtenOn}); len(facts) > 0 {
		t.Errorf("read from somebody else's words: %+v", facts)
	}
}

func TestALongLetterIsReadSoon(t *testing.T) {
	t.Parallel()
	form := starter(t, "volunteer")
	for _, part := range []string{"me and my two children, ", "I speak Dari ", "01908 234567 ", "Name: A\n", "14/12 ", "I am Person ", "ما چهار نفر ", "a.", "? ", "MK9 1AA ", "but ",
		"Take photographs ", "fluent ", "I can translate ", "4 places ", "yes, ", "on behalf of A Club ", "Thanks\nP\n", "How would you like to help? x\n"} {
		begun := time.Now()
		text := strings.Repeat(part, 1<<20/len(part))
		inbound.ReadFacts(form, inbound.Writing{Name: text, Subject: text, Text: text, At: writtenOn})
		inbound.Said(text)
		if took := time.Since(begun); took > time.Minute { // a guard against reading without an end, not a measure
			t.Errorf("%q takes %v", part, took)
		}
	}
}

func FuzzFacts(f *testing.F) {
	for _, raw := range factLetters(f) {
		f.Add(string(raw))
	}
	f.Add("Places: 4\nName: \u200c\nтак")
	form := starter(f, "volunteer")
	f.Fuzz(func(t *testing.T, text string) {
		for _, fact := range inbound.ReadFacts(form, inbound.Writing{Subject: text, Text: text, Name: text, At: writtenOn}) {
			if fact.Value == "" || fact.From == "" {
				t.Errorf("a fact without words: %+v", fact)
			}
			if field, ok := form.Field(fact.Field); ok && field.SpecialCategory {
				t.Errorf("read for a special category: %+v", fact)
			}
		}
		inbound.Said(text)
		inbound.Guess(text, []string{"en", "uk", "fa", "fa-AF", "ps"})
	})
}

func BenchmarkFacts(b *testing.B) {
	form := starter(b, "volunteer")
	w := inbound.Writing{Name: "Person One", Subject: "Saturday", At: writtenOn,
		Text: "Hello,\n\nI saw the poster in the library and would like to help at the event on 13 March.\nI speak Dari and a little Pashto, and I could translate for people who come with\nchildren. I am free on most Saturdays.\n\nYou can call me on 01908 234567.\n\nKind regards,\nPerson One\nOlney, MK46 4AA\n"}
	b.ReportAllocs()
	for b.Loop() {
		inbound.ReadFacts(form, w)
	}
}

func TestALetterThatStraysFromItsFormIsAQuestion(t *testing.T) {
	t.Parallel()
	set := starters(t)
	for text, want := range map[string]string{
		"I would love to help at club nights":                            "volunteer",
		"My mother needs an interpreter for the hospital":                "ask",
		"I can't volunteer any more. Please take me off the rota.":       "ask",
		"You need translators, it says. I would like to help with that.": "volunteer",
	} {
		form, _ := inbound.FormFor(set, "volunteering@communityaction.example", text)
		if form == nil || form.Name != want {
			t.Errorf("%q is taken for %+v, want %s", text, form, want)
		}
	}
}
