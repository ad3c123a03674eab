package arrivals

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"postroom/internal/inbound"
	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Spared is why a rule leaves a letter what it is; "" where it does not.
type Spared string

// Why a rule leaves a letter what it is. A rule is a convenience: it comes after
// everything that keeps a person's letter from being lost and mail from going in
// a circle.
const (
	SparedOurs         Spared = "one of us wrote it"
	SparedReport       Spared = "it reports on a mail of ours"
	SparedUnread       Spared = "it could not be read"
	SparedLeaving      Spared = "it asks to leave a list"
	SparedConversation Spared = "it goes on a conversation with us"
	SparedWorrying     Spared = "somebody in it may be in danger"
	SparedVisitor      Spared = "somebody wrote it on the form of a website"
	SparedUnverified   Spared = "nobody vouches for its sender (see authserv_id)"
	SparedAlready      Spared = "it is put aside by itself"
	SparedMachine      Spared = "a machine wrote it, and answers to machines go in a circle"
	SparedWholeList    Spared = "it bears the list's own address, and the whole list would get the answer"
	SparedNoForm       Spared = "no form of a website stands in it"
)

// underRules has letters taken for what coordinators have said of letters like
// them.
func (in *Arrivals) underRules(ctx context.Context, arrivals []arrival) error {
	rules, err := in.Store.Read(ctx).Rules()
	if err != nil {
		return fmt.Errorf("list rules: %w", err)
	}
	for i, a := range arrivals {
		rule, found := closest(rules, a)
		if !found {
			continue
		}
		ruled, spared, err := in.under(ctx, rule, a)
		if err != nil {
			return err
		}
		if spared == "" {
			arrivals[i] = ruled
		}
	}
	return nil
}

// closest is the rule that says most exactly which letters it means; of two that
// say it alike, the newer one. Where that one spares a letter, no other is asked.
func closest(rules []postroom.Rule, a arrival) (rule postroom.Rule, found bool) {
	for _, r := range rules { // the newest first
		if means(r, a) && (!found || exact(r) > exact(rule)) {
			rule, found = r, true
		}
	}
	return rule, found
}

func exact(r postroom.Rule) int {
	n := 2 * slices.Index([]postroom.RuleBy{postroom.RuleByDomain, postroom.RuleByList, postroom.RuleByAddress}, r.By)
	if r.Words != "" {
		n++
	}
	return n
}

// means says whether a rule is about a letter.
func means(r postroom.Rule, a arrival) bool {
	if !strings.EqualFold(r.Mailbox, a.Mailbox) || r.Who == "" || r.Who != knownBy(r.By, a.read) {
		return false
	}
	return r.Words == "" || programme.NewPhrases(r.Words).In(a.read.Subject)
}

// knownBy is by what a rule of this kind knows a letter, or "".
func knownBy(by postroom.RuleBy, l letter.Letter) string {
	switch by {
	case postroom.RuleByAddress:
		return inbound.Sender(l)
	case postroom.RuleByDomain:
		_, domain, _ := strings.Cut(inbound.Sender(l), "@")
		return domain
	case postroom.RuleByList:
		return listID(l)
	}
	return ""
}

// listID is the name of the list that sent a letter on (RFC 2919, section 2),
// without what it is called for people, or "".
func listID(l letter.Letter) string {
	id := l.Header.Get("List-Id")
	id = id[strings.LastIndexByte(id, '<')+1:]
	id, _, _ = strings.Cut(id, ">")
	return strings.ToLower(strings.TrimSpace(id))
}

// under is a letter as a rule has it, or why the rule spares it.
func (in *Arrivals) under(ctx context.Context, r postroom.Rule, a arrival) (arrival, Spared, error) {
	if spared := in.spared(r, a); spared != "" {
		return a, spared, nil
	}
	if goesOn, err := in.goesOn(ctx, a); err != nil || goesOn {
		return a, SparedConversation, err
	}
	a, spared := in.taken(r, a)
	a.Class, a.rule = a.verdict.Class, &r
	return a, spared, nil
}

// spared says why no rule may touch a letter, or none that does more than put
// aside. What anybody can forge, the sender first of all, is enough to put a
// letter aside that only says so of itself, and for nothing else.
func (in *Arrivals) spared(r postroom.Rule, a arrival) Spared {
	switch v := a.verdict; {
	case a.Folder == postroom.SentFolder, v.Own != "", v.Staff:
		return SparedOurs
	case reports(v.Class):
		return SparedReport
	case slices.Contains(v.Against, "unreadable"):
		return SparedUnread
	case v.Class == postroom.LetterUnsubscribe:
		return SparedLeaving
	case v.Class == postroom.LetterReply, v.Reference != "", v.Answers != "":
		return SparedConversation
	case in.worries(a):
		return SparedWorrying
	case r.PutsAside() && v.Behind != nil && v.Behind.By == inbound.ByWebsite:
		return SparedVisitor
	case !r.PutsAside() && !v.Verified:
		return SparedUnverified
	}
	return ""
}

func reports(class postroom.LetterClass) bool {
	switch class {
	case postroom.LetterBounce, postroom.LetterComplaint, postroom.LetterDeliveredNotice, postroom.LetterReceipt:
		return true
	}
	return false
}

// worries looks at all that a letter says, also at what it passes on.
func (in *Arrivals) worries(a arrival) bool {
	_, worrying := in.Programmes.Worrying(programme.Fold(a.verdict.AllWords(a.read)))
	return worrying
}

