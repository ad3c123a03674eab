package inbound

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/text/unicode/norm"

	"postroom/internal/letter"
)

// Verb is what a command asks for.
type Verb string

// The verbs. They are these words in every language: the summaries name them so.
const (
	VerbTake   Verb = "take"
	VerbDone   Verb = "done"
	VerbSnooze Verb = "snooze"
	VerbPass   Verb = "pass"
	VerbNote   Verb = "note"
	VerbUndo   Verb = "undo"
	VerbList   Verb = "list"
	VerbHelp   Verb = "help"

	// VerbApprove agrees that the newsletter is sent of which a test is answered. It
	// has no number.
	VerbApprove Verb = "approve"
)

// Why a command could not be read.
const (
	FaultWhich = "which"       // it does not say what it is about
	FaultMore  = "more"        // there is more in the line than the command
	FaultDay   = "day"         // it names no day that is known
	FaultFar   = "far"         // the day is more than a year away
	FaultWhom  = "whom"        // it does not say to whom
	FaultEmpty = "text_empty"  // a note without words
	FaultMany  = "too_many"    // there are more than anybody would write
	mostAims   = 100           // of all commands of a letter
	longestOff = 366           // days that something can be put off
	plainDash  = "[-‐‑‒–]"     // as mail programs write the one in a reference
	refSigns   = "[2-9a-z]{3}" // more than references use; what is none is found out later
)

// Command is one thing that a colleague asks for in a letter.
type Command struct {
	Verb  Verb
	Aims  []string  // what it is about: item numbers (14) and references (K7M-4QX); none is what the letter answers
	Until time.Time // of a snooze: the beginning of a day
	To    string    // of a pass: address or name
	Words string    // of a note
	Fault string    // why it cannot be done as it is written; "" where it can
}

// Commands are what a colleague asks for in a letter.
type Commands struct {
	List  []Command
	First bool // the letter begins with one, greetings aside, or its subject is one
	Rest  bool // it says other things too
}

// Clear says whether there is a command that can be done as it is written.
func (c Commands) Clear() bool {
	return slices.ContainsFunc(c.List, func(c Command) bool { return c.Fault == "" })
}

// ReadCommands reads the commands in a letter: its subject, unless that belongs
// to an answer or a forward, and the lines that its writer wrote above whatever
// is quoted or passed on. What stands below that is never read: a stranger may
// have written it. at is when the letter came, in the zone in which its days are
// meant.
func ReadCommands(l letter.Letter, at time.Time) (c Commands) {
	if !replySubject.MatchString(l.Subject) && !forwardSubject.MatchString(l.Subject) {
		c.add(readCommand(l.Subject, at))
		c.First = len(c.List) > 0
	}
	lines, words := aboveQuotes(l), false
	for i := 0; i < len(lines); i++ {
		if strings.TrimSpace(lines[i]) == "" {
			continue
		}
		cmd, is := readCommand(lines[i], at)
		if !is {
			words = words || !isCourtesy(lines[i])
			continue
		}
		if cmd.Verb == VerbNote {
			i += takesIn(&cmd, lines[i+1:], at)
		}
		c.First = c.First || !words
		c.add(cmd, true)
	}
	c.Rest = words
	c.limit()
	return c
}

// takesIn adds to a note what follows it up to the end of its paragraph or the
// next command, and says how many lines that is.
func takesIn(note *Command, lines []string, at time.Time) (n int) {
	for _, line := range lines {
		if strings.TrimSpace(line) == "" {
			break
		}
		if next, is := readCommand(line, at); is && next.Fault == "" {
			break
		}
		note.Words = strings.TrimSpace(note.Words + " " + strings.TrimSpace(line))
		n++
	}
	if note.Words != "" && note.Fault == FaultEmpty {
		note.Fault = ""
	}
	return n
}

// add adds a command, once: a subject may say what the letter says too.
func (c *Commands) add(cmd Command, is bool) {
	same := func(o Command) bool {
		return o.Verb == cmd.Verb && slices.Equal(o.Aims, cmd.Aims) && o.Until.Equal(cmd.Until) && o.To == cmd.To && o.Words == cmd.Words && o.Fault == cmd.Fault
	}
	if is && !slices.ContainsFunc(c.List, same) {
		c.List = append(c.List, cmd)
	}
}

