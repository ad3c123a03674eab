package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/inbound"
	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// inspect says what the post room makes of a letter, and why. It needs no
// settings; where there are some, it knows our mailboxes and coordinators.
func (c *command) inspect() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect FILE…",
		Short: "Say what the post room makes of a letter, and why",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			return c.inspectAll(files, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line, in the order of the files")
	return cmd
}

func (c *command) inspectAll(files []string, asJSON bool) error {
	ours, unread := c.ours(), 0
	programmes, err := c.programmes()
	if err != nil {
		return err
	}
	out := json.NewEncoder(c.stdout)
	out.SetEscapeHTML(false)
	for _, file := range files {
		seen := inspectFile(file, ours, programmes)
		if seen.Error != "" {
			unread++
		}
		if !asJSON {
			seen.print(c.stdout)
			continue
		}
		if err := out.Encode(seen); err != nil {
			return err
		}
	}
	if unread > 0 {
		return fmt.Errorf("%d of %d files cannot be read", unread, len(files))
	}
	return nil
}

// ours is what the settings say about us; nothing where there are none.
func (c *command) ours() inbound.Ours {
	var ours inbound.Ours
	cfg, err := config.Load(c.config, c.getenv)
	if err != nil {
		return ours
	}
	for _, m := range cfg.Mailboxes {
		ours.Mailboxes = append(ours.Mailboxes, strings.ToLower(m.Address))
		if m.AuthservID != "" {
			ours.AuthservIDs = append(ours.AuthservIDs, m.AuthservID)
		}
	}
	ours.WebsiteForms = cfg.WebsiteForms
	for _, coordinator := range cfg.Coordinators {
		ours.Staff = append(ours.Staff, strings.ToLower(coordinator.Address))
	}
	return ours
}

// programmes are those of the settings, or the built-in ones where there are no
// settings.
func (c *command) programmes() (*programme.Set, error) {
	cfg, err := config.Load(c.config, c.getenv)
	if err != nil {
		cfg = config.Config{}
	}
	_, set, err := app.Load(cfg)
	return set, err
}

// inspected is one letter as inspect shows it.
type inspected struct {
	File        string               `json:"file"`
	Class       postroom.LetterClass `json:"class"`
	Answerable  bool                 `json:"answerable"`
	Subject     string               `json:"subject"`
	From        []inspectedAddress   `json:"from"`
	Text        string               `json:"text"`       // the first of its texts
	Whole       string               `json:"whole_text"` // all of them, in their order
	Visible     string               `json:"visible_text"`
	Attachments []inspectedFile      `json:"attachments"`
	Bounces     []inspectedBounce    `json:"bounces"`
	Complaint   *inspectedComplaint  `json:"complaint"`
	Reasons     []string             `json:"reasons"`
	Against     []string             `json:"against"`
	Problems    []string             `json:"problems"`
	Staff       bool                 `json:"staff"`
	Behind      *inbound.Behind      `json:"behind,omitempty"` // who wrote it, where its sender did not
	Back        string               `json:"back,omitempty"`
	Language    string               `json:"language"`
	Phone       string               `json:"phone"`
	Form        string               `json:"form"`     // that it would be filed on; "" where a person has to place it
	Worrying    string               `json:"worrying"` // programme one of whose phrases of danger stands in it, or ""
	Silent      bool                 `json:"silent"`   // it asks not to be written to
	Facts       []inspectedFact      `json:"facts"`    // of a letter that a person wrote
	Said        string               `json:"said"`     // yes, no, cancel, or ""
	SaidSure    string               `json:"said_confidence,omitempty"`
	Error       string               `json:"error,omitempty"`
}

type inspectedFact struct {
	Kind       string `json:"kind"`
	Field      string `json:"field"` // of the form, that it would answer
	Value      string `json:"value"`
	Confidence string `json:"confidence"`
	From       string `json:"from"`
}

type inspectedAddress struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

type inspectedFile struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Sniffed string `json:"sniffed"`
	Size    int    `json:"size"`
}

type inspectedBounce struct {
	Recipient string `json:"recipient"`
	Status    string `json:"status"`
	Class     string `json:"class"`
	Reason    string `json:"reason"`
}

type inspectedComplaint struct {
	FeedbackType string   `json:"feedback_type"`
	Recipients   []string `json:"recipients"`
}

