package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/campaign"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// steerFlags are what every command has that steers a campaign.
type steerFlags struct {
	by   string
	json bool
}

func (f *steerFlags) on(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVar(&f.by, "by", "", "the `NAME` or address of the colleague who asks for it")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object")
	return cmd
}

// who is the name of the colleague who gives a command; without one it is the
// command line itself.
func (f *steerFlags) who(room *app.Room) (string, error) {
	if f.by == "" {
		return commandLine, nil
	}
	who, here := room.Team.Named(f.by)
	if !here {
		who, here = room.Team.At(f.by)
	}
	if !here {
		return "", fmt.Errorf("nobody here is called %s; see who is with: postroom desk list", f.by)
	}
	return who.Name, nil
}

// steering runs an act on one campaign and then prints how it stands.
func (c *command) steering(use, short, long string, act func(ctx context.Context, room *app.Room, id, by string) error) *cobra.Command {
	var f steerFlags
	return f.on(&cobra.Command{
		Use: use, Short: short, Long: cmp.Or(long, short+"."), Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				by, err := f.who(room)
				if err != nil {
					return err
				}
				if err := act(cmd.Context(), room, args[0], by); err != nil {
					return err
				}
				return c.stands(room.Store.Read(cmd.Context()), args[0], f.json)
			})
		},
	})
}

// stands prints how a campaign stands.
func (c *command) stands(read store.Reader, id string, asJSON bool) error {
	a, err := campaign.AccountOf(read, id)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(c.stdout).Encode(a)
	}
	fmt.Fprintf(c.stdout, "campaign %s is %s\n", a.Campaign, a.State)
	if a.State == postroom.CampaignScheduled && a.StartsAt != nil {
		fmt.Fprintf(c.stdout, "it begins at %s; to take it back: postroom campaign undo %s\n", a.StartsAt.Format(time.RFC3339), a.Campaign)
	}
	return nil
}

func (c *command) campaignApprove() *cobra.Command {
	return c.steering("approve CAMPAIGN --by NAME", "Agree that a newsletter may be sent",
		"Agree that a newsletter may be sent, as a colleague of whoever wrote it.\n\n"+
			"A list with approval: author in the programme file lets its author agree, too.",
		func(ctx context.Context, room *app.Room, id, by string) error {
			if by == commandLine {
				return errors.New("say who approves it, with --by: somebody other than whoever wrote it")
			}
			m, err := campaign.MatterOf(room.Store.Read(ctx), id)
			if err != nil {
				return err
			}
			if who, here := room.Team.Named(by); !here || !who.Reads(m.Programme, "") {
				return fmt.Errorf("%s does not look after the programme %s, and cannot approve its newsletters", by, m.Programme)
			}
			return room.Newsletter.Approve(ctx, id, by, "")
		})
}

func (c *command) campaignUndo() *cobra.Command {
	return c.steering("undo CAMPAIGN", "Take a newsletter back that has not begun to be sent",
		"Take a newsletter back that has not begun to be sent: within five minutes of\n\"send\", or before its time. It stays approved.",
		func(ctx context.Context, room *app.Room, id, by string) error {
			return room.Newsletter.TakeBack(ctx, id, by)
		})
}

func (c *command) campaignPause() *cobra.Command {
	return c.steering("pause CAMPAIGN", "Stop a newsletter that is being sent, until it is resumed", "",
		func(ctx context.Context, room *app.Room, id, by string) error {
			return room.Newsletter.Pause(ctx, id, by)
		})
}

func (c *command) campaignResume() *cobra.Command {
	return c.steering("resume CAMPAIGN", "Go on with a newsletter that was paused", "",
		func(ctx context.Context, room *app.Room, id, by string) error {
			return room.Newsletter.Resume(ctx, id, by)
		})
}

func (c *command) campaignCancel() *cobra.Command {
	return c.steering("cancel CAMPAIGN", "Stop a newsletter for good: what has not left never will", "",
		func(ctx context.Context, room *app.Room, id, by string) error {
			return room.Newsletter.Cancel(ctx, id, by)
		})
}

func (c *command) campaignTest() *cobra.Command {
	var f steerFlags
	var to string
	cmd := f.on(&cobra.Command{
		Use:   "test CAMPAIGN --to ADDRESS",
		Short: "Send a newsletter to one colleague, who can approve it by replying APPROVE",
		Long:  "Send a newsletter to one colleague, in a mail for each of its languages. One reply,\nAPPROVE, approves them all.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				by, err := f.who(room)
				if err != nil {
					return err
				}
				who, err := room.Newsletter.Test(cmd.Context(), args[0], by, to)
				if err != nil {
					return err
				}
				if f.json {
					return json.NewEncoder(c.stdout).Encode(map[string]string{"campaign": args[0], "to": who.Address})
				}
				fmt.Fprintf(c.stdout, "a test is on its way to %s, who approves it by replying APPROVE\n", who.Name)
				return nil
			})
		},
	})
	cmd.Flags().StringVar(&to, "to", "", "the `ADDRESS` or name of a colleague")
	if err := cmd.MarkFlagRequired("to"); err != nil {
		panic(err) // the flag is two lines above
	}
	return cmd
}

