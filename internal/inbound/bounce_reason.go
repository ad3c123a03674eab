package inbound

import (
	"regexp"
	"strings"
)

// unknownReason is the reason of a bounce that explains nothing.
const unknownReason = "unknown"

// reasonDelayed is the word of a report for what may still arrive.
const reasonDelayed = "delayed"

// reason is one word of our own vocabulary and the wording that stands for it.
// Only hard reasons mean that mail to the address never arrives. A status of
// class 5 alone does not: most of those are full mailboxes, filters and blocks.
type reason struct {
	word   string
	hard   bool
	spoken *regexp.Regexp
}

// reasons are tried in order. What blames the message, the sender or the
// server comes before what blames the address, because servers that refuse
// for such a reason often add the words "recipient rejected" or "user unknown".
var reasons = []reason{
	{"virus", false, said(
		`virus`, `malware`, `infected`,
	)},
	{"mailbox_full", false, said(
		`mailbox (is )?(full|over|exceed)`, `mailfolder is full`, `(over|exceed\w*|out of) (the )?(\w+ )?(quota|storage|allowed size|mailbox size|disk)`,
		`quota (exceed|limit|full|violat|used)`, `insufficient (system )?(storage|disk)`, `full mailbox`, `disk quota`, `overquota`, `over ?quota`,
		`mailbox size`, `user has too many messages`, `inbox is full`, `storage (quota|limit)`, `exceeded storage`, `mailbox has exceeded`,
		`account is full`, `no space left`, `nicht genug speicher`, `postfach (ist )?voll`,
	)},
	{"too_big", false, said(
		`(message|mail|file|content)( size)? (is )?(too (big|large|long)|exceeds?)`, `size (limit|exceed)`, `exceeds? (the )?(maximum|fixed|size)`,
		`message (is )?larger`, `too large`, `maximum (message )?size`, `\b5\.(3\.4|2\.3)\b`,
	)},
	{"no_reverse_dns", false, said(
		`(reverse|ptr|rdns)[ -](dns|record|hostname|lookup|entry)`, `no ptr`, `ptr record`, `cannot find your (reverse )?hostname`, `reverse hostname`,
		`fix reverse`, `client host rejected: cannot find`,
	)},
	{"authentication", false, said(
		`\bdmarc\b`, `\bspf\b`, `\bdkim\b`, `sender policy framework`, `unauthenticated (email|mail|sender)`, `not pass(ing)? authentication`,
		`authentication (checks?|fail|required|information)`, `sender id`,
	)},
	{"blocked", false, said(
		`my name was rejected`, `mismatches client ip`,
		`block ?list`, `black ?list`, `\brbl\b`, `dnsbl`, `spamhaus`, `spamcop`, `sorbs`, `barracuda`, `blocked (using|by|for|because|due)`,
		`(has been|is|was|been|temporarily) blocked`, `ip (address )?(\S+ )?(is |has been )?(blocked|listed|banned)`, `banned sending ip`,
		`poor reputation`, `bad reputation`, `reputation`, `client host \S+ (rejected|blocked)`, `client host rejected`, `denied by`,
		`access denied[^.]*ip`, `connection (refused|rejected|denied) (due|because|by policy)`, `helo command rejected`, `senderbase`, `bl\d? block`,
		`your (ip|host|server|mail ?server)`, `not accepting mail from`, `unsolicited mail originating`,
	)},
	{"spam", false, said(
		`\bspam\b`, `junk mail`, `unsolicited`, `looks like (spam|uce)`, `bulk mail`, `spam-like`, `content (filter|reject|restriction)`,
		`considered (un|spam)`, `message (content )?(rejected|blocked|refused) (due|for|because|by)`, `blocked content`,
	)},
	{"filtered", false, said(
		`(recipient|user|customer|subscriber).?s? (preference|setting|choice)`, `preferences of the (person|recipient|user)`, `does not wish to receive`,
		`not accepting mail (from (this|your|the) (sender|address|domain)|with attachments)`, `accepts? (e-?)?mail only from`, `personal (block|reject|filter)`,
	)},
	{"suspended", false, said(
		`(account|mailbox|user|recipient|address|e-?mail)( has been| is| was| currently)* (temporarily )?(disabled|inactive|suspended|deactivated|locked|expired|closed|frozen|discontinued|not active|blocked)`,
		`(disabled|inactive|suspended|expired|deactivated) (account|mailbox|user|recipient|address|e-?mail)`, `no longer active`, `\bnot active\b`,
		`has been (disabled|suspended|deactivated)`, `ha expirado`, `inactive for`,
	)},
	{"moved", true, said(
		`(has|have) moved`, `user (has )?moved`, `has been replaced by`, `address (has )?changed`, `new (e-?mail )?address is`,
		`no longer (at|valid at) this`,
	)},
	{"rate_limited", false, said(
		`too many (connection|message|recipient|mails?|error|concurrent|session)`, `rate limit`, `throttl`,
		`(try|sending) (again )?too (often|fast|quickly)`, `exceeded (the )?(rate|limit|number|daily|maximum)`, `limit (has been )?(exceeded|reached)`,
		`receiving mail (at a rate|too quickly)`, `excessive`, `daily .{0,20}(limit|quota)`, `resources temporarily`,
	)},
	{"greylisted", false, said(
		`gr[ea]y ?-?list`, `temporarily deferred`, `come back later`,
	)},
	{"loop", false, said(
		`too many hops`, `mail loop`, `loops? back`, `loop(ing)? detected`, `hop ?count`, `forwarding loop`, `routing loop`, `mail forwarding loop`,
	)},
	{"policy", false, said( // some mail is taken
		`accept(s|ing|ed)? (any )?(e-?)?(mail|messages?) (from|only|at (this|the)|right now|without|with|unless|larger|over|that|which)`, `only accepts (e-?)?(mail|messages)`,
	)},
	{"no_mail", true, said(
		`no smtp service`,
		`does not (accept|receive) (any )?(e-?)?mail`, `(not|never) accept(ing)? (any |network )?(e-?)?(mail|messages)\b`, `null mx`, `nullmx`,
		`no mail(box)? exchanger`, `couldn.?t find a(ny)? mail exchanger`, `mail exchanger or ip`, `not accepting network messages`, `no mx`,
		`mail receiving disabled`, `smtp (service )?not available for this`, `domain does not accept`,
	)},
	{"relay_denied", false, said(
		`rela(y|ying)( access| attempt| mail)?( is|:)? (denied|not|prohibited|refused|attempt|forbidden)`, `not (permitted to |allowed to )?relay`,
		`unable to relay`, `we do not relay`, `relaying (denied|prohibited)`, `no relaying`, `open relay`, `unrouteable mail domain`,
	)},
	{"sender_refused", false, said(
		`after mail from`, `mailfrom domain`,
		`sender( \S+)?( address)?( is|:| was)? (rejected|refused|denied|not allowed|verif|unknown|invalid|blocked)`, `(reject|invalid|unknown|bad) sender`,
		`domain of sender`, `sender domain`, `mail from \S+ (rejected|refused|denied|not allowed)`, `not authori[sz]ed to send`, `from (address|domain) `,
		`verify the sender`, `sender.s? (address|domain)`, `mail from:? *<?[^ >]*>?[^.]{0,30}(reject|denied|refused)`, `can.?t verify`, `\b5\.1\.[78]\b`,
		`\b5\.7\.(13|12)\b.*sender`,
	)},
	{"bad_syntax", false, said(
		`syntax error`, `bad (address )?syntax`, `malformed (address|header|command|from|mime|message|recipient|sender|e-?mail|packet|data)`, `(is|are|was) malformed`, `command (unrecogni|not (recogni|implement))`, `unrecognized command`, `bad sequence`,
		`not rfc ?\S* compl`, `rfc ?(2822|5322|822)`, `missing (header|from|date|message)`, `duplicate header`, `multiple from`,
	)},
	{"security", false, said(
		`\btls\b`, `certificate`, `encryption`, `must issue a starttls`, `dane`, `ssl`,
	)},
	{"host_unknown", true, said(
		`host (unknown|not found|or domain name not found)`, `unknown host`,
		`(domain|host)( name)? (not found|does ?n.t exist|does not exist|unknown|is unknown|lookup failed|invalid)`, `no such (host|domain)`,
		`unrouteable (mail )?(domain|address)`, `unroutable (mail )?domain`, `nxdomain`, `bad destination (mail )?(host|system)`,
		`name or service not known`, `couldn.?t find a(ny)? host`, `illegal host`, `name service error`, `all relevant mx records point to non-existent`,
		`can.?t find (the )?(domain|host)`, `domain .{0,60}(not found|does not exist|is not valid)`, `invalid domain`, `(unknown|invalid|bad|no such) destination domain`, `domain is not reachable`,
		`could not be resolved`, `unknown (mail )?domain`, `lookup (returned|fail)`, `\b[45]\.1\.2\b`, `\b5\.4\.4\b`, `no route to domain`,
	)},
	{"user_unknown", true, said(
		`550[^0-9]{0,80}mailbox unavailable`, `requested action not taken: mailbox (unavailable|not available)`, `\b5\.1\.0 (<\S+> )?address rejected`,
		`validrcptto`, `not (present|found) in (the )?directory`, `unable to find (the )?(recipient|user|mailbox)`,
		`no mail ?box available`, `rcpt \S+ does not exist`, `not an active address`, `invalid final delivery`, `recipient address rejected: access denied`, `all recipient addresses rejected : access denied`, `check if (the )?address is correct`,
		`(user|recipient|mailbox|account|address|addressee|alias|userid|person|name)s?( name)?( \S+)?( \(\S+\))?( address)?( is|:| was| are)?( currently)? (un-?known|not (found|known|exist|local|listed|recogni|valid|a valid|here|have)|does ?n.?t exist|does not exist|doesn.t have|un-?recogni[sz]ed|invalid|non-?existent|is invalid|nonexist|not have)`,
		`(unknown|invalid|no such|non-?existent|bad|illegal|no) (local |final |virtual |delivery |destination |remote |e-?mail )?(user|recipient|mailbox|account|address|addressee|alias|person|local part|userid)`,
		`not (our|a known|a valid|a local) (user|customer|recipient|mailbox)`, `no (mailbox|user|one|account|person) (here|by|with|of)`,
		`(this|the) (user|account|address|mailbox|e-?mail)[^.]{0,40} (does ?n.?t|does not|did not) exist`, `wasn.?t found`, `couldn.?t be found`,
		`can.?t be found`, `not (be )?found (at|in|on)`, `user unknown`, `unknown user`, `not listed in`, `is not a (known|valid|registered)`,
		`recipient not`, `mailbox not found`, `isn.?t a (valid|known)`,
		`does not have an? (account|mailbox|\S+ account)`, `there is no (user|such|account|one)`,
		`no longer (valid|exists?|in use|available|employed|with|works?|on server)`, `\b5\.1\.(1|10|3)\b`, `recipnotfound`, `userunknown`,
		`ad(d)?ressat unbekannt`, `empf.nger.{0,30}unbekannt`, `no existe`, `inexistente`, `inconnu`, `ist nicht bekannt`, `not our customer`,
		`no valid recipients`, `user doesn.?t`, `is unknown`, `(recipient|user)[^.]{0,20} (refused|not exist)`, `requested action not taken: no such`,
	)},
	{"network", false, said(
		`connection (timed out|refused|reset|closed|dropped|lost|failed|attempt)`, `timed? ?out`, `(network|host)( is)? unreachable`, `no route to host`,
		`(could ?n.?t|could not|cannot|can.?t|unable to|wasn.t able to) (connect|establish|contact|reach|open)`, `lost connection`, `no answer from`,
		`not respond`, `host (is )?(down|unreachable)`, `conversation (with|timed)`, `connection to .{0,60}failed`, `\b[45]\.4\.[12]\b`,
		`connection failed`,
	)},
	{"expired", false, said(
		`(message|mail)( has been| is| was|) in (the )?queue`, `queue (too|for)`,
		`(message|delivery time|retry (time|timeout)|time) ?(has )?(expired|exceeded)`, `retry (time ?out|time)`, `too (long|old)`,
		`not delivered (for|after|within)`, `failing for a long time`, `could not be delivered (for|within|after)`, `undeliver\w+ (for|after)`, `delivery (attempts|time)`,
		`has not (yet )?been delivered`, `delayed`, `still (trying|being)`, `will (keep|continue)`, `\b[45]\.4\.7\b`, `giv(en|ing) up`, `multiple retries`,
	)},
	{"policy", false, said(
		`polic(y|ies)`, `prohibited`, `not allowed`, `administrative(ly)? (prohibit|reject|denied)`, `access (is )?denied`, `not permitted`, `restrict`,
		`security (reason|violation)`, `not authori[sz]ed`, `permission`, `transaction failed`, `rejected by (the )?(recipient|user|server|system|filter)`,
		`message (was |has been )?(rejected|refused)`, `filtered`, `\b5\.7\.\d+\b`,
	)},
	{"system", false, said(
		`local (error|configuration|delivery)`, `system (error|failure|not)`, `server (error|configuration)`, `i/o error`, `configuration (error|problem)`,
		`internal (error|server)`, `mailer (error|failed|died)`, `command (died|failed|output)`, `unexpected`, `program`, `pipe`,
		`cannot (create|open|append)`, `temporar(y|ily) (failure|error|unavailable|lookup)`, `service (not available|unavailable)`, `can.?t (create|open)`,
		`error writing`, `\b[45]\.3\.[05]\b`,
	)},
}

