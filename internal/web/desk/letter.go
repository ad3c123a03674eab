package desk

import (
	"cmp"
	"context"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"postroom/internal/arrivals"
	"postroom/internal/casework"
	"postroom/internal/inbound"
	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/web"
)

// Letters is the room that reads letters.
type Letters interface {
	// Look reads a letter on file once more: what is in it, and who is behind it.
	Look(ctx context.Context, l postroom.Letter) (letter.Letter, inbound.Verdict, error)
	// Offers says of each attachment why it is not kept; "" where it is.
	Offers(ctx context.Context, l postroom.Letter, read letter.Letter) ([]programme.Refusal, error)
	// RuleLike is the rule about letters like one, or why there can be none.
	RuleLike(ctx context.Context, l postroom.Letter, like arrivals.Like) (postroom.Rule, error)
	MakeRule(ctx context.Context, rule postroom.Rule, by string) (postroom.Rule, error)
}

func (d *Desk) letterRoutes() []route {
	return []route{
		{"GET /desk/letter/{id}", readers(), d.letter},
		{"GET /desk/letter/{id}/attachment/{n}", readers(), d.attachment},
		{"POST /desk/letter/{id}/{act}", readers(), d.actOnLetter},
	}
}

// oneLetter is one letter as a colleague reads it.
type oneLetter struct {
	ID, Link    string
	At          When
	From        string
	Staff       bool // one of us wrote it, with their own mail program
	Alone       bool // its subject is the page's
	Subject     string
	Text        string
	Signature   string
	Quoted      string
	Whole       string // all of it, where answers stand between the quoted lines
	Behind      string // who is behind it, in words
	BehindText  string // what they wrote, where it is passed on
	Attachments []attachedView
}

type attachedView struct {
	Name, Size, Link, Why string
}

// oneLetter reads a letter for whoever looks at it.
func (d *Desk) oneLetter(r *request, l postroom.Letter) (oneLetter, error) {
	v, _, _, err := d.readLetter(r, l)
	return v, err
}

func (d *Desk) readLetter(r *request, l postroom.Letter) (oneLetter, letter.Letter, inbound.Verdict, error) {
	v := oneLetter{ID: l.ID, Link: "/desk/letter/" + l.ID, At: d.when(l.ReceivedAt), From: l.Address, Staff: l.Folder == postroom.SentFolder}
	read, verdict, err := d.Letters.Look(r.Context(), l)
	if postroom.KindOf(err) == postroom.NotFound && err != nil { // what it said is forgotten
		return v, read, verdict, nil
	}
	if err != nil {
		return v, read, verdict, err
	}
	shown := inbound.Show(read)
	v.From, v.Subject, v.Text, v.Signature, v.Quoted = cmp.Or(writers(read), l.Address), read.Subject, shown.Text, shown.Signature, shown.Quoted
	if shown.Between {
		v.Whole = read.Text
	}
	if b := verdict.Behind; b != nil {
		v.Behind = d.behind(b)
		if b.By == inbound.ByForward {
			v.BehindText = b.Text
		}
	}
	refused, err := d.Letters.Offers(r.Context(), l, read)
	if err != nil {
		return v, read, verdict, err
	}
	for i, a := range read.Attachments {
		v.Attachments = append(v.Attachments, d.attached(l, i, a, refused[i]))
	}
	return v, read, verdict, nil
}

func writers(l letter.Letter) string {
	var all []string
	for _, a := range l.From {
		name := strings.TrimSpace(a.Name)
		if name == "" || name == a.Address {
			all = append(all, a.Address)
			continue
		}
		all = append(all, name+" ("+a.Address+")")
	}
	return strings.Join(all, ", ")
}

func (d *Desk) attached(l postroom.Letter, i int, a letter.Attachment, refused programme.Refusal) attachedView {
	v := attachedView{Name: cmp.Or(a.Name, d.say(postroom.Say("desk.letter.no_name"))), Size: d.size(a.Size)}
	if refused != "" {
		v.Why = d.keyed("desk.attachment." + string(refused))
		return v
	}
	v.Link = "/desk/letter/" + l.ID + "/attachment/" + strconv.Itoa(i+1)
	return v
}

