package inbound

import (
	"strings"

	"postroom/internal/programme"
)

// folded is a list of words as folding leaves them.
func folded(words string) map[string]bool {
	list := map[string]bool{}
	for _, word := range programme.Fold(words).Words() {
		list[word] = true
	}
	return list
}

// foldedEach folds each phrase of a list; phrases are divided by a bar.
func foldedEach(phrases string) (list [][]string) {
	for phrase := range strings.SplitSeq(phrases, "|") {
		if words := programme.Fold(phrase).Words(); len(words) > 0 {
			list = append(list, words)
		}
	}
	return list
}

var (
	// turning begins a new clause: what is said before it stays said.
	turning = set(`but however although though yet whereas except але проте однак зате хоча но اما ولی لیکن مگر خو لاکن ama wali vali ale`)

	// denying turns what stands beside it into the opposite, or into the past.
	denying = folded(`not no never dont doesnt didnt cant cannot couldnt wont wouldnt isnt arent wasnt werent havent nor neither without unable instead unfortunately
		formerly previously used longer anymore stopped rather
		не ні немає нема без ані неможу раніше колись нет нету никогда
		نه نیست نیستم نیستیم نیستند ندارم نداریم ندارد نداره بدون هرگز قبلا نشم نشو نشته بې نلرم نخیر
		nyet ne nemaye nadaram nadarim nist nistam nakhair nakheyr`)

	// doubting makes of what is said something that may be so.
	doubting = folded(`maybe perhaps possibly probably might unsure depends hopefully about around approximately roughly either whether if
		можливо мабуть напевно приблизно близько може якщо чи возможно наверное примерно
		شاید احتمالا حدود تقریبا اگر ښايي کېدای ممکن که shayad ehtemalan agar mozhet mozhlyvo`)

	// othersWords stand for somebody else, of whom it may be told.
	othersWords = folded(`he she they him her them his their your you who whom somebody someone anybody anyone everybody people person child children son daughter husband wife
		mother father mum mom dad brother sister friend friends neighbour neighbor colleague client family partner cousin aunt uncle grandmother grandfather
		він вона вони його її їх їхній ваш ваша ваші вас хто хтось син сина дочка донька дитина діти чоловік дружина мама мати тато брат сестра друг подруга сусід сусідка
		آنها آنان شما کسی پسرم دخترم شوهرم همسرم خانمم مادرم پدرم برادرم خواهرم دوستم همسایه
		هغه هغوی تاسو څوک زوی لور خاوند ښځه مور پلار ورور خور ملګری`)

	// needing asks for what the others offer.
	needing = folded(`need needs needed require requires looking seeking request requesting somebody someone anyone anybody
		допоможіть допоможить потрібен потрібна потрібно потрібні шукаю шукаємо потребую хтось хтонебудь
		نیاز ضرورت لازم احتیاج کسی کنید کمکم وکړئ کړئ اړتیا اړ څوک`)
)

var (
	// somebodyElse is of whom it is told where they live or what they do.
	somebodyElse = folded(`he she they him her his their who somebody someone mother father mum mom dad husband wife son daughter friend friends neighbour neighbor brother sister cousin
		він вона вони його її їх мама мати тато чоловік дружина син дочка донька друг подруга брат сестра сусід сусідка
		مادرم پدرم شوهرم همسرم خانمم پسرم دخترم دوستم برادرم خواهرم همسایه زوی لور خاوند ملګری ورور خور پلار`)

	// ownThings is what people want translated for them.
	ownThings = folded(`my this these our me document documents letter letters certificate certificates passport diploma
		мої мій моє свої свій документ документи документів довідку свідоцтво паспорт диплом мои документы
		اسناد سند مدرک مدارک نامه مکتوب تذکره پاسپورت سندونه لیک`)
)

// The words with which people offer what they can do, and the first person that
// has to come before them in English.
var (
	givesHelp   = folded(`to can could will may would happily gladly and also i`)
	firstPerson = folded(`i we im id`)
	offering    = folded(`can could may would like love happy glad pleased willing able want wish offer offering help volunteer interested available as am do also be to with by in the a and both
		very keen happily gladly fluently well enjoy really hope ready prepared experience experienced skills qualified trained was will are have been`)
	// offers are stems of verbs whose form says "I": other languages than English.
	offers = foldedStems(`можу можемо хочу хочемо хотіл вмію вміємо готов готовий готова буду могу хотел умею
		میتوانم میتوانیم میخواهم میخواهیم توانم توانیم خواهم خواهیم کنم کنیم حاضرم بلدم بلدیم علاقه هستم استم
		غواړم غواړو کولی کولای شم شو کوم کوو یم
		mikhaham mekhaham mikham mitavanam metanam mitunam khochu mozhu mogu hochu`)
)

func foldedStems(words string) []string {
	var stems []string
	for word := range strings.FieldsSeq(words) {
		stems = append(stems, strings.Join(programme.Fold(word).Words(), " "))
	}
	return stems
}
