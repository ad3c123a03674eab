package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/templates"
)

// formNew writes a form to begin with, in a file of its own or among the forms of a
// programme.
func (c *command) formNew() *cobra.Command {
	var kind, into string
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a form to begin with into a programme file, with comments that say what is what",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if !slices.Contains(programme.Kinds(), postroom.FormKind(kind)) {
				return fmt.Errorf("there is no kind of form %q; write one of %v", kind, programme.Kinds())
			}
			n := newForm{Name: args[0], Kind: kind, Title: titled(args[0]), Coordinator: c.firstCoordinator(), Day: time.Now().AddDate(0, 2, 0).Format(time.DateOnly)}
			path, err := n.write(c.programmeFolder(), into)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.stdout, "wrote form %s into %s\nchange it, then run: postroom form check %s\n", n.Name, path, path)
			return nil
		},
	}
	cmd.Flags().StringVar(&kind, "kind", string(postroom.Enquiry), "what `kind` of form: enquiry, sign_up, event_registration and others")
	cmd.Flags().StringVar(&into, "programme", "", "the `programme` it goes into; a new one of the form's name if left out")
	return cmd
}

// firstCoordinator is who looks after a new programme until somebody says otherwise.
func (c *command) firstCoordinator() string {
	if cfg, err := config.Load(c.config, c.getenv); err == nil && len(cfg.Coordinators) > 0 {
		return cfg.Coordinators[0].Name
	}
	return "office"
}

// titled makes a title of a name: young-carers is Young carers.
func titled(name string) string {
	words := strings.ReplaceAll(name, "-", " ")
	return strings.ToUpper(words[:min(1, len(words))]) + words[min(1, len(words)):]
}

// newForm fills the gaps of templates/form.
type newForm struct {
	Programme, Name, Kind, Title, Coordinator, Day string
	Event                                          string
	Several                                        bool // the event has several dates
	Form                                           string
}

// write writes the form and returns the file it is in. Nothing is written that
// has a mistake.
func (n newForm) write(folder, into string) (path string, err error) {
	files, err := filesIn(folder)
	if err != nil {
		return "", err
	}
	name, text := "", []byte(nil)
	if into == "" {
		name, text, err = n.alone()
	} else {
		name, text, err = n.among(files, into)
	}
	if err != nil {
		return "", err
	}
	_, there := files[name]
	path = filepath.Join(folder, name)
	if into == "" && there {
		return "", fmt.Errorf("%s is there already and was not changed", path)
	}
	files[name] = text
	if _, err := readFiles(files); err != nil {
		return "", fmt.Errorf("nothing was written, because of mistakes in %s:\n%w", folder, err)
	}
	if into == "" {
		return path, writeNew(path, text)
	}
	return path, replaceFile(path, text)
}

// alone is a file with this form and nothing else.
func (n newForm) alone() (name string, text []byte, err error) {
	n.Programme = n.Name
	if n.Kind == string(postroom.EventRegistration) {
		n.Event = n.Name
	}
	form, err := n.fill("form/form.yaml")
	if err != nil {
		return "", nil, err
	}
	lines := strings.Split(strings.TrimRight(string(form), "\n"), "\n")
	lines[0] = "  " + lines[0]
	lines[1] = "  - " + lines[1]
	n.Form = strings.Join(lines[:2], "\n") + "\n    " + strings.Join(lines[2:], "\n    ") + "\n"
	text, err = n.fill("form/programme.yaml")
	return n.Name + ".yaml", text, err
}

// among is the file of a programme with this form after its others.
func (n newForm) among(files map[string][]byte, into string) (name string, text []byte, err error) {
	set, err := readFiles(files)
	if err != nil {
		return "", nil, err
	}
	p, ok := set.Programme(into)
	if !ok {
		return "", nil, fmt.Errorf("there is no programme %s", into)
	}
	if n.Kind == string(postroom.EventRegistration) {
		if len(p.Events) == 0 {
			return "", nil, fmt.Errorf("programme %s has no event to book; write one below events: first, or leave out --programme", into)
		}
		n.Event, n.Several = p.Events[0].Name, len(p.Events[0].Sessions) > 1
	}
	form, err := n.fill("form/form.yaml")
	if err != nil {
		return "", nil, err
	}
	text, err = programme.Apply(p.File, files[p.File], programme.AddForm(string(form)))
	return p.File, text, err
}

func (n newForm) fill(name string) ([]byte, error) {
	t, err := template.ParseFS(templates.FS, name)
	if err != nil {
		return nil, fmt.Errorf("read the form to begin with: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, n); err != nil {
		return nil, fmt.Errorf("write the form to begin with: %w", err)
	}
	return b.Bytes(), nil
}

// replaceFile puts a text in the place of a file, all of it or nothing.
func replaceFile(path string, text []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(info.Mode()), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // what counts is why it could not take the place
	}
	return err
}
