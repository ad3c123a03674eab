package letter

import (
	"bytes"
	"slices"
	"strings"
)

// most bounds how much of a header is looked at for ids.
const (
	mostHeader = 1 << 20
	mostField  = 16 << 10
	mostRefs   = 200
)

// IDs reads from a raw letter only what is needed to file it: its Message-ID
// without angle brackets, "" when it has none, and the ids that it names in
// In-Reply-To and References, once each (RFC 5322, section 3.6.4).
func IDs(raw []byte) (messageID string, refs []string) {
	name, value := "", ""
	keep := func() {
		ids := angled(value)
		switch strings.ToLower(strings.TrimRight(name, " \t")) {
		case "message-id":
			if messageID == "" && len(ids) > 0 {
				messageID = ids[0]
			}
		case "in-reply-to", "references":
			for _, id := range ids {
				if len(refs) < mostRefs && !slices.Contains(refs, id) {
					refs = append(refs, id)
				}
			}
		}
	}
	for line := range bytes.Lines(raw[:min(len(raw), mostHeader)]) {
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			break
		}
		if text[0] == ' ' || text[0] == '\t' {
			if len(value) < mostField {
				value += text
			}
			continue
		}
		keep()
		name, value, _ = strings.Cut(text, ":")
	}
	keep()
	return messageID, refs
}

// angled lists what stands in angle brackets, without spaces: a reference may
// have been folded in the middle.
func angled(value string) (ids []string) {
	for {
		_, after, found := strings.Cut(value, "<")
		if !found {
			return ids
		}
		id, rest, closed := strings.Cut(after, ">")
		if !closed {
			return ids
		}
		if id = strings.Join(strings.Fields(id), ""); id != "" {
			ids = append(ids, id)
		}
		value = rest
	}
}
