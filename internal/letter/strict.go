package letter

import (
	"slices"
	"strings"
)

// walk takes a letter apart.
type walk struct {
	leaves   []Part
	odd      []string // what speaks against having understood it
	branches int      // multiparts so far
	searched int      // bytes that were searched for boundaries
}

// branch is a multipart that a part is in.
type branch struct {
	number int
	kind   string
}

// mostSearched is how often the bytes of a letter are searched for boundaries.
// Letters from people are nested three or four deep, and mostly in small parts.
const mostSearched = 8

func (w *walk) note(problem string) {
	if len(w.odd) < 20 {
		w.odd = append(w.odd, problem)
	}
}

// strict takes a body apart by the letter of RFC 2046. Nothing is copied, so
// that what is nested deeply costs no more memory than what is not.
func (w *walk) strict(h Header, body []byte, within []branch) {
	kind, params, odd := mediaOf(h)
	if len(within) > 0 && within[len(within)-1].kind == "multipart/digest" && h.Get("Content-Type") == "" {
		kind = "message/rfc822"
	}
	if odd {
		w.note("content_type")
	}
	switch {
	case !strings.HasPrefix(kind, "multipart/"):
		w.add(h, kind, params, body, within)
	case params["boundary"] == "":
		w.note("no_boundary")
	case len(within) >= maxDepth || w.searched > mostSearched*maxRaw:
		w.note("too_deep")
	default:
		w.multipart(kind, params["boundary"], body, within)
	}
}

func (w *walk) multipart(kind, boundary string, body []byte, within []branch) {
	within = w.branch(within, kind)
	w.searched += len(body)
	n := 0
	for part := range cutParts(body, boundary) {
		if len(w.leaves) >= maxParts || w.branches > maxParts {
			w.note("too_many_parts")
			return
		}
		h, content, odd := splitPart(part)
		if odd {
			w.note("multipart")
		}
		w.strict(h, content, within)
		n++
	}
	if n == 0 {
		w.note("multipart")
	}
}

func (w *walk) branch(within []branch, kind string) []branch {
	w.branches++
	return append(slices.Clip(within), branch{w.branches, kind})
}

// add keeps a leaf, decoded from its transfer encoding.
func (w *walk) add(h Header, kind string, params map[string]string, body []byte, within []branch) {
	if len(w.leaves) >= maxParts {
		return
	}
	content, odd := transferred(h.Get("Content-Transfer-Encoding"), body)
	if odd {
		w.note("transfer_encoding")
	}
	w.leaves = append(w.leaves, Part{Type: kind, Params: params, Header: h, Body: content, Depth: len(within), within: within})
}

// ReadHeader reads the header at the beginning of b, such as that of a
// message within the letter, and returns what follows it.
func ReadHeader(b []byte) (Header, []byte) {
	h, rest, _ := split(b)
	return h, rest
}
