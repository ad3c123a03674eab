package inbound

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// calendarMonth is a month of the Gregorian or of the Persian calendar.
type calendarMonth struct {
	number  int
	persian bool
}

// absenceMonths are the months in the languages in which people are absent:
// English, German, French, Spanish, Italian, Dutch, Polish, Ukrainian, Farsi and
// Dari, Pashto. A name with * is the beginning of a word.
var absenceMonths = [12]string{
	"jan januar* jän jänner janv* ene enero gen genn* styc* січ* янв* ژانویه جنوری جنورۍ",
	"feb februar* fév févr* fevr* febr* lut luty lutego лют* фев* فوریه فبروری فبرورۍ",
	"mar march mär märz mrz mars marzo marz maart mrt marca marzec берез* март* مارس مارچ",
	"apr april* avr avril abr abril kwie* квіт* апр* آوریل اپریل آپریل",
	"may mai mayo mag maggio mei maj maja трав* мая مه می مې",
	"jun june juni juin junio giu* czerw* черв* июн* ژوئن جون",
	"jul july juli juil* julio lug* lip lipca lipiec лип* июл* ژوئیه جولای",
	"aug august* août aout ago agosto sierp* серп* авг* اوت آگست اگست",
	"sep sept* settem* set wrze* верес* сент* سپتامبر سپتمبر",
	"oct october octobre octubre okt oktob* ott* paźdz* pazdz* жовт* окт* اکتبر اکتوبر",
	"nov novem* noviem* listop* листоп* нояб* نوامبر نومبر",
	"dec decem* déc* dez dezem* dic dicem* diciem* grud* груд* дек* دسامبر دسمبر",
}

// persianMonths are those of the Persian calendar as they are called in Iran, in
// Afghanistan, and in Pashto.
var persianMonths = [12]string{
	"فروردین حمل وری", "اردیبهشت ثور غویی", "خرداد جوزا غبرګولی", "تیر سرطان چنګاښ", "مرداد امرداد اسد زمری", "شهریور سنبله وږی",
	"مهر میزان تله", "آبان عقرب لړم", "آذر قوس لیندۍ", "دی جدی مرغومی", "بهمن دلو سلواغه", "اسفند حوت کب",
}

// monthOf is the month that a word or figures name, or the zero one.
func monthOf(word string) calendarMonth {
	if n, err := strconv.Atoi(word); err == nil {
		if n >= 1 && n <= 31 { // which of the two is the month is seen later
			return calendarMonth{number: n}
		}
		return calendarMonth{}
	}
	for i := range absenceMonths {
		switch {
		case namedIn(absenceMonths[i], word):
			return calendarMonth{number: i + 1}
		case namedIn(persianMonths[i], word):
			return calendarMonth{number: i + 1, persian: true}
		}
	}
	return calendarMonth{}
}

func namedIn(names, word string) bool {
	for name := range strings.FieldsSeq(names) {
		if stem, open := strings.CutSuffix(name, "*"); name == word || open && strings.HasPrefix(word, stem) {
			return true
		}
	}
	return false
}

func (m calendarMonth) date(year, day int) (time.Time, bool) {
	if m.number < 1 || m.number > 12 || day < 1 || day > 31 {
		return time.Time{}, false
	}
	if m.persian {
		return persianDate(year, m.number, day), true
	}
	t := time.Date(year, time.Month(m.number), day, 0, 0, 0, 0, time.UTC)
	return t, t.Month() == time.Month(m.number)
}

// persianBegan is the difference of the two calendars' years after March.
const persianBegan = 621

// persianDate counts the days since the first of Farvardin of the year 1: six
// months have 31 days, and leap years follow a cycle of 33 years, which is
// right from 1178 to 1633.
func persianDate(year, month, day int) time.Time {
	days := 365*(year-1) + (8*year+21)/33 + 31*(month-1) + day - 1
	if month > 7 {
		days -= month - 7
	}
	return time.Date(persianBegan+1, time.March, 21, 0, 0, 0, 0, time.UTC).AddDate(0, 0, days)
}

// The words around a date that say what it is. Up to a few words, such as the
// name of the weekday, may stand between.
const fewWords = `\W*(?:[\pL'،,.()]+\s+){0,4}[\pL']*[\s:,(]*$`

var (
	backBefore  = regexp.MustCompile(`(?:\b(?:back|return(?:ing|s)?|resume|zurück|erreichbar ab|wieder(?: \pL+){0,3} ab|ab dem|retour|reviens|reviendrai|rentrerai|vuelvo|volveré|regreso|regresaré|vuelta|tornerò|torno|rientro|rientrerò|ritorno|terug|weer(?: \pL+){0,2} vanaf|wracam|wrócę|powrót|wraca)|повернуся|повертаюс[ья]|повернення|вернусь|بازگشت|بازمیگردم|برمیگردم|راستنیدو)` + fewWords)
	backAfter   = regexp.MustCompile(`^[^\d]{0,50}(?:\bi(?:'ll| will| shall) (?:be back|return)|\b(?:wieder|zurück|de retour|di nuovo|de vuelta|weer (?:terug|aanwezig|bereikbaar)|terug|wracam|wrócę)\b|повернуся|буду на роботі|знову|باز ?می ?گرد|بر ?می ?گرد|بازخواه|برخواه|دوباره|راګرځم|راستنیږم|بیرته|بېرته)`)
	untilBefore = regexp.MustCompile(`(?:\b(?:until|till|through|thru|up to|bis(?: zum| einschließlich| einschl\.| inkl\.)?|jusqu'(?:au|à)|hasta|fino (?:al|a)|sino al|tot(?: en met)?|t/m|do(?: dnia)?)|(?:from|away|out|leave|office|holidays?|vacation|closed|absent|du|vom|von|od|dal|del|van)\b.{2,60} (?:to|au|al|bis|a)|(?:^|[ (])(?:до|по|تا(?: تاریخ)?|تر))` + fewWords)
	untilAfter  = regexp.MustCompile(`^[^\d]{0,20}(?:پورې|پوري|inclusive)`)
)