// size is how large something is, as people say it.
func (d *Desk) size(bytes int) string {
	const kilo, mega = 1 << 10, 1 << 20
	if bytes >= mega {
		return strconv.FormatFloat(float64(bytes)/mega, 'f', 1, 64) + " MB"
	}
	return strconv.Itoa(max(1, bytes/kilo)) + " kB"
}

// behind says who is behind a letter.
func (d *Desk) behind(b *inbound.Behind) string {
	who := cmp.Or(strings.TrimSpace(b.Name), d.say(postroom.Say("desk.letter.somebody")))
	for _, more := range []string{b.Address, b.Phone} {
		if more != "" && more != who {
			who += " (" + more + ")"
		}
	}
	switch {
	case b.By == inbound.ByForward:
		return d.say(postroom.Say("desk.letter.behind_forward", "who", who))
	case b.Believed:
		return d.say(postroom.Say("desk.letter.behind_website", "who", who))
	}
	return d.say(postroom.Say("desk.letter.behind_unvouched", "who", who))
}

// oneLetterPage is one letter.
type oneLetterPage struct {
	matterPage
	Mailbox    string
	Why        string // why it needs a person
	Submission string // link to what it became; "" where it became nothing
	Letter     oneLetter
	Facts      []guess
	FilePerson string
	FileName   string
	Forms      []option
	Rules      []option // what can be said about letters like it
}

// guess is something that the letter seems to say about its writer.
type guess struct{ Name, Value, Sure string }

// letter shows one letter.
func (d *Desk) letter(w http.ResponseWriter, r *request) error {
	return d.showOneLetter(w, r, http.StatusOK, typed{}, "")
}

func (d *Desk) showOneLetter(w http.ResponseWriter, r *request, status int, t typed, mistake string) error {
	l, err := r.read(d).Letter(r.PathValue("id"))
	if err != nil {
		return err
	}
	ref := casework.Ref{Matter: postroom.AboutLetter, ID: l.ID}
	a, name, err := d.accessLetter(r, l)
	if err != nil {
		return err
	}
	p := oneLetterPage{matterPage: d.matterPage(r, ref, l.Reference, l.ReceivedAt, a), Mailbox: l.Mailbox}
	p.Title = d.say(postroom.Say("desk.letter.title"))
	p.Typed, p.Mistake, p.Told = t, mistake, d.told(name)
	if a.shut() || a.sealed() {
		return d.render(w, r, status, "letter.html", p)
	}
	if err := d.Casework.Open(r.Context(), r.Who, ref); err != nil {
		return err
	}
	if err := d.fillLetter(r, &p, l); err != nil {
		return err
	}
	return d.render(w, r, status, "letter.html", p)
}

// accessLetter is what somebody may do with a letter, and the programme by which
// they may.
func (d *Desk) accessLetter(r *request, l postroom.Letter) (a access, name string, err error) {
	var sub postroom.Submission
	boxes := d.programmesAt(l.Mailbox)
	if len(boxes) > 0 {
		name = boxes[0].Name
	}
	if l.Submission != "" {
		if sub, err = r.read(d).Submission(l.Submission); err != nil {
			return a, "", err
		}
		name, boxes = sub.Programme, nil
	}
	a, err = d.access(r, casework.Ref{Matter: postroom.AboutLetter, ID: l.ID}, sub, boxes)
	return a, name, err
}

