package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/arrivals"
	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// ruleTried is how many of the newest letters a rule is tried on.
const ruleTried = 200

// ruleAsked is what somebody asks of a rule.
type ruleAsked struct {
	as, to, form, words, by string
	domain, list, dryRun    bool
}

func (c *command) triageRule() *cobra.Command {
	var asked ruleAsked
	cmd := &cobra.Command{
		Use:   "rule REFERENCE --as bulk|automatic|enquiry|website --by NAME",
		Short: "Say once what letters like this one are, or whom they are for",
		Long: `Say once what letters like this one are, or whom they are for. The letter is named by its
reference, or by the address it is from: then the newest from there is meant. The rule is about
letters from that address to that mailbox, or with --domain or --list from everybody there.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error { return c.makeRule(cmd.Context(), room, args[0], asked) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&asked.as, "as", "", "what they are: bulk and automatic are put aside, enquiry is a person's, website is the mail of a form")
	flags.StringVar(&asked.to, "to", "", "or the `coordinator` they are for")
	flags.StringVar(&asked.form, "form", "", "the `form` that an enquiry goes on")
	flags.StringVar(&asked.words, "words", "", "only letters with these `words` in the subject")
	flags.StringVar(&asked.by, "by", "", "the `coordinator` who says so")
	flags.BoolVar(&asked.domain, "domain", false, "all letters from the sender's domain")
	flags.BoolVar(&asked.list, "list", false, "all letters that this mailing list sends on")
	flags.BoolVar(&asked.dryRun, "dry-run", false, "only show which letters it would have been about")
	return cmd
}

func (c *command) makeRule(ctx context.Context, room *app.Room, named string, asked ruleAsked) error {
	like, err := asked.like(room.Config.Coordinators)
	if err != nil {
		return err
	}
	l, err := letterLike(room.Store.Read(ctx), named)
	if err != nil {
		return err
	}
	rule, err := room.Arrivals.RuleLike(ctx, l, like)
	if err != nil {
		return err
	}
	if err := c.tryRule(ctx, room, rule); err != nil || asked.dryRun {
		return err
	}
	made, err := room.Arrivals.MakeRule(ctx, rule, asked.by)
	if errors.Is(err, arrivals.ErrSuchARule) {
		return fmt.Errorf("%w; see: postroom triage rules", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "rule %d: letters %s are %s\n", made.ID, printable(meant(made)), saidOf(made))
	if l.State == postroom.LetterTriage {
		fmt.Fprintf(c.stdout, "It holds from now on. To have this letter read by it too: postroom triage retry %s\n", l.Reference)
	}
	return nil
}

// like reads what is asked of a rule.
func (a ruleAsked) like(coordinators []config.Coordinator) (arrivals.Like, error) {
	like := arrivals.Like{By: postroom.RuleByAddress, Words: a.words, Says: postroom.RuleSays(a.as), Target: a.form}
	known := func(name string) bool {
		return slices.ContainsFunc(coordinators, func(k config.Coordinator) bool { return k.Name == name })
	}
	says := []postroom.RuleSays{postroom.RuleBulk, postroom.RuleAutomatic, postroom.RuleEnquiry, postroom.RuleWebsite}
	switch {
	case (a.as == "") == (a.to == ""):
		return like, errors.New("say either what such letters are (--as bulk, automatic, enquiry or website) or whom they are for (--to NAME)")
	case a.as != "" && !slices.Contains(says, like.Says):
		return like, fmt.Errorf("letters can be bulk, automatic, enquiry or website, and not %q", a.as)
	case like.Says == postroom.RuleEnquiry && a.form == "":
		return like, errors.New("say which form such letters go on: --form NAME")
	case a.form != "" && like.Says != postroom.RuleEnquiry && like.Says != postroom.RuleWebsite:
		return like, errors.New("only letters that somebody wrote go on a form: --form goes with --as enquiry or --as website")
	case a.domain && a.list:
		return like, errors.New("say either --domain or --list")
	case a.by == "" && !a.dryRun:
		return like, errors.New("say who makes the rule: --by NAME")
	case a.by != "" && !known(a.by), a.to != "" && !known(a.to):
		return like, fmt.Errorf("there is no coordinator called %s in the settings", unknownOf(known, a.by, a.to))
	}
	return a.whose(like), nil
}

// whose adds whose letters are meant, and whom they are for.
func (a ruleAsked) whose(like arrivals.Like) arrivals.Like {
	if a.to != "" {
		like.Says, like.Target = postroom.RuleCoordinator, a.to
	}
	if a.domain {
		like.By = postroom.RuleByDomain
	}
	if a.list {
		like.By = postroom.RuleByList
	}
	return like
}

func unknownOf(known func(string) bool, names ...string) string {
	i := slices.IndexFunc(names, func(name string) bool { return name != "" && !known(name) })
	return names[i]
}

// letterLike finds a letter by its reference, or the newest from an address:
// letters that were put aside have no reference.
func letterLike(r store.Reader, named string) (postroom.Letter, error) {
	if !strings.Contains(named, "@") {
		return letterWith(r, named)
	}
	l, err := r.NewestFrom(strings.ToLower(strings.TrimSpace(named)))
	if postroom.KindOf(err) == postroom.NotFound && err != nil {
		return l, fmt.Errorf("no letter from %s is on file", named)
	}
	return l, err
}

// tryRule shows which of the newest letters a rule would have been about.
func (c *command) tryRule(ctx context.Context, room *app.Room, rule postroom.Rule) error {
	tried, touched, err := room.Arrivals.TryRule(ctx, rule, ruleTried)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "of the last %d letters the rule is about %d\n", tried, len(touched))
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, t := range touched {
		becomes := saidOf(rule)
		if t.Spared != "" {
			becomes = "left as it is: " + string(t.Spared)
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\n", t.Letter.ReceivedAt.Format(time.RFC3339), printable(t.Letter.Address), t.Letter.Class, oneLine(t.Subject), becomes)
	}
	return table.Flush()
}

// oneLine is a stranger's text on one line of a list.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(printable(text)), " ")
	if letters := []rune(text); len(letters) > 40 {
		return string(letters[:40]) + "…"
	}
	return or(text, "-")
}

// meant says which letters a rule means.
func meant(r postroom.Rule) string {
	who := map[postroom.RuleBy]string{
		postroom.RuleByAddress: "from " + r.Who, postroom.RuleByDomain: "from anybody at " + r.Who, postroom.RuleByList: "of the list " + r.Who,
	}[r.By]
	if r.Words != "" {
		who += fmt.Sprintf(" with %q in the subject", r.Words)
	}
	return who + " to " + r.Mailbox
}

// saidOf says what a rule says of its letters.
func saidOf(r postroom.Rule) string {
	switch {
	case r.Says == postroom.RuleCoordinator:
		return "for " + r.Target
	case r.Says == postroom.RuleBulk:
		return "bulk, and put aside"
	case r.Says == postroom.RuleAutomatic:
		return "automatic, and put aside"
	case r.Says == postroom.RuleWebsite && r.Target == "":
		return "mail of a website's form"
	case r.Says == postroom.RuleWebsite:
		return "mail of a website's form, on form " + r.Target
	}
	return "an enquiry, on form " + r.Target
}

func (c *command) triageRules() *cobra.Command {
	return &cobra.Command{
		Use:   "rules",
		Short: "List what coordinators have said about letters, the newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withStore(cmd.Context(), func(st *store.Store) error {
				rules, err := st.Read(cmd.Context()).Rules()
				if err != nil {
					return fmt.Errorf("list rules: %w", err)
				}
				table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "RULE\tLETTERS\tARE\tMADE BY\tON")
				for _, r := range rules {
					fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\n", r.ID, printable(meant(r)), saidOf(r), r.MadeBy, r.MadeAt.Format(time.DateOnly))
				}
				return table.Flush()
			})
		},
	}
}

func (c *command) triageUnrule() *cobra.Command {
	var by string
	cmd := &cobra.Command{
		Use:   "unrule NUMBER --by NAME",
		Short: "Remove a rule; what it has done stays done",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.Atoi(args[0])
			if err != nil {
				return fmt.Errorf("%q is no number of a rule; see: postroom triage rules", args[0])
			}
			return c.beside(cmd.Context(), func(room *app.Room) error { return c.removeRule(cmd.Context(), room, id, by) })
		},
	}
	cmd.Flags().StringVar(&by, "by", "", "the `coordinator` who removes it")
	return cmd
}

func (c *command) removeRule(ctx context.Context, room *app.Room, id int, by string) error {
	switch {
	case by == "":
		return errors.New("say who removes the rule: --by NAME")
	case !slices.ContainsFunc(room.Config.Coordinators, func(k config.Coordinator) bool { return k.Name == by }):
		return fmt.Errorf("there is no coordinator called %s in the settings", by)
	}
	if err := room.Arrivals.RemoveRule(ctx, id, by); err != nil {
		return fmt.Errorf("rule %d: %w; see: postroom triage rules", id, err)
	}
	fmt.Fprintf(c.stdout, "rule %d is removed\n", id)
	return nil
}

// ruleIn finds the rule that a letter's reason names.
var ruleIn = regexp.MustCompile(` rule (\d+)$`)

// printRule says who made the rule by which a letter is what it is.
func printRule(out io.Writer, r store.Reader, l postroom.Letter) error {
	found := ruleIn.FindStringSubmatch(l.Reason)
	if found == nil {
		return nil
	}
	id, err := strconv.Atoi(found[1])
	if err != nil {
		return fmt.Errorf("read the rule of letter %s: %w", l.ID, err)
	}
	rule, err := r.Rule(id)
	if err != nil {
		return fmt.Errorf("find rule %d: %w", id, err)
	}
	fmt.Fprintf(out, "by         rule %d, made by %s on %s", rule.ID, rule.MadeBy, rule.MadeAt.Format(time.DateOnly))
	if !rule.RemovedAt.IsZero() {
		fmt.Fprintf(out, ", removed by %s on %s", rule.RemovedBy, rule.RemovedAt.Format(time.DateOnly))
	}
	fmt.Fprintln(out)
	return nil
}
