package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"postroom/internal/postroom"
)

// Mark is what stands beside a key that a person has read through: by it a
// translation counts as read only as long as the English is what it was.
func Mark(english string) string {
	sum := sha256.Sum256([]byte(english))
	return hex.EncodeToString(sum[:4])
}

// readReviewed reads which texts a person has read, with the mark of the English
// that they were read against. A text whose English has changed since is unread.
func (l *Locales) readReviewed(fsys fs.FS) error {
	files, err := fs.Glob(fsys, "locale/reviewed/*.yaml")
	if err != nil {
		return fmt.Errorf("list reviewed texts: %w", err)
	}
	l.marks, l.reviewed = make(map[string]map[string]string), make(map[string]map[string]bool)
	for _, file := range files {
		marks, err := readFlat(fsys, file)
		if err != nil {
			return err
		}
		l.review(strings.TrimSuffix(path.Base(file), ".yaml"), marks)
	}
	return nil
}

// review adds marks to those that a language has.
func (l *Locales) review(tag string, marks map[string]string) {
	if l.marks[tag] == nil {
		l.marks[tag], l.reviewed[tag] = make(map[string]string), make(map[string]bool)
	}
	for key, mark := range marks {
		l.marks[tag][key], l.reviewed[tag][key] = mark, l.Has(key) && mark == Mark(l.English(key))
	}
}

// readFlat reads a file of keys and texts.
func readFlat(fsys fs.FS, file string) (map[string]string, error) {
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	texts := make(map[string]string)
	if err := yaml.Unmarshal(data, &texts); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return texts, nil
}

// English is a text as it stands in the English file, with its gaps.
func (l *Locales) English(key string) string { return l.raw(english, postroom.Say(key)) }

// Sensitive says whether somebody's rights depend on a text: what they consent to,
// what happens with what they tell, who answers for a child, and whom to call.
func Sensitive(key string) bool {
	for part := range strings.SplitSeq(key, ".") {
		for _, about := range []string{"consent", "safeguarding", "guardian", "eras", "privacy", "emergency"} {
			if strings.HasPrefix(part, about) {
				return true
			}
		}
	}
	return slices.Contains([]string{"form.purpose", "form.keep", "confirm.pending", "confirm.button", "confirm.not_me_text"}, key)
}

// unread says whether the English has to stand beside a text.
func (l *Locales) unread(locale, key string) bool {
	return locale != english && Sensitive(key) && !l.reviewed[locale][key]
}