func (c *command) campaignNew() *cobra.Command {
	var f steerFlags
	var list, template string
	cmd := f.on(&cobra.Command{
		Use:   "new FILE {--list NAME | --template KIND}",
		Short: "File a newsletter as a draft, or begin a new file",
		Long: `File a newsletter as a draft for a list, so that it can be tested, approved and
sent. The same file is one draft, however often the command is run.

With --template, FILE is written for you to begin with, if it is not there yet.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case template != "":
				return c.beginFile(args[0], template)
			case list == "":
				return errors.New("say for which list it is, with --list")
			}
			data, err := editionFile(args[0])
			if err != nil {
				return err
			}
			return c.beside(cmd.Context(), func(room *app.Room) error { return c.fileDraft(cmd.Context(), room, args[0], data, list, &f) })
		},
	})
	cmd.Flags().StringVar(&list, "list", "", "the `NAME` of the list, as in the programme file")
	cmd.Flags().StringVar(&template, "template", "", "write FILE, to begin a newsletter of this `KIND`")
	return cmd
}

// beginFile writes a file to begin with. One that is there stays as it is.
func (c *command) beginFile(path, kind string) error {
	data, err := app.EditionTemplate(kind)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("begin a newsletter: %w", err)
	}
	_, err = file.Write(data)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("begin a newsletter: %w", err)
	}
	fmt.Fprintf(c.stdout, "wrote %s\n", path)
	return nil
}

func (c *command) fileDraft(ctx context.Context, room *app.Room, path string, data []byte, list string, f *steerFlags) error {
	by, err := f.who(room)
	if err != nil {
		return err
	}
	edition, err := room.Draft(path, data, list, app.PicturesIn(filepath.Dir(path)))
	if err != nil {
		return err
	}
	filed, added, err := room.Newsletter.Draft(ctx, edition, string(data), by)
	if err != nil {
		return err
	}
	if !f.json && !added {
		fmt.Fprintln(c.stdout, "this newsletter was filed before")
	}
	return c.stands(room.Store.Read(ctx), filed.ID, f.json)
}

func (c *command) campaignLeft() *cobra.Command {
	var f steerFlags
	var states []string
	cmd := f.on(&cobra.Command{
		Use:   "left CAMPAIGN",
		Short: "Make a newsletter to exactly those whom another did not reach",
		Long: `Make a newsletter with the same words to exactly those whose copy of another
failed, and who still want it. It is approved already: send it with "campaign send".

A copy that is uncertain may have arrived. With --state uncertain those are
sent it, too.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				by, err := f.who(room)
				if err != nil {
					return err
				}
				chosen := make([]postroom.MessageState, len(states))
				for i, s := range states {
					chosen[i] = postroom.MessageState(s)
				}
				next, n, err := room.Newsletter.Left(cmd.Context(), args[0], by, chosen...)
				if err != nil {
					return err
				}
				if !f.json {
					fmt.Fprintf(c.stdout, "it is for %d people\n", n)
				}
				return c.stands(room.Store.Read(cmd.Context()), next.ID, f.json)
			})
		},
	})
	cmd.Flags().StringSliceVar(&states, "state", []string{string(postroom.Failed)}, "whose copy is in this `STATE`: failed, uncertain")
	return cmd
}

func (c *command) campaignReport() *cobra.Command {
	var asCSV, asJSON bool
	cmd := &cobra.Command{
		Use:   "report CAMPAIGN",
		Short: "Account for every copy of a newsletter",
		Long: `Account for every copy of a newsletter: chosen = sent + suppressed + held +
failed + uncertain + waiting, and why. With --csv, one line for each copy, with
the mail server's answer. The command fails if a copy failed, is uncertain or is
held.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withStore(cmd.Context(), func(st *store.Store) error {
				read := st.Read(cmd.Context())
				a, err := campaign.AccountOf(read, args[0])
				switch {
				case err != nil:
					return err
				case asCSV:
					return campaign.WriteRows(read, args[0], c.stdout)
				case asJSON:
					err = json.NewEncoder(c.stdout).Encode(a)
				default:
					err = printAccount(c.stdout, a)
				}
				if err == nil && !a.Clean() {
					err = notClean(a)
				}
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&asCSV, "csv", false, "print one line for each copy")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// sendApproved sends a campaign that was approved.
func (c *command) sendApproved(cmd *cobra.Command, id string, f sendFlags) error {
	if _, err := os.Stat(id); err == nil {
		return fmt.Errorf("required flag \"list\" not set: %s is a file, so say to which list it is sent", id)
	}
	when := campaign.When{Local: f.at, NotLaterThan: f.notLaterThan, AtOnce: f.now}
	if f.zone != "" {
		zone, err := time.LoadLocation(f.zone)
		if err != nil {
			return fmt.Errorf("--zone: %w", err)
		}
		when.Zone = zone
	}
	ctx := cmd.Context()
	return c.beside(ctx, func(room *app.Room) error {
		by, err := f.steer.who(room)
		if err != nil {
			return err
		}
		if _, err := room.Newsletter.Send(ctx, id, by, when); err != nil {
			return err
		}
		if !f.wait {
			return c.stands(room.Store.Read(ctx), id, f.json)
		}
		account, err := c.follow(ctx, room.Store, id, f, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		if err := c.tell(sending{true, account}, f); err != nil {
			return err
		}
		if account.State != postroom.CampaignSent {
			return fmt.Errorf("campaign %s is %s", id, account.State)
		}
		return nil
	})
}
