package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/imports"
	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// importing are the flags of import.
type importing struct {
	columns map[string]string
	asOf    string
	source  string
	mend    string
	dryRun  bool
	greet   bool
}

// imports puts people on file who signed up elsewhere. It works beside a running
// server.
func (c *command) imports() *cobra.Command {
	var f importing
	cmd := &cobra.Command{
		Use:   "import FORM FILE",
		Short: "Put people on file who signed up elsewhere: each row of a file is an entry into a form",
		Long: `Put people on file who signed up elsewhere. The first row names the columns: a
field of the form, or its question in any language. --map says what other columns
are: --map "E-mail address=email". Besides fields, a column may be @date (when it
came in), @language or @consent (how they agreed). Look first with --dry-run.
Nobody is written to unless --greet says so.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error { return c.importFile(cmd.Context(), room, args[0], args[1], f) })
		},
	}
	cmd.Flags().StringToStringVar(&f.columns, "map", nil, "what a column is: `column=field`; nothing behind the = leaves it out")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what would become of each row, and do nothing")
	cmd.Flags().StringVar(&f.asOf, "as-of", "", "the `day` on which rows came in that do not say so: 2026-05-01")
	cmd.Flags().StringVar(&f.source, "consent-source", "", "`how` people agreed whose rows do not say so")
	cmd.Flags().BoolVar(&f.greet, "greet", false, "they hear from us as if they had filled in the form")
	cmd.Flags().StringVar(&f.mend, "mend", "", "write the rows to mend, and why, to a `file`")
	cmd.AddCommand(c.importList(), c.importUndo())
	return cmd
}

func (c *command) importFile(ctx context.Context, room *app.Room, form, path string, f importing) error {
	order := imports.Order{Form: form, Map: f.columns, Source: f.source, Greet: f.greet, By: "command line"}
	var err error
	if order.File, err = os.ReadFile(path); err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	if f.asOf != "" {
		if order.AsOf, err = time.ParseInLocation(time.DateOnly, f.asOf, room.Config.Organisation.Zone); err != nil {
			return fmt.Errorf("--as-of %q is not a day such as 2026-05-01", f.asOf)
		}
	}
	if err := room.Events.Sync(ctx); err != nil {
		return err
	}
	plan, err := room.Imports.Plan(ctx, order)
	if err != nil {
		return c.inWords(err)
	}
	c.printPlan(room, plan, f.dryRun)
	if f.mend != "" {
		if err := writeMend(room, plan, f.mend); err != nil {
			return err
		}
	}
	if f.dryRun || plan.Count(imports.IsNew) == 0 {
		return nil
	}
	return c.doImport(ctx, room, plan)
}

// inWords is what was wrong with an order, for whoever gave it.
func (c *command) inWords(err error) error {
	if e, ok := errors.AsType[*postroom.Error](err); ok && e.Cause != nil {
		return e.Cause
	}
	return err
}

func (c *command) printPlan(room *app.Room, p imports.Plan, each bool) {
	separator := map[rune]string{',': "commas", ';': "semicolons", '\t': "tabs"}[p.Separator]
	fmt.Fprintf(c.stdout, "%s, with %s between\n", p.Encoding, or(separator, string(p.Separator)))
	for _, column := range p.Columns {
		fmt.Fprintf(c.stdout, "column %s: %s\n", printable(column.Header), or(column.Field, "left out"))
	}
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, row := range p.Rows {
		if each || row.Outcome == imports.ToMend {
			fmt.Fprintf(table, "line %d\t%s\t%s\n", row.Line, row.Outcome, mistakes(room, p.Form, row))
		}
	}
	_ = table.Flush() // what it writes to has its own errors
	fmt.Fprintf(c.stdout, "%d new, %d known, %d to mend\n", p.Count(imports.IsNew), p.Count(imports.IsKnown), p.Count(imports.ToMend))
}

// mistakes is what is to be mended in a row.
func mistakes(room *app.Room, form *programme.Form, row imports.Row) string {
	var list []string
	for _, each := range room.Imports.Says("en", form, row) {
		list = append(list, each.Field+": "+each.Say)
	}
	return strings.Join(list, "; ")
}

// writeMend writes the rows to mend, so that they can be mended and imported again.
func writeMend(room *app.Room, p imports.Plan, path string) (err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the rows to mend: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := csv.NewWriter(file)
	var header []string
	for _, column := range p.Columns {
		header = append(header, imports.Safe(column.Header))
	}
	if err := out.Write(append(header, "to mend")); err != nil {
		return err
	}
	for _, row := range p.Rows {
		if row.Outcome != imports.ToMend {
			continue
		}
		cells := make([]string, len(header))
		for i := range cells {
			if i < len(row.Cells) {
				cells[i] = imports.Safe(row.Cells[i])
			}
		}
		if err := out.Write(append(cells, imports.Safe(mistakes(room, p.Form, row)))); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (c *command) doImport(ctx context.Context, room *app.Room, plan imports.Plan) error {
	bar := progressbar.NewOptions(plan.Count(imports.IsNew), progressbar.OptionSetWriter(c.stdout), progressbar.OptionSetDescription("importing"),
		progressbar.OptionShowCount(), progressbar.OptionSetVisibility(plan.Count(imports.IsNew) >= 500))
	result, err := room.Imports.Do(ctx, plan, func(done int) { _ = bar.Set(done) })
	if err != nil {
		return fmt.Errorf("the import stopped; the same command goes on with it: %w", err)
	}
	for _, row := range result.Wrong {
		fmt.Fprintf(c.stdout, "line %d was refused: %s\n", row.Line, or(mistakes(room, plan.Form, row), "the form takes no more entries for it"))
	}
	fmt.Fprintf(c.stdout, "import %s: %d added\nto take it back: postroom import undo %s\n", result.ID, result.Added, result.ID)
	return nil
}

func (c *command) importList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List what was imported, the newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				list, err := room.Store.Read(cmd.Context()).Imports(100)
				if err != nil {
					return fmt.Errorf("list imports: %w", err)
				}
				table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "IMPORT\tTO\tSTATE\tON FILE\tBY\tAT")
				for _, i := range list {
					fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\n", i.ID, or(i.Form, "list "+i.List), i.State, i.Rows, i.MadeBy, i.MadeAt.Format(time.RFC3339))
				}
				return table.Flush()
			})
		},
	}
}

func (c *command) importUndo() *cobra.Command {
	return &cobra.Command{
		Use:   "undo IMPORT",
		Short: "Take back what an import added and nobody has touched since",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				undone, err := room.Imports.Undo(cmd.Context(), args[0])
				if postroom.KindOf(err) == postroom.NotFound && err != nil {
					return fmt.Errorf("there is no import %s; see: postroom import list", args[0])
				}
				if err != nil {
					return err
				}
				fmt.Fprintf(c.stdout, "%d taken back\n", undone.Removed)
				if undone.Reverted > 0 {
					fmt.Fprintf(c.stdout, "%d as they were before\n", undone.Reverted)
				}
				if len(undone.Kept) > 0 {
					fmt.Fprintf(c.stdout, "%d kept, because somebody has done something with them since: %s\n", len(undone.Kept), strings.Join(undone.Kept, ", "))
				}
				return nil
			})
		},
	}
}
