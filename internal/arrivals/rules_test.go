package arrivals

import (
	"testing"

	"postroom/internal/letter"
	"postroom/internal/postroom"
)

func TestTheRuleThatSaysMostExactlyWhichLettersItMeansIsAsked(t *testing.T) {
	t.Parallel()
	const domain, list, address = postroom.RuleByDomain, postroom.RuleByList, postroom.RuleByAddress
	about := func(id int, by postroom.RuleBy, who, words string) postroom.Rule {
		return postroom.Rule{ID: id, Mailbox: "support@org.example", By: by, Who: who, Words: words}
	}
	here := arrival{Letter: postroom.Letter{Mailbox: "Support@org.example"}, read: letter.Read([]byte(
		"From: Offers <Offers@Shop.example>\nList-Id: \"News\" <News.shop.example>\nSubject: A special  OFFER\n\nHello"))}
	for _, c := range []struct {
		name  string
		rules []postroom.Rule // the newest first, as they are listed
		want  int
	}{
		{"there is none", nil, 0},
		{"none is about it", []postroom.Rule{about(3, address, "sales@shop.example", ""), about(2, domain, "op.example", ""), about(1, list, "shop.example", "")}, 0},
		{"an address goes before a list and a list before a domain", []postroom.Rule{about(3, domain, "shop.example", ""), about(2, address, "offers@shop.example", ""), about(1, list, "news.shop.example", "")}, 2},
		{"a list goes before a domain with words", []postroom.Rule{about(2, domain, "shop.example", "special offer"), about(1, list, "news.shop.example", "")}, 1},
		{"words go before none", []postroom.Rule{about(2, address, "offers@shop.example", ""), about(1, address, "offers@shop.example", "special offer")}, 1},
		{"words that do not stand there are another letter's", []postroom.Rule{about(2, address, "offers@shop.example", "special"), about(1, address, "offers@shop.example", "specials")}, 2},
		{"the newer goes before the older", []postroom.Rule{about(2, domain, "shop.example", ""), about(1, domain, "shop.example", "")}, 2},
		{"a rule that forgot whom it was about means nobody", []postroom.Rule{about(1, address, "", "")}, 0},
		{"another mailbox has its own", []postroom.Rule{{ID: 1, Mailbox: "news@org.example", By: address, Who: "offers@shop.example"}}, 0},
	} {
		if rule, found := closest(c.rules, here); rule.ID != c.want || found != (c.want > 0) {
			t.Errorf("%s: rule %d is asked, want %d", c.name, rule.ID, c.want)
		}
	}
	if rule, found := closest([]postroom.Rule{about(1, address, "", ""), about(2, list, "", ""), about(3, domain, "", "")}, arrival{Letter: here.Letter, read: letter.Read([]byte("Subject: x\n\nHello"))}); found {
		t.Errorf("rule %d means a letter of nobody", rule.ID)
	}
}

func TestADomainOfEverybodyIsKnown(t *testing.T) {
	t.Parallel()
	for domain, want := range map[string]bool{
		"gmail.com": true, "hotmail.fr": true, "live.co.uk": true, "me.com": true, "ukr.net": true, "mail.ru": true, "com": true, "org.uk": true,
		"shop.example.org": false, "communityaction.org.uk": false, "me.org.uk": false, "live-arts.org.uk": false,
	} {
		if got := everybodys(domain); got != want {
			t.Errorf("%s: %t, want %t", domain, got, want)
		}
	}
}
