package letter_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"postroom/internal/letter"
)

var update = flag.Bool("update", false, "write the .want files of this package again")

// samples are the letters in testdata, by name.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no letters in testdata: %v", err)
	}
	letters := map[string][]byte{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		letters[strings.TrimSuffix(filepath.Base(file), ".eml")] = raw
	}
	return letters
}

// seen is what a test compares of a letter.
func seen(l letter.Letter) string {
	l.Header, l.HTML = nil, ""
	for i := range l.Parts {
		l.Parts[i].Body, l.Parts[i].Header, l.Parts[i].Params = nil, nil, nil
	}
	l.First, l.Text = plainEnds(l.First), plainEnds(l.Text)
	out, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err.Error()
	}
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(out)) + "\n"
}

func TestLettersAreReadAsTheyAreMeant(t *testing.T) {
	t.Parallel()
	for name, raw := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, file := seen(letter.Read(raw)), filepath.Join("testdata", name+".want")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("read as\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func plainEnds(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }

func TestAnyKindOfLineEndIsTheSameLetter(t *testing.T) {
	t.Parallel()
	for name, raw := range samples(t) {
		if strings.HasPrefix(name, "14") {
			continue // no letter, and so no lines
		}
		want := seen(letter.Read(raw))
		for kind, end := range map[string]string{"CRLF": "\r\n", "CR": "\r"} {
			if got := seen(letter.Read(bytes.ReplaceAll(raw, []byte("\n"), []byte(end)))); !slices.Equal(sizeless(got), sizeless(want)) {
				t.Errorf("%s with %s is read as\n%s\nwant\n%s", name, kind, got, want)
			}
		}
	}
}

// sizeless leaves out sizes, in which line ends count.
func sizeless(s string) []string {
	return slices.DeleteFunc(strings.Split(s, "\n"), func(line string) bool { return strings.Contains(line, `"Size"`) })
}

func TestIDsAgreeWithReading(t *testing.T) {
	t.Parallel()
	for name, raw := range samples(t) {
		l := letter.Read(raw)
		id, refs := letter.IDs(raw)
		if id != l.MessageID || !slices.Equal(refs, l.Refs()) {
			t.Errorf("%s: IDs says %q %q, Read says %q %q", name, id, refs, l.MessageID, l.Refs())
		}
	}
}

func TestIDsAreFoundWithoutBracketsToo(t *testing.T) {
	t.Parallel()
	id, refs := letter.IDs([]byte("Message-ID: a@b.example\nIn-Reply-To: Your message of Monday <c@d.example>\nReferences: <c@d.example>\n <e@f.example>\n\nx"))
	if id != "a@b.example" || !slices.Equal(refs, []string{"c@d.example", "e@f.example"}) {
		t.Errorf("IDs = %q %q", id, refs)
	}
}

func TestIDsThatAProgramHasEncodedAreFound(t *testing.T) {
	t.Parallel()
	_, refs := letter.IDs([]byte("In-Reply-To: =?utf-8?q?=3Ca-long-name-that-does-not-fit-?=\n =?utf-8?q?a=40b=2Eexample=3E?=\nReferences: =?utf-8?q?=3Cc=40d=2Eexample=3E?=\n\nx"))
	if !slices.Equal(refs, []string{"a-long-name-that-does-not-fit-a@b.example", "c@d.example"}) {
		t.Errorf("found %q", refs)
	}
}

func TestALongThreadKeepsItsNewestIDs(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("References:")
	for i := range 1000 {
		fmt.Fprintf(&b, "\n <%d@a.example>", i)
	}
	_, refs := letter.IDs([]byte(b.String() + "\n\n"))
	if len(refs) == 0 || len(refs) > 50 || refs[len(refs)-1] != "999@a.example" {
		t.Errorf("%d ids, the last %q", len(refs), refs[len(refs)-1])
	}
}

// Letters that were written to hurt still give what they can, and no more.
func TestLettersWrittenToHurtStayWithinTheLimits(t *testing.T) {
	t.Parallel()
	for name, raw := range weapons() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if l := letter.Read(raw); len(l.Parts) > 500 || len(l.Text) > 2<<20 || len(l.To) > 500 {
				t.Errorf("%d parts, %d bytes of text, %d addresses", len(l.Parts), len(l.Text), len(l.To))
			}
		})
	}
}