// said makes one pattern of several, which are tried on text in small letters
// with single blanks.
func said(patterns ...string) *regexp.Regexp { return regexp.MustCompile(strings.Join(patterns, "|")) }

// statusReasons say what a status (RFC 3463) means where no word does.
var statusReasons = map[string]string{
	"1.1": "user_unknown", "1.10": "no_mail", "1.2": "host_unknown", "1.6": "moved", "1.7": "sender_refused", "1.8": "sender_refused",
	"2.1": "suspended", "2.2": "mailbox_full", "2.3": "too_big", "3.1": "mailbox_full", "3.2": "no_mail", "3.4": "too_big",
	"4.1": "network", "4.2": "network", "4.4": "host_unknown", "4.6": "loop", "4.7": "expired", "7.1": "policy",
}

// reasonOf puts the words of a server, and its status, into our vocabulary. A
// status of class 4 is never hard: the server itself says to try again.
func reasonOf(text, status string) (word string, hard bool) {
	text = strings.ReplaceAll(oneLine(text), "_", " ")
	transient := strings.HasPrefix(status, "4") || status == "" && transientCode.MatchString(text)
	for _, r := range reasons {
		switch {
		case text == "" || !r.spoken.MatchString(text):
		default:
			return r.word, r.hard && !transient
		}
	}
	if len(status) > 2 {
		if word := statusReasons[status[2:]]; word != "" {
			return word, isHard(word) && !transient
		}
	}
	return unknownReason, false
}

