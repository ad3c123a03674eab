package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/campaign"
	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// segment tells who of a list an edition would be for. It reads, and changes
// nothing.
func (c *command) segment() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "segment",
		Short: "Tell who of a list a newsletter would be for",
		Long: `Tell who of a list a newsletter would be for. WHO is the name of a segment in
the programme file, or a condition:

    postroom segment count --list newsletter '"funding" in interests'
    postroom segment show --list newsletter '"bletchley" in areas' --except '"volunteers" in lists'`,
	}
	cmd.AddCommand(c.segmentCount(), c.segmentShow())
	return cmd
}

// newsroom reads the settings, the mails and the programmes.
func (c *command) newsroom() (app.Newsroom, error) {
	cfg, err := config.Load(c.config, c.getenv)
	if err != nil {
		return app.Newsroom{}, err
	}
	letters, set, err := app.Load(cfg)
	return app.Newsroom{Letters: letters, Programmes: set, Organisation: cfg.Organisation, Clock: new(app.Clock)}, err
}

type segmentFlags struct {
	list   string
	except []string
	json   bool
}

func (c *command) segmentFlags(cmd *cobra.Command, f *segmentFlags) {
	c.listFlag(cmd, &f.list)
	cmd.Flags().StringArrayVar(&f.except, "except", nil, "leave out these, a segment or a condition (may be given again)")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object")
}

func (c *command) segmentCount() *cobra.Command {
	var f segmentFlags
	cmd := &cobra.Command{
		Use:   "count [WHO …] --list NAME",
		Short: "Count them",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.counted(cmd, args, f, 0, func(n campaign.Count) error {
				if f.json {
					return json.NewEncoder(c.stdout).Encode(n)
				}
				_, err := fmt.Fprintf(c.stdout, "%d of the %d on list %s\n", n.Count, n.Of, n.List)
				return err
			})
		},
	}
	c.segmentFlags(cmd, &f)
	return cmd
}

// example is one of those who are meant, as --json prints it.
type example struct {
	Name     string `json:"name"`
	Address  string `json:"address"`
	Language string `json:"language"`
}

func (c *command) segmentShow() *cobra.Command {
	var f segmentFlags
	var limit int
	cmd := &cobra.Command{
		Use:   "show [WHO …] --list NAME",
		Short: "Count them, and show the first ten",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.counted(cmd, args, f, limit, func(n campaign.Count) error {
				examples := make([]example, len(n.Examples))
				for i, m := range n.Examples {
					examples[i] = example{m.Name, m.Address, m.Locale}
				}
				if f.json {
					return json.NewEncoder(c.stdout).Encode(struct {
						campaign.Count
						Examples []example `json:"examples"`
					}{n, examples})
				}
				fmt.Fprintf(c.stdout, "%d of the %d on list %s\n\n", n.Count, n.Of, n.List)
				table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "ADDRESS\tLANGUAGE\tNAME")
				for _, e := range examples {
					fmt.Fprintf(table, "%s\t%s\t%s\n", e.Address, e.Language, e.Name)
				}
				return table.Flush()
			})
		},
	}
	c.segmentFlags(cmd, &f)
	cmd.Flags().IntVar(&limit, "limit", 10, "show at most so many")
	return cmd
}

func (c *command) counted(cmd *cobra.Command, who []string, f segmentFlags, examples int, tell func(campaign.Count) error) error {
	room, err := c.newsroom()
	if err != nil {
		return err
	}
	return c.withStore(cmd.Context(), func(st *store.Store) error {
		n, err := campaign.NewAudiences(room.Programmes, room.Clock).Count(st.Read(cmd.Context()), f.list, postroom.Audience{To: who, Except: f.except}, examples)
		if wrong, ok := errors.AsType[*programme.SegmentError](err); ok {
			return fmt.Errorf("%w; write %s", wrong, wrong.Instead)
		}
		if err != nil {
			return fmt.Errorf("count: %w", err)
		}
		return tell(n)
	})
}
