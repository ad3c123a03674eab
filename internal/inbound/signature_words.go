package inbound

import (
	"regexp"
	"slices"
	"strings"
)

// sentFrom are the lines that telephones and mail programs add: a phrase, then
// the device or the program, then little more (rest). Some languages say it the
// other way round, and some programs ask to be fetched.
var sentFrom = []*regexp.Regexp{
	regexp.MustCompile(`(?i)^[\s*>_–—-]*(` +
		`(sent|posted) (from|via|with|using)|(envoyée?) (de|du|depuis|à partir de|à partir d|avec|par)|(enviado|enviada|mandado|mandada) (de|desde|do|da|a partir d[eo]|via|com|con|pel[oa])|(inviato|inviata) (da|dal|con)|` +
		`(gesendet|gesandt) (von|mit|über|aus|per)|(diese|dieses) (nachricht|e-?mail|mail) wurde (von|mit)|(verzonden|verstuurd|gestuurd) (vanaf|van|met|via|vanuit)|(skickat|skickades) (från|med|via)|(sendt|sendte) (fra|med|via)|lähetetty|` +
		`(wysłan[eayo]) (z|za pomocą|przy użyciu|przez)|(odesl[aá]no|odoslan[eé]|posl[aá]n[oe]) (z|ze|s|iz|pomocí)|(отправлено|отправлен) (с|со|из)|(надіслано|відправлено) (з|із|зі|за допомогою)|(trimis|trimise) (de pe|din|cu)|` +
		`(elküldve|küldve)|(στάλθηκε|εστάλη) (από|με)( το)?|gửi từ|dikirim dari|saadetud|išsiųsta (iš|naudojant)|nosūtīts no|נשלח מ[הן-]?|(أرسلت|أُرسلت|تم الإرسال|مرسل) من( جهاز)?|(ارسال|فرستاده) شده (از|با)|发自我的|發自我的|发自|來自|来自|傳送自|寄自` +
		`)[\s:-]*(` + own + ` )?([^\s,'’]+ ){0,2}(` + brands + `|` + ownDevice + `)( من| خودم| của tôi| שלי| μου| mea| meu)?(?P<rest>[^,،;?!؟]{0,60}?)(, an? [\p{L}&-]{2,15} [\p{L}\d ]{2,20})?[.!]?\s*((please )?(excuse|forgive) (my|the|any) [\p{L} ]{3,30}\.?)?$`),
	regexp.MustCompile(`(?i)^[\s*>_–—-]*(get|download|télécharge[rz]|obtene[rz]|obt[eé]n|obter|scarica|ottieni|holen sie sich|hämta|hent|pobierz|получить|скачать|отримати|завантажити) (` + brands + `)(?P<rest>[^,،;?!؟]{0,40}?)$`),
	regexp.MustCompile(`(?i)^[\s*_–—-]*(von meine[mr] |vanaf mijn |از |له |从我的|從我的|나의 |내 |我的)?([^\s,]+ )?(` + brands + `)\S{0,8} ?\S{0,8} ?(から送信|から送信されました|에서 보냄|에서 보낸 메일|gönderildi|gonderildi|gesendet|verzonden|verstuurd|ارسال شده|ارسال شد|فرستاده شده|لیږل شوی|لېږل شوی|استول شوی|发送|發送|傳送)( است| دی)?\.?(?P<rest>)$`),
}

// aLink is a link that such a line may hold.
var aLink = regexp.MustCompile(`[<(]https?://[^\s>)]*[>)]?`)

// own is "my" of such a line.
const own = `(my|meine[mnrs]?|mijn|mon|ma|min|mitt|mi|meu|minha|mio|mia|mojego|mojej|mého|môjho|mého|moj[ea]g?a?|моего|моей|мого|моєї|meu|az|minu|mano|the|a)`

