package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"postroom/internal/proof"
)

// formCheck reads programme files alone, quickly enough for each time one is saved.
func (c *command) formCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE…]",
		Short: "Find every mistake in programme files, and say what would help the people who fill the forms in",
		RunE: func(_ *cobra.Command, paths []string) (err error) {
			if len(paths) == 0 {
				if paths, err = pathsIn(c.programmeFolder()); err != nil {
					return err
				}
			}
			return c.checkFiles(paths)
		},
	}
}

// checkFiles prints advice, and returns the mistakes.
func (c *command) checkFiles(paths []string) error {
	var found proof.Mistakes
	for _, path := range paths {
		mistakes, advice, err := checkFile(path)
		if err != nil {
			return err
		}
		found = append(found, mistakes...)
		for _, m := range advice {
			m.Say = "warning: " + m.Say
			fmt.Fprintln(c.stdout, m)
		}
		if len(mistakes) == 0 {
			fmt.Fprintf(c.stdout, "%s has no mistakes\n", path)
		}
	}
	return found.AsError()
}
