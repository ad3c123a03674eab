package inbound

import "strings"

func set(words string) map[string]bool {
	list := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		list[word] = true
	}
	return list
}

// The small words that every text in a language is full of, and few in
// another, with some that letters to us begin with.
var (
	english = set(`the and to of a in is it you i that we for on with as this are be have at or from your not my me can will would like please
		hello hi dear thanks thank regards am was but if our us there they what when how who which do does did has had an by about all also any could
		help join sign up want need know get so some been more one out new were more no yes just interested i'm i'd don't it's i've`)
	otherLatin = set(`der die das und ich nicht ist ein eine zu mit für auf wir sie es den von bitte danke le la les de des et je ne pas est un une vous
		nous pour dans que qui el los las y que no es un una por con para en gracias hola il di che non per sono una grazie jest nie się na do w z dziękuję
		het een van ik niet dat met voor zijn o a os que não é um uma obrigado og jeg ikke er på att och inte det som är si cu este`)
	ukrainian = set(`і та й в у на не що я ми ви він вона вони це як до з із за для по але або чи мені мене мій моя наш ваш вас нас якщо тому також дуже
		будь ласка дякую добрий день доброго дня вітаю привіт хочу хочемо можна можу потрібно є був була було буде про від який яка які коли де допомога прошу`)
	russian = set(`и в не что я мы вы он она они это как к с из за для по но или мне меня мой моя наш ваш вас нас если потому также очень пожалуйста спасибо
		здравствуйте добрый день хочу можно могу нужно есть был была было будет о от который когда где`)
	pashto = set(`زه موږ تاسو هغه دا دغه د په کې کښې له ته نه چې او یا سره لپاره باندې یو یوه ډېر ډیر شم شي کوم کوي کړم کړی یم یې دی ده وو زما زموږ ستاسو
		سلام مننه مهرباني غواړم غواړو مرسته څنګه څه چیرته کله هم خو نو ولې پښتو کولی شم کولای`)
	farsi = set(`و در به از که این را با است برای من ما شما او آن یک هم تا بر هر اگر یا نیست هست بود شد می کرد کنم کنید کنیم خود همه چه چی باید بسیار خیلی
		سلام ممنون تشکر لطفا لطفاً متشکرم خواهم میخواهم می‌خواهم میخوام خواهش کمک دوست دارم دارید داریم چطور کجا وقت احترام درود پیوستن`)
	arabic = set(`في من على إلى هذا هذه التي الذي أن إن لا ما هو هي كان عن مع أنا نحن شكرا مرحبا السلام عليكم لكم أريد ذلك كل بعد قبل`)
	// Words that differ between Kabul and Tehran.
	dari = set(`تشکر بخیر چطور استین هستین استم استید مکتب شفاخانه پوهنتون پولیس موتر دوا دواخانه بایسکل کلکین دریشی نان چاشت شاروالی ولایت جوانب
		بلی مه میخایم میخواهم‌که خورد کلان قوماندان صنف معاش تذکره نفوس افغانستان کابل هرات دری همرای همرایم لیلیه بوت جراب سرک پسان ره`)
	iranian = set(`مرسی ممنون متشکرم میخوام می‌خوام هستش بیمارستان مدرسه دانشگاه پلیس ماشین دارو داروخانه دوچرخه پنجره ناهار شهرداری استان
		بله کوچک بزرگ کلاس حقوق شناسنامه ایران تهران فارسی خیابان کفش ایمیل خدمتتون براتون سپاس سپاسگزارم`)
	// The same languages in Latin letters, as people spell them. Words that
	// English has too are left out.
	speltPersian = set(`salam salaam salom man mikhaham mekhaham mikham mikhahim mekhahim mikhastam shoma baraye barai ast astam astom hastam hastim hast konam konim kardan mikonam mekonam
		mikonim tashakor tashakur tashakkor merci mersi mamnoon mamnun lotfan bale baleh bali nakhair nakheyr nafar sabt nam esm esme farda emroz emrooz emruz khub khob khoob chetor
		chetori komak gap mezanam mizanam mitavanam metanam mitunam bacha bachaha khanom agha ma az ba va ham ke bashad budam miayam miyayam biayam`)
	speltDari      = set(`tashakor tashakur mekhaham mekhahim metanam mezanam mekonam nakhair barai bacha bachaha emroz astam astom gap bali`)
	speltIranian   = set(`merci mersi mamnoon mamnun mikham mitunam mizanam chetori emrooz emruz bachehaye`)
	speltUkrainian = set(`ya my vy khochu hochu zapysatysya zapysaty dyakuyu diakuyu bud laska budlaska dobryi dobryy dobryj den dobroho dnya pryvit vitayu mene meni zvaty mozhna mozhu koly
		bude budu pryydu pryidu pryyty tak dlya ditey nas shcho yak chy i z v na ye potribno dopomoha`)
	speltRussian = set(`ya my vy khochu hochu zapisatsya zapisatsia zapisat spasibo spasiba pozhaluysta pozhaluista zdravstvuyte zdravstvuite privet menya mne zovut mozhno mogu gde kogda
		budet budu pridu pridem priyti dlya detey detei nas eto chto kak est i s v na nado pomoshch dobryy dobriy den`)
)
