package letter

import (
	"bytes"
	"slices"
	"strings"
)

// sealed names what a part is whose words cannot be read here, or are sealed:
// whoever looks into a letter without a text has to know why it has none. It
// is "" for all others.
func (p *Part) sealed() string {
	switch p.Type {
	case "application/ms-tnef", "application/vnd.ms-tnef":
		return "tnef" // Outlook's own wrapping of text and files (MS-OXTNEF)
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		return p.smime()
	case "application/pkcs7-signature", "application/x-pkcs7-signature":
		return "smime_signed" // RFC 8551, 3.5.3
	case "application/pgp-encrypted":
		return "pgp_encrypted" // RFC 3156, 4
	case "application/pgp-signature":
		return "pgp_signed" // RFC 3156, 5
	case "message/partial":
		return "partial" // RFC 2046, 5.2.2
	case "message/external-body":
		return "external_body" // RFC 2046, 5.2.3
	case "message/rfc822":
		return p.inner()
	case "text/plain":
		return armoured(p.Body)
	}
	if name := strings.ToLower(p.called); name == "winmail.dat" {
		return "tnef"
	} else if strings.HasSuffix(name, ".p7m") {
		return p.smime()
	}
	return ""
}

// inner names a letter that stands in this one and is neither attached nor
// what a report (RFC 6522) or a digest consists of: nothing else shows it.
func (p *Part) inner() string {
	if !p.returned() || slices.ContainsFunc(p.within, func(b branch) bool { return b.kind == "multipart/report" || b.kind == "multipart/digest" }) {
		return ""
	}
	return "letter_within"
}

// The content types of CMS (RFC 5652, 5.1 and 6.1), as they are encoded.
var (
	signedData    = []byte("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")
	envelopedData = []byte("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03")
)

// smime tells by its content whether a part is signed or encrypted, and only
// else by what it says of itself (RFC 8551, 3.2.2).
func (p *Part) smime() string {
	begin := p.Body[:min(len(p.Body), 40)]
	switch kind := strings.ToLower(p.Params["smime-type"]); {
	case bytes.Contains(begin, envelopedData):
		return "smime_encrypted"
	case bytes.Contains(begin, signedData) || kind == "signed-data" || kind == "certs-only":
		return "smime_signed"
	}
	return "smime_encrypted"
}

// armoured looks for the armour of OpenPGP within a text (RFC 9580, 6.2).
func armoured(text []byte) string {
	switch at := bytes.Index(text, []byte("-----BEGIN PGP ")); {
	case at < 0:
		return ""
	case bytes.HasPrefix(text[at:], []byte("-----BEGIN PGP MESSAGE-----")):
		return "pgp_encrypted"
	case bytes.HasPrefix(text[at:], []byte("-----BEGIN PGP SIGNED MESSAGE-----")):
		return "pgp_signed"
	}
	return ""
}

// noteOnce adds a problem that is not noted yet.
func (l *Letter) noteOnce(problem string) {
	if problem != "" && !slices.Contains(l.Problems, problem) {
		l.Problems = append(l.Problems, problem)
	}
}
