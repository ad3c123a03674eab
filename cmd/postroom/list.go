package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/campaign"
	"postroom/internal/imports"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// list says who is on a list, and puts single people on it or takes them off.
func (c *command) list() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "See who is on a list of news, put somebody on it or take them off"}
	cmd.AddCommand(c.listShow(), c.listMembers(), c.listAdd(), c.listRemove())
	return cmd
}

func (c *command) listShow() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show [NAME]",
		Short: "Count who is on a list, or on each",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				names, err := listNames(room, args)
				if err != nil {
					return c.inWords(err)
				}
				var sums []campaign.ListCount
				for _, name := range names {
					counts, err := room.Store.Read(cmd.Context()).MemberCounts(name, time.Now())
					if err != nil {
						return err
					}
					sums = append(sums, campaign.CountList(name, counts))
				}
				if asJSON {
					return json.NewEncoder(c.stdout).Encode(sums)
				}
				return c.printCounts(sums)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON array")
	return cmd
}

// listNames are the lists that are asked for: the one that is named, or all.
func listNames(room *app.Room, args []string) (names []string, err error) {
	if len(args) > 0 {
		_, _, err := room.Imports.ListNamed(args[0])
		return args, err
	}
	for _, p := range room.Programmes.Programmes() {
		for _, l := range p.Lists {
			names = append(names, l.Name)
		}
	}
	return names, nil
}

func (c *command) printCounts(sums []campaign.ListCount) error {
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "LIST\tCONFIRMED\tROUND-UP ONLY\tPAUSED\tWAITING\tNO GROUND\tLEFT")
	for _, s := range sums {
		unknown := s.Basis[string(postroom.UnknownBasis)]
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\n", s.List, s.State[string(postroom.Confirmed)], s.RoundUp, s.Paused,
			s.State[string(postroom.Pending)]-unknown, unknown, s.State[string(postroom.Unsubscribed)])
	}
	return table.Flush()
}

func (c *command) listMembers() *cobra.Command {
	var state, after string
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "members NAME",
		Short: "List who is or was on a list, in the order of addresses",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withStore(cmd.Context(), func(st *store.Store) error {
				rows, err := st.Read(cmd.Context()).MembersAfter(args[0], postroom.SubscriptionState(state), after, limit)
				if err != nil {
					return err
				}
				return c.printMembers(rows, asJSON)
			})
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "only those in this `STATE`: pending, confirmed or unsubscribed")
	cmd.Flags().StringVar(&after, "after", "", "only those after this `ADDRESS`")
	cmd.Flags().IntVar(&limit, "limit", 1000, "at most so many")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

// listMember is what members prints with --json.
type listMember struct {
	Address   string `json:"address"`
	Name      string `json:"name"`
	State     string `json:"state"`
	Basis     string `json:"basis"`
	Source    string `json:"source,omitempty"`
	Language  string `json:"language"`
	Topics    string `json:"topics,omitempty"`
	Areas     string `json:"areas,omitempty"`
	Often     string `json:"often"`
	Paused    string `json:"paused_until,omitempty"`
	AskedAt   string `json:"asked_at"`
	Confirmed string `json:"confirmed_at,omitempty"`
	Ended     string `json:"ended_at,omitempty"`
	Stopped   string `json:"stopped,omitempty"`
}

func (c *command) printMembers(rows []store.MemberRow, asJSON bool) error {
	if asJSON {
		out := json.NewEncoder(c.stdout)
		for _, m := range rows {
			if err := out.Encode(listMember{m.Address, m.Name, string(m.State), string(m.Basis), m.Source, m.Locale, m.Topics, m.Areas, string(m.Often),
				stamp(m.PausedUntil), stamp(m.AskedAt), stamp(m.ConfirmedAt), stamp(m.EndedAt), m.Stopped}); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ADDRESS\tNAME\tSTATE\tBASIS\tLANGUAGE\tSINCE\tSTOPPED")
	for _, m := range rows {
		since := m.AskedAt
		for _, later := range []time.Time{m.ConfirmedAt, m.EndedAt} {
			if later.After(since) {
				since = later
			}
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", m.Address, printable(m.Name), m.State, m.Basis, m.Locale, since.Format(time.DateOnly), m.Stopped)
	}
	return table.Flush()
}

func (c *command) listAdd() *cobra.Command {
	var name, locale, basis, source string
	cmd := &cobra.Command{
		Use:   "add LIST ADDRESS",
		Short: "Put somebody on a list who agreed to it elsewhere",
		Long: `Put somebody on a list who agreed to it elsewhere, on paper or by word of mouth:
--source says where and when. Without a ground they are kept and not mailed.
Whoever has left the list, or wants no news at all, stays away.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if basis != "" && source == "" {
				return errors.New("--basis needs --source, which says where and how they agreed")
			}
			row := strings.NewReplacer("\r", " ", "\n", " ", "\t", " ")
			order := imports.MemberOrder{
				List: args[0], Name: "list add", Basis: postroom.Basis(basis), Source: source, By: "command line",
				File: []byte("email\tname\tlanguage\n" + row.Replace(args[1]) + "\t" + row.Replace(name) + "\t" + row.Replace(locale) + "\n"),
			}
			return c.beside(cmd.Context(), func(room *app.Room) error {
				plan, err := room.Imports.PlanMembers(cmd.Context(), order)
				if err != nil {
					return c.inWords(err)
				}
				row := plan.Rows[0]
				if row.Outcome == imports.MemberToMend {
					return errors.New(row.Why)
				}
				if _, err := room.Imports.DoMembers(cmd.Context(), plan, func(int) {}); err != nil {
					return err
				}
				fmt.Fprintf(c.stdout, "%s: %s\n", row.Address, or(strings.TrimSpace(string(row.Outcome)+" "+row.Why), "done"))
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "their `name`")
	cmd.Flags().StringVar(&locale, "language", "", "the `language` in which they are written to")
	cmd.Flags().StringVar(&basis, "basis", "", "the `ground`: consent or soft_opt_in")
	cmd.Flags().StringVar(&source, "source", "", "`where` and how they agreed")
	return cmd
}

func (c *command) listRemove() *cobra.Command {
	return &cobra.Command{
		Use:   "remove LIST ADDRESS",
		Short: "Take somebody off a list; no import puts them back",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				sub, found, err := room.Store.Read(cmd.Context()).SubscriptionAt(args[0], strings.ToLower(args[1]))
				if err != nil {
					return err
				}
				if !found {
					return fmt.Errorf("%s is not on list %s", args[1], args[0])
				}
				if err := room.Lists.Remove(cmd.Context(), sub.ID, "command line"); err != nil {
					return err
				}
				fmt.Fprintf(c.stdout, "%s is off list %s\n", sub.Address, sub.List)
				return nil
			})
		},
	}
}
