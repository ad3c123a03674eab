package translation

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"postroom/internal/outbound"
	"postroom/internal/programme"
	"postroom/internal/proof"
	"postroom/internal/wording"
)

// Change is what a file says otherwise than what stands.
type Change struct {
	Tag   string
	Texts []Changed
	Aside []string // keys of which the English has changed since the file was written
}

// Changed is one text that is to be another, or is read now, or no more.
type Changed struct {
	Text
	Now     []string
	ReadNow bool
}

// Says says whether a text is to be another.
func (c Changed) Says() bool { return !slices.Equal(c.Said, c.Now) }

// Compare reads a file that came back and says what it changes. The error is
// proof.Mistakes, with the place of each text that cannot be used; then nothing of
// the file can be.
func (t *Translations) Compare(name string, data []byte) (Change, error) {
	tag, entries, err := parse(name, data)
	if err != nil {
		return Change{}, err
	}
	c := Change{Tag: tag}
	if err := t.known(tag); err != nil {
		return c, proof.Mistakes{{File: name, Line: 1, Column: 1, Say: err.Error()}}
	}
	stands := make(map[string]Text)
	for _, text := range t.Texts(tag) {
		stands[text.Key] = text
	}
	var found proof.Mistakes
	for _, e := range entries {
		text, ok := stands[e.key]
		switch {
		case !ok:
			found = append(found, proof.Mistake{File: name, Line: e.line, Column: 1, Say: fmt.Sprintf("there is no text %q", e.key), Instead: "a file that was exported anew"})
		case !slices.Equal(text.English, e.english):
			c.Aside = append(c.Aside, e.key)
		default:
			now := Changed{Text: text, Now: e.said, ReadNow: e.read}
			found = append(found, t.wrong(name, e, tag, now)...)
			if now.Says() || now.Read != now.ReadNow {
				c.Texts = append(c.Texts, now)
			}
		}
	}
	found = append(found, t.wrongTogether(name, c, entries)...)
	return c, found.AsError()
}

// wrong says what keeps one text from being used. A text that stays is not judged.
func (t *Translations) wrong(name string, e entry, tag string, c Changed) (found proof.Mistakes) {
	if !c.Says() || strings.HasPrefix(c.Key, ofMails) || strings.HasPrefix(c.Key, ofProgrammes) {
		return nil
	}
	if err := t.o.Locales.Fits(tag, c.Key, e.said); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			found = append(found, proof.Mistake{File: name, Line: e.line, Column: 1, Say: line})
		}
	}
	return found
}

// wrongTogether says what keeps mails and programmes from being used, each of which
// is judged as a whole.
func (t *Translations) wrongTogether(name string, c Change, entries []entry) (found proof.Mistakes) {
	lines := make(map[string]int)
	for _, e := range entries {
		lines[e.key] = e.line
	}
	place := func(key string, err error) {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			found = append(found, proof.Mistake{File: name, Line: cmp.Or(lines[key], 1), Column: 1, Say: key + ": " + line})
		}
	}
	for letter, texts := range c.letters() {
		if err := t.o.Wording.CheckLetter(letter, c.Tag, t.reworded(letter, c.Tag, texts)); err != nil {
			place(texts[len(texts)-1].Key, err)
		}
	}
	for p, texts := range c.programmes() {
		if _, _, err := t.o.Wording.Try(context.Background(), p, edits(c.Tag, texts)...); err != nil {
			place(texts[0].Key, err)
		}
	}
	return found
}

// letters groups the changed texts of mails.
func (c Change) letters() map[string][]Changed {
	return c.grouped(ofMails, Changed.Says)
}

// programmes groups the changed texts of programmes, and those of which it has
// changed whether they are read.
func (c Change) programmes() map[string][]Changed {
	return c.grouped(ofProgrammes, func(Changed) bool { return true })
}

func (c Change) grouped(of string, counts func(Changed) bool) map[string][]Changed {
	groups := make(map[string][]Changed)
	for _, text := range c.Texts {
		if rest, ok := strings.CutPrefix(text.Key, of); ok && counts(text) {
			name, _, _ := strings.Cut(rest, "/")
			groups[name] = append(groups[name], text)
		}
	}
	return groups
}

