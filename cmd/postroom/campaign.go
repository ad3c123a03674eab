package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/campaign"
	"postroom/internal/config"
	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// campaign sends newsletters. Like jobs it opens the database beside a running
// server: what it starts is a row and a job, and the server does the sending.
func (c *command) campaign() *cobra.Command {
	cmd := &cobra.Command{Use: "campaign", Short: "Send a newsletter and see what became of it"}
	cmd.AddCommand(c.campaignSend(), c.campaignPreview(), c.campaignCheck(), c.campaignList(), c.campaignShow())
	cmd.AddCommand(c.campaignNew(), c.campaignTest(), c.campaignApprove(), c.campaignUndo(), c.campaignPause(), c.campaignResume(), c.campaignCancel(), c.campaignLeft(), c.campaignReport())
	return cmd
}

type sendFlags struct {
	list              string
	wait, again, json bool
	roundUp           bool
	steer             steerFlags
	at, zone          string
	notLaterThan      time.Duration
	now               bool
}

func (c *command) campaignSend() *cobra.Command {
	var f sendFlags
	cmd := &cobra.Command{
		Use:   "send {CAMPAIGN | FILE --list NAME}",
		Short: "Send a newsletter to everybody who is on a list",
		Long: `Send a newsletter to everybody who is on a list and has confirmed it.

CAMPAIGN is one that was approved. It leaves in five minutes, and until then
"postroom campaign undo" takes it back; or at once with --now, or at the time
that --at says. If nothing ran at that time and it is later than --not-later-than
allows, whoever wrote it is asked and nothing is sent.

With --list a file is sent at once and without anybody's approval: whoever may
run this command may do anything. FILE begins with its subject, and the language if that is not English, between
two lines of three dashes. The rest is Markdown without HTML; its pictures lie
beside FILE. docs/editions.md says what else it may hold, and how it says whom it
is for:

    ---
    subject: What is on in May
    ---
    The garden opens again on **Saturday**.

    [See all dates](https://www.example.org/dates)

The same file is sent to a list once, however often the command is run, unless
--again is given. Nothing is sent while nobody has confirmed the list. A running server does the sending. The command succeeds when
the newsletter is started; with --wait it waits until every copy is settled, and
fails if one failed, is held, or is uncertain.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.list == "" {
				return c.sendApproved(cmd, args[0], f)
			}
			edition, err := c.readNewsletter(args[0], f.list)
			if err != nil {
				return err
			}
			edition.RoundUp = f.roundUp
			if err := c.mayBeSent(edition); err != nil {
				return err
			}
			return c.withStore(cmd.Context(), func(st *store.Store) error { return c.send(cmd, st, edition, f) })
		},
	}
	cmd.Flags().StringVar(&f.list, "list", "", "the `NAME` of the list a file is sent to, as in the programme file")
	cmd.Flags().StringVar(&f.at, "at", "", "begin at this local `TIME`, such as 2026-12-24T09:00")
	cmd.Flags().StringVar(&f.zone, "zone", "", "the `ZONE` in which --at is meant, such as Europe/London (default: the organisation's)")
	cmd.Flags().DurationVar(&f.notLaterThan, "not-later-than", time.Hour, "ask instead of beginning later than this after its time")
	cmd.Flags().BoolVar(&f.now, "now", false, "begin at once, without the five minutes to take it back")
	cmd.Flags().StringVar(&f.steer.by, "by", "", "the `NAME` or address of the colleague who asks for it")
	cmd.Flags().BoolVar(&f.wait, "wait", false, "wait until every copy is settled")
	cmd.Flags().BoolVar(&f.again, "again", false, "send the same newsletter once more")
	cmd.Flags().BoolVar(&f.roundUp, "round-up", false, "send it to those who asked for one mail a month, and to nobody else")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object at the end")
	return cmd
}

func (c *command) listFlag(cmd *cobra.Command, list *string) {
	cmd.Flags().StringVar(list, "list", "", "the `NAME` of the list, as in the programme file")
	if err := cmd.MarkFlagRequired("list"); err != nil {
		panic(err) // the flag is two lines above
	}
}

func (c *command) readNewsletter(path, list string) (postroom.Campaign, error) {
	room, err := c.newsroom()
	if err != nil {
		return postroom.Campaign{}, err
	}
	return readEdition(room, path, list)
}

func readEdition(room app.Newsroom, path, list string) (postroom.Campaign, error) {
	data, err := editionFile(path)
	if err != nil {
		return postroom.Campaign{}, err
	}
	room.Pictures = app.PicturesIn(filepath.Dir(path))
	return room.Read(path, data, list)
}

// mayBeSent returns what keeps an edition from being sent.
func (c *command) mayBeSent(edition postroom.Campaign) error {
	room, err := c.newsroom()
	if err != nil {
		return err
	}
	return room.Check(edition)
}

func editionFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read newsletter: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, 16*outbound.MaxMarkdown)) // what is longer is refused for its length
	if err != nil {
		return nil, fmt.Errorf("read newsletter: %w", err)
	}
	return data, nil
}

// sending is what send prints with --json.
type sending struct {
	Started bool `json:"started"` // false: it had been started before
	campaign.Account
}

func (c *command) send(cmd *cobra.Command, st *store.Store, edition postroom.Campaign, f sendFlags) error {
	ctx := cmd.Context()
	if people, err := st.Read(ctx).Recipients(store.Audience{List: edition.List, At: time.Now(), RoundUp: edition.RoundUp}, "", 1); err != nil {
		return fmt.Errorf("look at list %s: %w", edition.List, err)
	} else if len(people) == 0 {
		return errors.New("nobody has confirmed this list; nothing was sent")
	}
	rooms := campaign.NewEditions(campaign.EditionOptions{Store: st, Clock: new(app.Clock)})
	filed, started, err := rooms.Start(ctx, edition, f.again)
	if err != nil {
		return err
	}
	if !f.json {
		say := "started campaign %s\n"
		if !started {
			say = "campaign %s was started before; give --again to send the same newsletter once more\n"
		}
		fmt.Fprintf(c.stdout, say, filed.ID)
	}
	account, err := c.follow(ctx, st, filed.ID, f, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	return c.tell(sending{started, account}, f)
}

// follow returns the account of a campaign: at once, or when it has ended.
func (c *command) follow(ctx context.Context, st *store.Store, id string, f sendFlags, stderr io.Writer) (a campaign.Account, err error) {
	if f.json {
		stderr = io.Discard
	}
	bar := newBar(stderr)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		if a, err = campaign.AccountOf(st.Read(ctx), id); err != nil || !f.wait {
			return a, err
		}
		bar.show(a)
		if a.Ended() || a.State == postroom.CampaignApproved { // taken back
			return a, bar.end()
		}
		select {
		case <-ctx.Done():
			return a, errors.Join(bar.end(), fmt.Errorf("waiting was stopped; the server goes on with campaign %s", id))
		case <-tick.C:
		}
	}
}

// bar shows how many copies are settled.
type bar struct {
	*progressbar.ProgressBar
	out io.Writer
}

func newBar(out io.Writer) bar {
	return bar{out: out, ProgressBar: progressbar.NewOptions(-1, progressbar.OptionSetWriter(out), progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true), progressbar.OptionSetWidth(30), progressbar.OptionFullWidth())}
}

// show draws the bar. What cannot be drawn is no reason to stop waiting.
func (b bar) show(a campaign.Account) {
	b.Describe(doing(a, time.Now()))
	if a.Chosen > 0 && b.GetMax() != a.Chosen {
		b.ChangeMax(a.Chosen)
	}
	_ = b.Set(a.Chosen - a.Waiting)
}

// doing says in a few words what a campaign does, and when the last person will
// have it.
func doing(a campaign.Account, now time.Time) string {
	switch at := a.LastAt(now); {
	case a.State == postroom.CampaignScheduled && a.StartsAt != nil:
		return "begins " + a.StartsAt.Local().Format("Mon 2 Jan 15:04:05")
	case !at.IsZero():
		return fmt.Sprintf("sending, %.0f a minute, the last at %s", a.PerMinute(now), at.Local().Format("Mon 15:04:05"))
	}
	if a.State == postroom.CampaignPaused || a.State == postroom.CampaignCancelled {
		return string(a.State)
	}
	return "sending"
}

func (b bar) end() error {
	_, err := fmt.Fprintln(b.out)
	return err
}

// tell prints what became of a campaign. Whoever waited for it hears by the
// exit code whether all is well.
func (c *command) tell(s sending, f sendFlags) error {
	if f.json {
		if err := json.NewEncoder(c.stdout).Encode(s); err != nil {
			return err
		}
	} else if f.wait {
		if err := printAccount(c.stdout, s.Account); err != nil {
			return err
		}
	}
	if f.wait && !s.Clean() {
		return notClean(s.Account)
	}
	return nil
}

func notClean(a campaign.Account) error {
	return fmt.Errorf("%d copies failed, %d are uncertain, %d are held: see postroom campaign show %s", a.Failed, a.Uncertain, a.Held, a.Campaign)
}

func printAccount(out io.Writer, a campaign.Account) error {
	state := string(a.State)
	if a.Choosing {
		state += ", recipients are being chosen"
	}
	fmt.Fprintf(out, "campaign    %s\nlist        %s\nsubject     %s\nstarted     %s\nstate       %s\n\n",
		a.Campaign, a.List, a.Subject, a.StartedAt.Format(time.RFC3339), state)
	if a.Author != "" || a.ApprovedBy != "" {
		fmt.Fprintf(out, "written by  %s\napproved by %s\n", or(a.Author, "-"), or(a.ApprovedBy, "-"))
	}
	if a.StartsAt != nil {
		fmt.Fprintf(out, "begins      %s, or not at all after %s\n", a.StartsAt.Format(time.RFC3339), a.NotLaterThan.Format(time.RFC3339))
	}
	if at := a.LastAt(time.Now()); !at.IsZero() {
		fmt.Fprintf(out, "the last    %s, at %.0f a minute\n", at.UTC().Format(time.RFC3339), a.PerMinute(time.Now()))
	}
	fmt.Fprintf(out, "chosen      %d\nsent        %d\nsuppressed  %d\nheld        %d\nfailed      %d\nuncertain   %d\nwaiting     %d\n",
		a.Chosen, a.Sent, a.Suppressed, a.Held, a.Failed, a.Uncertain, a.Waiting)
	if a.Bounced+a.Complaints > 0 {
		fmt.Fprintf(out, "\nof those that were sent, %d came back later and are among the failed, and %d were called junk\n", a.Bounced, a.Complaints)
	}
	if len(a.Reasons) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nCOPIES\tSTATE\tREASON")
	for _, r := range a.Reasons {
		fmt.Fprintf(table, "%d\t%s\t%s\n", r.Copies, r.State, r.Reason)
	}
	return table.Flush()
}

func (c *command) campaignPreview() *cobra.Command {
	var list, look string
	var to outbound.Recipient
	cmd := &cobra.Command{
		Use:   "preview FILE --list NAME",
		Short: "Print a newsletter as one person would get it, without sending it",
		Long: `Print a newsletter as one person would get it, in the language they read and as
they chose to read it, without sending it. Its pictures are put on our pages, so
that the mail shows them; those of one that is never filed go with the first
preview that comes a week later.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			edition, err := c.readNewsletter(args[0], list)
			if err != nil {
				return err
			}
			cfg, err := config.Load(c.config, c.getenv)
			if err != nil {
				return err
			}
			to.Locale = or(to.Locale, edition.Locale)
			if to.Look, err = lookNamed(look); err != nil {
				return err
			}
			mail, err := app.Preview(cmd.Context(), cfg, c.log, edition, to)
			if err != nil {
				return err
			}
			_, err = c.stdout.Write(mail)
			return err
		},
	}
	c.listFlag(cmd, &list)
	cmd.Flags().StringVar(&to.To, "to", "reader@example.org", "the `ADDRESS` it is for")
	cmd.Flags().StringVar(&to.Locale, "language", "", "the `TAG` of the language that the reader reads, such as fa (default: that of the newsletter)")
	cmd.Flags().StringVar(&to.Locale, "locale", "", "the same as --language")
	cmd.Flags().StringVar(&look, "look", "usual", "as the reader chose to read it: usual, plain (text alone) or large (print)")
	return cmd
}

