package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"postroom/internal/config"
	"postroom/templates"
)

// init writes what a new post room starts from, for somebody who has only the
// program.
func (c *command) init() *cobra.Command {
	return &cobra.Command{
		Use:   "init [FOLDER]",
		Short: "Write a postroom.yaml and the example programmes, to be changed",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			folder := "."
			if len(args) > 0 {
				folder = args[0]
			}
			settings := strings.Replace(config.Example(), "# programmes: programmes ", "programmes: programmes   ", 1)
			if err := writeNew(filepath.Join(folder, "postroom.yaml"), []byte(settings)); err != nil {
				return err
			}
			if err := writeProgrammes(filepath.Join(folder, "programmes")); err != nil {
				return err
			}
			fmt.Fprintf(c.stdout, "wrote postroom.yaml and programmes in %s\nchange them, then run: postroom check\n", folder)
			return nil
		},
	}
}

func writeProgrammes(folder string) error {
	names, err := fs.Glob(templates.FS, "programme/*.yaml")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := templates.FS.ReadFile(name)
		if err != nil {
			return err
		}
		if err := writeNew(filepath.Join(folder, filepath.Base(name)), text); err != nil {
			return err
		}
	}
	return nil
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
