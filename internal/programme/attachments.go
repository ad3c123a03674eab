package programme

import (
	"bytes"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"postroom/internal/proof"
)

// Attachments says which attachments of letters staff are offered to open.
// Everything else is named with the reason why it is not. The letter is taken
// whatever is attached to it, and nothing of it is ever run or shown within a
// page.
type Attachments struct {
	Keep []string // kinds, such as pdf, or media types
	Most int      // bytes
}

// Refusal is why an attachment is not kept; "" is kept.
type Refusal string

// Why an attachment is not kept.
const (
	RefusedProgram Refusal = "program"   // it could be run
	RefusedMacros  Refusal = "macros"    // a document that may hold programs
	RefusedPage    Refusal = "page"      // a page or picture that may hold programs
	RefusedKind    Refusal = "kind"      // not among the kinds that are kept
	RefusedSize    Refusal = "size"      // larger than what is kept
	RefusedMasked  Refusal = "disguised" // its content is not what it is called
)

// attachmentKinds are the kinds by which people name what they keep.
var attachmentKinds = map[string][]string{
	"image": {"image/jpeg", "image/pjpeg", "image/jpg", "image/png", "image/gif", "image/webp", "image/heic", "image/heif", "image/avif", "image/tiff", "image/bmp"},
	"pdf":   {"application/pdf", "application/x-pdf"},
	"text":  {"text/plain", "text/csv", "text/markdown", "text/calendar", "text/vcard", "text/x-vcard"},
	"document": {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation", "application/vnd.oasis.opendocument.text",
		"application/vnd.oasis.opendocument.spreadsheet", "application/vnd.oasis.opendocument.presentation", "application/rtf", "text/rtf"},
	"audio":  {"audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/aac", "audio/ogg", "audio/opus", "audio/wav", "audio/x-wav", "audio/amr", "audio/3gpp"},
	"video":  {"video/mp4", "video/quicktime", "video/webm", "video/3gpp"},
	"letter": {"message/rfc822"},
}

// endings are the media types of names, for programs that call everything a
// stream of bytes.
var endings = map[string]string{
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".webp": "image/webp", ".heic": "image/heic", ".heif": "image/heif", ".tif": "image/tiff", ".tiff": "image/tiff",
	".pdf": "application/pdf", ".txt": "text/plain", ".csv": "text/csv", ".ics": "text/calendar", ".vcf": "text/vcard", ".rtf": "application/rtf",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation", ".odt": "application/vnd.oasis.opendocument.text",
	".ods": "application/vnd.oasis.opendocument.spreadsheet", ".odp": "application/vnd.oasis.opendocument.presentation",
	".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".ogg": "audio/ogg", ".opus": "audio/opus", ".wav": "audio/wav", ".amr": "audio/amr", ".mp4": "video/mp4", ".mov": "video/quicktime", ".eml": "message/rfc822",
}

// Names and types that are refused whatever a programme keeps.
var (
	programName = regexp.MustCompile(`(?i)\.(exe|com|scr|pif|bat|cmd|ps1|psm1|vbs?|vbe|jse?|mjs|wsf|wsh|hta|cpl|msi|msp|mst|msc|reg|lnk|inf|scf|url|jar|class|apk|ipa|app|dmg|pkg|deb|rpm|sh|bash|run|bin|elf|dll|sys|ocx|iso|img|vhdx?|chm|gadget|application|appref-ms|settingcontent-ms|library-ms)\.?$`)
	macroName   = regexp.MustCompile(`(?i)\.(do[ct]m|xl[stw]m|xlsb|xlam|xll|pp[tsa]m|potm|sldm|one|accd[be]|mdb|docb|slk|iqy)\.?$`)
	pageName    = regexp.MustCompile(`(?i)\.(html?|xhtml|xht|shtml|mht|mhtml|svgz?|xml|xsl|swf)\.?$`)
	programType = regexp.MustCompile(`^(application/(x-ms(download|dos-program|i|-shortcut|-installer)|x-(dosexec|executable|sh|csh|shellscript|bat|elf|mach-binary|sharedlib|java-archive|apple-diskimage|httpd-php|python|perl|ruby)|java-archive|vnd\.microsoft\.portable-executable|vnd\.android\.package-archive|javascript|ecmascript|x-javascript|hta|x-msdos-windows)|text/(javascript|ecmascript|x-(sh|shellscript|python|perl)|vbscript))$`)
	macroType   = regexp.MustCompile(`macroenabled`)
	pageType    = regexp.MustCompile(`^(text/(html|xml|xsl)|image/svg\+xml|application/(xhtml\+xml|xml|x-shockwave-flash)|multipart/related)$`)
	mediaType   = regexp.MustCompile(`^[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*$`)
)