func weapons() map[string][]byte {
	var nested, wide, fields strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&nested, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		fmt.Fprintf(&fields, "X-Field-%d: %s\n", i, strings.Repeat("x", 1000))
	}
	wide.WriteString("Content-Type: multipart/mixed; boundary=b\n\n")
	for range 20000 {
		wide.WriteString("--b\nContent-Type: text/plain\n\nx\n")
	}
	html := "Content-Type: text/html\n\n"
	return map[string][]byte{
		"multiparts within multiparts": []byte(nested.String()),
		"many parts":                   []byte(wide.String()),
		"many fields":                  []byte(fields.String() + "\nx"),
		"one endless field":            []byte("Subject: " + strings.Repeat("=?utf-8?B?w6k=?= ", 100000) + "\n\nx"),
		"one endless line":             []byte("Subject: x\n\n" + strings.Repeat("a", 8<<20)),
		"elements within elements":     []byte(html + strings.Repeat("<div>", 100000) + "the words" + strings.Repeat("</div>", 100000)),
		"many addresses":               []byte("To: " + strings.Repeat("a@b.example, ", 50000) + "\n\nx"),
		"open quotes":                  []byte("From: " + strings.Repeat(`"a`, 30000) + "\n\nx"),
		"open comments":                []byte("From: " + strings.Repeat("(", 60000) + "\n\nx"),
		"nothing":                      nil,
	}
}

func TestWordsInABrokenPageAreKept(t *testing.T) {
	t.Parallel()
	l := letter.Read(weapons()["elements within elements"])
	if !strings.Contains(l.Text, "the words") {
		t.Errorf("text is %.100q", l.Text)
	}
}

func FuzzRead(f *testing.F) {
	for _, raw := range samples(f) {
		f.Add(raw)
	}
	for _, seed := range []string{
		"Content-Type: multipart/mixed; boundary=b\n\n--b\nno field\n\nx\n--b--", "Content-Type: multipart/mixed; boundary=\"b \"\n\n--b \n\nx\n--b --",
		"Subject: x\n\nbegin 644\n#0V%T\n`\nend\n=ybegin size=1 name=x\n=}\n=yend size=1", "Content-Type: text/plain; charset=utf-7\n\n+2D3-+AGE+-",
		"Content-Type: text/html\n\n<b id=1><p style=\"font-size:0;opacity:.0\">x<p>y<img src=\"data:;base64,QQ==\">",
		"Content-Type: x; name*0*=utf-8''%41; name*1=\"b\\\"\"; name=c\n\n", "Content-Type: message/partial; number=1\n\nSubject: y\n\nz", "From: \"a\" <>\nTo: g:;, <@r:b@c>\n\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		l := letter.Read(raw)
		if again := letter.Read(raw); seen(l) != seen(again) {
			t.Error("reading twice gives two letters")
		}
		for _, text := range strings.Split(everything(l), "\x01") {
			if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
				t.Errorf("%q cannot be stored", text)
			}
		}
	})
}

// everything is all that may be stored or shown of a letter.
func everything(l letter.Letter) string {
	all := append([]string{l.Subject, l.MessageID, l.Text, l.HTML}, l.Refs()...)
	for _, list := range [][]letter.Address{l.From, l.Sender, l.ReplyTo, l.To, l.Cc} {
		for _, a := range list {
			all = append(all, a.Name, a.Address)
		}
	}
	for _, a := range l.Attachments {
		all = append(all, a.Name, a.Type, a.Sniffed)
	}
	return strings.Join(all, "\x01")
}

func FuzzIDs(f *testing.F) {
	for _, raw := range samples(f) {
		f.Add(raw)
	}
	for _, seed := range []string{"Message-ID: <>\nReferences: <a@b", "In-Reply-To: <a b@c> d@e\nReferences: <<f@g>>\n <h@i>\n", "Message-ID: \"<x\x00@y>\"\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		id, refs := letter.IDs(raw)
		for _, id := range append(refs, id) {
			if strings.ContainsAny(id, "\r\n") || len(id) > 70<<10 {
				t.Errorf("%q is no message id", id)
			}
		}
		if len(refs) > 100 {
			t.Errorf("%d ids", len(refs))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	letters := samples(b)
	for _, name := range []string{"01-plain", "02-html-only", "06-file-names", "09-strange-encoding", "17-alternatives-say-it-once", "31-hidden-line-before-the-letter"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				letter.Read(letters[name])
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "letters/s")
		})
	}
}

func BenchmarkIDs(b *testing.B) {
	raw := samples(b)["11-dari"]
	for b.Loop() {
		letter.IDs(raw)
	}
}
