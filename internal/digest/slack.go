package digest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/template"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Slack is where the counts of a morning are posted besides the mails.
type Slack struct {
	Targets []string                   // what is posted: All, Of(colleague), In(programme)
	Hook    func(target string) string // the address that a target is posted to: a secret
	Client  *http.Client               // nil is one that waits ten seconds
}

// All is the target for everything that waits.
const All = "all"

// Of is the target for what is in one colleague's list.
func Of(colleague string) string { return "of:" + colleague }

// In is the target for what waits in one programme.
func In(programme string) string { return "in:" + programme }

// slackWithin is how long a post may take.
const slackWithin = 10 * time.Second

// mostInSlack is how many references a post names.
const mostInSlack = 10

// orderPosts adds a job for each post of a day, unless it is there already.
func (d *Digests) orderPosts(tx *store.Tx, day string, now time.Time) error {
	if d.Slack == nil {
		return nil
	}
	for _, target := range d.Slack.Targets {
		if _, err := tx.AddJob(postroom.JobSlack, subject(target, day), postroom.DigestRun, now, now); err != nil {
			return err
		}
	}
	return nil
}

// Post posts what a job is about: how many wait, the references of those who wait
// longest, and how long, but no names and nothing discreet. A day that is over is
// not posted any more, and neither is that nothing waits. A post whose answer was
// lost may be there twice. The error says nothing of the address.
func (d *Digests) Post(ctx context.Context, subject string) error {
	target, day := parse(subject)
	now := d.Clock.Now()
	if d.Slack == nil || day != d.day(now) || !slices.Contains(d.Slack.Targets, target) {
		return nil
	}
	if err := d.Team.Refresh(ctx); err != nil {
		return err
	}
	p, err := d.tally(ctx, target, now)
	if err != nil || p.Waiting+p.Letters+p.Calls == 0 {
		return err
	}
	body, err := d.blocks(p)
	if err != nil {
		return err
	}
	return d.Slack.post(ctx, d.Slack.Hook(target), body)
}

// posted is what a post says.
type posted struct {
	Whose, Programme        string // "" is everybody's, and every one
	Waiting, Letters, Calls int
	Longest                 []Item
}

// tally adds up what waits in the lists that a target is about. Everything that
// waits is in exactly one list, so that all of them are all of it.
func (d *Digests) tally(ctx context.Context, target string, at time.Time) (p posted, err error) {
	whose, one := strings.CutPrefix(target, Of(""))
	in, some := strings.CutPrefix(target, In(""))
	if one {
		p.Whose = whose
	}
	if prog, known := d.Programmes.Programme(in); some && known && !prog.Discreet {
		p.Programme = prog.Title.In("en")
	}
	for _, c := range d.readers(at) {
		if one && c.Name != whose {
			continue
		}
		g := d.begin(ctx, d.reading(c, at), at)
		g.limit = bound
		for _, read := range []func() error{g.waiting, g.triage, g.calls} {
			if err := read(); err != nil {
				return p, fmt.Errorf("add up who waits: %w", err)
			}
		}
		theirs := func(i Item) bool { return !some || i.Programme == in }
		p.Waiting += count(g.out.Waiting, theirs)
		p.Letters += count(g.out.Letters, theirs)
		p.Calls += count(g.out.Calls, theirs)
		for _, i := range g.out.Waiting.Items {
			if theirs(i) && !i.secret {
				p.Longest = append(p.Longest, i)
			}
		}
	}
	slices.SortStableFunc(p.Longest, func(a, b Item) int {
		return cmp.Or(first(a.Overdue, b.Overdue), a.Since.Compare(b.Since))
	})
	p.Longest = p.Longest[:min(len(p.Longest), mostInSlack)]
	return p, nil
}

func count(s Section[Item], is func(Item) bool) (n int) {
	for _, i := range s.Items {
		if is(i) {
			n++
		}
	}
	return n
}

// blocks writes a post in Block Kit: the first paragraph of the template is its
// heading, the others are sections.
func (d *Digests) blocks(p posted) ([]byte, error) {
	var b strings.Builder
	if err := d.post.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("write post: %w", err)
	}
	type words struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	type block struct {
		Type string `json:"type"`
		Text words  `json:"text"`
	}
	var message struct {
		Text   string  `json:"text"` // what a notification shows
		Blocks []block `json:"blocks"`
	}
	for i, part := range strings.Split(strings.TrimSpace(b.String()), "\n\n") {
		if i == 0 {
			message.Text = part
			message.Blocks = append(message.Blocks, block{"header", words{"plain_text", part}})
			continue
		}
		message.Blocks = append(message.Blocks, block{"section", words{"mrkdwn", part}})
	}
	return json.Marshal(message)
}

// readPost reads the template of a post. What it prints of people and programmes
// is made harmless by "plain".
func readPost(text string) (*template.Template, error) {
	signs := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "*", "", "_", "", "`", "", "~", "", "\n", " ")
	return template.New("slack.txt").Funcs(template.FuncMap{
		"plain":  signs.Replace,
		"plural": language{tag: "en"}.plural,
	}).Parse(text)
}

// post sends a body to a webhook. What went wrong is told without the address,
// because whoever has that can write into the channel.
func (s *Slack) post(ctx context.Context, hook string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, slackWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, hook, bytes.NewReader(body))
	if err != nil {
		return errors.New("post to Slack: the webhook is no address")
	}
	request.Header.Set("Content-Type", "application/json")
	client := s.Client
	if client == nil {
		client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	response, err := client.Do(request)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err // without the address
	}
	if err != nil {
		return fmt.Errorf("post to Slack: %w", err)
	}
	defer response.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(response.Body, 100)) // one word, such as no_service
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("post to Slack: it said %s %q", response.Status, said)
	}
	return nil
}