// reworded is a mail as it will be.
func (t *Translations) reworded(name, tag string, texts []Changed) outbound.LetterText {
	l, _ := t.o.Wording.Letter(name, tag)
	for _, text := range texts {
		switch strings.TrimPrefix(text.Key, ofMails+name+"/") {
		case "subject":
			l.Text.Subject = text.Now[0]
		case "discreet_subject":
			l.Text.Discreet = text.Now[0]
		case "body":
			l.Text.Body = text.Now[0]
		}
	}
	return l.Text
}

func edits(tag string, texts []Changed) (list []programme.Edit) {
	for _, text := range texts {
		if _, path, ok := strings.Cut(strings.TrimPrefix(text.Key, ofProgrammes), "/"); ok && text.Says() {
			list = append(list, programme.SetText(path, tag, text.Now[0]))
		}
	}
	return list
}

// Take makes a change that Compare found. It can be made again: what was made
// already stays.
func (t *Translations) Take(ctx context.Context, by string, c Change) error {
	hand := wording.Hand{By: by, Seen: wording.Any}
	letters, programmes := c.letters(), c.programmes()
	for _, name := range slices.Sorted(maps.Keys(letters)) {
		if _, err := t.o.Wording.SetLetter(ctx, hand, name, c.Tag, t.reworded(name, c.Tag, letters[name])); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(programmes)) {
		if err := t.takeProgramme(ctx, hand, name, c.Tag, programmes[name]); err != nil {
			return err
		}
	}
	return errors.Join(t.takePages(c), t.takeMarks(c))
}

// takeProgramme changes a programme. It counts as read in a language when every
// text of it is, and no more when one is not.
func (t *Translations) takeProgramme(ctx context.Context, hand wording.Hand, name, tag string, texts []Changed) error {
	p, _ := t.o.Wording.Programme(name)
	list, read := edits(tag, texts), len(texts) > 0
	for _, text := range texts {
		read = read && text.ReadNow
	}
	changed := len(texts)
	all := len(slices.DeleteFunc(t.programmes(tag), func(x Text) bool { return !strings.HasPrefix(x.Key, ofProgrammes+name+"/") || x.missing() }))
	reviewed := slices.DeleteFunc(slices.Clone(p.Reviewed), func(l string) bool { return l == tag })
	switch was := slices.Contains(p.Reviewed, tag); {
	case !was && read && changed >= all:
		list = append(list, programme.SetReviewed(append(reviewed, tag)...))
	case was && !read:
		list = append(list, programme.SetReviewed(reviewed...))
	}
	if len(list) == 0 {
		return nil
	}
	_, err := t.o.Wording.Edit(ctx, hand, name, list...)
	return err
}

// takePages writes the texts of pages that are another now.
func (t *Translations) takePages(c Change) error {
	return t.add("locale/"+c.Tag+".yaml", func(file map[string]string) {
		for _, text := range c.Texts {
			if strings.HasPrefix(text.Key, ofMails) || strings.HasPrefix(text.Key, ofProgrammes) || !text.Says() {
				continue
			}
			for i, key := range t.o.Locales.KeysOf(c.Tag, text.Key) {
				file[key] = text.Now[i]
			}
		}
	})
}

// takeMarks writes which texts somebody has read.
func (t *Translations) takeMarks(c Change) error {
	return t.add("reviewed/"+c.Tag+".yaml", func(file map[string]string) {
		for _, text := range c.Texts {
			switch {
			case strings.HasPrefix(text.Key, ofProgrammes):
			case text.ReadNow:
				file[text.Key] = text.mark()
			default:
				file[text.Key] = unread
			}
		}
	})
}

// unread is the mark of a text that was read once and is not any more. It is the
// mark of no English.
const unread = ""

// add changes a file of the organisation's own, which need not be there. A file
// that nothing was added to is not written.
func (t *Translations) add(name string, change func(map[string]string)) error {
	path, file := filepath.Join(t.o.Folder, filepath.FromSlash(name)), make(map[string]string)
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read own texts: %w", err)
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	was := maps.Clone(file)
	if change(file); maps.Equal(was, file) {
		return nil
	}
	var b bytes.Buffer
	b.WriteString("# Written by \"postroom translations import\". It stands over what comes with the program.\n")
	if err := yaml.NewEncoder(&b).Encode(file); err != nil {
		return fmt.Errorf("write own texts: %w", err)
	}
	return replace(path, b.Bytes())
}

// replace puts a whole file in the place of another, so that half of one is never
// read.
func replace(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write own texts: %w", err)
	}
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		return fmt.Errorf("write own texts: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write own texts: %w", err)
	}
	return nil
}
