package proof

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// Limits on what is read. Files are edited on web pages too, so they are
// treated as a stranger's.
const (
	maxBytes = 1 << 20
	maxDepth = 24
	maxText  = 20_000
)

// Sheet is one file being read, and the mistakes found in it so far.
type Sheet struct {
	file     string
	root     *yaml.Node
	getenv   func(string) string
	asked    map[*yaml.Node]map[string]bool
	order    []Map
	mistakes Mistakes
}

// Open parses a file. Syntax mistakes, repeated keys, aliases and tags are
// noted at once; the rest as keys are read.
func Open(file string, data []byte) *Sheet { return OpenEnv(file, data, nil) }

// OpenEnv is Open for a file in which ${NAME} and ${NAME:-otherwise} stand
// for what getenv returns. Mistakes quote the file, never the environment.
func OpenEnv(file string, data []byte, getenv func(string) string) *Sheet {
	s := &Sheet{file: file, getenv: getenv, asked: make(map[*yaml.Node]map[string]bool)}
	if len(data) > maxBytes {
		s.note(1, 1, fmt.Sprintf("the file is larger than %d KiB", maxBytes>>10), "less, or several files")
		return s
	}
	s.root = s.parse(data)
	s.walk(s.root, 0)
	return s
}

// Root returns the file's outermost map. A file that is empty or not a map is
// a mistake, and reads as a map with nothing in it.
func (s *Sheet) Root() Map {
	if s.root != nil && s.root.Kind != yaml.MappingNode {
		s.at(s.root, "the file is not a list of keys", "key: value on each line")
		s.root = nil
	}
	return s.open(s.root, "the file")
}

// Mistakes returns everything found, sorted, with the unknown keys of every
// map that was read.
func (s *Sheet) Mistakes() Mistakes {
	found := append(Mistakes(nil), s.mistakes...)
	for _, m := range s.order {
		found = append(found, m.unknown()...)
	}
	return found.Sorted()
}

func (s *Sheet) parse(data []byte) *yaml.Node {
	var doc, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	err := decoder.Decode(&doc)
	if errors.Is(err, io.EOF) {
		s.note(1, 1, "the file is empty", "")
		return nil
	}
	if err != nil {
		s.syntax(err)
		return nil
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		s.at(&second, "a second document begins here", "each document in a file of its own")
	case !errors.Is(err, io.EOF):
		s.syntax(err)
	}
	if len(doc.Content) == 0 || doc.Content[0].ShortTag() == "!!null" {
		s.note(1, 1, "the file is empty", "")
		return nil
	}
	return doc.Content[0]
}

var (
	syntaxLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)`)
	fromParser = regexp.MustCompile(`^did not find (the )?expected (<document start>|'-' indicator|key|',' or|node content)`)
)

// syntax notes what the parser could not read. The parser quotes the name of
// an unknown alias, which may be a password that begins with a star, so that
// text is replaced.
func (s *Sheet) syntax(err error) {
	first, _, _ := strings.Cut(err.Error(), "\n")
	found := syntaxLine.FindStringSubmatch(first)
	line, _ := strconv.Atoi(found[1])
	if fromParser.MatchString(found[2]) {
		line++ // the library counts these from 0
	}
	say, instead := "this is not YAML: "+found[2], ""
	switch {
	case strings.Contains(say, "anchor") || strings.Contains(say, "alias"):
		say, instead = "a text cannot begin with & or *", "the text in quotes"
	case strings.Contains(say, "',' or '}'") || strings.Contains(say, "',' or ']'"):
		instead = "quotes around a text between brackets that has , ? : { or } in it"
	}
	s.note(line, 1, say, instead)
}

// walk looks at every node once for what is wrong wherever it stands.
func (s *Sheet) walk(n *yaml.Node, depth int) {
	switch {
	case n == nil:
		return
	case depth > maxDepth:
		s.at(n, "this is nested too deeply", "")
		n.Kind, n.Content = 0, nil
		return
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		s.at(n, "anchors (&) and aliases (*) are not read", "the text itself, in quotes if it begins with & or *")
	case n.Style&yaml.TaggedStyle != 0:
		s.at(n, "tags (!) are not read", "the text itself, in quotes if it begins with !")
	case n.Kind == yaml.MappingNode:
		s.keys(n)
	case n.Kind == yaml.ScalarNode:
		s.scalar(n)
	}
	for _, child := range n.Content {
		s.walk(child, depth+1)
	}
}

func (s *Sheet) keys(n *yaml.Node) {
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode {
			s.at(key, "a key is not a text", "")
			continue
		}
		if line, twice := seen[key.Value]; twice {
			s.at(key, fmt.Sprintf("%s stands here twice, first in line %d", clip(key.Value), line), "it once")
			continue
		}
		seen[key.Value] = key.Line
	}
}

func (s *Sheet) scalar(n *yaml.Node) {
	if len(n.Value) > maxText {
		s.at(n, fmt.Sprintf("this text is longer than %d characters", maxText), "less")
	}
	for _, found := range gap.FindAllStringSubmatch(n.Value, -1) {
		if s.getenv != nil && found[2] == "" && s.getenv(found[1]) == "" {
			s.at(n, "the environment has no "+found[1], found[1]+"=… into the environment, or ${"+found[1]+":-} if it may be empty")
		}
	}
}

var gap = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)(?::(-[^}]*))?\}`)

// text returns a scalar's text with the environment filled in.
func (s *Sheet) text(n *yaml.Node) string {
	if s.getenv == nil || !strings.Contains(n.Value, "${") {
		return n.Value
	}
	return gap.ReplaceAllStringFunc(n.Value, func(found string) string {
		parts := gap.FindStringSubmatch(found)
		if value := s.getenv(parts[1]); value != "" {
			return value
		}
		return strings.TrimPrefix(parts[2], "-")
	})
}

func (s *Sheet) at(n *yaml.Node, say, instead string) { s.note(n.Line, n.Column, say, instead) }

func (s *Sheet) note(line, column int, say, instead string) {
	s.mistakes = append(s.mistakes, Mistake{File: s.file, Line: max(line, 1), Column: max(column, 1), Say: say, Instead: instead})
}

// open returns a cursor over n and remembers it, so that the keys nobody asks
// for can be told at the end.
func (s *Sheet) open(n *yaml.Node, what string) Map {
	m := Map{sheet: s, node: n, what: what}
	if n != nil && s.asked[n] == nil {
		s.asked[n] = make(map[string]bool)
		s.order = append(s.order, m)
	}
	return m
}
