package proof

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
)

// Map is a cursor over one map of a file. The zero of every kind comes back
// for a key that is left out. A Map that is itself left out reads as empty
// and finds nothing missing: whoever asked for it has said so already.
type Map struct {
	sheet *Sheet
	node  *yaml.Node
	what  string
}

// As returns the same map under the name its mistakes should use, such as
// "form join".
func (m Map) As(what string) Map {
	m.what = what
	return m
}

// Given says whether the map is there at all.
func (m Map) Given() bool { return m.node != nil }

// Has says whether key is there and not empty.
func (m Map) Has(key string) bool { return m.value(key) != nil }

// Keys returns the map's keys in the order they are written, and counts them
// all as read.
func (m Map) Keys() []string {
	var keys []string
	for i := 0; m.node != nil && i+1 < len(m.node.Content); i += 2 {
		key := m.node.Content[i].Value
		m.sheet.asked[m.node][key] = true
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// Text returns the text of key, without spaces around it.
func (m Map) Text(key string) string { return m.scalar(m.value(key), key) }

// Need is Text for a key that must be there; instead is an example of what to
// write after "key: ".
func (m Map) Need(key, instead string) string {
	text := m.Text(key)
	if text == "" && !m.Has(key) {
		m.Lacks(key, instead)
	}
	return text
}

// Choice returns the text of key, which must be one of allowed. Left out or
// wrong it is otherwise.
func (m Map) Choice(key, otherwise string, allowed ...string) string {
	text := m.Text(key)
	if text == "" {
		return otherwise
	}
	if !slices.Contains(allowed, text) {
		m.Wrong(key, fmt.Sprintf("%s cannot be the %s", m.quote(key), key), OneOf(text, allowed))
		return otherwise
	}
	return text
}

// Bool returns whether key is true.
func (m Map) Bool(key string) bool {
	switch text := m.Text(key); text {
	case "", "false", "no":
		return false
	case "true", "yes":
		return true
	}
	m.Wrong(key, fmt.Sprintf("%s is neither true nor false", key), key+": true or "+key+": false")
	return false
}

// Int returns the whole number of key, which must lie between low and high.
// Left out or wrong it is otherwise.
func (m Map) Int(key string, otherwise, low, high int) int {
	text := m.Text(key)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		m.Wrong(key, fmt.Sprintf("%s is not a whole number from %d to %d", key, low, high), fmt.Sprintf("%s: %d", key, max(low, min(high, otherwise))))
		return otherwise
	}
	return n
}

// Texts returns the texts of key: a list of texts, or one text alone.
func (m Map) Texts(key string) []string {
	n := m.value(key)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		return wrap(m.scalar(n, key))
	}
	var texts []string
	for _, item := range n.Content {
		texts = append(texts, wrap(m.scalar(item, key))...)
	}
	return texts
}

// Verbatim is Text with the spaces around it, for passwords.
func (m Map) Verbatim(key string) string {
	n := m.value(key)
	if m.scalar(n, key) == "" {
		return ""
	}
	return m.sheet.text(n)
}

// Languages returns the language tags listed at key, each written the usual
// way and once.
func (m Map) Languages(key string) []string {
	var tags []string
	for _, tag := range m.Texts(key) {
		m.tag(m.value(key), tag)
		if slices.Contains(tags, tag) {
			m.Wrong(key, tag+" is listed twice", "it once")
			continue
		}
		tags = append(tags, tag)
	}
	return tags
}

// Words returns the text of key in several languages. A plain text stands for
// all of them. A language that is asked for, and neither written nor covered
// by its parent (fa for fa-AF), is a mistake; languages nobody asked for may
// be there.
func (m Map) Words(key string, languages ...string) map[string]string {
	n := m.value(key)
	if n == nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		return spread(m.scalar(n, key), languages)
	}
	texts := m.Map(key)
	words := make(map[string]string)
	for _, tag := range texts.Keys() {
		texts.tag(texts.key(tag), tag)
		if text := texts.Text(tag); text != "" {
			words[tag] = text
		}
	}
	if missing := without(words, languages); len(missing) > 0 && texts.Given() {
		m.Wrong(key, fmt.Sprintf("%s of %s is missing in %s", key, m.what, strings.Join(missing, ", ")), missing[0]+": …")
	}
	return words
}

// NeedWords is Words for a key that must be there.
func (m Map) NeedWords(key string, languages ...string) map[string]string {
	words := m.Words(key, languages...)
	if words == nil && !m.Has(key) {
		m.Lacks(key, "{en: …}")
	}
	return words
}

