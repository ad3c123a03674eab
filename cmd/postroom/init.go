package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// init writes what a new post room starts from, for somebody who has only the
// program.
func (c *command) init() *cobra.Command {
	var b beginning
	var yes bool
	cmd := &cobra.Command{
		Use:   "init [FOLDER]",
		Short: "Ask a few questions and write a postroom.yaml and programmes, to be changed",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			folder := "."
			if len(args) > 0 {
				folder = args[0]
			}
			if err := b.check(); err != nil {
				return err
			}
			if !yes {
				q := &questions{in: cmd.InOrStdin(), lines: bufio.NewScanner(cmd.InOrStdin()), out: c.stdout, lookup: asDNSSays}
				b.ask(q)
				b.askMail(cmd.Context(), c, q)
			}
			if err := b.write(folder); err != nil {
				return err
			}
			c.tellNext(folder, b.mail)
			return nil
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "ask nothing; what no flag says stays as in the example")
	cmd.Flags().StringVar(&b.Name, "name", "", "`name` of the organisation")
	cmd.Flags().StringVar(&b.Address, "address", "", "`address` that mail comes from")
	cmd.Flags().StringVar(&b.Colour, "colour", "", "`colour` of links and buttons, such as #0d5c63")
	cmd.Flags().StringVar(&b.Logo, "logo", "", "`file` of the logo, SVG or PNG")
	cmd.Flags().StringSliceVar(&b.Programmes, "programmes", nil, "`names` of the programmes you run; the others become examples")
	return cmd
}

// tellNext says what was written, and what is to be done now.
func (c *command) tellNext(folder string, m *mailSettings) {
	settings := filepath.Join(folder, "postroom.yaml")
	next := "name your mail server and your people"
	fmt.Fprintf(c.stdout, "wrote postroom.yaml and programmes in %s\n", folder)
	if m != nil {
		next = "name your people"
		if m.password != "" && m.variable() == "" {
			fmt.Fprintf(c.stdout, "the password is in %s, which nobody else can read\n", filepath.Join(folder, secretFile))
		}
	}
	fmt.Fprintf(c.stdout, "1. %s in %s\n2. run: postroom check --config %s\n", next, settings, settings)
}

// writeNew writes a file that must not be there yet: nobody's settings are
// overwritten.
func writeNew(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already and was not changed", path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
