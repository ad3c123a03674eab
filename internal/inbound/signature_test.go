package inbound_test

import (
	"testing"

	"postroom/internal/inbound"
)

func TestNothingThatWasWrittenIsTakenForAQuote(t *testing.T) {
	t.Parallel()
	const quote = "\n\nOn Mon, 23 Nov 2026 at 10:00, Support <a@b.example> wrote:\n> Will you come?\n"
	for name, body := range map[string]string{
		"a telephone number below a mark":       "Yes.\n\n--\nCall me on 01234 567890",
		"a question below a mark":               "Yes.\n\n--\nIs there a bus?",
		"a second part below a line":            "For Saturday: four places.\n\n-----\n\nFor Sunday: none.",
		"a second part below a longer line":     "Bletchley\n__________\nWolverton\n__________\nStony Stratford",
		"below what the telephone wrote":        "Yes.\n\nSent from my iPhone\n\nAnd my mother comes too.",
		"whose telephone it was":                "Yes.\n\nSent from my sister's phone, do not ring it",
		"what was sent, and when":               "Yes.\n\nSent by email on Monday",
		"what goes on after the device":         "Yes.\n\nSent from my iPhone please call 01234 567890",
		"name, telephone and address":           "Yes.\n\nPerson One\n07700 900123\nperson@sender.example\n12 High Street\nMK1 1AA",
		"which telephone it is":                 "It does not ring.\n\nMy Samsung Galaxy",
		"which program it is":                   "It does not open.\n\nOutlook",
		"where somebody comes from":             "Vier Personen.\n\nVon Android Straße bis Bletchley",
		"a call in Farsi":                       "بله.\n\nاز گوشی خواهرم",
		"a journey":                             "Please drive us.\n\nFrom: Bletchley station\nTo: the library\nDate: Saturday\n\nThere are four of us.",
		"what somebody else wrote":              "Help me.\n\nOn Monday 5 May my landlord wrote:\n\nYou must leave.\n\nWhere can I go?",
		"what somebody said":                    "On Tuesday at 10:30 he said:\nyou have to pay.\nI am afraid.",
		"an address and a list":                 "My address is person@sender.example, from 5.12.2026 these are my times:\n10:00\n12:30",
		"a list with numbers":                   "1. Yes\n2. Four\n3. Saturday",
		"a list with dashes":                    "-Bletchley\n-Four\n\n-Saturday Morning",
		"a name alone":                          "Person One",
		"a name with a dash":                    "Yes.\n\n-Person One",
		"best wishes and a name":                "Yes.\n\nBest wishes\nPerson One",
		"what is confidential":                  "This is confidential and intended for you only. If he gets it in error I am in danger, do not answer it.",
		"more than so many":                     "Which days?\n\n> Saturday\n\nis what I meant.",
		"a table":                               "| day | people |\n| Saturday | 4 |\n\nThank you.",
		"an address in Ukrainian, below a mark": "Так.\n\n--\nМій телефон 01234 567890",
		"a request in Farsi, below a mark":      "بله.\n\n--\nلطفا با من تماس بگیرید",
		"a request in Pashto, below a mark":     "هو.\n\n--\nزه مرسته غواړم",
	} {
		if got := inbound.Visible(answer(body + "\n")); got != body {
			t.Errorf("%s: shown\n%q\nwant\n%q", name, got, body)
		}
		if got := inbound.Visible(answer(body + quote)); got != body {
			t.Errorf("%s, above a quote: shown\n%q\nwant\n%q", name, got, body)
		}
	}
}

func TestAnAnswerStraightUnderAQuestionIsShown(t *testing.T) {
	t.Parallel()
	got := inbound.Show(answer("On Mon, 23 Nov 2026 at 10:00, Support <a@b.example> wrote:\n> How many of you?\nFour\n> Which day?\nSaturday\n> What is your name?\n\nАнна\n> Yours\n> Support\n"))
	if want := "Four\nSaturday\n\nАнна"; got.Text != want || !got.Between {
		t.Errorf("shown %q, between quotes: %v; want %q", got.Text, got.Between, want)
	}
}

func TestWhatIsNotShownIsKeptByItsKind(t *testing.T) {
	t.Parallel()
	got := inbound.Show(answer(ordinaryAnswer))
	if want := "-- \nPerson One\nTel. 01908 234567"; got.Signature != "--"+want[3:] {
		t.Errorf("the signature is %q", got.Signature)
	}
	if got.Between || len(got.Quoted) < 100 || got.Quoted[:3] != "On " {
		t.Errorf("quoted is %q", got.Quoted)
	}
}

func TestWhatAProgramAddsBelowIsNotShown(t *testing.T) {
	t.Parallel()
	for _, below := range []string{
		"Sent from my iPhone", "Sent from my Galaxy", "Sent from my BlackBerry 10 smartphone.", "Sent from my Samsung Galaxy smartphone.", "Sent from my mobile phone", "Sent from Yahoo Mail on Android", "Sent from Yahoo Mail for iPhone",
		"Sent from Outlook for Android<https://aka.ms/x>", "Get Outlook for iOS<https://aka.ms/x>", "Sent from Mail<https://go.example/?LinkId=1> for Windows", "Sent with Proton Mail secure email.", "Sent from Proton Mail for iOS",
		"Sent from my Android device with K-9 Mail. Please excuse my brevity.", "Sent via the Samsung Galaxy S21, an AT&T 5G smartphone",
		"Envoyé de mon iPhone", "Envoyé depuis mon téléphone Samsung", "Envoyé à partir de Outlook pour Android", "Télécharger Outlook pour iOS<https://aka.ms/x>", "Enviado desde mi iPhone", "Enviado do meu iPhone", "Enviado a partir do Outlook para Android", "Obtener Outlook para iOS<https://aka.ms/x>",
		"Inviato da iPhone", "Inviato dal mio dispositivo Samsung", "Scarica Outlook per Android", "Von meinem iPhone gesendet", "Gesendet von Outlook für iOS", "Gesendet mit der GMX Mail App von meinem iPhone", "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
		"Verzonden vanaf mijn iPhone", "Verstuurd vanaf mijn Samsung", "Verzonden met Outlook voor Android", "Skickat från min iPhone", "Hämta Outlook för iOS", "Sendt fra min iPhone", "Hent Outlook til Android", "Lähetetty iPhonesta",
		"Wysłane z iPhone’a", "Wysłano z mojego iPhone", "Pobierz Outlook dla systemu Android", "Odesláno z iPhonu", "Odoslané z iPhonu", "Отправлено с iPhone", "Отправлено из мобильной почты Mail for Android", "Надіслано з iPhone", "Надіслано з мого телефону", "Trimis de pe iPhone-ul meu",
		"Elküldve az iPhone-omról", "Στάλθηκε από το iPhone μου", "Gửi từ iPhone của tôi", "iPhone'umdan gönderildi", "iPhoneから送信", "나의 iPhone에서 보냄", "从我的iPhone发送", "發自我的 iPhone", "‏נשלח מה-iPhone שלי", "أرسلت من iPhone الخاص بي", "ارسال شده از iPhone من", "فرستاده شده از آیفون من", "از گوشی من ارسال شده است", "له موبایل څخه لیږل شوی",
	} {
		if got := inbound.Visible(answer("Yes.\n\n" + below + "\n")); got != "Yes." {
			t.Errorf("shown %q", got)
		}
	}
}