// limit marks what goes beyond what anybody would write.
func (c *Commands) limit() {
	aims := 0
	for i := range c.List {
		if aims += max(1, len(c.List[i].Aims)); aims > mostAims {
			c.List = append(c.List[:i], Command{Verb: c.List[i].Verb, Fault: FaultMany})
			return
		}
	}
}

// aboveQuotes are the lines above the first that is quoted, passed on or the
// beginning of an older letter, without the signature. Unlike Show it shows
// nothing where nothing else is written.
func aboveQuotes(l letter.Letter) []string {
	text := l.Text
	if l.HTML != "" && !hasPlainText(l) {
		page := pruner{quoted: map[*html.Node]bool{}}
		text = letter.Plain(l.HTML, page.drops)
	}
	lines := linesOf(text)
	for i := range lines {
		if begun := lines[i:]; isQuoted(begun[0]) || passesOn(begun[0]) || endsHere(begun) || introLines(begun) > 0 && !beginsCommand(begun[0]) {
			lines = lines[:i]
			break
		}
	}
	lines = trimEmpty(withoutRule(trimEmpty(lines)))
	if at := signatureFrom(lines); at < len(lines) && written(lines[:at]) && !slices.ContainsFunc(lines[at:], beginsCommand) {
		return lines[:at]
	}
	if at := slices.Index(lines, "--"); at > 0 { // RFC 3676, section 4.3; the blank after it is cut off by then
		return lines[:at]
	}
	return lines
}

func beginsCommand(line string) bool {
	verb, rest, is := cutVerb(tidyLine(line))
	return is && len(aimsIn(verb, rest)) > 0
}

// readCommand reads a line, and says whether it is a command at all: a verb with
// what it is about, or a verb alone.
func readCommand(line string, at time.Time) (Command, bool) {
	line = tidyLine(line)
	if cmd, is := turned(line); is {
		return cmd, true
	}
	verb, rest, is := cutVerb(line)
	if !is {
		return Command{}, false
	}
	found := aimsIn(verb, rest)
	if len(found) == 0 {
		return aimless(verb, rest, at)
	}
	cmd := Command{Verb: verb}
	switch verb {
	case VerbSnooze:
		cmd.snooze(found, at)
	case VerbPass:
		cmd.take(found, len(found))
		if cmd.To = whom(found[len(found)-1].rest); cmd.To == "" {
			cmd.Fault = FaultWhom
		}
	case VerbNote:
		cmd.take(found, 1)
		if cmd.Words = strings.TrimLeft(found[0].rest, " \t:;,.-–—"); cmd.Words == "" {
			cmd.Fault = FaultEmpty
		}
	case VerbList, VerbHelp, VerbApprove:
		return Command{}, false
	default:
		cmd.take(found, len(found))
		if !endsAfter(found[len(found)-1].rest) {
			cmd.Fault = FaultMore
		}
	}
	return cmd, true
}

func (c *Command) take(found []aim, n int) {
	for _, a := range found[:n] {
		if !slices.Contains(c.Aims, a.name) {
			c.Aims = append(c.Aims, a.name)
		}
	}
}

// snooze reads until when: of "14, 3 days" the 3 belongs to the days.
func (c *Command) snooze(found []aim, at time.Time) {
	for n := len(found); n > 0; n-- {
		until, is := dayMeant(found[n-1].rest, at)
		if !is {
			continue
		}
		c.take(found, n)
		c.Until = until
		if until.After(at.AddDate(0, 0, longestOff)) {
			c.Fault = FaultFar
		}
		return
	}
	c.take(found, 1)
	c.Fault = FaultDay
}

