package programme

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"

	"postroom/internal/postroom"
	"postroom/internal/proof"
)

// The most that may come with one form.
const (
	MostFiles     = 3
	MostFileBytes = 10 << 20 // of all its files together
)

// File is what is known of a photo or a document that came with a form. One
// without an id was not kept: then the check says why.
type File struct {
	ID   string
	Type string // told from its content; "" is none that the field takes
	Size int    // bytes
	Hash string // of its content, by which the same file is known when it comes twice
	Name string // as it may be shown
}

// Unseen is the type of a file that nobody could look at: there was no room for it.
const Unseen = "?"

// Answer is a file as an answer on file.
func (f File) Answer() string {
	return strings.Join([]string{f.ID, f.Type, strconv.Itoa(f.Size), f.Hash, f.Name}, "|")
}

// FileOf reads what Answer wrote, and says whether it did.
func FileOf(answer string) (File, bool) {
	parts := strings.SplitN(answer, "|", 5)
	if len(parts) != 5 {
		return File{}, false
	}
	size, err := strconv.Atoi(parts[2])
	return File{ID: parts[0], Type: parts[1], Size: size, Hash: parts[3], Name: parts[4]}, err == nil && size >= 0
}

// HasFiles says whether a form asks for files.
func (f *Form) HasFiles() bool {
	return slices.ContainsFunc(f.Fields, func(field Field) bool { return field.Type == FileField })
}

// FilesIn lists the files among the answers to a form.
func (f *Form) FilesIn(a postroom.Answers) (list []File) {
	for _, field := range f.Fields {
		if field.Type != FileField {
			continue
		}
		for _, answer := range a[field.Name] {
			if file, ok := FileOf(answer); ok {
				list = append(list, file)
			}
		}
	}
	return list
}

// WithoutFiles are the answers of a door that takes no files.
func (f *Form) WithoutFiles(a postroom.Answers) postroom.Answers {
	kept := postroom.Answers{}
	for name, values := range a {
		if field, known := f.Field(name); known && field.Type == FileField {
			continue
		}
		kept[name] = values
	}
	return kept
}

// Unsent says whether a mistake is only that no file came, which whoever cannot
// send one need not mend.
func (f *Form) Unsent(e FieldError) bool {
	field, known := f.Field(e.Field)
	return known && field.Type == FileField
}

// Lost is what to say of a file that is not there any more.
func (f *Form) Lost(a postroom.Answers, file File) []FieldError {
	for _, field := range f.Fields {
		if field.Type == FileField && slices.Contains(a[field.Name], file.Answer()) {
			return []FieldError{{Field: field.Name, Say: postroom.Say(sayFileAgain)}}
		}
	}
	return nil
}

// Receive tells what a file is from its content. Its name is believed only
// where it says something bad.
func (f *Field) Receive(name string, content []byte, size int) File {
	file := File{Name: CleanFileName(name), Size: size}
	kind, _, _ := strings.Cut(mimetype.Detect(content).String(), ";")
	kept := Attachments{Keep: f.Accept}
	if kept.Refuses(file.Name, kind, size, content) == "" && !bytes.Contains(content, []byte("vbaProject.bin")) {
		file.Type = kind
	}
	return file
}

// longestFileName is how much of a name is kept.
const longestFileName = 100