// DefaultAttachments is what a programme keeps that says nothing: pictures and
// documents that cannot hold a program.
func DefaultAttachments() Attachments {
	return Attachments{Keep: []string{"image", "pdf", "text", "document"}, Most: 10 << 20}
}

// Refuses says why an attachment is not kept, or "". kind is its media type,
// and content what is there of it, for what neither its name nor its type says.
func (a Attachments) Refuses(name, kind string, size int, content []byte) Refusal {
	kind = meant(name, kind)
	switch {
	case programName.MatchString(name), programType.MatchString(kind), isProgram(content):
		return RefusedProgram
	case macroName.MatchString(name), macroType.MatchString(kind):
		return RefusedMacros
	case pageName.MatchString(name), pageType.MatchString(kind):
		return RefusedPage
	case !a.keeps(kind):
		return RefusedKind
	case a.Most > 0 && size > a.Most:
		return RefusedSize
	case disguised(kind, content):
		return RefusedMasked
	}
	return ""
}

// meant is the media type without parameters. Programs that do not know what
// they send call it a stream of bytes; then its name says what it is.
func meant(name, kind string) string {
	kind, _, _ = strings.Cut(strings.ToLower(kind), ";")
	switch kind = strings.TrimSpace(kind); kind {
	case "", "application/octet-stream", "application/x-octet-stream", "application/binary", "application/unknown", "application/x-download", "application/force-download":
		if known, ok := endings[strings.ToLower(path.Ext(name))]; ok {
			return known
		}
	}
	return kind
}

func (a Attachments) keeps(kind string) bool {
	return slices.ContainsFunc(a.Keep, func(kept string) bool {
		return kept == kind || slices.Contains(attachmentKinds[kept], kind)
	})
}

// isProgram knows programs by how they begin: those of Windows, Linux and
// macOS, and scripts that name who runs them.
func isProgram(content []byte) bool {
	for _, begin := range []string{"MZ", "\x7fELF", "#!", "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xca\xfe\xba\xbe", "L\x00\x00\x00\x01\x14\x02\x00"} {
		if bytes.HasPrefix(content, []byte(begin)) {
			return true
		}
	}
	return false
}

// disguised says whether a content is a page although it is called something
// else, or is called a PDF or a picture and is none.
func disguised(kind string, content []byte) bool {
	if len(content) == 0 {
		return false
	}
	seen, _, _ := mime.ParseMediaType(http.DetectContentType(content))
	switch {
	case seen == "text/html" || seen == "text/xml":
		return kind != "message/rfc822"
	case slices.Contains(attachmentKinds["pdf"], kind):
		return !bytes.Contains(content[:min(len(content), 1024)], []byte("%PDF"))
	case kind == "image/jpeg" || kind == "image/png" || kind == "image/gif":
		return !strings.HasPrefix(seen, "image/")
	}
	return false
}

// attachments reads which attachments a programme keeps, and how large they may
// be.
func (r *reader) attachments(m proof.Map) Attachments {
	kept := DefaultAttachments()
	if m.Has("attachments") {
		kept.Keep = m.Texts("attachments")
	}
	for i, kind := range kept.Keep {
		kept.Keep[i] = r.attachmentKind(m, "attachments", kind)
	}
	if written := m.Text("attachment_size"); written != "" {
		kept.Most = megabytes(m, "attachment_size", written, largestAttachment)
	}
	return kept
}

func (r *reader) attachmentKind(m proof.Map, key, written string) string {
	kind := strings.ToLower(strings.TrimSpace(written))
	_, known := attachmentKinds[kind]
	switch {
	case known:
	case !mediaType.MatchString(kind):
		m.Wrong(key, fmt.Sprintf("there is no kind of attachment called %q", written), proof.OneOf(kind, slices.Sorted(maps.Keys(attachmentKinds)))+", or a media type such as application/zip")
	case programType.MatchString(kind), macroType.MatchString(kind), pageType.MatchString(kind):
		m.Wrong(key, kind+" may hold a program, and is never kept", "kinds such as image, pdf, text and document")
	}
	return kind
}

// The largest attachment that may be kept: mail providers let nothing larger
// through.
const largestAttachment = 50

// megabytes reads a size such as 10MB.
func megabytes(m proof.Map, key, written string, most int) int {
	number, isMB := strings.CutSuffix(strings.ToUpper(strings.ReplaceAll(written, " ", "")), "MB")
	n, err := strconv.Atoi(number)
	if !isMB || err != nil || n < 1 || n > most {
		m.Wrong(key, fmt.Sprintf("%s is not a number of megabytes from 1 to %d", key, most), key+": "+strconv.Itoa(min(10, most))+"MB")
		return 0
	}
	return n << 20
}
