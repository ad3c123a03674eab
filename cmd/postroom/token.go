package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/access"
	"postroom/internal/app"
	"postroom/internal/postroom"
)

// token looks after what programs are let in with. It works beside a running
// server, which follows at once.
func (c *command) token() *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Look after the tokens with which programs use the API"}
	cmd.AddCommand(c.tokenNew(), c.tokenList(), c.tokenRevoke())
	return cmd
}

func (c *command) tokenNew() *cobra.Command {
	var w access.Wish
	var scopes []string
	var until string
	cmd := &cobra.Command{
		Use:   "new --name NAME --scope SCOPE",
		Short: "Make a token for a program, and show it once",
		Long: `Make a token for a program, and show it once: it is not on file, and cannot be
shown again. SCOPE says what the program may do:

    lists:read      see lists and how many are on them
    contacts:read   see who is on a list
    contacts:write  put people on a list and take them off
    editions:read   see newsletters and what became of their copies
    editions:write  write newsletters, check and test them
    editions:send   send what was approved; pause, resume and cancel it

No token approves a newsletter: a colleague does.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, s := range scopes {
				w.Scopes = append(w.Scopes, postroom.Scope(s))
			}
			w.By = commandLine
			return c.beside(cmd.Context(), func(room *app.Room) (err error) {
				if w.Until, err = endOf(until, room.Config.Organisation.Zone); err != nil {
					return err
				}
				return c.makeToken(cmd.Context(), room, w)
			})
		},
	}
	cmd.Flags().StringVar(&w.Name, "name", "", "what uses it, such as website")
	cmd.Flags().StringSliceVar(&scopes, "scope", nil, "what it may do (may be given more than once)")
	cmd.Flags().StringVar(&w.List, "list", "", "the `NAME` of the one list that it is for")
	cmd.Flags().StringVar(&until, "until", "", "the last `DAY` on which it works, such as 2027-03-31 (default: for a year)")
	for _, flag := range []string{"name", "scope"} {
		if err := cmd.MarkFlagRequired(flag); err != nil {
			panic(err) // the flags are a few lines above
		}
	}
	return cmd
}

func (c *command) makeToken(ctx context.Context, room *app.Room, w access.Wish) error {
	t, secret, err := room.Access.Make(ctx, w)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%s\n\nThis is the token of %s. It is shown this once; keep it where passwords are kept.\nid    %s\nmay   %s\nlist  %s\nends  %s\n",
		secret, t.Name, t.ID, scopesOf(t), or(t.List, "every list"), t.ExpiresAt.Format(time.RFC3339))
	return nil
}

// endOf is the end of a day, or zero for none.
func endOf(day string, zone *time.Location) (time.Time, error) {
	if day == "" {
		return time.Time{}, nil
	}
	at, err := time.ParseInLocation(time.DateOnly, day, zone)
	if err != nil {
		return at, fmt.Errorf("--until %q is not a day such as 2027-03-31", day)
	}
	return at.AddDate(0, 0, 1), nil
}

func scopesOf(t postroom.Token) string {
	list := make([]string, len(t.Scopes))
	for i, s := range t.Scopes {
		list[i] = string(s)
	}
	return strings.Join(list, " ")
}

// tokenRow is what list prints with --json.
type tokenRow struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	Scopes    []postroom.Scope `json:"scopes"`
	List      string           `json:"list,omitempty"`
	Works     bool             `json:"works"`
	MadeBy    string           `json:"made_by"`
	MadeAt    string           `json:"made_at"`
	ExpiresAt string           `json:"expires_at"`
	UsedOn    string           `json:"used_on,omitempty"`
	RevokedAt string           `json:"revoked_at,omitempty"`
}

func (c *command) tokenList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List tokens: what each may do, until when, and when it was last used",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				all, err := room.Access.All(cmd.Context())
				if err != nil {
					return err
				}
				return c.printTokens(all, room.Clock.Now(), asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

func (c *command) printTokens(all []postroom.Token, now time.Time, asJSON bool) error {
	out := json.NewEncoder(c.stdout)
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	if !asJSON {
		fmt.Fprintln(table, "ID\tNAME\tMAY\tLIST\tLAST USED\tENDS")
	}
	for _, t := range all {
		used := ""
		if !t.UsedOn.IsZero() {
			used = t.UsedOn.UTC().Format(time.DateOnly)
		}
		if asJSON {
			row := tokenRow{t.ID, t.Name, t.Scopes, t.List, t.Works(now), t.MadeBy, stamp(t.MadeAt), stamp(t.ExpiresAt), used, stamp(t.RevokedAt)}
			if err := out.Encode(row); err != nil {
				return err
			}
			continue
		}
		ends := stamp(t.ExpiresAt)
		switch {
		case !t.RevokedAt.IsZero():
			ends = "revoked " + stamp(t.RevokedAt)
		case !t.Works(now):
			ends = "ended " + ends
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, printable(t.Name), scopesOf(t), or(t.List, "every list"), or(used, "never"), ends)
	}
	return table.Flush()
}

func (c *command) tokenRevoke() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "End a token, named by its id or its name: it lets nobody in any more",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				t, err := room.Access.Revoke(cmd.Context(), args[0], commandLine)
				if err != nil {
					return err
				}
				fmt.Fprintf(c.stdout, "token %s of %s lets nobody in any more\n", t.ID, t.Name)
				return nil
			})
		},
	}
}