// aimless reads a verb that names nothing: alone in its line it is about what
// the letter answers.
func aimless(verb Verb, rest string, at time.Time) (Command, bool) {
	cmd := Command{Verb: verb}
	rest = strings.Trim(rest, " \t.!:")
	switch {
	case rest == "" && (verb == VerbNote || verb == VerbPass || verb == VerbSnooze):
		cmd.Fault = FaultWhich
		return cmd, true
	case rest == "":
		return cmd, true
	case verb == VerbApprove: // and nothing that could be a condition
		return cmd, politeLast.MatchString(strings.ToLower(strings.Trim(rest, " ,.!:;-–—")))
	case verb == VerbSnooze:
		until, is := dayMeant(rest, at)
		cmd.Until = until
		return cmd, is
	case verb == VerbPass && strings.Contains(rest, "@"):
		cmd.To = whom(rest)
		return cmd, cmd.To != ""
	}
	return cmd, false
}

// turned reads "14 done".
func turned(line string) (Command, bool) {
	m := aimThenVerb.FindStringSubmatch(line)
	if m == nil {
		return Command{}, false
	}
	name, is := aimNamed(m[1])
	return Command{Verb: Verb(strings.ToLower(m[2])), Aims: []string{name}}, is
}

var (
	verbFirst   = regexp.MustCompile(`(?i)^(take|done|snooze|pass|note|undo|list|help|approve)`)
	aimThenVerb = regexp.MustCompile(`(?i)^#?\s*(` + refSigns + plainDash + refSigns + `|\d{1,9})\s*[:–-]?\s*(done|take)\s*[.!]?$`)
	aimFirst    = []*regexp.Regexp{aimLike(refSigns + plainDash + refSigns), aimLike(`\d{1,9}`), aimLike(`[2-9bcdfghjkmnpqrtvwxz]{6}`)}
	aimBetween  = regexp.MustCompile(`(?i)^\s*(?:(?:[,;،&+]|\band\b|та |і |و |او )\s*)*`)
)

// tidyLine is a line without what a mail program puts before or around it, and
// with figures as 0 to 9 where they are not part of what somebody says.
func tidyLine(line string) string {
	line = strings.TrimSpace(undirected(norm.NFC.String(line)))
	return strings.TrimSpace(strings.Trim(line, "*•·_`\"“”'‘’ \t"))
}

// cutVerb cuts a verb off the beginning of a line.
func cutVerb(line string) (verb Verb, rest string, is bool) {
	line = strings.TrimLeft(line, "-–— ")
	m := verbFirst.FindString(line)
	rest = line[len(m):]
	if next, _ := utf8.DecodeRuneInString(rest); m == "" || unicode.IsLetter(next) || unicode.IsMark(next) || next == '-' || next == '\'' || next == '’' {
		return "", "", false
	}
	return Verb(strings.ToLower(m)), strings.TrimLeft(rest, " \t:：.,*_"), true
}

// aim is what a command is about, and what follows it in the line.
type aim struct{ name, rest string }

// aimsIn lists what stands one after the other at the beginning of a text.
func aimsIn(verb Verb, text string) (list []aim) {
	for {
		name, rest, is := cutAim(text)
		if !is {
			return list
		}
		list = append(list, aim{name, rest})
		if text = rest[len(aimBetween.FindString(rest)):]; verb == VerbNote || len(list) > mostAims {
			return list
		}
	}
}

// cutAim cuts a number or a reference off the beginning of a text, which may be in
// other figures. What follows stays as it was written.
func cutAim(text string) (name, rest string, is bool) {
	latin := latinFigures(text)
	for _, like := range aimFirst {
		m := like.FindStringSubmatchIndex(latin)
		if m == nil {
			continue
		}
		rest = latin[m[1]:]
		if name, is = aimNamed(latin[m[2]:m[3]]); is && aimEnds(rest) {
			return name, lastRunes(text, utf8.RuneCountInString(rest)), true
		}
	}
	return "", "", false
}

func aimLike(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)^(?:#|№|no\.?|nr\.?|number)?\s*(` + pattern + `)`)
}

// lastRunes are the last n signs of a text.
func lastRunes(text string, n int) string {
	runes := []rune(text)
	return string(runes[max(0, len(runes)-n):])
}

