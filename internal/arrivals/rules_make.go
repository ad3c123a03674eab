package arrivals

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"postroom/internal/inbound"
	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Why a rule is not made.
var (
	ErrEverybodys  = errors.New("anybody can have an address there")
	ErrOneAddress  = errors.New("a website is known by its one address")
	ErrNoList      = errors.New("no list sent this letter on")
	ErrNoSender    = errors.New("the letter does not say whom it is from")
	ErrNotSaid     = errors.New("these words do not stand in its subject")
	ErrSpared      = errors.New("the rule would not touch this letter")
	ErrSuchARule   = errors.New("there is such a rule already")
	ErrManyRules   = errors.New("there are too many rules")
	ErrNoRule      = errors.New("there is no such rule")
	ErrRuleRemoved = errors.New("the rule is removed already")
)

// mostRules is how many rules may stand: each letter is held against all.
const mostRules = 500

// Like says which letters a rule means, besides the one that a coordinator looks
// at, and what they are.
type Like struct {
	By     postroom.RuleBy
	Words  string // in the subject; "" is any
	Says   postroom.RuleSays
	Target string // a form or a coordinator; "" is none
}

// RuleLike is the rule about letters like one, or says why there can be none.
// Nothing is on file yet: a rule can be tried before it is made.
func (in *Arrivals) RuleLike(ctx context.Context, l postroom.Letter, like Like) (postroom.Rule, error) {
	read, v, err := in.Look(ctx, l)
	if err != nil {
		return postroom.Rule{}, err
	}
	rule := postroom.Rule{
		Mailbox: strings.ToLower(l.Mailbox), By: like.By, Who: knownBy(like.By, read), Words: strings.TrimSpace(like.Words),
		Says: like.Says, Target: like.Target,
	}
	if err := errors.Join(in.meansNoOther(rule), in.names(rule), said(rule, read)); err != nil {
		return rule, err
	}
	_, spared, err := in.under(ctx, rule, arrival{Letter: l, read: read, verdict: v, at: in.Clock.Now()})
	switch {
	case err != nil:
		return rule, err
	case spared != "" && spared != SparedWorrying && spared != SparedConversation: // which others need not be
		return rule, fmt.Errorf("%w: %s", ErrSpared, spared)
	}
	return rule, nil
}

// meansNoOther refuses rules about more people than a coordinator can have in
// mind, and about ourselves.
func (in *Arrivals) meansNoOther(r postroom.Rule) error {
	ours := in.Ours().At(r.Mailbox)
	ours.WebsiteForms = nil
	switch {
	case r.Who == "" && r.By == postroom.RuleByList:
		return ErrNoList
	case r.Who == "":
		return ErrNoSender
	case r.Says == postroom.RuleWebsite && r.By != postroom.RuleByAddress:
		return ErrOneAddress
	case r.By == postroom.RuleByDomain && everybodys(r.Who):
		return fmt.Errorf("a rule about all of %s would be about everybody who writes from there: %w; make it about the one address", r.Who, ErrEverybodys)
	case ours.Owns(r.Who), ownHouse(ours, r):
		return ErrOurs
	}
	return nil
}

// ownHouse says whether a rule is about a domain or a list of our own.
func ownHouse(ours inbound.Ours, r postroom.Rule) bool {
	return slices.ContainsFunc(slices.Concat(ours.Mailboxes, ours.Staff), func(address string) bool {
		_, domain, _ := strings.Cut(address, "@")
		return r.By == postroom.RuleByDomain && domain == r.Who ||
			r.By == postroom.RuleByList && strings.Replace(address, "@", ".", 1) == r.Who
	})
}

// names checks that a rule about what people ask names a form that there is.
func (in *Arrivals) names(r postroom.Rule) error {
	if r.Says != postroom.RuleEnquiry && (r.Says != postroom.RuleWebsite || r.Target == "") {
		return nil
	}
	if _, ok := in.Programmes.Form(r.Target); !ok {
		return fmt.Errorf("there is no form called %s: %w", r.Target, ErrNoForm)
	}
	return nil
}

func said(r postroom.Rule, l letter.Letter) error {
	if r.Words != "" && !programme.NewPhrases(r.Words).In(l.Subject) {
		return ErrNotSaid
	}
	return nil
}