// languages are those that a letter's language is guessed among.
func languages() []string { return []string{"en", "uk", "fa", "fa-AF", "ps"} }

func inspectFile(file string, ours inbound.Ours, set *programme.Set) inspected {
	raw, err := os.ReadFile(file)
	l := letter.Read(raw)
	v := inbound.Classify(l, ours, arrived(l))
	seen := show(l, v)
	seen.File = file
	seen.place(set, l, v)
	seen.tell(set, l, v)
	if err != nil {
		seen.Error = err.Error()
	}
	return seen
}

// place says on which form a letter would be filed, and whether it says
// anything at which everything automatic stops.
func (i *inspected) place(set *programme.Set, l letter.Letter, v inbound.Verdict) {
	words := l.Subject + "\n" + or(strings.TrimSpace(v.Visible), l.Text)
	folded := programme.Fold(words)
	if p, worrying := set.Worrying(folded); worrying {
		i.Worrying, i.Silent = p.Name, p.Safeguarding.Silent.InFolded(folded)
	}
	if v.Class != postroom.LetterSubmission {
		return
	}
	var otherwise string
	for _, mailbox := range mailboxesFor(set, l) {
		form, ok := inbound.FormFor(set, mailbox, words)
		if ok && !form.AnyLetter {
			i.Form = form.Name
			return
		}
		if ok && otherwise == "" {
			otherwise = form.Name
		}
	}
	i.Form = otherwise
}

// tell says what a letter tells about its writer, in the terms of the form that
// it would be filed on.
func (i *inspected) tell(set *programme.Set, l letter.Letter, v inbound.Verdict) {
	if v.Class != postroom.LetterSubmission && v.Class != postroom.LetterReply && v.Class != postroom.LetterUnknown {
		return
	}
	form, _ := set.Form(i.Form)
	text := or(strings.TrimSpace(v.Visible), l.Text)
	for _, f := range inbound.ReadFacts(form, inbound.WritingOf(l, text, arrived(l))) {
		i.Facts = append(i.Facts, inspectedFact{string(f.Kind), f.Field, f.Value, string(f.Confidence), f.From})
	}
	if said, sure := inbound.Said(text); said != inbound.SaidNothing {
		i.Said, i.SaidSure = string(said), string(sure)
	}
}

// mailboxesFor lists the addresses of programmes that a letter was sent to. One
// that was sent to none of them is looked at as if it had been sent to each.
func mailboxesFor(set *programme.Set, l letter.Letter) []string {
	var all, to []string
	for _, p := range set.Programmes() {
		all = append(all, p.Addresses...)
	}
	for _, a := range slices.Concat(l.To, l.Cc) {
		if i := slices.IndexFunc(all, func(ours string) bool { return strings.EqualFold(ours, a.Address) }); i >= 0 {
			to = append(to, all[i])
		}
	}
	if len(to) == 0 {
		return all
	}
	return to
}

// show puts what was made of a letter into the form of the output, in which
// no list is null.
func show(l letter.Letter, v inbound.Verdict) inspected {
	seen := inspected{
		Class: v.Class, Answerable: v.Answerable, Subject: l.Subject, Text: l.First, Whole: l.Text, Visible: v.Visible,
		From: []inspectedAddress{}, Attachments: []inspectedFile{}, Bounces: []inspectedBounce{},
		Reasons: append([]string{}, v.Because...), Against: append([]string{}, v.Against...), Problems: append([]string{}, l.Problems...),
		Staff: v.Staff, Phone: inbound.Phone(v.Visible), Facts: []inspectedFact{},
	}
	seen.Behind = v.Behind
	if !v.Back.IsZero() {
		seen.Back = v.Back.Format(time.DateOnly)
	}
	seen.Language, _ = inbound.Guess(v.Visible, languages())
	for _, a := range l.From {
		seen.From = append(seen.From, inspectedAddress(a))
	}
	for _, a := range l.Attachments {
		seen.Attachments = append(seen.Attachments, inspectedFile{a.Name, a.Type, a.Sniffed, a.Size})
	}
	for _, b := range v.Bounces {
		seen.Bounces = append(seen.Bounces, inspectedBounce{b.Recipient, b.Status, hardness(b), b.Reason})
	}
	if v.Complaint != nil {
		seen.Complaint = &inspectedComplaint{v.Complaint.FeedbackType, append([]string{}, v.Complaint.Recipients...)}
	}
	return seen
}

