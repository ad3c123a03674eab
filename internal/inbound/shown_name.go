package inbound

import (
	"regexp"
	"strings"
)

var (
	// besideName is what an office adds to a name: its department or the place.
	besideName = regexp.MustCompile(`\s*[(\[][^()\[\]]*[)\]]\s*$`)
	// lastFirst is a name as offices keep them, with the last name first.
	lastFirst = regexp.MustCompile(`^([\pL'’-]{2,}), ([\pL'’-]{2,}(?: [\pL'’.-]+)?)$`)
	// noPerson is what stands for a mailbox or a program where a name should be.
	noPerson = regexp.MustCompile(`(?i)^(info|information|admin|administrator|office|support|contact|contact us|enquir(y|ies)|hello|mail|email|e-mail|reception|team|user|outlook user|me|no[ -]?reply|none|unknown|new message|website|web ?form|contact form)$`)
	// afterName is no first name, though it stands behind a name and a comma.
	afterName = regexp.MustCompile(`(?i)^(md|phd|ba|bsc|ma|msc|mbe|obe|cbe|jp|jr|sr|ltd|inc|llp|cic|plc|rn|rgn)\b`)
)

// shownName is the name beside an address as a letter may greet it: "Webb,
// Pauline (Adult Social Care)" is Pauline Webb, and "info" is nobody.
func shownName(name string) string {
	name = strings.TrimSpace(besideName.ReplaceAllString(name, ""))
	if noPerson.MatchString(name) {
		return ""
	}
	if m := lastFirst.FindStringSubmatch(name); m != nil && !afterName.MatchString(m[2]) {
		return m[2] + " " + m[1]
	}
	return name
}
