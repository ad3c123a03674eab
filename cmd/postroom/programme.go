package main

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/store"
	"postroom/internal/wording"
)

// programme shows programmes as they stand, with what was changed on the desk. A
// running server follows a version that is brought back within seconds.
func (c *command) programme() *cobra.Command {
	cmd := &cobra.Command{Use: "programme", Short: "Look at programmes as they stand, and bring an earlier version back"}
	cmd.AddCommand(c.programmeList(), c.programmeExport(), c.programmeHistory(), c.programmeRestore())
	return cmd
}

func (c *command) programmeList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List every programme, and who changed it last",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "PROGRAMME\tFILE\tVERSION\tCHANGED BY\tCHANGED AT\tSTANDS\tPROBLEM")
				for _, p := range room.Wording.Programmes() {
					fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", p.Name, p.File, p.Version, or(p.By, "-"), changedAt(p.At), stands(p.Change), problem(p.Problem))
				}
				return table.Flush()
			})
		},
	}
}

func changedAt(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.RFC3339)
}

func stands(c wording.Change) string {
	if c.Came {
		return "as in the file"
	}
	return "as changed"
}

// problem is why a version is left aside, on one line.
func problem(err error) string {
	if err == nil {
		return ""
	}
	return "left aside: " + strings.ReplaceAll(err.Error(), "\n", " | ")
}

func (c *command) programmeExport() *cobra.Command {
	return &cobra.Command{
		Use:   "export NAME",
		Short: "Print a programme's file as it stands now",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				p, err := programmeNamed(room, args[0])
				if err == nil {
					_, err = fmt.Fprint(c.stdout, p.YAML)
				}
				return err
			})
		},
	}
}

func programmeNamed(room *app.Room, name string) (wording.Programme, error) {
	p, ok := room.Wording.Programme(name)
	if !ok {
		return p, fmt.Errorf("there is no programme %s; see: postroom programme list", name)
	}
	return p, nil
}

func (c *command) programmeHistory() *cobra.Command {
	return &cobra.Command{
		Use:   "history NAME",
		Short: "List every version of a programme, the newest first",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				if _, err := programmeNamed(room, args[0]); err != nil {
					return err
				}
				list, err := room.Wording.History(cmd.Context(), store.ProgrammeWording, args[0], "")
				if err != nil {
					return err
				}
				table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "VERSION\tMADE BY\tMADE AT\tSIZE")
				for _, v := range list {
					fmt.Fprintf(table, "%d\t%s\t%s\t%s\n", v.Version, v.MadeBy, changedAt(v.MadeAt), size(v.Body))
				}
				fmt.Fprintln(table, "0\t-\t-\tas in the file")
				return table.Flush()
			})
		},
	}
}

func size(body string) string {
	if body == "" {
		return "as in the file"
	}
	return strconv.Itoa(len(body)) + " bytes"
}

func (c *command) programmeRestore() *cobra.Command {
	return &cobra.Command{
		Use:   "restore NAME VERSION",
		Short: "Bring a version of a programme back; 0 is its file as it came",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			version, err := strconv.Atoi(args[1])
			if err != nil {
				return fmt.Errorf("%q is not a version; see: postroom programme history %s", args[1], args[0])
			}
			return c.beside(cmd.Context(), func(room *app.Room) error {
				if _, err := programmeNamed(room, args[0]); err != nil {
					return err
				}
				hand := wording.Hand{By: "command line", Seen: wording.Any}
				now, err := room.Wording.Restore(cmd.Context(), hand, store.ProgrammeWording, args[0], "", version)
				if err == nil {
					fmt.Fprintf(c.stdout, "programme %s is as in version %d; this is version %d\n", args[0], version, now)
				}
				return err
			})
		},
	}
}
