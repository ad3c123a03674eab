package translation

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/chai2010/gettext-go/po"

	"postroom/internal/plural"
	"postroom/internal/proof"
)

// MaxFile is how large a file that comes back may be, in bytes.
const MaxFile = 8 << 20

// counting says, as gettext does, which form goes with a number n, by the forms of
// a language in the order of plural.Forms. Farsi and Pashto count nought as one.
func counting(tag string) (rule string, ok bool) {
	switch strings.Join(plural.Forms(tag), " ") {
	case "other":
		return "nplurals=1; plural=0;", true
	case "one other":
		if plural.Form(tag, 0) == "one" {
			return "nplurals=2; plural=n > 1;", true
		}
		return "nplurals=2; plural=n != 1;", true
	case "one few many other":
		return "nplurals=4; plural=n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2;", true
	case "zero one two few many other":
		return "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5;", true
	}
	return "", false
}

// Export writes every text in a language as a PO file: the key as msgctxt, the
// English as msgid, and "fuzzy" on what nobody has read.
func (t *Translations) Export(tag string) ([]byte, error) {
	if err := t.known(tag); err != nil {
		return nil, err
	}
	rule, ok := counting(tag)
	if !ok {
		return nil, fmt.Errorf("how %s counts is not known here", tag)
	}
	file := po.File{MimeHeader: po.Header{
		ProjectIdVersion: "postroom", Language: strings.ReplaceAll(tag, "-", "_"), MimeVersion: "1.0",
		ContentType: "text/plain; charset=UTF-8", ContentTransferEncoding: "8bit", UnknowFields: map[string]string{"Plural-Forms": rule},
	}}
	for _, text := range t.Texts(tag) {
		file.Messages = append(file.Messages, message(text))
	}
	return file.Data(), nil
}

func (t *Translations) known(tag string) error {
	if !slices.Contains(t.Languages(), tag) {
		return fmt.Errorf("there are no texts in %q; there are: %s", tag, strings.Join(t.Languages(), ", "))
	}
	return nil
}

func message(t Text) po.Message {
	m := po.Message{MsgContext: t.Key, MsgId: t.English[0]}
	if len(t.English) > 1 {
		m.MsgIdPlural, m.MsgStrPlural = t.English[len(t.English)-1], t.Said
	} else {
		m.MsgStr = t.Said[0]
	}
	if t.Old {
		m.ExtractedComment = "The English has changed since this was read."
	}
	if !t.Read && !t.missing() {
		m.Flags = []string{"fuzzy"}
	}
	return m
}

// entry is one text as it came back.
type entry struct {
	key     string
	english []string
	said    []string
	read    bool
	line    int
}

// manyForms is a number of forms that no language has, and that would have the
// library make a list as long.
var manyForms = regexp.MustCompile(`(?m)^\s*msgstr\s*\[\s*\d{2,}`)

// parse reads a PO file. Texts that were left empty are left out.
func parse(name string, data []byte) (tag string, entries []entry, err error) {
	wrong := func(say, instead string) error {
		return proof.Mistakes{{File: name, Line: 1, Column: 1, Say: say, Instead: instead}}
	}
	if len(data) > MaxFile || manyForms.Match(data) {
		return "", nil, wrong("this is not a file that export wrote", "")
	}
	file, err := load(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")))
	if err != nil {
		return "", nil, wrong("this is not a PO file: "+err.Error(), "")
	}
	tag = strings.ReplaceAll(file.MimeHeader.Language, "_", "-")
	if tag == "" {
		return "", nil, wrong("the file does not say its language", `"Language: fa\n" in its first entry`)
	}
	for _, m := range file.Messages {
		e := entry{key: m.MsgContext, english: []string{m.MsgId}, said: []string{m.MsgStr}, read: !m.GetFuzzy(), line: m.StartLine}
		if m.MsgIdPlural != "" {
			e.english, e.said = append(e.english, m.MsgIdPlural), m.MsgStrPlural
		}
		if strings.Join(e.said, "") != "" {
			entries = append(entries, e)
		}
	}
	return tag, entries, nil
}

// load reads a file with the library, which was written for files that nobody
// means ill with.
func load(data []byte) (file *po.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("it is damaged")
		}
	}()
	return po.Load(data)
}
