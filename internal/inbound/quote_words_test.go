package inbound_test

import (
	"strings"
	"testing"

	"postroom/internal/inbound"
)

// intros are the words with which mail programs begin a quote.
const intros = `On Mon, 23 Nov 2026 at 10:00, Support <a@b.example> wrote:
On Monday, 23 November 2026 at 10:00:00 GMT, Support <a@b.example> wrote:
On Monday, November 23rd, 2026 at 10:00 AM, Support <a@b.example> wrote:
On 23/11/2026 10:00, Support wrote:
On 23 Nov 2026, at 10:00, Support <a@b.example> wrote:
On November 23, 2026 10:00:00 AM GMT+00:00, Support <a@b.example> wrote:
Support <a@b.example> wrote on 23/11/2026 10:00:
Am Mo., 23. Nov. 2026 um 10:00 Uhr schrieb Support <a@b.example>:
Am 23.11.26 um 10:00 schrieb Support:
Support <a@b.example> schrieb am Mo., 23. Nov. 2026, 10:00:
Le lun. 23 nov. 2026 à 10:00, Support <a@b.example> a écrit :
Le 23/11/2026 à 10:00, Support a écrit :
El lun, 23 nov 2026 a las 10:00, Support (<a@b.example>) escribió:
El 23/11/26 a las 10:00, Support escribió:
Il giorno lun 23 nov 2026 alle ore 10:00 Support <a@b.example> ha scritto:
Il 23/11/26 10:00, Support ha scritto:
Op ma 23 nov 2026 om 10:00 schreef Support <a@b.example>:
Op 23 nov. 2026 om 10:00 heeft Support <a@b.example> het volgende geschreven:
Op 23-11-2026 om 10:00 schreef Support:
Den man. 23. nov. 2026 kl. 10.00 skrev Support <a@b.example>:
Den mån 23 nov. 2026 kl 10:00 skrev Support <a@b.example>:
Den 2026-11-23 kl. 10:00, skrev Support:
man. 23. nov. 2026 kl. 10:00 skrev Support <a@b.example>:
ma 23. marrask. 2026 klo 10.00 Support (a@b.example) kirjoitti:
Support <a@b.example> kirjoitti 23.11.2026 kello 10.00:
pon., 23 lis 2026 o 10:00 Support <a@b.example> napisał(a):
Wiadomość napisana przez Support <a@b.example> w dniu 23 lis 2026, o godz. 10:00:
W dniu 23.11.2026 o 10:00, Support pisze:
po 23. 11. 2026 v 10:00 odesílatel Support <a@b.example> napsal:
Dne 23. 11. 26 v 10:00 Support napsal(a):
po 23. 11. 2026 o 10:00 Support <a@b.example> napísal(a):
пн, 23 нояб. 2026 г. в 10:00, Support <a@b.example>:
23 нояб. 2026 г., в 10:00, Support <a@b.example> написал(а):
Понедельник, 23 ноября 2026, 10:00 +03:00 от Support <a@b.example>:
23.11.2026, 10:00, "Support" <a@b.example>:
23.11.2026 10:00, Support пишет:
пн, 23 лист. 2026 р. о 10:00 Support <a@b.example> пише:
23 лист. 2026 р. о 10:00 Support <a@b.example> написав(-ла):
23 листопада 2026, 10:00:00, від "Support" <a@b.example>:
23.11.26 10:00, Support пише:
در تاریخ دوشنبه ۲۳ نوامبر ۲۰۲۶،‏ ۱۰:۰۰ Support <a@b.example> نوشت:
په دوشنبه، ۲۳ نوامبر ۲۰۲۶ ۱۰:۰۰ Support <a@b.example> ولیکل:
في الاثنين، 23 نوفمبر 2026 في 10:00 ص تمت كتابة ما يلي بواسطة Support <a@b.example>:
‫في الاثنين، 23 نوفمبر 2026 في 10:00 ص كتب ‪Support‬‏ <‪a@b.example‬‏>:‬
‫בתאריך יום ב׳, 23 בנוב׳ 2026 ב-10:00 מאת ‪Support‬‏ <‪a@b.example‬‏>:‬
Support <a@b.example> 于2026年11月23日周一 10:00写道：
Support <a@b.example> 於 2026年11月23日 週一 上午10:00寫道：
2026年11月23日 10:00，Support <a@b.example> 写道：
2026年11月23日(月) 10:00 Support <a@b.example>:
2026/11/23 10:00、Support <a@b.example>のメール:
2026년 11월 23일 (월) 오전 10:00, Support <a@b.example>님이 작성:
2026. 11. 23. 오전 10:00, Support <a@b.example> 작성:
Vào Th 2, 23 thg 11, 2026 vào lúc 10:00 Support <a@b.example> đã viết:
Support <a@b.example>, 23 Kas 2026 Pzt, 10:00 tarihinde şunu yazdı:
Support <a@b.example> şunları yazdı (23 Kas 2026 10:00):
Em seg., 23 de nov. de 2026 às 10:00, Support <a@b.example> escreveu:
Em 23/11/2026 10:00, Support escreveu:
Support <a@b.example> escreveu (segunda, 23/11/2026 à(s) 10:00):
Support <a@b.example> ezt írta (időpont: 2026. nov. 23., H, 10:00):
2026. nov. 23. dátummal, 10:00 időpontban Support <a@b.example> írta:
Στις Δευ 23 Νοε 2026 στις 10:00 π.μ., ο χρήστης Support <a@b.example> έγραψε:
Στις 23/11/26 10:00, ο/η Support έγραψε:
În lun., 23 nov. 2026 la 10:00, Support <a@b.example> a scris:
Pe 23.11.2026 10:00, Support a scris:
Pada tanggal Sen, 23 Nov 2026 pukul 10.00 Support <a@b.example> menulis:
На пн, 23.11.2026 г. в 10:00 Support <a@b.example> написа:
pon, 23. stu 2026. u 10:00 Support <a@b.example> napisao/la je:
2026-11-23, pr, 10:00 Support <a@b.example> rašė:
pirmd., 2026. g. 23. nov., plkst. 10:00 — lietotājs Support (<a@b.example>) rakstīja:
Kuupäev E, 23. november 2026 kell 10:00 kirjutas Support <a@b.example>:
El dl., 23 de nov. 2026, 10:00, Support <a@b.example> va escriure:
2026-11-23 10:00 GMT+00:00 Support <a@b.example>:
2026-11-23 10:00 Support <a@b.example>:`

