package inbound

var (
	greetingWords = folded(`hi hello hey dear good greetings morning afternoon evening шановні шановний шановна вітаю привіт добрий доброго добридень здравствуйте привет
		سلام درود salam salaam pryvit privet dobryi dobryy dobriy zdravstvuyte hallo`)

	// yesFirst and noFirst answer where they come first in a clause, yesVerbs
	// wherever they stand, loneWords where hardly anything stands beside them.
	yesFirst = folded(`yes yep yeah yup sure definitely absolutely certainly ok okay agreed gladly confirmed так авжеж звичайно обов'язково згоден згодна погоджуюсь погоджуюся да конечно
		بله بلی بلې آره البته حتما هو هوکې خامخا bale baleh bali konechno`)
	yesVerbs = folded(`прийду прийдемо приїду приїдемо підтверджую приду придем میاییم راځم راځو pryydu pridu miayam miyayam`)
	noFirst  = folded(`no nope nah declined ні нет نه نخیر نخير nakhair nakheyr nakhayr nyet`)
	afterNo  = folded(`thank thanks sorry i we im unfortunately my дякую спасибо на вибачте я ми мы к تشکر ممنون متشکرم متاسفم مرسی من ما مننه زه موږ نمی نه tashakor tashakur merci spasibo dyakuyu`)

	loneWords = map[string]Answer{"da": SaidYes, "tak": SaidYes, "ari": SaidYes, "буду": SaidYes, "будемо": SaidYes, "na": SaidNo, "ni": SaidNo, "net": SaidNo}

	// courtesies may come before an answer in its clause.
	courtesies = folded(`hi hello dear thank thanks you sorry unfortunately well and please many so very much all team for the invitation invite
		дякую щиро вибачте на жаль нажаль добрий день вітаю спасибо к сожалению ми я мы سلام تشکر ممنون متشکرم متاسفم متاسفانه ببخشید من ما مننه بښنه زه موږ salam tashakor tashakur man ma`)

	cancelObjects = folded(`booking bookings place places reservation registration ticket tickets seat seats attendance spot appointment it this them бронювання місце місця бронь реєстрацію запис участь регистрацию место
		جا جای رزرو نوبت ثبت ځای`)

	// aboutComing goes on after "I can't" where that is an answer.
	aboutComing = foldedEach(`come|coming|make it|make this|make that|attend|attending|join|joining|be there|be coming|be attending|be able|participate|take part|this time|anymore|any more|sorry|after all|able|be|прийти|бути|приєднатися|
		взяти участь|цього разу|на жаль|приїхати|прийти|прийти|придти|приехать|быть|بیایم|بیاییم|در محفل|در برنامه|در رویداد|اشتراک|شرکت|راتلای|pryyty|prijti|biyam`)

	// cancelStems begin the words that give up a place. Nouns and questions about
	// it are told by what stands beside them.
	cancelStems = foldedStems(`cancel withdraw скасу скасов відмін отмен لغو کنسل kansel cansel laghw`)

	// waverWords say that somebody does not know.
	waverWords = folded(`back think hope try trying later know idea wondering or almost unlikely
		подумаю спробую постараюсь постараюся знаю сподіваюся думаю попробую надеюсь
		نمیدانم کوشش سعی فکر امیدوارم فکرکنم دانم پوهېږم هڅه هیله`)

	// idleWords add nothing to an answer.
	idleWords = folded(`please thank thanks you very much so kindly we i am will would be come coming there to the a an for my our it that this is are see look forward looking and in at on of with
		happy glad love like great lovely good fine perfect wonderful sorry afraid unfortunately hi hello dear all everyone team regards best kind booking place places me us both can do attend
		make able join event meeting session invitation invite many me day date then just too also still now have received your
		будь ласка дякую дуже щиро ми я на і й та до вас вам зустріч подію захід прийти змогу зможемо зможу жаль нажаль вибачте вибачаюсь добрий день вітаю привіт місце бронювання моє мою наше спасибо пожалуйста к сожалению смогу мы мое бронь бронирование
		تشکر ممنون متشکرم مرسی لطفا سپاس زیاد بسیار از شما من ما را در به می ایم اییم ام هستم هستیم استم استیم بیایم بیاییم توانم توانیم متاسفم متاسفانه ببخشید سلام جا جای رزرو ثبت کنید نوبت برنامه محفل خواهیم خواهم آمد
		مننه ډېره زه موږ به په کې یم یو ته راتلای راتلی شم شو شئ بښنه مهربانی زما ځای کړئ سلام له دې
		salam tashakor tashakur mersi merci man ma mikhaham miayam miyaim dyakuyu diakuyu spasibo pozhaluysta bud laska budu ya my budem`)

	// emptyPhrases are words of answers that are none.
	emptyPhrases = endings(`i am afraid|im afraid|no problem|no problems|no worries|not a problem|cant wait|can not wait|cannot wait|no need to reply|no doubt|without fail|not at all|no matter what`)

	// saidPhrases are answers of several words; some are answers only where they
	// are about coming.
	saidPhrases = []struct {
		answer  Answer
		comes   bool
		phrases [][]string
	}{
		{SaidCancel, false, foldedEach(`give up my place|give my place|free up my place|remove my booking|no longer need my place|no longer need the place|do not need my place|
			give our places|no longer need our places|звільніть моє місце|зніміть мою бронь|نام مرا حذف کنید|زما نوم لرې کړئ|sabt namam ra laghw`)},
		{SaidNo, false, foldedEach(`no thank you|no thanks|не прийду|не прийдемо|не приїду|не приїдемо|не приду|не придем|نمی توانم بیایم|نمی توانیم بیاییم|نمی ایم|نمی اییم|امده نمی توانم|امده نمیتوانم|
			نه شم راتلای|نه شم راتلی|نشم راتلای|نشم راتلی|نه راځم|نه راځو|نه شو راتلای|ne pridu|ne prydu|na miayam`)},
		{SaidNo, true, foldedEach(`will not be able to|wont be able to|am not able to|are not able to|not able to|am unable to|are unable to|unable to|can no longer|can not|cant|cannot|could not|will not|wont|am not|are not|
			не зможу|не зможемо|не можу|не можемо|не буду|не будемо|не смогу|не сможем|نمی توانم|نمی توانیم|نمیتوانم|نمیتوانیم|ne zmozhu|ne mozhu|ne smogu|nami tanam|nemi tavanam|nemitavanam|namitanam|nametanam`)},
		{SaidYes, false, foldedEach(`will be there|will come|we are coming|i am coming|can come|will attend|i confirm|we confirm|i accept|we accept|see you there|see you then|count me in|count us in|would love to come|would love to attend|would love to join|would love to be there|happy to come|of course|
			می ایم|می اییم|خواهیم امد|خواهم امد|زه راځم|موږ راځو|راتلای شم|будемо раді|з радістю|із задоволенням|з задоволенням|mi ayam|mi ayim`)},
	}
)
