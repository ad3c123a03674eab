package letter

import (
	"regexp"
	"strings"
)

// maxRefs is how many message ids are taken from one letter. A thread that is
// longer keeps its newest ones, which stand last.
const maxRefs = 50

// IDs reads only what says which thread a letter belongs to: its own
// Message-ID and those that In-Reply-To and References name, once each and
// without angle brackets. It looks at the header alone and costs little, so
// that letters can be filed before they are read.
func IDs(raw []byte) (messageID string, refs []string) {
	defer func() {
		if recover() != nil {
			messageID, refs = "", nil
		}
	}()
	h, _, _ := split(raw[:min(len(raw), maxHeader)])
	l := Letter{InReplyTo: idsIn(h.All("In-Reply-To")), References: idsIn(h.All("References"))}
	return firstID(h.Get("Message-ID")), l.Refs()
}

// A message id stands in angle brackets (RFC 5322, 3.6.4). Some programs
// leave them out, and some write sentences around it.
var (
	bracketed = regexp.MustCompile(`<\s*([^<>\s]{3,900})\s*>`)
	bare      = regexp.MustCompile(`[^<>\s,;"()]{1,450}@[^<>\s,;"()]{1,450}`)
)

func idsIn(values []string) []string {
	var ids []string
	for i := len(values) - 1; i >= 0 && len(ids) < maxRefs; i-- {
		ids = append(idsInOne(storable(values[i])), ids...)
	}
	if len(ids) > maxRefs {
		ids = ids[len(ids)-maxRefs:]
	}
	return ids
}

func idsInOne(v string) []string {
	if strings.Contains(v, "=?") {
		v = Words(v) // some programs encode an id that is longer than a line
	}
	found := bracketed.FindAllStringSubmatch(v, -1)
	if found == nil {
		return bare.FindAllString(v, -1)
	}
	ids := make([]string, len(found))
	for i, m := range found {
		ids[i] = m[1]
	}
	return ids
}

func firstID(value string) string {
	if ids := idsIn([]string{value}); len(ids) > 0 {
		return ids[0]
	}
	return strings.Trim(strings.TrimSpace(storable(value)), "<> ")
}