func TestTheWordsThatBeginAQuoteAreKnownInManyLanguages(t *testing.T) {
	t.Parallel()
	for intro := range strings.SplitSeq(intros, "\n") {
		broken := intro
		if !strings.HasPrefix(intro, "Support") {
			broken = strings.Replace(intro, " <a@", "\n<a@", 1)
		}
		for name, quote := range map[string]string{
			"marked": intro + "\n> Will you come?\n", "unmarked": intro + "\n\nWill you come?\n",
			"broken": broken + "\n\n> Will you come?\n> Yours\n", "in a quote": "> " + intro + "\n>> Will you come?\n",
		} {
			if got := inbound.Visible(answer("Yes.\n\n" + quote)); got != "Yes." {
				t.Errorf("%s: %s\nshown %q", name, intro, got)
			}
		}
	}
}

// headers are what mail programs print above a quote.
var headers = []string{
	"From: S <a@b.example>\nSent: Monday, 23 November 2026 10:00\nTo: P\nSubject: H", "From: S\nDate: 23 Nov 2026\nTo: P\nSubject: H", "*From:* S\n*Sent:* Monday\n*To:* P\n*Subject:* H", "Subject: H\nDate: Monday\nFrom: S\nTo: P",
	"Von: S\nGesendet: Montag, 23. November 2026\nAn: P\nBetreff: H", "Von: S\nDatum: Montag\nAn: P\nCc: Q\nBetreff: H", "De : S\nEnvoyé : lundi 23 novembre 2026\nÀ : P\nObjet : H", "De: S\nDate: lundi\nÀ: P\nObjet: H",
	"De: S\nEnviado: lunes\nPara: P\nAsunto: H", "De: S\nEnviado el: lunes\nPara: P\nAsunto: H", "De: S\nEnviada em: segunda\nPara: P\nAssunto: H", "De: S\nEnviado: segunda\nPara: P\nAssunto: H", "Da: S\nInviato: lunedì\nA: P\nOggetto: H", "Da: S\nData: lunedì\nA: P\nOggetto: H",
	"Van: S\nVerzonden: maandag\nAan: P\nOnderwerp: H", "Van: S\nDatum: maandag\nAan: P\nOnderwerp: H", "Fra: S\nSendt: mandag\nTil: P\nEmne: H", "Från: S\nSkickat: måndag\nTill: P\nÄmne: H", "Lähettäjä: S\nLähetetty: maanantai\nVastaanottaja: P\nAihe: H",
	"Od: S\nWysłano: poniedziałek\nDo: P\nTemat: H", "Od: S\nOdesláno: pondělí\nKomu: P\nPředmět: H", "Od: S\nOdoslané: pondelok\nKomu: P\nPredmet: H", "Feladó: S\nElküldve: hétfő\nCímzett: P\nTárgy: H", "De la: S\nTrimis: luni\nCătre: P\nSubiect: H",
	"От: S\nОтправлено: понедельник\nКому: P\nТема: H", "От кого: S\nДата: понедельник\nКому: P\nТема: H", "Від: S\nНадіслано: понеділок\nКому: P\nТема: H", "Від: S\nДата: понеділок\nКому: P\nТема: H", "Kimden: S\nGönderildi: Pazartesi\nKime: P\nKonu: H", "Gönderen: S\nTarih: Pazartesi\nKime: P\nKonu: H",
	"Από: S\nΣτάλθηκε: Δευτέρα\nΠρος: P\nΘέμα: H", "Từ: S\nĐã gửi: thứ hai\nĐến: P\nChủ đề: H", "发件人: S\n发送时间: 2026年11月23日\n收件人: P\n主题: H", "发件人：S\n日期：2026年\n收件人：P\n主题：H", "寄件者: S\n寄件日期: 2026年\n收件者: P\n主旨: H", "差出人: S\n送信日時: 2026年\n宛先: P\n件名: H",
	"보낸 사람: S\n보낸 날짜: 2026년\n받는 사람: P\n제목: H", "מאת: S\nנשלח: יום ב\nאל: P\nנושא: H", "من: S\nتم الإرسال: الاثنين\nإلى: P\nالموضوع: H", "از: S\nتاریخ: دوشنبه\nبه: P\nموضوع: H", "له: S\nنېټه: دوشنبه\nته: P\nموضوع: H",
	"Pengirim: S\nTerkirim: Senin\nKepada: P\nPerihal: H", "Saatja: S\nSaadetud: esmaspäev\nAdressaat: P\nTeema: H", "Nuo: S\nIšsiųsta: pirmadienis\nKam: P\nTema: H", "Šalje: S\nPoslano: ponedjeljak\nPrima: P\nPredmet: H", "От: S\nИзпратено: понеделник\nДо: P\nОтносно: H",
}

