package letter_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"

	"postroom/internal/letter"
)

func TestALetterWithoutAMessageIDIsReadLikeAnyOther(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "Message-ID:\n", "Message-ID: <>\n"} {
		l := letter.Read([]byte("From: a@b.example\n" + id + "Subject: Hello\n\nMy words.\n"))
		if l.MessageID != "" || l.Subject != "Hello" || strings.TrimSpace(l.Text) != "My words." {
			t.Errorf("with %q: id %q, subject %q, text %q", id, l.MessageID, l.Subject, l.Text)
		}
	}
}

// A mailbox may hand over only the beginning of a letter that is too big.
func TestTheBeginningOfABigLetterGivesItsHeaderAndFirstText(t *testing.T) {
	t.Parallel()
	whole := headed("multipart/mixed; boundary=b", "") + "--b\n\nMy words.\n--b\nContent-Type: image/jpeg; name=a.jpg\nContent-Transfer-Encoding: base64\n\n" +
		base64.StdEncoding.EncodeToString(make([]byte, 1<<20)) + "\n--b--\n"
	for _, size := range []int{len(whole) / 2, len(whole) - 3, len(whole)} {
		l := letter.Read([]byte(whole[:size]))
		if l.Subject != "x" || strings.TrimSpace(l.Text) != "My words." || len(l.Attachments) != 1 || l.Attachments[0].Name != "a.jpg" {
			t.Errorf("the first %d bytes: subject %q, text %.40q, attached %v", size, l.Subject, l.Text, l.Attachments)
		}
	}
}

func TestALetterBeyondAllMeasureIsReadToTheMeasure(t *testing.T) {
	t.Parallel()
	l := letter.Read([]byte(headed("text/plain", "") + "My words.\n" + strings.Repeat("x", 50<<20)))
	if l.Subject != "x" || !strings.HasPrefix(l.Text, "My words.") || len(l.Text) > 2<<20 || !slices.Contains(l.Problems, "too_big") {
		t.Errorf("subject %q, %d bytes of text, problems %q", l.Subject, len(l.Text), l.Problems)
	}
}

// What is odd in one part harms no other.
func TestOneOddPartLeavesTheOthersReadable(t *testing.T) {
	t.Parallel()
	for name, part := range map[string]string{
		"unknown charset":    "Content-Type: text/html; charset=x-nobody-knows\n\n<p>odd",
		"unknown encoding":   "Content-Transfer-Encoding: nobody-knows\nContent-Type: application/x\n\nodd",
		"broken base64":      "Content-Transfer-Encoding: base64\nContent-Type: application/x\n\n=====!!!A",
		"no type":            "Content-Type: ;;;\nContent-Disposition: attachment\n\nodd",
		"no boundary":        "Content-Type: multipart/mixed\n\nodd",
		"field without name": ": odd\nContent-Type: application/x\n\nodd",
		"bytes for a name":   "Content-Type: application/x; name=\"\xff\xfe\x00\"\n\nodd",
		"nothing at all":     "",
	} {
		l := letter.Read([]byte(headed("multipart/mixed; boundary=b", "") + "--b\n\nMy words.\n--b\n" + part + "\n--b\n\nMore words.\n--b--\n"))
		if !strings.Contains(l.Text, "My words.") || !strings.Contains(l.Text, "More words.") {
			t.Errorf("%s: text is %q, problems %q", name, l.Text, l.Problems)
		}
	}
}

func TestAnAttachedLetterIsNotLost(t *testing.T) {
	t.Parallel()
	for _, says := range []string{"; name=a.eml", "\nContent-Disposition: attachment", "\nContent-Disposition: attachment; filename=a.eml"} {
		l := letter.Read([]byte(headed("multipart/mixed; boundary=b", "") + "--b\n\nSee.\n--b\nContent-Type: message/rfc822" + says + "\n\nSubject: inner\n\ntext\n--b--\n"))
		if len(l.Attachments) != 1 || string(l.Parts[l.Attachments[0].Part].Body) != "Subject: inner\n\ntext" {
			t.Errorf("%q: attached %v, problems %q", says, l.Attachments, l.Problems)
		}
	}
}

func TestABeginThatBeginsNoFileStaysInTheText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"begin 2026 with us", "begin 644 people came\nand then more", "begin 644 list.csv\nend", "begin 644 list.csv\nM is a letter\nend",
		"we begin 644 a\n#0V%T\n`\nend", "begin 644 list.csv\n#0V%T\nand no end", "=ybegin size=3 name=a\nabc", "begin 999 a\n#0V%T\n`\nend",
	} {
		l := letter.Read([]byte("From: a@b.example\n\n" + text))
		if strings.TrimSpace(l.Text) != text || len(l.Attachments) > 0 {
			t.Errorf("%q is read as %q with %v", text, l.Text, l.Attachments)
		}
	}
}

func TestAFileInATextThatWasCutIsStillAFile(t *testing.T) {
	t.Parallel()
	line := "M" + strings.Repeat("0V%T", 15) + "\n"
	l := letter.Read([]byte("From: a@b.example\n\nSee:\nbegin 644 a.txt\n" + line + line))
	if len(l.Attachments) != 1 || l.Attachments[0].Size != 90 || strings.TrimSpace(l.Text) != "See:" {
		t.Errorf("text %q, attached %v", l.Text, l.Attachments)
	}
}

