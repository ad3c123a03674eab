package letter

import (
	"bytes"
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

// What is too dear to take apart leniently: enmime copies each part at each
// depth, and each line of a header several times. A letter with more of these
// is read as far as the strict way went.
const (
	mostLenient       = 4 << 20 // bytes
	mostLenientLines  = 150_000 // as often as each is looked at, once for each multipart
	mostBoundaries    = 100
	mostBoundaryLines = 300
)

// lenient takes a letter apart with enmime, which is slow and forgives much.
// Only the structure is taken from it: bytes and charsets are decoded here.
func (w *walk) lenient(h Header, body []byte) bool {
	if tooDear(body) {
		w.note("too_much_for_lenient")
		return false
	}
	parser := enmime.NewParser(enmime.SkipMalformedParts(true), enmime.MultipartWOBoundaryAsSinglePart(true),
		enmime.StripMediaTypeInvalidCharacters(true), enmime.RawContent(true), enmime.DisableCharacterDetection(true),
		enmime.MaxStoredPartErrors(5))
	root, err := parser.ReadParts(bytes.NewReader(rebuilt(h, body)))
	if err != nil || root == nil {
		return false
	}
	w.grow(root, nil)
	return len(w.leaves) > 0
}

func tooDear(body []byte) bool {
	multiparts := bytes.Count(body, []byte("boundary="))
	return len(body) > mostLenient || multiparts > mostBoundaries ||
		bytes.Count(body, []byte("\n"))*(1+multiparts) > mostLenientLines ||
		bytes.Count(body, []byte("\n--")) > mostBoundaryLines || longFieldIn(body)
}

// longFieldIn says whether a content field is in a body that has too many
// parameters.
func longFieldIn(body []byte) bool {
	long := -1 // how long the field is that the line before belongs to
	for line := range bytes.SplitSeq(body, []byte("\n")) {
		switch {
		case len(line) > 8 && bytes.EqualFold(line[:8], []byte("content-")):
			long = len(line)
		case long >= 0 && len(line) > 0 && isBlank(line[0]):
			long += len(line)
		default:
			long = -1
		}
		if long > maxParams/4 || long >= 0 && bytes.Count(line, []byte("*")) > mostPieces {
			return true
		}
	}
	return false
}

// rebuilt puts the content fields of a header that was read before the body
// again, without what broke it.
func rebuilt(h Header, body []byte) []byte {
	var b bytes.Buffer
	for _, f := range h {
		if len(f.Name) > 8 && strings.EqualFold(f.Name[:8], "content-") {
			b.WriteString(f.Name + ": " + f.Value + "\r\n")
		}
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

func (w *walk) grow(p *enmime.Part, within []branch) {
	if p.FirstChild == nil {
		if strings.HasPrefix(p.ContentType, "multipart/") && len(bytes.TrimSpace(p.Content)) == 0 {
			return
		}
		w.grown(p, within)
		return
	}
	if len(within) >= maxDepth {
		w.note("too_deep")
		return
	}
	within = w.branch(within, p.ContentType)
	for child := p.FirstChild; child != nil; child = child.NextSibling {
		w.grow(child, within)
	}
}

// grown keeps a leaf of enmime's tree. A multipart that could not be divided
// is text.
func (w *walk) grown(p *enmime.Part, within []branch) {
	var h Header
	for name, values := range p.Header {
		for _, v := range values {
			h = append(h, Field{name, strings.Join(strings.Fields(v), " ")})
		}
	}
	kind, params, _ := mediaOf(h)
	if strings.HasPrefix(kind, "multipart/") {
		kind = "text/plain"
	}
	w.add(h, kind, params, p.Content, within)
}