// lookNamed is how somebody chose to read newsletters.
func lookNamed(name string) (postroom.Look, error) {
	switch name {
	case "usual":
		return postroom.UsualLook, nil
	case "plain", "large":
		return postroom.Look(name), nil
	}
	return "", fmt.Errorf("there is no look %q; write usual, plain or large", name)
}

// weight says how much the pictures of an edition are, for whoever pays for each byte.
func weight(edition postroom.Campaign) string {
	total := 0
	for _, p := range edition.Pictures {
		total += len(p.Data)
	}
	return fmt.Sprintf("each reader loads %d kB of pictures (%d)", (total+999)/1000, len(edition.Pictures))
}

func (c *command) campaignCheck() *cobra.Command {
	var list string
	cmd := &cobra.Command{
		Use:   "check FILE --list NAME",
		Short: "Say what keeps a newsletter from being sent, and what to write instead",
		Long: `Say what keeps a newsletter from being sent, each mistake with its line and
column and what to write instead. The languages in which it has no text are
told as well, and what its readers get; they do not keep it from being sent.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			room, err := c.newsroom()
			if err != nil {
				return err
			}
			edition, err := readEdition(room, args[0], list)
			if err != nil {
				return err
			}
			for _, note := range room.Untold(edition) {
				fmt.Fprintf(c.stdout, "%s: %s\n", args[0], note)
			}
			if len(edition.Pictures) > 0 {
				fmt.Fprintf(c.stdout, "%s: %s\n", args[0], weight(edition))
			}
			if err := room.Check(edition); err != nil {
				return err
			}
			fmt.Fprintf(c.stdout, "%s can be sent\n", args[0])
			return nil
		},
	}
	c.listFlag(cmd, &list)
	return cmd
}

func (c *command) campaignList() *cobra.Command {
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List newsletters, the newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withStore(cmd.Context(), func(st *store.Store) error {
				read := st.Read(cmd.Context())
				list, err := read.Campaigns(limit)
				if err != nil {
					return fmt.Errorf("list campaigns: %w", err)
				}
				if asJSON {
					return c.listJSON(read, list)
				}
				table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "CAMPAIGN\tLIST\tSTATE\tCHOSEN\tSTARTED\tSUBJECT")
				for _, each := range list {
					fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\n", each.ID, each.List, each.State, each.Chosen, each.CreatedAt.Format(time.RFC3339), each.Subject)
				}
				return table.Flush()
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 50, "at most so many")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each")
	return cmd
}

func (c *command) listJSON(read store.Reader, list []postroom.Campaign) error {
	out := json.NewEncoder(c.stdout)
	for _, each := range list {
		account, err := campaign.AccountOf(read, each.ID)
		if err != nil {
			return err
		}
		if err := out.Encode(account); err != nil {
			return err
		}
	}
	return nil
}

func (c *command) campaignShow() *cobra.Command {
	var copies string
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show CAMPAIGN",
		Short: "Show what became of a newsletter's copies, and why",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withStore(cmd.Context(), func(st *store.Store) error {
				read := st.Read(cmd.Context())
				account, err := campaign.AccountOf(read, args[0])
				switch {
				case err != nil:
					return err
				case asJSON:
					return json.NewEncoder(c.stdout).Encode(account)
				case copies != "":
					return c.printCopies(read, args[0], postroom.MessageState(copies), limit)
				}
				return printAccount(c.stdout, account)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.Flags().StringVar(&copies, "copies", "", "list the copies in this `STATE` instead, such as uncertain or failed")
	cmd.Flags().IntVar(&limit, "limit", 1000, "at most so many copies")
	return cmd
}

func (c *command) printCopies(read store.Reader, id string, state postroom.MessageState, limit int) error {
	list, err := read.CopiesIn(id, state, limit)
	if err != nil {
		return fmt.Errorf("list copies: %w", err)
	}
	return printMails(c.stdout, list)
}