// goesOn says whether a letter goes on something that is on file: a submission,
// or what staff wrote.
func (in *Arrivals) goesOn(ctx context.Context, a arrival) (bool, error) {
	r := in.Store.Read(ctx)
	if _, found, err := in.threadOf(r, a.read.Refs()); err != nil || found {
		return found, err
	}
	for _, id := range a.read.Refs() {
		letters, err := r.LettersNamed(id)
		if err != nil {
			return false, fmt.Errorf("list letters that letter %s names: %w", a.ID, err)
		}
		if slices.ContainsFunc(letters, func(l postroom.Letter) bool { return l.Folder == postroom.SentFolder }) {
			return true, nil
		}
	}
	return false, nil
}

// taken is a letter taken for what a rule says that it is.
func (in *Arrivals) taken(r postroom.Rule, a arrival) (arrival, Spared) {
	switch r.Says {
	case postroom.RuleBulk:
		return a.asideAs(postroom.LetterList)
	case postroom.RuleAutomatic:
		return a.asideAs(postroom.LetterAutoReply)
	case postroom.RuleEnquiry:
		return in.asEnquiry(a)
	case postroom.RuleWebsite:
		return in.asVisitors(a)
	}
	return a, ""
}

func (a arrival) asideAs(class postroom.LetterClass) (arrival, Spared) {
	switch a.verdict.Class {
	case postroom.LetterList, postroom.LetterAutoReply:
		return a, SparedAlready
	}
	a.verdict.Class, a.verdict.Answerable, a.verdict.Against = class, false, append(slices.Clone(a.verdict.Against), "not_a_person")
	return a, ""
}

// asEnquiry is a letter as if no list had sent it on: all else that speaks
// against an answer stands. Only what a list or a person sent is taken for an
// enquiry; whatever else has the marks of a machine keeps them.
func (in *Arrivals) asEnquiry(a arrival) (arrival, Spared) {
	switch a.verdict.Class {
	case postroom.LetterSubmission:
		return a, ""
	case postroom.LetterList:
	default:
		return a, SparedMachine
	}
	if bearsList(a.read) {
		return a, SparedWholeList
	}
	direct := a.read
	direct.Header = slices.DeleteFunc(slices.Clone(direct.Header), ofList)
	a.verdict = inbound.Classify(direct, in.Ours().At(a.Mailbox), a.asOf())
	switch a.verdict.Class {
	case postroom.LetterSubmission, postroom.LetterUnsubscribe:
		return a, ""
	}
	return a, SparedMachine
}

// ofList says whether a field is there because a list sent the letter on.
func ofList(f letter.Field) bool {
	name := strings.ToLower(f.Name)
	if name == "precedence" {
		word := strings.ToLower(strings.TrimSpace(f.Value))
		return word == "list" || word == "bulk"
	}
	return strings.HasPrefix(name, "list-") || name == "mailing-list" || name == "x-mailing-list"
}

// bearsList says whether a list wrote its own address where the person's was, as
// many do whose members' domains refuse letters that pass through.
func bearsList(l letter.Letter) bool {
	sender := inbound.Sender(l)
	return listID(l) == strings.Replace(sender, "@", ".", 1) || strings.Contains(strings.ToLower(l.Header.Get("List-Post")), "mailto:"+sender)
}

// asVisitors is a letter as if the settings named its sender in website_forms:
// then the visitor is answered, and never the sender.
func (in *Arrivals) asVisitors(a arrival) (arrival, Spared) {
	ours := in.Ours().At(a.Mailbox)
	ours.WebsiteForms = append(slices.Clone(ours.WebsiteForms), inbound.Sender(a.read))
	a.verdict = inbound.Classify(a.read, ours, a.asOf())
	if b := a.verdict.Behind; b == nil || b.By != inbound.ByWebsite || !b.Believed {
		return a, SparedNoForm
	}
	return a, ""
}

// byRule is a reason with the rule that had its part in it.
func (a arrival) byRule(reason string) string {
	if a.rule == nil {
		return reason
	}
	return fmt.Sprintf("%s rule %d", reason, a.rule.ID)
}

func (a arrival) ruledTo(says postroom.RuleSays) bool { return a.rule != nil && a.rule.Says == says }

// ruledForm is the form that a rule names. A form that is gone is as if none had
// been named; and a letter that wants something else is for a person.
func (in *Arrivals) ruledForm(a arrival) (*programme.Form, bool) {
	if !a.ruledTo(postroom.RuleEnquiry) && !a.ruledTo(postroom.RuleWebsite) {
		return nil, false
	}
	form, ok := in.Programmes.Form(a.rule.Target)
	if !ok || inbound.Strays(form, a.words()) {
		return nil, false
	}
	return form, true
}

// toCoordinator keeps a letter for the coordinator whom a rule names. Its sender
// hears that we have it, where anything automatic may.
func (in *Arrivals) toCoordinator(ctx context.Context, a arrival) error {
	if copied, err := in.copied(ctx, a); err != nil || copied {
		return err
	}
	if b := a.verdict.Behind; b != nil && b.By == inbound.ByWebsite && a.mayAnswer() {
		a = a.byThePersonBehind()
	}
	if answered, err := in.staffHadWritten(ctx, a); err != nil {
		return err
	} else if answered {
		return in.answered(ctx, a)
	}
	answers, k := a.personal() && a.mayAnswer(), in.kept(a)
	return in.Store.Write(ctx, func(tx *store.Tx) error {
		if err := a.settle(tx, postroom.LetterTriage, reasonAssigned); err != nil {
			return err
		}
		if err := tx.AssignLetter(a.ID, a.rule.Target); err != nil || !answers {
			return err
		}
		return in.Workflow.Keep(tx, k, a.at)
	})
}
