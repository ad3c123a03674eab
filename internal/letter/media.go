package letter

import (
	"mime"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
	"github.com/jhillyerd/enmime/v2/mediatype"
)

// mediaOf reads a header's Content-Type (RFC 2045, 5). A header without one
// says text/plain; odd says that there was one and it could not be read.
func mediaOf(h Header) (kind string, params map[string]string, odd bool) {
	value := strings.TrimSpace(h.Get("Content-Type"))
	if value == "" {
		return "text/plain", nil, false
	}
	if tooManyParams(value) {
		return looseType(h, value), looseParams(value), false
	}
	if kind, params, err := mime.ParseMediaType(value); err == nil && mediaType.MatchString(kind) {
		return kind, params, false
	}
	kind, params, _, err := mediatype.ParseWithOptions(value, mediatype.ParseOptions{StripMediaTypeInvalidCharacters: true})
	if err == nil && mediaType.MatchString(kind) {
		return kind, params, false
	}
	return looseType(h, value), looseParams(value), true
}

// tooManyParams says whether a field is a weapon against those who read all of
// its parameters.
func tooManyParams(value string) bool {
	return len(value) > maxParams || strings.Count(value, "*") > mostPieces
}

// looseType is the type of a field that cannot be read in full. A part with
// neither a type nor a name is text, because somebody may have written it.
func looseType(h Header, value string) string {
	kind := strings.ToLower(strings.TrimRight(firstToken.FindString(value), ";"))
	switch {
	case mediaType.MatchString(kind):
		return kind
	case strings.HasPrefix(kind, "text") || fileName(h) == "":
		return "text/plain"
	}
	return "application/octet-stream"
}

var mediaType = regexp.MustCompile(`^[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,90}$`)

var firstToken = regexp.MustCompile(`^[^\s;]+`)

func dispositionOf(h Header) string {
	return strings.ToLower(strings.TrimRight(firstToken.FindString(strings.TrimSpace(h.Get("Content-Disposition"))), ";"))
}

// fileName is what the sender calls a part: the filename of its disposition,
// else the name of its type.
func fileName(h Header) string {
	for _, at := range []struct{ field, param string }{{"Content-Disposition", "filename"}, {"Content-Type", "name"}} {
		value := h.Get(at.field)
		if !strings.Contains(strings.ToLower(value), at.param) || tooManyParams(value) {
			continue
		}
		pieces := strings.Contains(value, "*") // package mime drops those that are not in UTF-8
		if _, params, err := mime.ParseMediaType(value); !pieces && err == nil && params[at.param] != "" {
			return Words(params[at.param])
		}
		if name := looseParams(value)[at.param]; name != "" {
			return Words(name)
		}
	}
	return ""
}

// name is what a part is called, without the folders of the computer that it
// was on and without signs that turn the direction of writing, behind which
// "gpj.exe" looks like "exe.jpg".
func (p *Part) name() string {
	name := strings.Map(func(r rune) rune {
		if r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f {
			return -1
		}
		return r
	}, storable(p.called))
	if base := strings.TrimSpace(name[strings.LastIndexAny(name, `/\`)+1:]); base != "" {
		name = base
	}
	return strings.ToValidUTF8(name[:min(len(name), maxName)], "")
}

const (
	maxName    = 500
	mostSniffs = 3 << 10
)

// sniffed is the media type that content looks like by its first bytes.
func sniffed(content []byte) string {
	if len(content) == 0 {
		return ""
	}
	kind, _, _ := strings.Cut(mimetype.Detect(content[:min(len(content), mostSniffs)]).String(), ";")
	return kind
}

// param is one parameter, whole or a piece of it (RFC 2231, 3 and 4).
var param = regexp.MustCompile(`(?i)[;\s]([a-z0-9_-]+)(?:\*(\d{1,2}))?(\*)?\s*=\s*("(?:[^"\\]|\\.)*"|[^;"]*)`)

// What is read of the parameters of one field.
const (
	mostPieces = 40      // parameters, or pieces of them
	maxParams  = 8 << 10 // bytes
)

// looseParams reads parameters that mime.ParseMediaType refuses: in other
// charsets than UTF-8, without quotes, twice.
func looseParams(value string) map[string]string {
	type piece struct {
		number, text string
		encoded      bool
	}
	pieces := map[string][]piece{}
	for _, m := range param.FindAllStringSubmatch(value, mostPieces) {
		name, text := strings.ToLower(m[1]), strings.Trim(strings.TrimSpace(m[4]), `"`)
		pieces[name] = append(pieces[name], piece{m[2], strings.ReplaceAll(text, `\`, ""), m[3] != ""})
	}
	params := map[string]string{}
	for name, list := range pieces {
		slices.SortStableFunc(list, func(a, b piece) int {
			return len(a.number)*100 - len(b.number)*100 + strings.Compare(a.number, b.number)
		})
		var charset string
		var raw []byte
		for i, p := range list {
			if p.encoded {
				if parts := strings.SplitN(p.text, "'", 3); i == 0 && len(parts) == 3 {
					charset, p.text = parts[0], parts[2]
				}
				if text, err := url.PathUnescape(p.text); err == nil {
					p.text = text
				}
			}
			if i > 0 && p.number == "" {
				break // the same parameter again
			}
			raw = append(raw, p.text...)
		}
		params[name] = decode(charset, raw)
	}
	return params
}