// brands are what such lines name.
const brands = `iphon\p{L}*|ipad|ipod|android|blackberry|samsung|galaxy|outlook|yahoo|gmail|proton ?mail|mail(box)? for|windows (phone|mail|10|11)|huawei|nokia|xiaomi|redmi|xperia|k-9|thunderbird|sparrow|aqua ?mail|blue ?mail|typeapp|airmail|mailspring|tutanota|gmx|web\.de|zoho|zimbra|айфон|آیفون|گوشی|موبایل|تلفن همراه|هاتف|手机|手機|휴대폰`

// ownDevice is a device without a brand, of which such lines say that it is
// the writer's own.
const ownDevice = own + ` ([\p{L}-]+ )?(phone|cell|mobile|mobil(telefon)?|telefo\p{L}+|teléfono|téléphone|smartphone|tablet|device|handheld|puhelimesta|телефон\p{L}*|смартфон\p{L}*)`

// deviceStems are in every line that the patterns match, and cheap to look for.
var deviceStems = []string{"iphon", "ipad", "ipod", "android", "blackberry", "samsung", "galaxy", "outlook", "yahoo", "mail", "windows", "huawei", "nokia", "xiaomi", "redmi", "xperia", "k-9", "thunderbird", "sparrow", "typeapp", "tutanota", "gmx", "web.de", "zoho", "zimbra",
	"phone", "cell", "mobil", "telef", "teléf", "téléphone", "tablet", "device", "handheld", "puhelimesta", "телефон", "смартфон", "айфон", "آیفون", "گوشی", "موبایل", "تلفن همراه", "هاتف", "手机", "手機", "휴대폰"}

func namesDevice(line string) bool {
	line = strings.ToLower(line)
	return slices.ContainsFunc(deviceStems, func(stem string) bool { return strings.Contains(line, stem) })
}

// longestSentFrom is how long such a line may be.
const longestSentFrom = 160

// isSentFrom says whether a program wrote a line. Whoever goes on in it and
// says something wrote it themselves.
func isSentFrom(line string) bool {
	if line = strings.TrimSpace(undirected(line)); line == "" || len(line) > longestSentFrom || !namesDevice(line) {
		return false
	}
	if strings.Contains(line, "://") {
		line = strings.TrimSpace(aLink.ReplaceAllString(line, ""))
	}
	for _, pattern := range sentFrom {
		if found := pattern.FindStringSubmatch(line); found != nil {
			rest := found[pattern.SubexpIndex("rest")]
			return !speaking(rest) && !longNumber.MatchString(rest)
		}
	}
	return false
}

var longNumber = regexp.MustCompile(`\d{3}`)

// spoken are words with which people speak of themselves or to somebody. A
// signature has none of them.
var spoken = wordSet(`i i'm i’m i'll i’ll i've me my we we're we'll us our you your please yes no not can can't will would call ring text write tell help come coming
	я ми мені мене нам нас моя мій моє ви вас вам так ні не будь прошу можу можемо хочу дзвоніть телефонуйте пишіть прийду
	мы мне меня нам вы да нет пожалуйста могу можем хочу звоните пишите приду
	من ما مرا مان شما بله بلی نه نخیر آره لطفا لطفاً می‌توانم می‌خواهم زنگ کمک
	زه موږ ما تاسو هو نه مهرباني غواړم مرسته راشئ
	ich wir mich mir uns sie bitte ja nein kann können nicht rufen
	je j'ai nous moi vous oui non veuillez peux pouvons pas
	yo mí nosotros usted sí por puedo podemos llame llámeme
	io noi mi sì non posso possiamo chiamate
	eu nós mim sim não posso podemos ligue
	ik wij mij ons u ja nee kan kunnen niet bel graag
	jag vi mig oss ja nej kan inte ring
	jeg mig mig meg oss nej nei ikke
	minä me kyllä ei voin
	ja mnie nam tak nie mogę możemy proszę dzwonić
	já mně nám ano ne můžu prosím
	ben biz bana evet hayır lütfen
	أنا نحن لي نعم لا لو سمحت أرجو
	eu noi da nu pot
	tôi chúng vâng không`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}