// Map returns the map of key. Left out it is a Map that is not Given.
func (m Map) Map(key string) Map {
	n := m.value(key)
	if n != nil && n.Kind != yaml.MappingNode {
		m.sheet.at(n, fmt.Sprintf("%s is not a group of keys", key), key+": {key: value}")
		n = nil
	}
	return m.sheet.open(n, key)
}

// Maps returns the maps of key, a list in which every item has keys. They are
// called after key and their number until As gives them a better name.
func (m Map) Maps(key string) []Map {
	n := m.value(key)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		m.sheet.at(n, fmt.Sprintf("%s is not a list", key), "each item on a line that begins with -")
		return nil
	}
	var items []Map
	for i, item := range n.Content {
		if item.Kind != yaml.MappingNode {
			m.sheet.at(item, fmt.Sprintf("an item of %s is not a group of keys", key), "- {key: value}")
			continue
		}
		items = append(items, m.sheet.open(item, fmt.Sprintf("%s %d", key, i+1)))
	}
	return items
}

// Lacks notes that the map has no key, unless the map itself is left out.
func (m Map) Lacks(key, instead string) {
	if m.node != nil {
		m.sheet.at(m.node, fmt.Sprintf("%s has no %s", m.what, key), key+": "+instead)
	}
}

// Wrong notes a mistake at the value of key, or at the map itself where key
// is left out.
func (m Map) Wrong(key, say, instead string) {
	n := m.value(key)
	if n == nil {
		n = m.node
	}
	if n != nil {
		m.sheet.at(n, say, instead)
	}
}

// WrongIn notes a mistake inside the text of key, or inside one of its texts
// where it is a list. line and column count from 1, within that text; where the
// file breaks or escapes it, they are only near.
func (m Map) WrongIn(key string, item, line, column int, say, instead string) {
	n := m.value(key)
	if n == nil {
		return
	}
	if n.Kind == yaml.SequenceNode && item < len(n.Content) {
		n = n.Content[item]
	}
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		m.sheet.note(n.Line+line, column, say, instead)
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		m.sheet.note(n.Line+line-1, n.Column+column, say, instead)
	default:
		m.sheet.note(n.Line+line-1, n.Column+column-1, say, instead)
	}
}

// value finds what stands after key and remembers that it was asked for. An
// empty value is the same as none.
func (m Map) value(key string) *yaml.Node {
	if m.node == nil {
		return nil
	}
	m.sheet.asked[m.node][key] = true
	for i := 0; i+1 < len(m.node.Content); i += 2 {
		if m.node.Content[i].Value != key {
			continue
		}
		value := m.node.Content[i+1]
		if value.ShortTag() == "!!null" || value.Kind == yaml.ScalarNode && m.sheet.text(value) == "" {
			return nil
		}
		return value
	}
	return nil
}

func (m Map) scalar(n *yaml.Node, key string) string {
	switch {
	case n == nil || n.Kind == yaml.AliasNode || n.Kind == 0:
		return "" // the walk has said what is wrong
	case n.Kind != yaml.ScalarNode:
		m.sheet.at(n, fmt.Sprintf("%s is not a single text", key), key+": text")
		return ""
	}
	return strings.TrimSpace(m.sheet.text(n))
}

// quote returns the value of key as the file has it: what the environment
// put in its place may be a secret.
func (m Map) quote(key string) string {
	if n := m.value(key); n != nil {
		return strconv.Quote(clip(n.Value))
	}
	return key
}

// key finds the node of a key itself.
func (m Map) key(name string) *yaml.Node {
	i := slices.IndexFunc(m.node.Content, func(n *yaml.Node) bool { return n.Value == name })
	return m.node.Content[max(i, 0)]
}

// tag notes, at n, what is no language or not written the usual way.
func (m Map) tag(n *yaml.Node, written string) {
	parsed, err := language.Parse(written)
	switch {
	case err != nil:
		m.sheet.at(n, fmt.Sprintf("%s is not a language", strconv.Quote(clip(written))), "a language tag such as en, uk or fa-AF")
	case parsed.String() != written:
		m.sheet.at(n, fmt.Sprintf("%s is not how this language is written", strconv.Quote(clip(written))), parsed.String())
	}
}

// unknown lists the keys nobody asked for.
func (m Map) unknown() Mistakes {
	asked := m.sheet.asked[m.node]
	var found Mistakes
	for i := 0; i+1 < len(m.node.Content); i += 2 {
		key := m.node.Content[i]
		if key.Kind != yaml.ScalarNode || asked[key.Value] {
			continue
		}
		say := fmt.Sprintf("%s is not a key here", clip(key.Value))
		found = append(found, Mistake{File: m.sheet.file, Line: key.Line, Column: key.Column, Say: say, Instead: Nearest(key.Value, sorted(asked))})
	}
	return found
}
