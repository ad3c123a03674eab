package letter_test

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// heavy are letters that were written to cost much.
func heavy() map[string][]byte {
	letters := weapons()
	for name, s := range map[string]string{
		"one base64 line of 10 MB":                headed("application/octet-stream", "Content-Transfer-Encoding: base64\n") + b64(8<<20),
		"one base64 text of 10 MB":                headed("text/plain", "Content-Transfer-Encoding: base64\n") + b64(8<<20),
		"one base64 page of 10 MB":                headed("text/html", "Content-Transfer-Encoding: base64\n") + b64(8<<20),
		"quoted-printable of 10 MB":               headed("text/plain; charset=koi8-r", "Content-Transfer-Encoding: quoted-printable\n") + strings.Repeat("=C1=C2=\n", 1250000),
		"text in Latin letters without a label":   headed("text/plain", "") + strings.Repeat("\xe9\xe8 ", 4<<20),
		"text that says UTF-16":                   headed("text/plain; charset=utf-16", "") + strings.Repeat("ab", 4<<20),
		"text that says UTF-7":                    headed("text/plain; charset=utf-7", "") + strings.Repeat("+AGE-", 2<<20),
		"a large file twenty deep":                deep(20, "Content-Type: application/octet-stream\n\n"+strings.Repeat("x", 10<<20)),
		"a large file beyond the depth":           deep(200, "Content-Type: application/octet-stream\n\n"+strings.Repeat("x", 10<<20)),
		"ten thousand parts":                      headed("multipart/mixed; boundary=b", "") + strings.Repeat("--b\n\nx\n", 10000) + "--b--\n",
		"ten thousand multiparts side by side":    headed("multipart/mixed; boundary=b", "") + strings.Repeat("--b\nContent-Type: multipart/mixed; boundary=c\n\n", 10000),
		"parts with thousands of fields":          headed("multipart/mixed; boundary=b", "") + strings.Repeat("--b\n"+strings.Repeat("a:\n", 1999)+"\nx\n", 500),
		"lines that look like boundaries":         headed("multipart/mixed; boundary=b", "") + "--b\n\n" + strings.Repeat("--bb\n", 1<<20),
		"dashes":                                  headed("multipart/mixed; boundary=-", "") + strings.Repeat("---", 1<<20),
		"letters within letters":                  strings.Repeat("Content-Type: message/rfc822\n\n", 100000),
		"broken multiparts":                       headed("multipart/mixed; boundary=b", "") + strings.Repeat("--b\nno field\nContent-Type: multipart/mixed; boundary=\"b\n\n", 4000),
		"a broken letter with a large file":       headed("multipart/mixed; boundary=b", "") + "--b\nContent-Type: text/plain; ;=\nx\n\nx\n--b\nno field\n\n" + strings.Repeat("x", 4<<20),
		"a broken letter of many parts":           headed("multipart/mixed; boundary=b", "") + "--b\nno field\n\n" + strings.Repeat("--b\n"+strings.Repeat("a: b\n", 55)+"\nx\n", 450),
		"a broken letter nested deeply":           deep(19, "no field\n\n"+strings.Repeat("x y z\n", 25000)),
		"a broken letter of base64":               headed("multipart/mixed; boundary=b", "") + "--b\nno field\n\n--b\nContent-Transfer-Encoding: base64\n\n" + strings.Repeat(strings.Repeat("QUJD", 19)+"\n", 29000),
		"a broken letter of one long line":        headed("multipart/mixed; boundary=b", "") + "--b\nno field\n\n" + strings.Repeat("x", 3<<20),
		"unknown encodings":                       headed("multipart/mixed; boundary=b", "") + strings.Repeat("--b\nContent-Transfer-Encoding: odd\n\nx\n", 499),
		"many encoded words":                      "Subject: " + strings.Repeat("=?utf-8?q?a?= ", 4600) + strings.Repeat("\nFrom: "+strings.Repeat("=?utf-8?q?a?= ", 4600), 15) + "\n\nx",
		"words in another charset each":           "Subject: " + strings.Repeat("=?utf-8?q?a?= =?koi8-r?q?=C1?= ", 2000) + "\n\nx",
		"addresses in many fields":                strings.Repeat("To: "+strings.Repeat("a@b.example,", 5000)+"\n", 17) + "\nx",
		"pieces that are no addresses":            strings.Repeat("To: "+strings.Repeat("=?,", 20000)+"\n", 17) + "\nx",
		"ids in many fields":                      strings.Repeat("References: "+strings.Repeat("<a@b>", 13000)+"\n", 15) + "\nx",
		"a field folded without end":              "Subject: x\n" + strings.Repeat(" a\n", 300000) + "\nx",
		"many fields folded":                      strings.Repeat("X: x\n"+strings.Repeat(" a\n", 20000), 16) + "\nx",
		"lines that are no fields":                "From: a@b.example\n" + strings.Repeat("not a field\n", 100000) + "\n\nx",
		"parameters in pieces":                    headed("application/x; "+pieces(3000), "") + "x",
		"parameters in pieces in each part":       headed("multipart/mixed; boundary=b", "") + strings.Repeat("--b\nContent-Type: application/x; "+pieces(100)+"\n\nx\n", 400),
		"parameters in pieces in a broken letter": headed("multipart/mixed; boundary=b", "") + "--b\nno field\n\nx\n--b\nContent-Type: application/x; " + pieces(3000) + "\n\nx\n",
		"many parameters":                         headed("application/x; "+strings.Repeat("a=b; c=d;", 6000), "") + "x",
		"many parameters in a broken letter":      headed("multipart/mixed; boundary=b", "") + "--b\nno field\n\nx\n--b\nContent-Type: application/x; " + strings.Repeat("a=b; c=d;", 6000) + "\n\nx\n",
		"elements that are opened again":          headed("text/html", "") + opened(400) + strings.Repeat("<p>x", 200000),
		"elements that are opened again, little":  headed("text/html", "") + opened(100) + strings.Repeat("<p>x", 1000),
		"many small elements":                     headed("text/html", "") + strings.Repeat("<p>x", 500000),
		"a page as large as is allowed":           headed("text/html", "") + strings.Repeat("<p>"+strings.Repeat("word ", 40), 20000),
		"tables within tables":                    headed("text/html", "") + strings.Repeat("<table><tr><td>", 50000) + "x",
		"quotes within quotes":                    headed("text/html", "") + strings.Repeat("<blockquote>", 50000) + "x",
		"a huge attribute":                        headed("text/html", "") + "<p style=\"" + strings.Repeat("a:b;", 1<<20) + "\">x",
		"many attributes":                         headed("text/html", "") + "<p " + strings.Repeat("a=b ", 1<<20) + ">x",
		"many styles":                             headed("text/html", "") + strings.Repeat("<p style='color:red;display : inline'>x", 40000),
		"entities":                                headed("text/html", "") + strings.Repeat("&amp;", 400000),
		"texts and pages by turns":                headed("multipart/mixed; boundary=b", "") + strings.Repeat("--b\nContent-Type: text/html\n\n<p>one\n--b\n\ntwo\n", 240),
		"files in a text":                         headed("text/plain", "") + strings.Repeat("begin 644 a\n#0V%T\n`\nend\n", 50000),
		"begin and no end":                        headed("text/plain", "") + strings.Repeat("begin 644 a\n#0V%T\n", 100000),
		"begin of yEnc and no end":                headed("text/plain", "") + strings.Repeat("=ybegin line=128 size=1 name=x\nabc\n", 50000),
		"CR alone":                                "Subject: x\r\r" + strings.Repeat("line\r", 1<<20),
		"an oversize letter":                      headed("text/plain", "") + strings.Repeat("line of text\n", 5<<20),
	} {
		letters[name] = []byte(s)
	}
	return letters
}

func headed(kind, more string) string {
	return "From: a@b.example\nSubject: x\nContent-Type: " + kind + "\n" + more + "\n"
}

func b64(n int) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat("a<p>", n/4)))
}

func deep(n int, leaf string) string {
	var b strings.Builder
	b.WriteString("From: a@b.example\n")
	for i := range n {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	return b.String() + leaf
}

func pieces(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "name*%d*=%%41%%42;", i)
	}
	return b.String()
}

func opened(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "<b id=%d>", i)
	}
	return b.String()
}
