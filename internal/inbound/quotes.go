package inbound

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxIntro is over how many lines the words that begin a quote may be broken.
const maxIntro = 6

var (
	// separator is a line that mail programs put before an older letter.
	separator = regexp.MustCompile(`(?i)^[\s>*]*(?:[-_=‐–—]{2,}\s*|\*+\s*)(original(?: |-)?(message|nachricht|appointment)|reply message|ursprüngliche nachricht|message (d['’]origine|original)|mensaje original|` +
		`messaggio original[ei]|mensagem original|oorspronkelijk(e)? bericht|oprindelig (meddelelse|besked)|ursprungligt meddelande|opprinnelig melding|alkuperäinen viesti|původní zpráva|pôvodná správa|wiadomość oryginalna|oryginalna wiadomość|` +
		`исходное сообщение|оригинал(ьное)? (сообщение|письмо)|вихідне повідомлення|початкове повідомлення|оригінал повідомлення|оригінальне повідомлення|eredeti üzenet|özgün [iİ]leti|orijinal (mesaj|[iİ]leti)|原始邮件|原始郵件|邮件原件|元のメッセージ|original message \(원본 메시지\)|원본 메시지|αρχικό μήνυμα|mesaj original|mesajul original|izvorna poruka|tin nhắn gốc|thư gốc|הודעה מקורית|رسالة أصلية|الرسالة الأصلية|оригинално съобщение|پیام اصلی|اصلي پیغام)\s*[-_=*‐–—]*\s*$` +
		`|^#{2,}-? ?please (type|write) your reply above|reply above this line|^-{3,} ?(on|am|le|el) .{5,200}(wrote|schrieb|a écrit|escribió) ?-*:?$`)
	// passedOn is the line above a letter that the person passes on: that is
	// what they want to show.
	passedOn  = regexp.MustCompile(`(?i)^[\s>*]*[-_=]{2,}.{0,20}(` + passedWords + `)|^[\s>*]*(begin|anfang|début|inicio|inizio|início|começo|start|początek|začátek|začiatok|начало|початок|vidarebefordrat brev|videresendt|välitetty|下面是被|開始|转发|轉寄|転送|전달|továbbított|προωθ)(.{0,30}(` + passedWords + `).{0,30})?[:：]$`)
	drawnRule = regexp.MustCompile(`^[\s>]*[_\-=*]{5,}\s*$`)
	// brokenLink is a quoted line that ends within a link in brackets.
	brokenLink = regexp.MustCompile(`^\s*[>|].*\(https?://[^\s)]+$`)
	// restOfLink is a link in brackets that was broken off the line before, and
	// took the mark of the next one along.
	restOfLink = regexp.MustCompile(`^\s*[(<]?https?://\S+[)>]? ?>$`)
)

// passedWords are what that line says, from its verbs in many languages.
const passedWords = `forwarded|weitergeleitet|transféré|réexpédié|reenviad|inoltrat|doorgestuurd|vidarebefordra|videresend|välitetty|przekazan|przekazywan|přeposl|přeposíl|preposl|preposiel|encaminhad|reencaminhad|` +
	`перенаправ|пересыла|пересила|пересл|переадрес|препратен|továbbított|[iİ]letilen|yönlendirilen|προωθ|redirecționat|înaintat|proslijeđen|chuyển tiếp|diteruskan|转发|轉寄|轉發|転送|전달|הועבר|معاد توجيه|محولة|هدایت شده|فوروارد|بازفرست|لېږدول`

// unmarked is a line without the marks of quotes and stars at its beginning.
func unmarked(line string) string { return strings.TrimLeft(line, " \t\n\f\r>*") }

// says tells a line with words from one that is only drawn.
func says(line string) bool { return strings.Trim(line, " \t>*-_=#‐–—") != "" }