func TestCharsetsAreKnownByTheNamesThatProgramsGiveThem(t *testing.T) {
	t.Parallel()
	for label, enc := range map[string]encoding.Encoding{
		"KOI8-R": charmap.KOI8R, "koi8-u": charmap.KOI8U, "koi8-ru": charmap.KOI8U, "windows-1251": charmap.Windows1251, "cp1251": charmap.Windows1251,
		"win-1251": charmap.Windows1251, "x-cp1251": charmap.Windows1251, "iso8859-5": charmap.ISO8859_5, "ISO_8859-5": charmap.ISO8859_5, "cp866": charmap.CodePage866,
		"x-mac-cyrillic": charmap.MacintoshCyrillic,
	} {
		said := "Добрый день, я ищу место"
		raw, err := enc.NewEncoder().String(said)
		if err != nil {
			t.Fatal(err)
		}
		if l := letter.Read([]byte(headed("text/plain; charset="+label, "") + raw)); l.Text != said {
			t.Errorf("%s is read as %q", label, l.Text)
		}
	}
	for label, enc := range map[string]encoding.Encoding{"gbk": simplifiedchinese.GBK, "GB2312": simplifiedchinese.GBK, "gb18030": simplifiedchinese.GB18030, "cp936": simplifiedchinese.GBK} {
		raw, _ := enc.NewEncoder().String("你好，我需要帮助")
		if l := letter.Read([]byte(headed("text/plain; charset="+label, "") + raw)); l.Text != "你好，我需要帮助" {
			t.Errorf("%s is read as %q", label, l.Text)
		}
	}
	if l := letter.Read([]byte(headed("text/plain; charset=macroman", "") + "caf\x8e")); l.Text != "café" {
		t.Errorf("macroman is read as %q", l.Text)
	}
}

func TestWhatIsSealedIsNamed(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]string{
		"tnef":            headed("application/octet-stream; name=WINMAIL.DAT", "") + "x",
		"smime_signed":    headed("application/x-pkcs7-mime; smime-type=signed-data; name=smime.p7m", "Content-Transfer-Encoding: base64\n") + "MIAGCSqGSIb3DQEHAqCAMIA=",
		"smime_encrypted": headed("application/octet-stream; name=smime.p7m", "Content-Transfer-Encoding: base64\n") + "MIAGCSqGSIb3DQEHA6CAMIA=",
		"pgp_encrypted":   headed("text/plain", "") + "Hello,\n-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\n",
		"pgp_signed":      headed("text/plain", "") + "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHello\n",
		"partial":         headed("message/partial; number=2; id=x", "") + "the middle",
		"external_body":   headed("message/external-body; access-type=x", "") + "\n",
		"letter_within":   headed("message/rfc822", "") + "Subject: inner\n\ntext",
	} {
		if l := letter.Read([]byte(s)); !slices.Contains(l.Problems, want) {
			t.Errorf("problems are %q, want %s", l.Problems, want)
		}
	}
}

func TestWhatNobodySeesInAPageIsNoText(t *testing.T) {
	t.Parallel()
	for _, style := range []string{
		"display:none", "DISPLAY : none !important", "color:red;display:none;", "visibility:hidden", "mso-hide:all", "opacity:0", "opacity: 0.0", "opacity:0%", "max-height:0",
		"max-height:0px;", "font-size:0", "font-size: 0px", "font-size:1px;color:#fff", "color:transparent", "height:0;overflow:hidden", "overflow:hidden;width:0px",
	} {
		if got := letter.Plain(fmt.Sprintf(`<p>one<span style="%s">hidden</span></p><p>two</p>`, style), nil); got != "one\n\ntwo" {
			t.Errorf("%s: %q", style, got)
		}
	}
	for _, style := range []string{
		"display:block", "opacity:0.5", "max-height:100px", "max-height:0.5em", "font-size:10px", "font-size:0.9em", "height:0", "line-height:0", "overflow:hidden", "color:#000", "background:url(display:none)",
	} {
		if got := letter.Plain(fmt.Sprintf(`<p style="%s">seen</p>`, style), nil); got != "seen" {
			t.Errorf("%s hides what is seen: %q", style, got)
		}
	}
}

func TestWordsOfPagesThatAreTangledAreKept(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]string{
		"tables":     strings.Repeat("<table><tr><td>", 100000) + "the words",
		"quotes":     strings.Repeat("<blockquote>", 100000) + "the words",
		"reopened":   opened(400) + strings.Repeat("<p>x", 1000) + "the words",
		"attributes": "<p style=\"" + strings.Repeat("a:b;", 1<<16) + "\" title=\"" + strings.Repeat("x", 1<<20) + "\">the words",
	} {
		if got := letter.Plain(page, nil); !strings.Contains(got, "the words") {
			t.Errorf("%s: %.60q", name, got)
		}
	}
}

func TestWordsBehindALargePictureInAPageAreKept(t *testing.T) {
	t.Parallel()
	picture := "<img src=\"data:image/jpeg;base64," + strings.Repeat("QUJD", 1<<20) + "\">"
	l := letter.Read([]byte(headed("text/html", "") + "<p>one</p>" + picture + "<p>two</p>" + picture + "<p>three</p>"))
	if l.Text != "one\n\ntwo\n\nthree" {
		t.Errorf("text is %.60q", l.Text)
	}
}

func TestAFileNameIsOnlyAName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"/etc/passwd": "passwd", `C:\\Temp\\plan.pdf`: "plan.pdf", "../../x": "x", "a/": "a/", "\u202egpj.exe": "gpj.exe", strings.Repeat("n", 900): strings.Repeat("n", 500),
	} {
		l := letter.Read([]byte(headed("application/x", "Content-Disposition: attachment; filename=\""+name+"\"\n") + "x"))
		if len(l.Attachments) != 1 || l.Attachments[0].Name != want {
			t.Errorf("%.60q: attached %v, want %q", name, l.Attachments, want)
		}
	}
}