// everybodys says whether a domain gives addresses to everybody, or is one below
// which everybody can have a domain.
func everybodys(domain string) bool {
	name, _, _ := strings.Cut(domain, ".")
	if suffix, _ := publicsuffix.PublicSuffix(domain); suffix == domain {
		return true
	}
	return slices.Contains([]string{
		"gmail", "googlemail", "hotmail", "outlook", "live", "msn", "yahoo", "ymail", "rocketmail", "icloud", "aol", "gmx", "yandex", "proton", "protonmail",
		"tutanota", "tuta", "hushmail", "fastmail", "zohomail", "virginmedia", "btinternet", "btopenworld", "talktalk", "ntlworld", "blueyonder", "tiscali",
	}, name) || slices.Contains([]string{
		"me.com", "mac.com", "mail.com", "email.com", "pm.me", "sky.com", "zoho.com", "virgin.net", "plus.com", "o2.co.uk", "talk21.com", "lineone.net", "supanet.com",
		"mail.ru", "bk.ru", "inbox.ru", "list.ru", "rambler.ru", "ukr.net", "i.ua", "meta.ua", "bigmir.net", "web.de", "t-online.de", "freenet.de", "orange.fr",
		"wanadoo.fr", "free.fr", "laposte.net", "libero.it", "wp.pl", "o2.pl", "onet.pl", "interia.pl", "seznam.cz", "qq.com", "163.com", "126.com", "naver.com",
	}, domain)
}

// MakeRule puts a rule on file. It holds for letters that come from now on, and
// for those that are read again.
func (in *Arrivals) MakeRule(ctx context.Context, rule postroom.Rule, by string) (postroom.Rule, error) {
	made := rule
	err := in.Store.Write(ctx, func(tx *store.Tx) error {
		standing, err := tx.Rules()
		if err != nil {
			return fmt.Errorf("list rules: %w", err)
		}
		if len(standing) >= mostRules {
			return fmt.Errorf("%d rules stand: %w", len(standing), ErrManyRules)
		}
		if i := slices.IndexFunc(standing, func(r postroom.Rule) bool { return sameLetters(r, rule) }); i >= 0 {
			return fmt.Errorf("rule %d is about the same letters: %w", standing[i].ID, ErrSuchARule)
		}
		made = rule
		made.MadeBy, made.MadeAt = by, in.Clock.Now()
		if made, err = tx.AddRule(made); err != nil {
			return err
		}
		return tx.Audit(by, "rule is made", ruleSubject(made.ID), made.MadeAt)
	})
	return made, err
}

func sameLetters(a, b postroom.Rule) bool {
	return a.Mailbox == b.Mailbox && a.By == b.By && a.Who == b.Who && strings.EqualFold(a.Words, b.Words)
}

func ruleSubject(id int) string { return fmt.Sprintf("rule %d", id) }

// RemoveRule ends a rule. What it has done stays done.
func (in *Arrivals) RemoveRule(ctx context.Context, id int, by string) error {
	return in.Store.Write(ctx, func(tx *store.Tx) error {
		rule, err := tx.Rule(id)
		switch {
		case err != nil && postroom.KindOf(err) == postroom.NotFound:
			return ErrNoRule
		case err != nil:
			return err
		case !rule.RemovedAt.IsZero():
			return fmt.Errorf("%w, by %s", ErrRuleRemoved, rule.RemovedBy)
		}
		at := in.Clock.Now()
		if _, err := tx.RemoveRule(id, by, at); err != nil {
			return err
		}
		return tx.Audit(by, "rule is removed", ruleSubject(id), at)
	})
}

// Touched is a letter that a rule means, and what became of that.
type Touched struct {
	Letter  postroom.Letter
	Subject string
	Class   postroom.LetterClass // what the rule would take it for
	Spared  Spared               // why the rule would leave it; "" where it would not
}

// TryRule holds a rule against the newest letters on file, and says how many those
// were and which the rule means. Nothing changes.
func (in *Arrivals) TryRule(ctx context.Context, rule postroom.Rule, newest int) (tried int, touched []Touched, err error) {
	letters, err := in.Store.Read(ctx).Letters(newest)
	if err != nil {
		return 0, nil, fmt.Errorf("list letters: %w", err)
	}
	for _, l := range letters {
		read, v, err := in.Look(ctx, l)
		if err != nil {
			return 0, nil, err
		}
		a := arrival{Letter: l, read: read, verdict: v, at: in.Clock.Now()}
		if l.Folder != postroom.Inbox || !means(rule, a) {
			continue
		}
		ruled, spared, err := in.under(ctx, rule, a)
		if err != nil {
			return 0, nil, err
		}
		touched = append(touched, Touched{Letter: l, Subject: read.Subject, Class: ruled.verdict.Class, Spared: spared})
	}
	return len(letters), touched, nil
}