func hardness(b inbound.Bounce) string {
	if b.Hard {
		return "hard"
	}
	return "soft"
}

// arrived is when a letter came, as far as it says so itself, so that an old
// file is judged as it would have been then.
func arrived(l letter.Letter) time.Time {
	if l.Date.IsZero() {
		return time.Now()
	}
	return l.Date
}

// print shows a letter to a person.
func (i inspected) print(out io.Writer) {
	if i.Error != "" {
		fmt.Fprintf(out, "%s\n  cannot be read: %s\n\n", i.File, i.Error)
		return
	}
	fmt.Fprintf(out, "%s\n  it is       %s (%s)\n", i.File, i.Class, or(strings.Join(i.Reasons, ", "), "nothing speaks for anything"))
	fmt.Fprintf(out, "  answer it   %s\n", i.mayAnswer())
	i.printPlace(out)
	for _, a := range i.From {
		fmt.Fprintf(out, "  from        %s\n", strings.TrimSpace(a.Name+" <"+a.Address+">"))
	}
	if i.Staff {
		fmt.Fprintf(out, "  staff       yes, it is from our own people\n")
	}
	if i.Behind != nil {
		fmt.Fprintf(out, "  behind it   %s\n", sentence(i.Behind))
	}
	fmt.Fprintf(out, "  subject     %s\n", i.Subject)
	i.printFound(out)
	fmt.Fprintf(out, "\n    %s\n\n", strings.ReplaceAll(strings.TrimSpace(i.Visible), "\n", "\n    "))
}

func (i inspected) mayAnswer() string {
	if i.Answerable {
		return "yes"
	}
	return "no: " + strings.Join(i.Against, ", ")
}

// printPlace shows what would become of a letter that a person wrote.
func (i inspected) printPlace(out io.Writer) {
	switch {
	case i.Class != postroom.LetterSubmission:
	case !i.Answerable || i.Staff || i.Form == "":
		fmt.Fprintf(out, "  becomes     a letter that a person has to place: postroom triage list\n")
	default:
		fmt.Fprintf(out, "  becomes     form %s\n", i.Form)
	}
	if i.Worrying != "" {
		fmt.Fprintf(out, "  danger      words of %s stand in it: %s\n", i.Worrying, i.alarm())
	}
}

// alarm says what follows from words of danger.
func (i inspected) alarm() string {
	switch i.Class {
	case postroom.LetterSubmission, postroom.LetterReply, postroom.LetterUnsubscribe, postroom.LetterUnknown:
	case postroom.LetterAutoReply, postroom.LetterList:
		return "a person has to look"
	default:
		return "nothing, because a machine wrote it"
	}
	if i.Silent {
		return "somebody is called at once, and nothing is sent to the person"
	}
	return "somebody is called at once"
}

// printFound shows what not every letter has.
func (i inspected) printFound(out io.Writer) {
	for _, b := range i.Bounces {
		fmt.Fprintf(out, "  bounced     %s %s, %s %s\n", b.Recipient, b.Class, b.Reason, b.Status)
	}
	if i.Complaint != nil {
		fmt.Fprintf(out, "  complaint   %s by %s\n", i.Complaint.FeedbackType, strings.Join(i.Complaint.Recipients, ", "))
	}
	for _, a := range i.Attachments {
		fmt.Fprintf(out, "  attached    %s (%s, %d bytes)\n", or(a.Name, "without a name"), a.Type, a.Size)
	}
	if i.Back != "" {
		fmt.Fprintf(out, "  away until  %s\n", i.Back)
	}
	if i.Language != "" {
		fmt.Fprintf(out, "  language    %s, by guess\n", i.Language)
	}
	if i.Phone != "" {
		fmt.Fprintf(out, "  telephone   %s\n", i.Phone)
	}
	for _, f := range i.Facts {
		fmt.Fprintf(out, "  says        %s: %s (%s)\n", or(f.Field, f.Kind), f.Value, f.Confidence)
	}
	if i.Said != "" {
		fmt.Fprintf(out, "  answers     %s (%s)\n", i.Said, i.SaidSure)
	}
	if len(i.Problems) > 0 {
		fmt.Fprintf(out, "  odd         %s\n", strings.Join(i.Problems, ", "))
	}
}
