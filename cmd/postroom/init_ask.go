package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/mail"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"postroom/internal/config"
	"postroom/templates"
)

// beginning is what a new post room is begun with. What is left out stays as in the
// example.
type beginning struct {
	Name, Address, Colour, Logo string
	Programmes                  []string      // names of starters that are run; nil is all
	mail                        *mailSettings // nil is as in the example
}

// questions are asked one after another.
type questions struct {
	in     io.Reader
	lines  *bufio.Scanner
	out    io.Writer
	lookup lookup
	over   bool // nothing more is typed
}

// ask returns what is typed, or what was there before where nothing is.
func (q *questions) ask(ask, was string) string {
	if was == "" {
		return q.answer(ask, "", "")
	}
	return q.answer(ask, was, " ["+was+"]")
}

func (q *questions) answer(ask, was, hint string) string {
	fmt.Fprintf(q.out, "%s%s: ", ask, hint)
	if !q.lines.Scan() {
		fmt.Fprintln(q.out)
		q.over = true
		return was
	}
	return or(strings.TrimSpace(q.lines.Text()), was)
}

// ask asks for what no flag has said. An empty line, and the end of what is typed,
// leave a thing as in the example; what cannot be used is asked for again.
func (b *beginning) ask(questions *questions) {
	out := questions.out
	programmes := strings.Join(b.Programmes, ",")
	if programmes == "" {
		b.offer(out)
	}
	for _, q := range []struct {
		ask string
		to  *string
	}{
		{"Name of your organisation", &b.Name},
		{"Address that mail comes from, such as office@your-charity.example", &b.Address},
		{"Colour of links and buttons, such as #0d5c63", &b.Colour},
		{"File of your logo, SVG or PNG", &b.Logo},
		{"Which of these programmes do you run? (with commas between; all if left out)", &programmes},
	} {
		for *q.to == "" {
			if *q.to = questions.ask(q.ask, ""); *q.to == "" {
				break
			}
			b.Programmes = listed(programmes)
			if err := b.check(); err != nil {
				fmt.Fprintln(out, err)
				*q.to = ""
			}
		}
	}
	b.Programmes = listed(programmes)
}

// offer lists the programmes there are to begin with, by what people call them.
func (b *beginning) offer(out io.Writer) {
	files := make(map[string][]byte)
	for _, name := range starterNames() {
		files[name+".yaml"], _ = templates.FS.ReadFile("programme/" + name + ".yaml") // it was just listed
	}
	set, err := readFiles(files)
	if err != nil {
		return // the program's own tests have read them
	}
	fmt.Fprintln(out, "Programmes to begin with:")
	for _, p := range set.Programmes() {
		fmt.Fprintf(out, "  %-30s %s\n", p.Name, p.Title.In("en"))
	}
}

// listed reads a list with commas; nothing is nil.
func listed(text string) (list []string) {
	for _, item := range strings.Split(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}

// check says what cannot be used, and what to write instead.
func (b *beginning) check() error {
	if b.Address != "" {
		if _, err := mail.ParseAddress(b.Address); err != nil {
			return fmt.Errorf("%q is not an address; write one like office@your-charity.example", b.Address)
		}
	}
	if b.Colour != "" {
		c, err := config.ParseColour(b.Colour)
		if err == nil {
			err = c.ForText()
		}
		if err != nil {
			return err
		}
		b.Colour = string(c)
	}
	if b.Logo != "" {
		if _, err := config.ReadLogo(b.Logo); err != nil {
			return err
		}
	}
	for _, name := range b.Programmes {
		if !slices.Contains(starterNames(), name) {
			return fmt.Errorf("there is no programme %s to begin with; write some of: %s", name, strings.Join(starterNames(), ", "))
		}
	}
	return nil
}

// starterNames lists the programmes that come with the program.
func starterNames() []string {
	files, _ := fs.Glob(templates.FS, "programme/*.yaml") // the pattern is a good one
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(path.Base(file), ".yaml"))
	}
	return names
}

// settings is a postroom.yaml with what was said in it.
func (b *beginning) settings() []byte {
	text := strings.Replace(config.Example(), "# programmes: programmes ", "programmes: programmes   ", 1)
	put := func(was, key, value string) {
		if value != "" {
			text = strings.Replace(text, was, "  "+key+": "+quoted(value), 1)
		}
	}
	put("  name: Your charity", "name", b.Name)
	if b.Address != "" {
		address, _ := mail.ParseAddress(b.Address) // check has read it
		if address.Name == "" {
			address.Name = or(b.Name, "Your charity")
		}
		put("  from: Your charity <office@your-charity.example>", "from", address.String())
	}
	put(`  # colour: "#0d5c63"`, "colour", b.Colour)
	if b.Logo != "" {
		put("  # logo: logo.svg", "logo", b.logoName())
	}
	if b.mail != nil {
		text = b.mail.write(text)
	}
	return []byte(text)
}

// quoted is a text as YAML, in which JSON is at home. No text of ours asks for a
// variable.
func quoted(text string) string {
	data, _ := json.Marshal(strings.ReplaceAll(text, "${", "$ {")) // texts always marshal
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(data))
}

func (b *beginning) logoName() string { return "logo" + strings.ToLower(filepath.Ext(b.Logo)) }

// write writes settings, logo and programmes into a folder. What is there already
// is not changed.
func (b *beginning) write(folder string) error {
	if err := b.check(); err != nil {
		return err
	}
	if err := writeNew(filepath.Join(folder, "postroom.yaml"), b.settings()); err != nil {
		return err
	}
	if b.Logo != "" {
		data, err := os.ReadFile(b.Logo)
		if err != nil {
			return err
		}
		if err := writeNew(filepath.Join(folder, b.logoName()), data); err != nil {
			return err
		}
	}
	if b.mail != nil {
		if err := b.mail.writeSecret(folder); err != nil {
			return err
		}
	}
	return b.writeProgrammes(filepath.Join(folder, "programmes"))
}

// writeProgrammes writes those that are run, and the others as examples, which
// nothing reads.
func (b *beginning) writeProgrammes(folder string) error {
	for _, name := range starterNames() {
		text, err := templates.FS.ReadFile("programme/" + name + ".yaml")
		if err != nil {
			return err
		}
		file := name + ".yaml"
		if b.Programmes != nil && !slices.Contains(b.Programmes, name) {
			file += ".example"
		}
		if err := writeNew(filepath.Join(folder, file), text); err != nil {
			return err
		}
	}
	return nil
}
