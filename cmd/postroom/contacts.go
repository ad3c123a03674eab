package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/imports"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// contacts brings the people of a list in from another program, and takes them
// out. It works beside a running server.
func (c *command) contacts() *cobra.Command {
	cmd := &cobra.Command{Use: "contacts", Short: "Bring the people of a list in from a file, or take them out into one"}
	cmd.AddCommand(c.contactsImport(), c.contactsExport())
	return cmd
}

// memberFlags are the flags of contacts import.
type memberFlags struct {
	list, basis, source, asOf string
	columns                   map[string]string
	apply, each, json         bool
}

func (c *command) contactsImport() *cobra.Command {
	var f memberFlags
	cmd := &cobra.Command{
		Use:   "import FILE --list NAME",
		Short: "Put the people of a file on a list",
		Long: `Put the people of a file on a list. FILE is a table (.csv, with commas, semicolons
or tabs), or one packed as .gz or .zip. What Mailchimp, listmonk and CiviCRM write
is known by its columns; of any other file the first row names the columns, and
--map says what those are that postroom does not know: --map "E-post=email".

Without --apply it only says what would become of the file. Whoever has left the
list, or wants no news at all, stays away, whatever the file says. Nobody is mailed
whose row says no ground; --basis consent says it for the whole file, with --source
to say how they agreed. Nobody is written to because of an import.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error { return c.importMembers(cmd, room, args[0], f) })
		},
	}
	c.listFlag(cmd, &f.list)
	cmd.Flags().StringToStringVar(&f.columns, "map", nil, "what a column is: `column=name`, of "+strings.Join(imports.MemberColumns(), ", ")+"; nothing behind the = leaves it out")
	cmd.Flags().StringVar(&f.basis, "basis", "", "the `ground` of rows that do not say theirs: consent or soft_opt_in")
	cmd.Flags().StringVar(&f.source, "source", "", "`where` the file has its people from, and how they agreed")
	cmd.Flags().StringVar(&f.asOf, "as-of", "", "the `day` on which they agreed whose rows do not say so: 2026-05-01")
	cmd.Flags().BoolVar(&f.apply, "apply", false, "do it")
	cmd.Flags().BoolVar(&f.each, "each", false, "say of each row what becomes of it")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object")
	return cmd
}

func (c *command) importMembers(cmd *cobra.Command, room *app.Room, path string, f memberFlags) error {
	order, err := c.memberOrder(room, path, f)
	if err != nil {
		return err
	}
	plan, err := room.Imports.PlanMembers(cmd.Context(), order)
	if err != nil {
		return c.inWords(err)
	}
	if !f.json {
		c.printMemberPlan(plan, f.each)
	}
	var result imports.MemberResult
	if f.apply {
		if result, err = c.applyMembers(cmd.Context(), room, plan, cmd.ErrOrStderr(), f.json); err != nil {
			return err
		}
	}
	return c.tellMembers(plan, result, f)
}

func (c *command) memberOrder(room *app.Room, path string, f memberFlags) (o imports.MemberOrder, err error) {
	o = imports.MemberOrder{List: f.list, Name: path, Map: f.columns, Source: f.source, By: "command line"}
	switch basis := postroom.Basis(f.basis); basis {
	case "", postroom.ByConsent, postroom.BySoftOptIn:
		o.Basis = basis
	default:
		return o, fmt.Errorf("--basis is consent or soft_opt_in, and not %s", f.basis)
	}
	if o.Basis != "" && o.Source == "" {
		return o, fmt.Errorf("--basis %s needs --source, which says where and how they agreed", f.basis)
	}
	if f.asOf != "" {
		if o.AsOf, err = time.ParseInLocation(time.DateOnly, f.asOf, room.Config.Organisation.Zone); err != nil {
			return o, fmt.Errorf("--as-of %q is not a day such as 2026-05-01", f.asOf)
		}
	}
	if o.File, err = os.ReadFile(path); err != nil {
		return o, fmt.Errorf("read the file: %w", err)
	}
	return o, nil
}

func (c *command) printMemberPlan(p imports.MemberPlan, each bool) {
	fmt.Fprintf(c.stdout, "%s, in %s\n", or(p.Program, "a table"), p.Encoding)
	for _, column := range p.Columns {
		fmt.Fprintf(c.stdout, "column %s: %s\n", printable(column.Header), or(column.Field, "left out"))
	}
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, row := range p.Rows {
		if each || row.Outcome == imports.MemberToMend {
			fmt.Fprintf(table, "line %d\t%s\t%s\t%s\n", row.Line, row.Outcome, printable(row.Address), row.Why)
		}
	}
	for _, outcome := range imports.MemberOutcomes() {
		if n := p.Count(outcome); n > 0 {
			fmt.Fprintf(table, "%d\t%s\n", n, outcome)
		}
	}
	_ = table.Flush() // what it writes to has its own errors
}

func (c *command) applyMembers(ctx context.Context, room *app.Room, p imports.MemberPlan, stderr io.Writer, quiet bool) (imports.MemberResult, error) {
	shown := !quiet && len(p.Rows) >= 2000
	bar := progressbar.NewOptions(len(p.Rows), progressbar.OptionSetWriter(stderr), progressbar.OptionSetDescription("importing"),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true), progressbar.OptionSetVisibility(shown))
	result, err := room.Imports.DoMembers(ctx, p, func(done int) { _ = bar.Set(done) })
	if shown {
		fmt.Fprintln(stderr)
	}
	if err != nil {
		return result, fmt.Errorf("the import stopped; the same command goes on with it: %w", err)
	}
	return result, nil
}

// toldMembers is what contacts import prints with --json.
type toldMembers struct {
	List    string         `json:"list"`
	Program string         `json:"program,omitempty"`
	Rows    int            `json:"rows"`
	Plan    map[string]int `json:"plan"`
	Applied bool           `json:"applied"`
	imports.MemberResult
}

func (c *command) tellMembers(p imports.MemberPlan, result imports.MemberResult, f memberFlags) error {
	if f.json {
		told := toldMembers{List: p.List.Name, Program: p.Program, Rows: len(p.Rows), Plan: map[string]int{}, Applied: f.apply, MemberResult: result}
		for _, outcome := range imports.MemberOutcomes() {
			told.Plan[strings.ReplaceAll(string(outcome), " ", "_")] = p.Count(outcome)
		}
		return json.NewEncoder(c.stdout).Encode(told)
	}
	if !f.apply {
		fmt.Fprintln(c.stdout, "nothing was changed; --apply does it")
		return nil
	}
	fmt.Fprintf(c.stdout, "import %s: %d put on list %s, %d given a ground, %d taken off\nto take it back: postroom import undo %s\n",
		result.ID, result.Added, p.List.Name, result.Agreed, result.Ended, result.ID)
	return nil
}

func (c *command) contactsExport() *cobra.Command {
	var list, state string
	cmd := &cobra.Command{
		Use:   "export --list NAME",
		Short: "Print who is or was on a list as a table, with their state, dates and ground",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withStore(cmd.Context(), func(st *store.Store) error {
				return exportMembers(st.Read(cmd.Context()), list, postroom.SubscriptionState(state), c.stdout)
			})
		},
	}
	c.listFlag(cmd, &list)
	cmd.Flags().StringVar(&state, "state", "", "only those in this `STATE`: pending, confirmed or unsubscribed")
	return cmd
}

// exportedAtOnce is how many members an export reads at once.
const exportedAtOnce = 2000

// exportMembers writes a table that contacts import reads again.
func exportMembers(read store.Reader, list string, state postroom.SubscriptionState, to io.Writer) error {
	out := csv.NewWriter(to)
	header := []string{"email", "name", "language", "status", "basis", "source", "asked_at", "confirmed_at", "ended_at", "topics", "areas", "often", "paused_until", "look", "stopped"}
	if err := out.Write(header); err != nil {
		return err
	}
	for after, more := "", true; more; {
		rows, err := read.MembersAfter(list, state, after, exportedAtOnce)
		if err != nil {
			return err
		}
		for _, m := range rows {
			cells := []string{
				m.Address, m.Name, m.Locale, string(m.State), string(m.Basis), m.Source, stamp(m.AskedAt), stamp(m.ConfirmedAt), stamp(m.EndedAt),
				strings.ReplaceAll(m.Topics, " ", ";"), strings.ReplaceAll(m.Areas, " ", ";"), string(m.Often), stamp(m.PausedUntil), string(m.Look), m.Stopped,
			}
			for i := range cells {
				cells[i] = imports.Safe(cells[i])
			}
			if err := out.Write(cells); err != nil {
				return err
			}
			after = m.Address
		}
		more = len(rows) == exportedAtOnce
	}
	out.Flush()
	return out.Error()
}

// stamp writes a moment, or nothing for none.
func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}
