package inbound

import (
	"regexp"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// Choice is how somebody wants to be written to, or reached. The zero value says
// nothing about it.
type Choice struct {
	Locale string // the language of our letters, such as fa-AF
	// Named says that the language is all that was written, by its name or its
	// number in our list: it is a choice only where a letter offered one.
	Named, Numbered bool
	Persian         bool           // they want Farsi or Dari, and have not said which
	Reach           postroom.Reach // email, or phone instead of email
	Phone           string         // to call, in E.164; "" where none is named
}

// longestChoice is how many bytes of words may choose and say nothing else.
const longestChoice = 200

// Choose reads a letter whose whole wording says in which language somebody
// wants to be written to or how they want to be reached. Whatever else it says,
// it chooses nothing: a person reads it.
func Choose(v Verdict) Choice {
	said := strings.ReplaceAll(strings.Join(answerLines(v.Visible), " "), "’", "'")
	if said == "" || len(said) > longestChoice || strings.ContainsAny(said, "?؟") {
		return Choice{}
	}
	if c := chooseReach(said); c.Reach != "" {
		return c
	}
	return chooseLanguage(programme.Fold(said).Words())
}

// numberedLanguages are the languages in the order in which our letters offer
// them.
var numberedLanguages = []string{"en", "uk", "fa", "fa-AF", "ps"}

func chooseLanguage(words []string) Choice {
	var c Choice
	asks, number := false, 0
	for _, word := range words {
		tag := languageNamed[word]
		switch plain := strings.Map(plainFigure, word); {
		case englishWords[word]:
			tag = "en"
		case persian[word]:
			c.Persian = true
			continue
		case len(plain) == 1 && plain >= "1" && plain <= "5":
			number = int(plain[0] - '0')
			continue
		case choosing[word]:
			asks = true
			continue
		case tag == "" && !courteous[word] && !courtesies[word]:
			return Choice{}
		}
		if tag == "" || tag == c.Locale {
			continue
		}
		if c.Locale, c.Persian = eitherPersian(c.Locale, tag); c.Locale == "" {
			return Choice{}
		}
	}
	return c.settled(asks, number)
}

// eitherPersian is what two names of languages mean together: "Farsi (Dari)" and
// "Dari Persian" are Dari, as many call it themselves; any other two are for a
// person.
func eitherPersian(first, second string) (locale string, unclear bool) {
	switch {
	case first == "":
		return second, false
	case first == "fa" && second == "fa-AF", first == "fa-AF" && second == "fa":
		return "fa-AF", false
	}
	return "", false
}

func (c Choice) settled(asks bool, number int) Choice {
	switch {
	case number > 0 && (c.Locale != "" || c.Persian || asks):
		return Choice{}
	case number > 0:
		return Choice{Locale: numberedLanguages[number-1], Numbered: true}
	case c.Locale == "fa-AF" || c.Locale == "fa":
		c.Persian = false // "Dari Persian"
	case c.Locale != "" && c.Persian:
		return Choice{}
	}
	if !ours(c.Locale) && !c.Persian {
		return Choice{}
	}
	c.Named = !asks
	return c
}

func ours(locale string) bool {
	for _, tag := range numberedLanguages {
		if tag == locale {
			return true
		}
	}
	return false
}

var (
	englishWords = folded(`english англійська англійською англійську англійській английский انگلیسی انګلیسي انگریزی انگریزي angliyskoyu`)
	// choosing are the words around a language that ask to be written to in it.
	choosing = folded(`write writing reply answer email mail in пишіть напишіть писати відповідайте відповідати بنویسید بنویس نوشته نویسید جواب پاسخ ولیکئ ولیکی لیکئ ځواب`)
	// courteous are those that add nothing.
	courteous = folded(`please pls kindly could can you would like i want prefer to me us the language from now on thanks thank hello hi only my it
		будь ласка прошу мені нам мовою мова на моєю дякую вітаю добрий день я хочу краще тільки лише
		لطفا به زبان برای من برایم ما به ممنون تشکر سلام کنید بدهید دهید را می خواهم میخواهم باشد
		مهرباني وکړئ په ژبه راته ماته ما ته راکړئ مننه کې زه غواړم`)
)

// theNumber stands for a telephone number in what the patterns look at.
const theNumber = "#"

func chooseReach(said string) Choice {
	phone := Phone(said)
	words := plainWords(withoutNumber(said))
	switch {
	case phoneInstead.MatchString(words) && insteadOfMail.MatchString(words):
		return Choice{Reach: postroom.ReachPhone, Phone: phone}
	case onlyEmail.MatchString(words) && phone == "":
		return Choice{Reach: postroom.ReachEmail}
	}
	return Choice{}
}

// withoutNumber puts a sign in the place of a telephone number.
func withoutNumber(said string) string {
	return numberLike.ReplaceAllString(strings.Map(plainFigure, said), theNumber)
}

var (
	// phoneInstead is a whole letter that asks to be called.
	phoneInstead = regexp.MustCompile(`^(hi |hello )?((please |pls )?(do not|don t|no) (write|e ?mails?)( to)?( me)? )?(please |pls |could you |can you |just )*(call|phone|ring|telephone)( me)?( up)?( instead)?( of (writing|e ?mails?|e ?mailing|an e ?mail))?( on| at)?( my)?( number| phone| mobile)?( is)?( #)?( instead)?( of (writing|e ?mails?|e ?mailing|an e ?mail))?( please| thanks| thank you)*$` +
		`|^(вітаю |добрий день )?(будь ласка |прошу )?(не пишіть( мені)? |краще |замість листів |замість листа )?(будь ласка )?(краще )?(телефонуйте|зателефонуйте|подзвоніть|дзвоніть)( мені)?( краще)?( будь ласка)?( замість листів| замість листа)?( на| за)?( мій)?( номер| номером| телефон| телефоном)?( #)?( замість листів| замість листа)?( будь ласка| дякую)*$` +
		`|^(سلام )?(لطفا |لطفاً )?(ایمیل (نفرستید|نکنید|روان نکنید) |(به جای|بجای|در عوض|به عوض) ایمیل )?(لطفا |لطفاً )?(به من |برایم |مرا )?(زنگ بزنید|تلفن کنید|تلفن بزنید|تلفون کنید|زنگ زنید)( به)?( این)?( شماره| نمبر)?( #)?( (به جای|بجای|در عوض|به عوض) ایمیل)?( لطفا| لطفاً| ممنون| تشکر)*$` +
		`|^(سلام )?(مهرباني وکړئ )?(ایمیل مه کوئ |د (ایمیل|ایمېل) پر? ?(ځای|په ځای|پرځای) )?(مهرباني وکړئ )?(ماته |ما ته |راته )?(زنګ ووهئ|تلیفون وکړئ|ټلیفون وکړئ)( #)?( د (ایمیل|ایمېل) پر ځای)?( مهرباني| مننه)*$`)
	// insteadOfMail is what makes of that how they want to be reached: whoever
	// only asks for a call wants one now, and a person reads that.
	insteadOfMail = regexp.MustCompile(`instead|(do not|don t|no) (write|e ?mail)|of (writing|e ?mail)|не пишіть|краще|замість|نفرستید|نکنید|به جای|بجای|در عوض|به عوض|مه کوئ|د (ایمیل|ایمېل)`)
	// onlyEmail is a whole letter that asks not to be called.
	onlyEmail = regexp.MustCompile(`^(hi |hello )?(please |pls )?((do not|don t|never|no) (call|phone|ring|telephone)( calls?)?( me)?( up)?( please)?)?( ?(and |but |just |only )*((only )?(by )?e ?mail( me)?( only)?|write to me( only)?( by e ?mail)?)( instead)?)?( please| thanks| thank you)*$` +
		`|^(вітаю |добрий день )?(будь ласка |прошу )?(не (телефонуйте|дзвоніть)( мені)?)( ?(а )?(лише|тільки|краще)?( пишіть)?( мені)?( електронною поштою| на пошту| листом| листи)?)( будь ласка| дякую)*$|^(лише|тільки) (електронною поштою|листами|пошта)( будь ласка)?$` +
		`|^(سلام )?(لطفا |لطفاً )?(به من )?(زنگ نزنید|تلفن نکنید|تلفن نزنید|تلفون نکنید)( فقط| تنها)?( ایمیل)?( بفرستید| بزنید| کنید| روان کنید)?( لطفا| لطفاً| ممنون| تشکر)*$|^(لطفا )?(فقط|تنها) (با )?ایمیل( لطفا)?$` +
		`|^(سلام )?(مهرباني وکړئ )?(ماته |ما ته |راته )?(زنګ مه وهئ|تلیفون مه کوئ)( یوازې| فقط)?( ایمیل| ایمېل)?( راولېږئ| وکړئ| ولېږئ)?( مننه)*$|^یوازې (ایمیل|ایمېل)$`)
)