// fillLetter adds what only whoever may open it sees.
func (d *Desk) fillLetter(r *request, p *oneLetterPage, l postroom.Letter) error {
	view, read, verdict, err := d.readLetter(r, l)
	if err != nil {
		return err
	}
	p.Letter, p.Letter.Alone = view, view.Subject != ""
	if view.Subject != "" {
		p.Title = view.Subject
	}
	owner := d.Team.OwnerOfMailbox(l.Mailbox, l.AssignedTo, d.now())
	p.stand(d, r, "letter_"+string(l.State), l.AssignedTo, l.SnoozedUntil, d.say(postroom.Say("desk.owner.letter", "name", owner.Name)))
	if l.Submission != "" {
		p.Submission = "/desk/submission/" + l.Submission
	}
	if p.Waits = l.State == postroom.LetterTriage; p.Waits {
		p.Why = d.whyTriage(l.Reason)
		d.filing(r, p, l, read, verdict)
		if _, ours := d.Team.At(l.Address); l.Address != "" && !ours {
			p.Reply = replyForm{Possible: true, To: l.Address, Text: p.Typed.Text}
			for _, name := range []string{readyGreeting, readyThanks} {
				p.Reply.Ready = append(p.Reply.Ready, option{Value: name, Label: d.keyed("desk.ready." + name)})
			}
		}
		p.Rules = d.rulesLike(read, l)
	}
	return d.beside(r, &p.matterPage, casework.Ref{Matter: postroom.AboutLetter, ID: l.ID})
}

// filing fills in what is known of whose letter it is.
func (d *Desk) filing(r *request, p *oneLetterPage, l postroom.Letter, read letter.Letter, v inbound.Verdict) {
	_, ours := d.Team.At(l.Address)
	if !ours && !v.Staff {
		p.FilePerson = l.Address
	}
	if b := v.Behind; b != nil {
		p.FilePerson, p.FileName = cmp.Or(b.Address, b.Phone, p.FilePerson), b.Name
	}
	for _, f := range inbound.ReadFacts(nil, inbound.WritingOf(read, cmp.Or(v.Visible, read.Text), l.ReceivedAt.In(d.Org.Zone))) {
		name := d.keyed("desk.fact." + string(f.Kind))
		if name == "" || len(p.Facts) == mostFacts {
			continue
		}
		if f.Kind == inbound.FactName && p.FileName == "" {
			p.FileName = f.Value
		}
		p.Facts = append(p.Facts, guess{name, f.Value, d.keyed("desk.sure." + string(f.Confidence))})
	}
	p.FilePerson, p.FileName = cmp.Or(p.Typed.Person, p.FilePerson), cmp.Or(p.Typed.Name, p.FileName)
	for _, of := range d.programmesAt(l.Mailbox) {
		for _, f := range of.Forms {
			if r.Who.Reads(of.Name, "") && f.Event == "" && f.List == "" {
				p.Forms = append(p.Forms, option{f.Name, f.Title.In(english), f.Name == p.Typed.Form})
			}
		}
	}
}

// mostFacts is how many guesses about a letter are shown.
const mostFacts = 8

// rulesLike lists by what letters like one can be known from now on.
func (d *Desk) rulesLike(read letter.Letter, l postroom.Letter) (list []option) {
	if l.Address != "" {
		list = append(list, option{Value: string(postroom.RuleByAddress), Label: d.say(postroom.Say("desk.letter.rule_address", "address", l.Address))})
	}
	if read.Header.Get("List-Id") != "" {
		list = append(list, option{Value: string(postroom.RuleByList), Label: d.say(postroom.Say("desk.letter.rule_list"))})
	}
	return list
}

// actOnLetter does what a button on the page of a letter says.
func (d *Desk) actOnLetter(w http.ResponseWriter, r *request) error {
	ref := casework.Ref{Matter: postroom.AboutLetter, ID: r.PathValue("id")}
	acts := d.acts()
	acts["spam"] = d.spamLike
	if r.PathValue("act") == "file" {
		return d.file(w, r, ref)
	}
	return d.act(w, r, ref, acts, d.showOneLetter)
}

