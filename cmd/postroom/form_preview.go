package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/config"
	"postroom/internal/preview"
	"postroom/internal/programme"
	"postroom/internal/proof"
	"postroom/internal/web"
	"postroom/templates"
)

// formPreview shows a form as the public would see it, and follows its file.
func (c *command) formPreview() *cobra.Command {
	var s shown
	cmd := &cobra.Command{
		Use:   "preview NAME|FILE",
		Short: "Show a form as the public would see it, and follow its file while you write; nothing is filed or sent",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.find(c, args[0]); err != nil {
				return err
			}
			return s.run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&s.lang, "lang", "", "the `language` of the address and of what is printed; the programme's first if left out")
	cmd.Flags().StringVar(&s.http, "http", "127.0.0.1:8081", "`address` of the pages, on this machine only")
	cmd.Flags().StringVar(&s.at, "at", "", "show it as on this `day`, such as 2027-05-01, for a form that opens later")
	cmd.Flags().BoolVar(&s.text, "text", false, "only print what the form asks, for a terminal")
	cmd.Flags().StringVar(&s.templates, "templates", "", "read pages and texts from this `folder`, for those who change them")
	return cmd
}

// shown is the form that is shown and the file it is in.
type shown struct {
	c         *command
	folder    string
	file      string // in the folder; "" where the form was named
	name      string // of the form; "" where the file was named
	org       config.Organisation
	own       string // folder of the organisation's own translations; "" is none
	locales   *web.Locales
	lang, at  string
	http      string
	text      bool
	templates string
}

// find sees where the form is to be looked for, and how its pages look.
func (s *shown) find(c *command, arg string) error {
	s.c, s.folder, s.name = c, c.programmeFolder(), arg
	if info, err := os.Stat(arg); err == nil && !info.IsDir() {
		s.folder, s.file, s.name = filepath.Dir(arg), filepath.Base(arg), ""
	} else if strings.HasSuffix(arg, ".yaml") {
		return fmt.Errorf("there is no file %s", arg)
	}
	if err := s.dress(); err != nil {
		return err
	}
	from := fs.FS(templates.FS)
	if s.templates != "" {
		from = os.DirFS(s.templates)
	}
	var err error
	if s.locales, err = web.LoadLocales(from); err != nil {
		return fmt.Errorf("read texts: %w", err)
	}
	return nil
}

// dress takes the organisation from the settings. A form can be looked at before
// there are any.
func (s *shown) dress() error {
	cfg, err := config.Load(s.c.config, s.c.getenv)
	if err == nil {
		s.org, s.own = cfg.Organisation, cfg.Translations()
		return nil
	}
	if _, missing := os.Stat(s.c.config); missing == nil {
		s.c.log.Warn("the settings have mistakes, so the pages have no name and colour; see: postroom check", "err", err)
	}
	zone, err := time.LoadLocation("Europe/London")
	s.org = config.Organisation{Name: "Your charity", Zone: zone, From: mail.Address{Name: "Your charity", Address: "office@your-charity.example"}}
	return err
}

// source reads the folder. What is wrong in other files is no reason not to show
// this one.
func (s *shown) source() (map[string][]byte, proof.Mistakes, error) {
	files, err := filesIn(s.folder)
	if err == nil && s.file != "" {
		files[s.file], err = os.ReadFile(filepath.Join(s.folder, s.file))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read programmes: %w", err)
	}
	set, err := readFiles(files)
	mistakes, _ := errors.AsType[proof.Mistakes](err)
	if err != nil && mistakes == nil {
		return nil, nil, err
	}
	if mistakes == nil {
		return files, s.absent(set), nil
	}
	for _, m := range mistakes {
		if m.File == s.file {
			return nil, s.placed(mistakes, s.file), nil
		}
		delete(files, m.File)
	}
	set, err = readFiles(files)
	if _, found := s.form(set); err != nil || !found {
		return nil, s.placed(mistakes, ""), nil
	}
	return files, nil, nil
}

// absent is the mistake that the form is not there.
func (s *shown) absent(set *programme.Set) proof.Mistakes {
	if _, found := s.form(set); found {
		return nil
	}
	var names []string
	for _, f := range set.Forms() {
		names = append(names, f.Name)
	}
	return proof.Mistakes{{File: filepath.Join(s.folder, s.file), Line: 1, Column: 1, Say: "there is no form " + s.name, Instead: "one of: " + strings.Join(names, ", ")}}
}

// form is the form that was named, or the first of the file.
func (s *shown) form(set *programme.Set) (*programme.Form, bool) {
	if set == nil {
		return nil, false
	}
	if s.file == "" {
		return set.Form(s.name)
	}
	for _, f := range set.Forms() {
		if f.Programme.File == s.file {
			return f, true
		}
	}
	return nil, false
}

// placed are the mistakes of a file, or of all, under paths that an editor can open.
func (s *shown) placed(all proof.Mistakes, file string) (kept proof.Mistakes) {
	for _, m := range all {
		if file == "" || m.File == file {
			m.File = filepath.Join(s.folder, m.File)
			kept = append(kept, m)
		}
	}
	return kept
}

// run shows the form until the person has seen enough.
func (s *shown) run(ctx context.Context) error {
	if s.text {
		return s.print()
	}
	at, err := s.moment()
	if err != nil {
		return err
	}
	var first func() // what is said of the form when its address was printed
	o := preview.Options{
		Source: s.source, Folder: s.folder, Org: s.org, Translations: s.own, Templates: s.templates, At: at, HTTP: s.http, Log: s.c.log,
		Turned: func(set *programme.Set, err error) {
			if first == nil {
				first = func() { s.tell(set, err) }
				return
			}
			s.tell(set, err)
		},
	}
	return preview.Run(ctx, o, func(base string, set *programme.Set) {
		fmt.Fprintf(s.c.stdout, "ready http=%s form=%s\n", base, s.address(base, set))
		first()
	})
}

// address is where the form is; while it cannot be read, where it will be.
func (s *shown) address(base string, set *programme.Set) string {
	if form, found := s.form(set); found {
		return base + "/" + s.language(form) + "/f/" + form.Name
	}
	if s.name != "" {
		return base + "/f/" + s.name
	}
	return base + "/"
}

func (s *shown) moment() (time.Time, error) {
	if s.at == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, s.at, s.org.Zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a day; write one like 2027-05-01", s.at)
	}
	return day.Add(12 * time.Hour), nil
}

// print prints what the form asks, or what is wrong with it.
func (s *shown) print() error {
	files, wrong, err := s.source()
	if err == nil {
		err = wrong.AsError()
	}
	if err != nil {
		return err
	}
	set, err := readFiles(files)
	if err != nil {
		return err
	}
	form, _ := s.form(set) // source has found it
	if s.lang != "" && !slices.Contains(form.Programme.Languages, s.lang) {
		return fmt.Errorf("form %s is not to be had in %s, but in %s", form.Name, s.lang, strings.Join(form.Programme.Languages, ", "))
	}
	preview.Outline(s.c.stdout, s.locales.Text, form, s.language(form))
	return nil
}

// language is the one asked for, if the form speaks it.
func (s *shown) language(form *programme.Form) string {
	if slices.Contains(form.Programme.Languages, s.lang) {
		return s.lang
	}
	return form.Programme.Languages[0]
}

// tell prints what became of a change.
func (s *shown) tell(set *programme.Set, err error) {
	if err != nil {
		fmt.Fprintf(s.c.stdout, "%v\n", err)
		return
	}
	if form, found := s.form(set); found {
		preview.Outline(s.c.stdout, s.locales.Text, form, s.language(form))
	}
}