// CleanFileName makes a name that can be shown and kept: without folders,
// without signs that mean something to a computer or turn a text round. Its
// ending stays where it is too long.
func CleanFileName(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || strings.ContainsRune(`:*?"<>|`, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	name = strings.TrimLeft(tidyLine(strings.Map(unturned, name)), ". ")
	if r := []rune(name); len(r) > longestFileName {
		end := []rune(path.Ext(name))
		if len(end) > 10 {
			end = nil
		}
		name = string(r[:longestFileName-len(end)]) + string(end)
	}
	return name
}

// unturned drops the signs that change which way a text runs, by which a
// program is made to look like a picture (Unicode, UAX 9).
func unturned(r rune) rune {
	if r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c {
		return -1
	}
	return r
}

// files judges the files of a field.
func (f *Field) files(written []string) ([]string, fault) {
	var clean []string
	for _, answer := range written {
		file, ok := FileOf(answer)
		if !ok {
			return nil, fault{say: postroom.Say(sayFileAgain)}
		}
		if wrong := f.judge(file); wrong.is() {
			return nil, wrong
		}
		if !slices.Contains(clean, answer) {
			clean = append(clean, answer)
		}
	}
	switch {
	case len(clean) == 0:
		return nil, fault{say: f.missing()}
	case len(clean) > f.Max:
		return nil, fault{say: postroom.Say(sayFileMany, "max", strconv.Itoa(f.Max))}
	}
	return clean, fault{}
}

// judge says what is wrong with one file, whether or not it was kept.
func (f *Field) judge(file File) fault {
	switch {
	case file.Size == 0:
		return fault{say: postroom.Say(sayFileEmpty)}
	case file.Size >= f.Size:
		return fault{say: postroom.Say(sayFileLarge, "size", strconv.Itoa(f.Size>>20))}
	case file.Type == Unseen:
		return fault{say: postroom.Say(sayFileAgain)}
	case file.Type == "" || !(Attachments{Keep: f.Accept}).keeps(file.Type):
		return fault{say: postroom.Say(sayFileKind, "kinds", strings.Join(f.Accept, ","))}
	}
	return fault{}
}

// together holds all files of a form against what they may have together, and asks
// again for what will do and was not kept all the same.
func (c *checking) together(values []string) ([]string, fault) {
	for _, answer := range values {
		file, _ := FileOf(answer)
		c.files += file.Size
	}
	if c.files > MostFileBytes {
		return nil, fault{say: postroom.Say(sayFileTogether, "size", strconv.Itoa(MostFileBytes>>20))}
	}
	if slices.ContainsFunc(values, func(answer string) bool { return strings.HasPrefix(answer, "|") }) {
		return nil, fault{say: postroom.Say(sayFileAgain)}
	}
	return values, fault{}
}

// KindKey returns the locale key of a kind of file, as it stands in a list of
// them, "" for a media type that no word is for.
func KindKey(kind string) string {
	if _, known := attachmentKinds[kind]; !known {
		return ""
	}
	return "file.kind." + kind
}

// AcceptList is what a page tells a browser to offer (HTML, 4.10.5.1.17).
func (f *Field) AcceptList() string {
	var list []string
	for _, kind := range f.Accept {
		if kind == "image" {
			list = append(list, "image/*")
			continue
		}
		list = append(list, append(slices.Clone(attachmentKinds[kind]), mediaTypeOf(kind)...)...)
	}
	return strings.Join(list, ",")
}

func mediaTypeOf(kind string) []string {
	if _, known := attachmentKinds[kind]; known {
		return nil
	}
	return []string{kind}
}

// file reads what may be sent to a field.
func (r *reader) file(m proof.Map, f *Field) {
	if f.Type != FileField {
		for _, key := range []string{"accept", "size"} {
			if m.Has(key) {
				m.Wrong(key, fmt.Sprintf("only a file has %s, and field %s is of type %s", key, f.Name, f.Type), "type: file")
			}
		}
		return
	}
	f.Accept, f.Size = slices.Clone(r.p.Attachments.Keep), min(r.p.Attachments.Most, MostFileBytes)
	if m.Has("accept") {
		f.Accept = m.Texts("accept")
	}
	for i, kind := range f.Accept {
		f.Accept[i] = r.attachmentKind(m, "accept", kind)
	}
	if written := m.Text("size"); written != "" {
		f.Size = megabytes(m, "size", written, MostFileBytes>>20)
	}
	if f.Prefill || m.Has("max_length") {
		m.Wrong("max_length", "a file has no number of characters", "size: 5MB")
	}
}
