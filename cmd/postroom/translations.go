package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/translation"
)

// translations hands the texts of pages, mails and programmes to people who
// translate, and takes them back.
func (c *command) translations() *cobra.Command {
	cmd := &cobra.Command{Use: "translations", Short: "Hand texts to people who translate, and take them back"}
	cmd.AddCommand(c.translationsExport(), c.translationsImport(), c.translationsStatus())
	return cmd
}

func (c *command) translationsExport() *cobra.Command {
	var only string
	cmd := &cobra.Command{
		Use:   "export DIR",
		Short: "Write a PO file for each language",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				t := room.Translations()
				languages := t.Languages()
				if only != "" {
					languages = []string{only}
				}
				for _, tag := range languages {
					if err := c.exportLanguage(t, tag, args[0]); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&only, "lang", "", "only this language")
	return cmd
}

func (c *command) exportLanguage(t *translation.Translations, tag, folder string) error {
	data, err := t.Export(tag)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("write translations: %w", err)
	}
	file := filepath.Join(folder, tag+".po")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		return fmt.Errorf("write translations: %w", err)
	}
	fmt.Fprintln(c.stdout, file)
	return nil
}

func (c *command) translationsImport() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Take a PO file back: show what it changes, and change it",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("read translations: %w", err)
			}
			return c.beside(cmd.Context(), func(room *app.Room) error {
				t := room.Translations()
				change, err := t.Compare(args[0], data)
				if err != nil {
					return fmt.Errorf("nothing was changed:\n%w", err)
				}
				c.printChange(change)
				if dry || len(change.Texts) == 0 {
					return nil
				}
				return t.Take(cmd.Context(), commandLine, change)
			})
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only show what it would change")
	return cmd
}

func (c *command) printChange(change translation.Change) {
	for _, text := range change.Texts {
		fmt.Fprintln(c.stdout, text.Key)
		if text.Says() {
			c.printLines("- ", text.Said)
			c.printLines("+ ", text.Now)
		}
		if text.Read != text.ReadNow {
			fmt.Fprintln(c.stdout, map[bool]string{true: "  somebody has read it", false: "  nobody has read it any more"}[text.ReadNow])
		}
	}
	for _, key := range change.Aside {
		fmt.Fprintf(c.stdout, "%s\n  left aside: the English has changed since the file was written; export it again\n", key)
	}
	fmt.Fprintf(c.stdout, "%s: %d texts change, %d left aside\n", change.Tag, len(change.Texts), len(change.Aside))
}

func (c *command) printLines(sign string, texts []string) {
	for _, text := range texts {
		for line := range strings.Lines(text) {
			fmt.Fprintln(c.stdout, sign+strings.TrimRight(line, "\n"))
		}
	}
}

func (c *command) translationsStatus() *cobra.Command {
	var strict bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say how far each language is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				done := true
				table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "LANGUAGE\tTEXTS\tTRANSLATED\tREAD\tMISSING\tOUTDATED\tUNREAD ABOUT RIGHTS")
				for _, n := range room.Translations().Status() {
					fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\n", n.Tag, n.Texts, n.Translated, n.Read, n.Missing, n.Old, n.Unsafe)
					done = done && n.Done()
				}
				if err := table.Flush(); err != nil || done || !strict {
					return err
				}
				return errors.New("not every language is done")
			})
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "fail where something is missing, older than the English, or about somebody's rights and unread")
	return cmd
}
