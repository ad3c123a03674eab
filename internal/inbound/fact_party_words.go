package inbound

import "postroom/internal/programme"

// The words for parties of people, in all languages at once: they hardly
// meet, and people mix them.
var (
	numberWords = numbers(`one two three four five six seven eight nine ten eleven twelve`,
		`один два три чотири п'ять шість сім вісім дев'ять десять`, `одна дві троє четверо п'ятеро шестеро семеро восьмеро дев'ятеро десятеро`,
		`одну двоє трьох чотирьох п'ятьох шістьох сімох вісьмох дев'ятьох десятьох`, `однією двома трьома чотирма п'ятьма шістьма`, `одного двох трома`, `одним двом`,
		`одна двое трое четыре пять шесть семь восемь девять десять`, `одно две трех четверо пятеро шестеро`,
		`یک دو سه چهار پنج شش هفت هشت نهه ده`, `یو دوه درې څلور پنځه شپږ اووه اته نهه لس`, `یوه دوو دریو څلورو پنځو شپږو`, `یوه دوه درې څلور پنځه شپږ اوه`,
		`yak du seh chahar panj shash`, `yek dvoe troe chetvero pyatero`, `odna dvoye troye`, `yak du se char panj shash haft hasht`)

	togetherWords = map[string]int{"вдвох": 2, "удвох": 2, "втрьох": 3, "утрьох": 3, "вчотирьох": 4, "учотирьох": 4, "впятьох": 5, "вдвоем": 2, "втроем": 3, "вчетвером": 4,
		"vdvokh": 2, "vdvoem": 2, "vtroem": 3}

	// placeUnits are what is booked, peopleUnits who come.
	placeUnits = folded(`place places seat seats ticket tickets space spaces місце місця місць квиток квитки квитків место места мест جا جای صندلی بلیت ځای ځایونه ځایونو mesta mest mistsya`)
	// A person more or less is no reason to guess what "people" they are.
	peopleUnits = folded(`people persons person guests attendees participants pax осіб особи людей люди людини чоловік человек نفر تن کس کسان کسانو تنه تنو nafar osib lyudey chelovek`)

	// countsUs ends what is said before the number of a whole party.
	countsUs = endings(`we are|we will be|we would be|there are|there will be|there would be|of us are|party of|group of us,|us|нас|нас буде|нас є|буде нас|ми|нас будет|ما|ماهم|ما جمعا|ما مجموعا|موږ|مونږ|ma|nas|nas bude|nas budet`)
	// forPeople ends what is said before a number of people that is booked for.
	forPeople = endings(`for|book|reserve|table for|places for|на|для|book for|booking for|برای|واسه|د|لپاره|party of|group of|baraye|dlya|na|bring`)
	// followsParty goes on after a number that is a party already.
	followsParty = folded(`and coming come attend from with who so please total altogether including will would on at attending me myself я і та разом всього прийдемо приїдемо будемо по هستیم استیم هستم میاییم می میایم که و یو راځو او budem`)

	// booking and coming are stems of words by which places are asked for.
	booking = foldedStems(`book reserv register place seat ticket space table sign need want would please заброн місц запи зареєстр резерв квит потріб будь хочу хоч запиш мест
		رزرو ثبت جا جای صندلی نوم ځای غواړ لطفا sabt rezerv zapis`)
	reserving = foldedStems(`put book reserv place seat ticket space table register заброн місц запи зареєстр резерв квит мест رزرو ثبت جا صندلی ځای rezerv zapis sabt`)
	wanting   = foldedStems(`book reserv want need please would like save keep take get could заброн запи зареєстр резерв потріб треба будь хочу хотіл нужн رزرو ثبت لطف میخواه خواه نیاز غواړ sabt rezerv lotfan`)
	leftOver  = folded(`left available remaining free only has were was still many лишилося залишилося є خالی مانده`)
	helping   = foldedStems(`help save protect worr problem допомо помог کمک مرست`)
	coming    = foldedStems(`come coming attend join bring book reserv register place seat ticket sign visit turn take прий прид приї приє заброн запи зареєстр місц буд візьм відвіда братим
		میایم میاییم بیایم بیاییم ایم اییم رزرو ثبت شرکت اشتراک جا جای میاورم راځ راشم راشو راتل راوړ ځای ګډون miam miyaim biaim biyam zapis pridu prydu pridem`)
	iCome = foldedStems(`прийду приїду приходжу приду приеду راځم راشم میایم بیایم prydu pridu miam biayam`)

	// staying is what somebody tells of their life, not of the day.
	staying = foldedStems(`live living lives lived stay staying moved arrived separat divorc lonely homeless struggl жив мешка самотн переїха زندگی تنهام اوسېږ ژوند`)

	onlyThem = foldedEach(`just me|only me|just myself|just one person|just for me|only for me|by myself|on my own|come alone|coming alone|attend alone|just the one|one place for me|тільки я|лише я|тільки для мене|буду сам|буду сама|
		прийду сам|прийду сама|прийду один|прийду одна|сам приду|приду один|приду одна|فقط من|تنها من|فقط خودم|تنها می‌آیم|تنها میایم|به تنهایی می‌آیم|یوازې زه|زه یوازې|یوازې راځم|tolko ya|tilky ya|faqat man`)

	meWords    = folded(`me myself i im я мене мною من زه ya`)
	weWords    = folded(`we us ми нас нам ما موږ مونږ ma`)
	amongThem  = folded(`including incl whom them which включно враховуючи серед شامل ټول`)
	groupWords = folded(`our ours наш наша наші زموږ family families group class team everyone all both родина родиною сім'я сім'єю родини група групою команда خانواده فامیل فامیلم گروه گروپ کورنۍ ډله`)
	joining    = folded(`and with plus bring bringing з із зі та і й разом і плюс с и вместе و با همراه همرای او سره له plus`)
	belonging  = folded(`my our the a an his her their little small young younger older elderly other best good baby dear lovely own old year also
		мій моя моє мої моїм моєю моїми моєї своїм своєю своїми свій наш нашою нашими маленькою маленькими ще також
		زما خپل خپله خپلو دې د هم یک من`)
	ages       = folded(`year years yr yrs month months old aged рік роки років річн місяців سال ساله ماه کلن کلنه`)
	beingWords = folded(`is are was were has have had needs need will would can cannot wants is speaks lives who goes asked told said suggested recommended`)

	adults    = folded(`adult adults grownups дорослий дорослі дорослих дорослого взрослых взрослые بزرگسال بزرگ لویان لوی`)
	personOne = folded(`child kid son daughter baby toddler husband wife partner friend mother father mum mom dad sister brother granddaughter grandson grandmother grandfather grandma grandad
		neighbour neighbor colleague carer boyfriend girlfriend cousin niece nephew aunt uncle teenager fiance
		дитина дитиною дитину син сином сина дочка дочкою донька донькою доньку чоловік чоловіком дружина дружиною подруга подругою друг другом мама мамою тато татом сестра сестрою брат братом
		бабуся бабусею дідусь онук онуком онука онукою сусідка сусідкою колега колегою муж мужем жена женой сын сыном дочь дочерью подругой ребенком ребенок
		ماشوم زوی لور خاوند مېرمن ښځه ملګری ملګرې خور ورور پلار`)
	personMany = folded(`children kids sons daughters babies toddlers friends parents sisters brothers grandchildren neighbours colleagues carers teenagers twins youngsters
		діти дітей дітьми дітки дітками сини синами синів дочки дочками доньки доньками друзі друзями друзів батьки батьками внуки онуки онуками дети детей детьми ребенка
		اطفال کودکان فرزندان دوستان ماشومان ماشومانو زامن لوڼې ملګري ملګرو والدین`)
	persianPersons = foldedStems(`همسر شوهر خانمم زنم پسرم دختر فرزند بچه طفل کودک دوستم رفیقم خواهر برادر مادرم پدرم`)
)

// numbers maps the words of each row to 1, 2, 3 and so on.
func numbers(rows ...string) map[string]int {
	all := map[string]int{}
	for _, row := range rows {
		for i, word := range programme.Fold(row).Words() {
			all[word] = i + 1
		}
	}
	return all
}

// endings makes phrases comparable with the end of some words.
func endings(phrases string) (list []string) {
	for _, words := range foldedEach(phrases) {
		text := " "
		for _, word := range words {
			text += word + " "
		}
		list = append(list, text)
	}
	return list
}