// file files a letter as what somebody sent, and goes to what it became.
func (d *Desk) file(w http.ResponseWriter, r *request, ref casework.Ref) error {
	as := casework.FileAs{Person: strings.TrimSpace(r.PostFormValue("person")), Name: strings.TrimSpace(r.PostFormValue("name")), Form: r.PostFormValue("form")}
	if form, known := d.Programmes.Form(as.Form); as.Form != "" && (!known || !r.Who.Reads(form.Programme.Name, "")) {
		return notYours()
	}
	reference, err := d.Casework.FileLetter(r.Context(), r.Who, ref.ID, as)
	switch postroom.KindOf(err) {
	case postroom.Invalid, postroom.Conflict:
		return d.showOneLetter(w, r, web.Status(err), typedIn(r), d.say(said(err)))
	}
	if err != nil {
		return err
	}
	sub, err := r.read(d).SubmissionWith(reference)
	if err != nil {
		return err
	}
	http.Redirect(w, r.Request, "/desk/submission/"+sub.ID, http.StatusSeeOther)
	return nil
}

// spamLike puts a letter aside, and makes a rule about letters like it where that
// is asked for. The letter comes first: without the rule, the next one is asked
// about again.
func (d *Desk) spamLike(r *request, ref casework.Ref) (postroom.Deed, error) {
	by := postroom.RuleBy(r.PostFormValue("rule"))
	l, err := r.read(d).Letter(ref.ID)
	if err != nil {
		return postroom.Deed{}, err
	}
	var rule postroom.Rule
	if by != "" {
		if may, err := d.Casework.May(r.Context(), r.Who, ref); err != nil || !may {
			return postroom.Deed{}, cmp.Or(err, notYours())
		}
		if rule, err = d.Letters.RuleLike(r.Context(), l, arrivals.Like{By: by, Says: postroom.RuleBulk}); err != nil {
			return postroom.Deed{}, &postroom.Error{Kind: postroom.Invalid, Say: postroom.Say("desk.letter.rule_not"), Cause: err}
		}
	}
	deed, err := d.Casework.Spam(r.Context(), r.Who, ref)
	if err != nil || by == "" {
		return deed, err
	}
	if _, err := d.Letters.MakeRule(r.Context(), rule, r.Who.Name); err != nil {
		d.Log.WarnContext(r.Context(), "a rule was not made", "err", err)
	}
	return deed, nil
}

// attachment hands out a file that came with a letter: as a file to keep, never as
// a page to look at, whatever it says it is.
func (d *Desk) attachment(w http.ResponseWriter, r *request) error {
	l, err := r.read(d).Letter(r.PathValue("id"))
	if err != nil {
		return err
	}
	ref := casework.Ref{Matter: postroom.AboutLetter, ID: l.ID}
	a, _, err := d.accessLetter(r, l)
	if err != nil {
		return err
	}
	if a.shut() {
		return notYours()
	}
	if a.sealed() { // its page asks first
		http.Redirect(w, r.Request, matterLink(ref), http.StatusSeeOther)
		return nil
	}
	read, _, err := d.Letters.Look(r.Context(), l)
	if err != nil {
		return err
	}
	refused, err := d.Letters.Offers(r.Context(), l, read)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 || n > len(refused) || refused[n-1] != "" {
		return &postroom.Error{Kind: postroom.NotFound, Cause: err}
	}
	body, _ := arrivals.Attached(read, n-1)
	if err := d.Casework.Open(r.Context(), r.Who, ref); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(read.Attachments[n-1].Name, n)}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if _, err := w.Write(body); err != nil {
		d.Log.DebugContext(r.Context(), "reader went away", "err", err)
	}
	return nil
}

// fileName is a name under which a file can be kept: without folders and without
// signs that mean something to a computer.
func fileName(name string, n int) string {
	name = strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || strings.ContainsRune(`/\:*?"<>|`, c) || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069 {
			return -1
		}
		return c
	}, name))
	if name = strings.TrimLeft(name, "."); name == "" {
		return "attachment-" + strconv.Itoa(n)
	}
	return name
}