func TestThePrintedHeaderOfAnOlderLetterIsKnownInManyLanguages(t *testing.T) {
	t.Parallel()
	for _, header := range headers {
		for name, above := range map[string]string{"bare": "", "a line above": "________________________________\n", "dashes above": "-----\n"} {
			if got := inbound.Visible(answer("Yes.\n\n" + above + header + "\n\nWill you come?\n")); got != "Yes." {
				t.Errorf("%s: %q\nshown %q", name, header, got)
			}
		}
	}
}

func TestTheLineAboveAnOlderLetterIsKnownInManyLanguages(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"-----Original Message-----", "----- Original Message -----", "-------- Original message --------", "‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐", "------- Original Message -------", "-----Ursprüngliche Nachricht-----", "-------- Originalnachricht --------", "-----Message d'origine-----", "-----Message d’origine-----", "-------- Message original --------", "-----Mensaje original-----",
		"-----Messaggio originale-----", "-------- Messaggio originale --------", "-----Mensagem original-----", "-----Oorspronkelijk bericht-----", "-------- Oorspronkelijk bericht --------", "-----Oprindelig meddelelse-----", "-----Ursprungligt meddelande-----", "-----Opprinnelig melding-----", "-----Alkuperäinen viesti-----", "-----Původní zpráva-----",
		"-----Pôvodná správa-----", "-----Wiadomość oryginalna-----", "-------- Oryginalna wiadomość --------", "-----Исходное сообщение-----", "-------- Исходное сообщение --------", "-----Вихідне повідомлення-----", "-------- Оригінал повідомлення --------", "-------- Початкове повідомлення --------", "-----Eredeti üzenet-----", "-----Özgün İleti-----", "-------- Orijinal mesaj --------",
		"-----Αρχικό μήνυμα-----", "-----Mesaj original-----", "-----Izvorna poruka-----", "------------------ 原始邮件 ------------------", "-----邮件原件-----", "-----原始郵件-----", "-----元のメッセージ-----", "-----Original Message (원본 메시지)-----", "-----원본 메시지-----", "-------- پیام اصلی --------", "-------- اصلي پیغام --------", "-------- הודעה מקורית --------", "-------- رسالة أصلية --------", "-------- Tin nhắn gốc --------"} {
		if got := inbound.Visible(answer("Yes.\n\n" + line + "\nSupport\n\nWill you come?\n")); got != "Yes." {
			t.Errorf("%q: shown %q", line, got)
		}
	}
}