// passesOn says whether a line is passedOn. Like separates, it looks at the
// first sign before the pattern: every line of every letter is asked.
func passesOn(line string) bool {
	s := unmarked(line)
	drawn := s != "" && strings.IndexByte("-_=", s[0]) >= 0
	return (drawn || strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：")) && says(s) && passedOn.MatchString(line)
}

func first(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// separates says whether a line is a separator.
func separates(line string) bool {
	s := unmarked(line)
	drawn := s != "" && strings.ContainsRune("-_=#‐–—", first(s)) || strings.Contains(line[:len(line)-len(s)], "*")
	return (drawn && says(s) || strings.Contains(strings.ToLower(s), "reply above")) && separator.MatchString(line)
}

// The verbs with which mail programs begin a quote: those that end the line,
// and those after which the name may come. They are looked up as they stand,
// which is much cheaper than a pattern of all of them.
var (
	wroteLast = []string{"wrote", "writes", "said", "sent", "a écrit", "escribió", "escribio", "escribe", "ha scritto", "scriveva", "escreveu", "napisał", "napisał(a)",
		"napisała", "napisał/a", "pisze", "napisana", "пишет", "написал", "написала", "написал(а)", "пише", "написав", "написала", "написав(ла)", "написав(-ла)", "написав/ла", "kirjoitti", "napsal", "napsala",
		"napsal(a)", "napísal", "napísala", "napísal(a)", "yazdı", "şunu yazdı", "đã viết", "写道", "寫道", "님이 작성", "작성", "のメール", "は書きました", "نوشت", "نوشته است", "نوشتند",
		"ولیکل", "لیکلي", "لیکلي دي", "كتب", "כתב", "כתבה", "έγραψε", "a scris", "írta", "ezt írta", "je napisao", "je napisao/la", "rašė", "kirjutas", "menulis"}
	wroteThenName = []string{"schrieb", "schreef", "skrev"}
)

// mostName is of how many words the name after a verb may be.
const mostName = 6

// wrote says whether the end of a line has such a verb in its place.
func wrote(s string) bool {
	s = strings.ToLower(strings.TrimRight(tail(s), " :：\u200f\u202c"))
	for _, verb := range wroteLast {
		if strings.HasSuffix(s, verb) {
			return true
		}
	}
	for _, verb := range wroteThenName {
		if at := strings.LastIndex(s+" ", verb+" "); at >= 0 && len(strings.Fields(s[at:])) <= mostName+1 {
			return true
		}
	}
	return false
}

var (
	// introBegins is how the words before a quote begin: with "On" in some
	// language, or with a date.
	introBegins = regexp.MustCompile(`(?i)^[\s*>-]*(on|le|am|el|il|em|op|w dniu|wiadomość napisana|dnia|den|på|dne|dňa|a \d|il giorno|vào|στις|pe|at|quoting|\d{1,4}[./年 -]|(mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|пн|вт|ср|чт|пт|сб|нд|вс)\S{0,9}[ ,]|в |у |від |от |در |به )`)
	introHints  = regexp.MustCompile(`\d|@`)
	// dateAndAddress is such words without a verb.
	dateAndAddress = regexp.MustCompile(`(?i)^[\s*>]*(\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{4}年\s?\d{1,2}月\s?\d{1,2}日|\p{L}{2,9}\.?,? \d{1,2}\.?,? \p{L}{3,12}\.?,? \d{4}|(mon|tue|wed|thu|fri|sat|sun)\S*,? \d{1,2}).{0,120}<\s*\S+@\S+\s*>\s*:?$`)
	// dateAndName is the whole line that one old program writes.
	dateAndName = regexp.MustCompile(`^\d{4}-\d{2}-\d{2} \d{1,2}:\d{2} GMT[+-]\d{2}:\d{2} .{1,80}$`)
	// anAddress, aYear and aClock are what a program writes before a quote, in
	// whatever language.
	anAddress       = regexp.MustCompile(`[<(]\s*[^\s<>()]+@[^\s<>()]+\s*[>)]`)
	dateThenAddress = regexp.MustCompile(`^\d.{8,80}\s[^\s@]+@\S+:$`)
	aYear           = regexp.MustCompile(`\p{Nd}{4}|\d{1,2}[./-] ?\d{1,2}[./-] ?\d{2}`)
	aClock          = regexp.MustCompile(`\p{Nd}{1,2}\s?[:.hH时時]\s?\p{Nd}{2}`)
)

// directions are the signs that say which way letters run; they are in no
// pattern.
var directions = strings.NewReplacer("\u200e", "", "\u200f", "", "\u202a", "", "\u202b", "", "\u202c", "", "\u202d", "", "\u2066", "", "\u2067", "", "\u2068", "", "\u2069", "")

// undirected is a line without them.
func undirected(line string) string {
	if strings.Contains(line, "\xe2\x80") || strings.Contains(line, "\xe2\x81") {
		return directions.Replace(line)
	}
	return line
}

// introLines returns over how many lines the words go that begin a quote
// ("On Monday … wrote:"), or 0 if the lines do not begin with such.
func introLines(lines []string) int {
	if !introNear(lines) {
		return 0
	}
	var joined, later string
	for n := 1; n <= maxIntro && n <= len(lines); n++ {
		s := strings.TrimSpace(undirected(lines[n-1]))
		if s == "" && n > 1 && n < len(lines) && strings.HasPrefix(strings.TrimSpace(lines[n]), "<") {
			continue // an address that a page showed below
		}
		if s == "" || len(joined)+len(s) > 500 {
			return 0
		}
		s = strings.TrimLeft(s, "> ")
		if joined = strings.TrimSpace(joined + " " + s); n > 1 {
			later = strings.TrimSpace(later + " " + s)
		}
		switch {
		case n > 1 && !strings.HasPrefix(later, "<") && isIntro(later):
			return 0 // they begin further down
		case n == 1 && strings.Contains(s, "@") && strings.HasSuffix(s, ":") && wrote(s):
			return n
		case isIntro(joined) && (n == 1 || mayBreak(strings.TrimLeft(undirected(lines[0]), " \t>"))):
			return n
		}
	}
	return 0
}

// introNear says whether one of the next lines could end the words that begin a
// quote, which is cheap to see.
func introNear(lines []string) bool {
	for i, line := range lines[:min(len(lines), maxIntro)] {
		if i == 0 && line == "" {
			return false
		}
		if strings.Contains(line, "@") || strings.Contains(line, " GMT") || strings.Contains(tail(line), ":") || strings.Contains(tail(line), "：") {
			return true
		}
	}
	return false
}

// mayBreak says whether a line may be the first of the words that begin a
// quote: with "On" in some language, or a date and a time.
func mayBreak(s string) bool {
	if strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return false
	}
	return introBegins.MatchString(s) || strings.Contains(s, "<") && anAddress.MatchString(s) || aYear.MatchString(s) && aClock.MatchString(s)
}

func isIntro(s string) bool {
	at := strings.Contains(s, "@")
	if !at && !strings.HasSuffix(s, ":") && !strings.HasSuffix(s, "：") {
		return strings.Contains(s, " GMT") && dateAndName.MatchString(s) // most lines, and the patterns cost more
	}
	switch {
	case !introHints.MatchString(s):
		return false
	case at && stamped(s), at && strings.Contains(s, "<") && dateAndAddress.MatchString(s):
		return true
	}
	return introBegins.MatchString(s) && wrote(s)
}

// byProgram says whether a program wrote the words that begin a quote, and not
// somebody who tells what they were written: it names an address or a time of
// the day.
func byProgram(intro []string) bool {
	s := strings.Join(intro, " ")
	return strings.Contains(s, "@") || aClock.MatchString(s)
}

// mostStamped is how long such words are at most.
const mostStamped = 250

// stamped says whether words that end with a colon hold an address in
// brackets, or at their end, a year and a time: nobody begins a list like that.
func stamped(s string) bool {
	if len(s) > mostStamped || !strings.HasSuffix(s, ":") && !strings.HasSuffix(s, "：") || strings.Contains(s, "<mailto:") {
		return false
	}
	return (dateThenAddress.MatchString(s) || strings.ContainsAny(s, "<(") && anAddress.MatchString(s)) && aYear.MatchString(s) && aClock.MatchString(s)
}

// sharedLine parts a line on which the words that begin a quote follow what
// the person wrote. Only a marked quote below it makes that sure.
func sharedLine(lines []string) (said, intro string) {
	line := lines[0]
	if len(lines) < 2 || !isQuoted(lines[1]) || !strings.HasSuffix(line, ":") {
		return line, ""
	}
	if found := sentenceFirst.FindStringSubmatch(line); found != nil && isIntro(found[2]) {
		return found[1], found[2]
	}
	for _, on := range []string{" On ", " Am ", " Le ", " El ", " Op ", " Il ", " Em "} {
		at := strings.LastIndex(line, on)
		if at > 0 && !strings.ContainsAny(line[:at], "0123456789") && strings.ContainsAny(line[at:min(at+20, len(line))], "0123456789") && isIntro(line[at+1:]) {
			return strings.TrimSpace(line[:at]), line[at+1:]
		}
	}
	return line, ""
}

// sentenceFirst is a sentence before other words. A day of the week may be cut
// short with a full stop too, but a figure follows that.
var sentenceFirst = regexp.MustCompile(`^([^\d.!?]{1,80}[.!?]) (\D.*)$`)

func sharesLine(lines []string) bool {
	_, intro := sharedLine(lines)
	return intro != ""
}

// tail is the end of a line, where the verb of an intro stands.
func tail(s string) string {
	const enough = 120
	if len(s) <= enough {
		return s
	}
	return strings.ToValidUTF8(s[len(s)-enough:], "")
}

// The names of header fields that programs print above a quote.
const (
	fromWords = `from|de|von|da|van|från|fra|od|odesílatel|odosielateľ|wysłane przez|nadawca|от|от кого|від|від кого|из|отправитель|відправник|lähettäjä|feladó|küldő|kimden|gönderen|expéditeur|absender|remitente|mittente|afzender|avsändare|afsender|de la|από|αποστολέας|từ|người gửi|` +
		`pengirim|dari|saatja|nuo|kam no|no|šalje|pošiljatelj|发件人|寄件者|寄件人|差出人|送信者|送信元|보낸 사람|보낸사람|보낸이|מאת|من|مِن|المرسل|از|فرستنده|له|لېږونکی|لیږونکی`
	dateWords = `sent|date|received|gesendet|datum|envoyé|envoyé le|enviado|enviado el|enviado em|enviada em|enviada|fecha|inviato|data|verzonden|skickat|sendt|sendt den|dato|dátum|wysłano|data wysłania|odesláno|odoslané|отправлено|дата|надіслано|изпратено|lähetetty|päivämäärä|päiväys|elküldve|küldve|gönderildi|gönderilen|gönderme tarihi|tarih|` +
		`trimis|poslano|išsiųsta|nosūtīts|saadetud|kuupäev|ημερομηνία|στάλθηκε|εστάλη|ngày|ngày gửi|đã gửi|terkirim|tanggal|发送时间|發送時間|傳送時間|寄件日期|时间|時間|日期|日時|送信日時|날짜|보낸 날짜|보낸날짜|נשלח|תאריך|التاريخ|تاريخ|تم الإرسال|أُرسلت|تاریخ|ارسال شده|نېټه|نیټه`
	toWords = `to|an|à|a|aan|para|per|pour|till|til|do|komu|adresat|кому|до|vastaanottaja|címzett|kime|alıcı|către|προς|đến|tới|người nhận|kepada|adressaat|kam|prima|za|收件人|收件者|宛先|받는 사람|받는사람|받는이|אל|إلى|الى|به|گیرنده|ته|` +
		`cc|kopie|kopia|kopi|kopio|копія|копия|másolat|bilgi|抄送|副本|참조|העתק|نسخة|رونوشت|bcc|reply-to|répondre à|antwort an|odpowiedz do|importance|priority`
	subjectWords = `subject|betreff|objet|asunto|oggetto|assunto|onderwerp|ämne|emne|temat|тема|относно|aihe|tárgy|konu|předmět|predmet|subiect|θέμα|chủ đề|tiêu đề|perihal|subjek|teema|tema|主题|主旨|主題|標題|件名|제목|נושא|الموضوع|موضوع`
)

// Lookups cost less than patterns: every line with a colon is asked.
var (
	fromLabels    = alternatives(fromWords)
	subjectLabels = alternatives(subjectWords)
	headerLabels  = alternatives(fromWords + "|" + dateWords + "|" + toWords + "|" + subjectWords)
)

func alternatives(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.SplitSeq(words, "|") {
		set[word] = true
	}
	return set
}

// longestLabel is how many bytes a label may have.
const longestLabel = 60

// labelOf returns the label of a printed header field, in small letters, or "".
func labelOf(line string) string {
	at := strings.IndexAny(line[:min(len(line), longestLabel)], ":：")
	if at <= 0 {
		return ""
	}
	rest, wide := strings.CutPrefix(line[at:], "：")
	if !wide {
		rest = strings.TrimLeft(line[at+1:], "*")
	}
	label := strings.ToLower(strings.Trim(line[:at], " \t>*_"))
	if !headerLabels[label] || !wide && rest != "" && rest[0] != ' ' && rest[0] != '\t' && !strings.Contains(rest, "@") {
		return ""
	}
	return label
}

// leastLabels is how many header lines make a block.
const leastLabels = 3

// headerBlock says whether some lines begin with the printed header of an
// older letter: a line that says from whom, and others close to it. The stops
// of a journey have a From, a To and a Date too, hence the subject or address.
func headerBlock(lines []string) bool {
	if len(lines) == 0 || labelOf(lines[0]) == "" {
		return false
	}
	labels, from, letter := 0, false, false
	for _, line := range lines[:min(len(lines), 9)] {
		label := labelOf(line)
		if label == "" {
			continue
		}
		labels++
		from = from || fromLabels[label]
		letter = letter || subjectLabels[label] || fromLabels[label] && strings.Contains(line, "@")
	}
	return from && letter && labels >= leastLabels
}

// mostPointing is how long an answer may be that says where to look for more.
const mostPointing = 600

// below are the words that point to answers within the older letter, which is
// where many people write them, in another colour.
var below = []string{"below", "inline", "in-line", "in red", "in blue", "in green", "in bold", "in capital", "unten", "im text", "in rot", "in blau", "in grün", "ci-dessous", "plus bas", "en rouge", "en bleu", "abajo", "en rojo", "en azul",
	"in rosso", "in blu", "qui sotto", "abaixo", "em vermelho", "em azul", "hieronder", "in het rood", "in het blauw", "nedenfor", "nedan", "med rødt", "i rött", "poniżej", "na czerwono", "níže", "červeně", "нижче", "червоним", "синім", "ниже", "красным", "синим",
	"mai jos", "cu roșu", "aşağıda", "aşağıdaki", "kırmızı", "bên dưới", "màu đỏ", "در زیر", "پایین", "پائین", "در متن", "قرمز", "سرخ", "لاندې", "سور رنګ", "أدناه", "بالأحمر", "למטה", "באדום", "以下", "下面", "下記", "赤字", "红色", "紅色", "아래", "빨간"}

// pointsBelow says whether the person says that their answers stand further
// down.
func pointsBelow(own []string) bool {
	said := strings.Join(own[:min(len(own), maxLines)], "\n")
	if len(said) > mostPointing {
		return false
	}
	said = strings.ToLower(said)
	for _, word := range below {
		if strings.Contains(said, word) {
			return true
		}
	}
	return false
}
