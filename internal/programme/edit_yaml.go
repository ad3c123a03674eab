package programme

import (
	"bytes"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// value returns what stands after a key, or nil.
func value(m *yaml.Node, key string) *yaml.Node {
	if i := indexOf(m, key); i >= 0 {
		return m.Content[i+1]
	}
	return nil
}

// indexOf says where in a group a key stands, or -1.
func indexOf(m *yaml.Node, key string) int {
	if m == nil || m.Kind != yaml.MappingNode {
		return -1
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return i
		}
	}
	return -1
}

func keysOf(m *yaml.Node) (keys []string) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		keys = append(keys, m.Content[i].Value)
	}
	return keys
}

// set puts a value after a key, in the place and with the comments of the one that
// was there, or at the end of the group. Nil, and an empty text or list, take the
// key out.
func set(m *yaml.Node, key string, v *yaml.Node) {
	i := indexOf(m, key)
	switch {
	case nothing(v) && i >= 0:
		m.Content = slices.Delete(m.Content, i, i+2)
	case nothing(v):
	case i >= 0:
		old := m.Content[i+1]
		if old.Kind == yaml.ScalarNode && v.Kind == yaml.ScalarNode {
			v.Style = styleLike(old, v)
		}
		if old.Kind == v.Kind && v.Kind == yaml.SequenceNode {
			v.Style = old.Style
		}
		keepComments(m.Content[i], old, v)
		m.Content[i+1] = v
	default:
		m.Content = append(m.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, v)
	}
}

// keepComments hands the comments of a value to the one that comes in its place. A
// comment behind a text has no room behind a group, and goes above the key.
func keepComments(key, old, v *yaml.Node) {
	v.HeadComment, v.FootComment = old.HeadComment, old.FootComment
	if v.Kind != yaml.MappingNode || v.Style == yaml.FlowStyle {
		v.LineComment = old.LineComment
		return
	}
	if key.HeadComment != "" && old.LineComment != "" {
		key.HeadComment += "\n"
	}
	key.HeadComment += old.LineComment
}

func nothing(v *yaml.Node) bool {
	return v == nil || v.Kind == yaml.ScalarNode && v.Value == "" || v.Kind == yaml.SequenceNode && len(v.Content) == 0
}

// styleLike keeps the quotes of a text, and the way long texts are set.
func styleLike(old, v *yaml.Node) yaml.Style {
	if strings.Contains(v.Value, "\n") {
		return yaml.LiteralStyle
	}
	if old.Style == yaml.DoubleQuotedStyle || old.Style == yaml.SingleQuotedStyle {
		return old.Style
	}
	return v.Style
}

// scalar is a text. The encoder puts quotes around one that would else be read as
// something different.
func scalar(text string) *yaml.Node {
	text = strings.ReplaceAll(text, private, "")
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	if strings.Contains(text, "\n") {
		n.Style = yaml.LiteralStyle
	}
	return n
}

// plainScalar is a number, a date or true.
func plainScalar(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }

func list(texts []string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
	for _, text := range texts {
		n.Content = append(n.Content, scalar(text))
	}
	return n
}

// textsOf reads a list of texts, or one text alone.
func textsOf(n *yaml.Node) (texts []string) {
	switch {
	case n == nil:
	case n.Kind == yaml.ScalarNode && n.Value != "":
		texts = append(texts, n.Value)
	default:
		for _, item := range n.Content {
			texts = append(texts, item.Value)
		}
	}
	return texts
}

// blank stands for an empty line while a file is changed: the library that writes
// YAML keeps comments and drops empty lines. The sign in it is for private use, and
// no text keeps one.
const blank = "#" + private + "blank"

const private = "\ue000"

// keepBlankLines writes a comment for each empty line that is not part of a text.
func keepBlankLines(data []byte) []byte {
	lines := strings.Split(string(data), "\n")
	inText := linesInTexts(data, len(lines))
	for i, line := range lines[:len(lines)-1] {
		if strings.TrimSpace(line) == "" && !inText[i] {
			lines[i] = blank
		}
	}
	return []byte(strings.Join(lines, "\n"))
}

// linesInTexts says which lines may belong to a text of several lines: from where
// it begins to where the next thing does.
func linesInTexts(data []byte, n int) map[int]bool {
	within := make(map[int]bool)
	var doc yaml.Node
	if yaml.Unmarshal(data, &doc) != nil {
		return within
	}
	from := -1 // line of the text that is not ended yet
	var visit func(*yaml.Node)
	visit = func(node *yaml.Node) {
		if node.Kind == yaml.ScalarNode {
			for i := from; from >= 0 && i < node.Line-1; i++ {
				within[i] = true
			}
			from = -1
			if strings.Contains(node.Value, "\n") || node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
				from = node.Line - 1
			}
		}
		for _, child := range node.Content {
			visit(child)
		}
	}
	visit(&doc)
	for i := from; from >= 0 && i < n; i++ {
		within[i] = true
	}
	return within
}

// below puts what stands under something between brackets under the group or list
// that it is in. The library takes it for a comment of the brackets' own, and would
// write a comma within them.
func below(n *yaml.Node) {
	for i, child := range n.Content {
		below(child)
		foot := child.FootComment
		switch {
		case foot == "" || child.Style&yaml.FlowStyle == 0 && child.Kind != yaml.SequenceNode && n.Style&yaml.FlowStyle == 0:
			continue
		case n.Style&yaml.FlowStyle == 0 && n.Kind == yaml.SequenceNode && i+1 < len(n.Content):
			n.Content[i+1].HeadComment = under(foot, n.Content[i+1].HeadComment)
		case n.Style&yaml.FlowStyle == 0 && n.Kind == yaml.MappingNode && i%2 == 1:
			n.Content[i-1].FootComment = under(n.Content[i-1].FootComment, foot)
		default:
			n.FootComment = under(n.FootComment, foot)
		}
		child.FootComment = ""
	}
}

func under(above, text string) string { return strings.Trim(above+"\n"+text, "\n") }

// giveBackBlankLines makes empty lines of the comments again.
func giveBackBlankLines(data []byte) []byte {
	lines := bytes.Split(data, []byte("\n"))
	kept := lines[:0]
	for _, line := range lines {
		if string(bytes.TrimSpace(line)) == blank {
			line = nil
		}
		kept = append(kept, line)
	}
	return bytes.Join(kept, []byte("\n"))
}