// aimEnds says whether a number or a reference ends where a text begins, and is
// not the beginning of a date, a time or a word.
func aimEnds(rest string) bool {
	next, size := utf8.DecodeRuneInString(rest)
	after, _ := utf8.DecodeRuneInString(rest[min(size, len(rest)):])
	switch {
	case unicode.IsLetter(next), unicode.IsDigit(next), unicode.IsMark(next), strings.ContainsRune("/-_@%€£$", next) && after != ' ':
		return false
	case next == '.' || next == ':' || next == ',':
		return !unicode.IsDigit(after) || next == ','
	}
	return true
}

// aimNamed writes a number or a reference as they are on file.
func aimNamed(s string) (name string, is bool) {
	if strings.Trim(s, "0123456789") == "" {
		name = strings.TrimLeft(s, "0")
		return name, name != ""
	}
	plain := strings.ToUpper(regexpDash.ReplaceAllString(s, ""))
	dashed := len(plain) < len(s)
	if len(plain) != 6 || !dashed && !strings.ContainsAny(plain, "23456789") {
		return "", false
	}
	name = plain[:3] + "-" + plain[3:]
	return name, referenceLike.MatchString(name)
}

var (
	regexpDash    = regexp.MustCompile(plainDash)
	referenceLike = regexp.MustCompile(`^[2-9BCDFGHJKMNPQRTVWXZ]{3}-[2-9BCDFGHJKMNPQRTVWXZ]{3}$`)
)

// endsAfter says whether a command is over: nothing follows but courtesy, or
// what is set apart from it.
func endsAfter(rest string) bool {
	rest = strings.TrimSpace(rest)
	if rest == "" || strings.ContainsAny(rest[:1], ".,;:!-()") || strings.HasPrefix(rest, "–") || strings.HasPrefix(rest, "—") || strings.HasPrefix(rest, "،") {
		return !strings.Contains(rest, "?")
	}
	return politeLast.MatchString(strings.ToLower(strings.Trim(rest, " ,.!:;-–—")))
}

// isCourtesy says whether a line has nothing in it that somebody has to read.
func isCourtesy(line string) bool {
	line = strings.ToLower(strings.Trim(tidyLine(line), " ,.!:;-–—"))
	return line == "" || courtesy.MatchString(line) || signOff.MatchString(line)
}

var (
	politeLast = regexp.MustCompile(`^(please|pls|thanks|thank you|thx|ta|now)$`)
	courtesy   = regexp.MustCompile(`^((hi|hello|hey|dear|good (morning|afternoon|evening))( [\pL'’-]+){0,3}|sent from my .{1,40}|thank you|[\pL'’-]{1,20})$`) // one word is a name
)

var (
	someAddress = regexp.MustCompile(`[^\s<>()\[\],;:"]+@[^\s<>()\[\],;:"]+\.[^\s<>()\[\],;:"]+`)
	toWhom      = regexp.MustCompile(`(?i)^(to\b|->|→|[:,.–-])\s*`)
)

// longestWhom is how many bytes an address or a name may have.
const longestWhom = 320

// whom is the address or the name at the end of a line, or "".
func whom(rest string) string {
	if len(rest) > 2*longestWhom {
		return ""
	}
	if address := someAddress.FindString(rest); address != "" {
		return strings.ToLower(strings.Trim(strings.TrimPrefix(address, "mailto:"), ".!?'’*_`"))
	}
	rest = strings.TrimSpace(rest)
	for {
		cut := strings.TrimSpace(toWhom.ReplaceAllString(rest, ""))
		if cut == rest {
			break
		}
		rest = cut
	}
	rest = pleaseLast.ReplaceAllString(strings.Trim(rest, " .!,;*_`\"'"), "")
	return strings.Trim(rest, " .!,;*_`\"'")
}

var pleaseLast = regexp.MustCompile(`(?i)[\s,]+(please|thanks|thank you)$`)

// commandsOf lists the colleagues whose signed command addresses a letter
// was sent to.
func (r *reading) commandsOf() (names []string) {
	if r.ours.CommandsTo == nil {
		return nil
	}
	for _, address := range r.recipients() {
		if name, ours := r.ours.CommandsTo(address); ours && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