// doubted says whether "user unknown" may be the words of a filter: many
// carriers refuse with them what their customers do not want to see. Another
// server's words are believed where its status says that the address is wrong
// (RFC 3463, 3.2), or where it refused the address as soon as it was named
// (RFC 5321, 3.3); what the reporting server says of its own users is believed.
func doubted(status string, said ...string) bool {
	text := oneLine(strings.Join(said, "\n"))
	switch {
	case addressStatus.MatchString(status):
		return false
	case afterData.MatchString(text):
		return true
	}
	return (replyCode.MatchString(text) || mailboxStatus.MatchString(status)) && !refusedByName.MatchString(text)
}

var (
	addressStatus = regexp.MustCompile(`^[45]\.1\.`)
	mailboxStatus = regexp.MustCompile(`^[45]\.2\.[01]$`)
	replyCode     = regexp.MustCompile(`\b5[05]\d\b`)
	refusedByName = regexp.MustCompile(`\brcpt\b|\b[45]\.1\.(0|1|3|10)\b|does not like recipient|requested action not taken: mailbox (unavailable|not available)|n.t have an? \S+ account`)
)

var afterData = regexp.MustCompile(`in reply to (end of )?data|after (end of )?data\b|>>> data\b|smtp command data|end of message`)

var transientCode = regexp.MustCompile(`\b4[0-9][0-9][ -]4\.[0-9]+\.[0-9]+|\bsaid: 4[0-9][0-9] |host not found, try again|temporar(y|ily)`)

func isHard(word string) bool {
	for _, r := range reasons {
		if r.word == word {
			return r.hard
		}
	}
	return false
}
