package letter

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/emersion/go-message/textproto"
)

// walk takes a letter apart.
type walk struct {
	leaves []Part
	odd    []string // what speaks against having understood it
}

func (w *walk) note(problem string) {
	if len(w.odd) < 20 {
		w.odd = append(w.odd, problem)
	}
}

// strict takes a body apart with go-message, which is fast and forgives
// little.
func (w *walk) strict(h Header, body []byte, parent string, depth int) {
	kind, params, odd := mediaOf(h)
	if parent == "multipart/digest" && h.Get("Content-Type") == "" {
		kind = "message/rfc822"
	}
	if odd {
		w.note("content_type")
	}
	switch {
	case !strings.HasPrefix(kind, "multipart/"):
		w.add(h, kind, params, body, depth)
	case params["boundary"] == "":
		w.note("no_boundary")
	case depth >= maxDepth:
		w.note("too_deep")
	default:
		w.multipart(kind, params["boundary"], body, depth)
	}
}

func (w *walk) multipart(kind, boundary string, body []byte, depth int) {
	r := textproto.NewMultipartReader(bytes.NewReader(body), boundary)
	for n := 0; len(w.leaves) < maxParts; n++ {
		part, err := r.NextPart()
		if err != nil {
			if n == 0 || !errors.Is(err, io.EOF) && !strings.HasSuffix(err.Error(), "EOF") {
				w.note("multipart")
			}
			return // a missing last boundary is no harm
		}
		content, err := io.ReadAll(part)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			w.note("multipart")
		}
		w.strict(headerOf(part.Header), content, kind, depth+1)
	}
	w.note("too_many_parts")
}

func headerOf(h textproto.Header) Header {
	var out Header
	for fields := h.Fields(); fields.Next() && len(out) < maxFields; {
		out = append(out, Field{fields.Key(), fields.Value()})
	}
	return out
}

// add keeps a leaf, decoded from its transfer encoding.
func (w *walk) add(h Header, kind string, params map[string]string, body []byte, depth int) {
	if len(w.leaves) >= maxParts {
		return
	}
	content, odd := transferred(h.Get("Content-Transfer-Encoding"), body)
	if odd {
		w.note("transfer_encoding")
	}
	w.leaves = append(w.leaves, Part{Type: kind, Params: params, Header: h, Body: content, Depth: depth})
}

// ReadHeader reads the header at the beginning of b, such as that of a
// message within the letter, and returns what follows it.
func ReadHeader(b []byte) (Header, []byte) {
	h, rest, _ := split(b)
	return h, rest
}