func TestWhatIsPassedOnIsShownInManyLanguages(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"---------- Forwarded message ---------", "-------- Forwarded Message --------", "Begin forwarded message:", "-------- Weitergeleitete Nachricht --------", "Anfang der weitergeleiteten Nachricht:", "-------- Message transféré --------", "Début du message réexpédié :", "-------- Mensaje reenviado --------", "Inicio del mensaje reenviado:",
		"-------- Messaggio Inoltrato --------", "Inizio messaggio inoltrato:", "-------- Doorgestuurd bericht --------", "Begin doorgestuurd bericht:", "-------- Vidarebefordrat meddelande --------", "Vidarebefordrat brev:", "-------- Videresendt meddelelse --------", "-------- Välitetty viesti --------", "-------- Przekazana wiadomość --------", "Początek przekazywanej wiadomości:",
		"-------- Přeposlaná zpráva --------", "-------- Mensagem encaminhada --------", "-------- Перенаправленное сообщение --------", "-------- Пересылаемое сообщение --------", "-------- Переслане повідомлення --------", "-------- Továbbított üzenet --------", "-------- İletilen İleti --------", "-------- Προωθημένο μήνυμα --------",
		"---------- 转发的邮件 ---------", "下面是被转发的邮件：", "-------- 転送されたメッセージ --------", "-------- 전달된 메시지 --------", "-------- הודעה שהועברה --------", "-------- پیام هدایت شده --------"} {
		body := "See what he writes.\n\n" + line + "\nFrom: Person Two <two@sender.example>\nDate: Monday\nTo: Person One\nSubject: Help\n\nI have no bed."
		if got := inbound.Visible(answer(body)); got != body {
			t.Errorf("%q: shown %q", line, got)
		}
	}
}
