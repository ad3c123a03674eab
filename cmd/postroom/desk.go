package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/postroom"
	"postroom/internal/signin"
)

// desk looks after who may open the desk. It works beside a running server,
// which follows within seconds.
func (c *command) desk() *cobra.Command {
	cmd := &cobra.Command{Use: "desk", Short: "Look after who may open the desk"}
	cmd.AddCommand(c.deskInvite(), c.deskList(), c.deskLink(), c.deskRevoke())
	return cmd
}

func (c *command) deskInvite() *cobra.Command {
	var i signin.Invitation
	var role string
	cmd := &cobra.Command{
		Use:   "invite EMAIL",
		Short: "Invite somebody to the desk; the first is an admin",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				i.Address, i.Role, i.By = args[0], postroom.Role(role), commandLine
				return c.invite(cmd.Context(), room, i)
			})
		},
	}
	cmd.Flags().StringVar(&i.Name, "name", "", "by which assignments know them; it never changes (default: what is before the @)")
	cmd.Flags().StringVar(&role, "role", "", "admin, coordinator, greeter or viewer (default: admin if there is none yet, else coordinator)")
	cmd.Flags().StringArrayVar(&i.Programmes, "programme", nil, "only of this programme; may be given more than once")
	cmd.Flags().StringVar(&i.Area, "area", "", "only of this area")
	return cmd
}

func (c *command) invite(ctx context.Context, room *app.Room, i signin.Invitation) error {
	for _, name := range i.Programmes {
		if _, known := room.Programmes.Programme(name); !known {
			return fmt.Errorf("there is no programme %q", name)
		}
	}
	if i.Role == "" {
		i.Role = postroom.IsCoordinator
		if len(room.Team.With(postroom.Admin)) == 0 {
			i.Role = postroom.Admin
		}
	}
	who, err := room.SignIn.Invite(ctx, i)
	if err != nil {
		return fmt.Errorf("invite %s: %w", i.Address, err)
	}
	fmt.Fprintf(c.stdout, "%s is on file as %s (%s)\n", who.Address, who.Name, roles(who))
	fmt.Fprintf(c.stdout, "a mail to them says how to sign in at %s/desk\n", room.Config.Organisation.BaseURL)
	fmt.Fprintf(c.stdout, "if mail does not work yet: postroom desk link %s\n", who.Address)
	return nil
}

// roles lists what a colleague may do, in one line.
func roles(who postroom.Colleague) string {
	list := make([]string, len(who.Grants))
	for i, g := range who.Grants {
		list[i] = string(g.Role)
		if where := strings.Trim(g.Programme+"/"+g.Area, "/"); where != "" {
			list[i] += " of " + where
		}
	}
	return strings.Join(list, ", ")
}

func (c *command) deskList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List who may open the desk, and where they are signed in",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error { return c.printDesk(cmd.Context(), room) })
		},
	}
}

func (c *command) printDesk(ctx context.Context, room *app.Room) error {
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tADDRESS\tROLES\tSIGNED IN\tLAST SEEN")
	for _, who := range room.Team.All() {
		devices, err := room.SignIn.Devices(ctx, who.Name)
		if err != nil {
			return err
		}
		seen := ""
		if len(devices) > 0 {
			seen = devices[0].Seen.Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\n", who.Name, who.Address, roles(who), len(devices), seen)
	}
	return table.Flush()
}

func (c *command) deskLink() *cobra.Command {
	return &cobra.Command{
		Use:   "link EMAIL",
		Short: "Print a link that signs somebody in once, within 15 minutes, in any browser",
		Long: "Print a link that signs somebody in once, within 15 minutes, in any browser.\n\n" +
			"It is for when mail does not work yet. Whoever has the link is let in, so give it to nobody else.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.besideColleague(cmd.Context(), args[0], func(room *app.Room, who postroom.Colleague) error {
				link, err := room.SignIn.LinkFor(cmd.Context(), who.Name)
				if err == nil {
					fmt.Fprintln(c.stdout, link)
				}
				return err
			})
		},
	}
}

func (c *command) deskRevoke() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke NAME",
		Short: "Sign somebody out everywhere",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.besideColleague(cmd.Context(), args[0], func(room *app.Room, who postroom.Colleague) error {
				n, err := room.SignIn.RevokeAll(cmd.Context(), who.Name, commandLine)
				if err == nil {
					fmt.Fprintf(c.stdout, "%s is signed out of %d browsers\n", who.Name, n)
				}
				return err
			})
		},
	}
}

// besideColleague runs do for the colleague of a name or an address.
func (c *command) besideColleague(ctx context.Context, named string, do func(*app.Room, postroom.Colleague) error) error {
	return c.beside(ctx, func(room *app.Room) error {
		who, here := room.Team.Named(named)
		if !here {
			who, here = room.Team.At(named)
		}
		if !here {
			return fmt.Errorf("nobody here is called %s; see who is with: postroom desk list", named)
		}
		return do(room, who)
	})
}
