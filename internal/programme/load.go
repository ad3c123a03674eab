package programme

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/proof"
)

// Options are what files are checked against.
type Options struct {
	Zone        *time.Location                 // in which dates of events are written; nil is UTC
	HasTemplate func(name, locale string) bool // nil leaves names of templates unchecked
}

// Load reads every *.yaml of a folder. Its error is proof.Mistakes with every
// mistake of every file, unless the folder itself could not be read.
func Load(fsys fs.FS, opts Options) (*Set, error) {
	files, found, err := readFolder(fsys)
	if err != nil {
		return nil, err
	}
	return load(files, found, opts)
}

// LoadFiles is Load for files that were read by ReadFiles, some of which may have
// been changed since.
func LoadFiles(files map[string][]byte, opts Options) (*Set, error) { return load(files, nil, opts) }

// ReadFiles reads every *.yaml of a folder, by name, and judges none.
func ReadFiles(fsys fs.FS) (map[string][]byte, error) {
	files, _, err := readFolder(fsys)
	return files, err
}

func load(files map[string][]byte, found proof.Mistakes, opts Options) (*Set, error) {
	l := &loader{opts: opts, names: make(map[string]string)}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		l.file(name, files[name])
	}
	if len(l.set.programmes) == 0 && len(l.sheets) == 0 && len(found) == 0 {
		found = append(found, proof.Mistake{File: ".", Line: 1, Column: 1, Say: "the folder has no programme", Instead: "a file such as enquiries.yaml"})
	}
	for _, check := range l.later {
		check()
	}
	for _, sheet := range l.sheets {
		found = append(found, sheet.Mistakes()...)
	}
	if err := found.AsError(); err != nil {
		return nil, err
	}
	var worries []Phrases
	for _, p := range l.set.programmes {
		worries = append(worries, p.Safeguarding.Phrases)
	}
	l.set.worries = together(worries...)
	return newSet(l.set), nil
}

// readFolder reads the files of a folder, and notes names that are not read.
func readFolder(fsys fs.FS) (map[string][]byte, proof.Mistakes, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, nil, fmt.Errorf("read folder of programmes: %w", err)
	}
	files := make(map[string][]byte)
	var found proof.Mistakes
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case entry.IsDir():
		case path.Ext(name) == ".yml":
			found = append(found, proof.Mistake{File: name, Line: 1, Column: 1, Say: "only names that end in .yaml are read", Instead: "the name as " + strings.TrimSuffix(name, ".yml") + ".yaml"})
		case path.Ext(name) == ".yaml":
			if files[name], err = fs.ReadFile(fsys, name); err != nil {
				return nil, nil, fmt.Errorf("read programme: %w", err)
			}
		}
	}
	return files, found, nil
}

// loader reads one file after another. What can only be judged when all are
// read waits in later.
type loader struct {
	opts   Options
	set    contents
	sheets []*proof.Sheet
	names  map[string]string // "form join" to the programme that has it
	lists  []string
	later  []func()
}

func (l *loader) file(name string, data []byte) {
	sheet := proof.Open(name, data)
	l.sheets = append(l.sheets, sheet)
	root := sheet.Root()
	if !root.Given() {
		return
	}
	p := l.programme(root.As("the programme"))
	p.File = name
	l.set.programmes = append(l.set.programmes, p)
	l.set.forms = append(l.set.forms, p.Forms...)
}

func (l *loader) programme(m proof.Map) *Programme {
	r := &reader{loader: l, p: &Programme{}}
	p := r.p
	p.Name = r.name(m, "programme")
	p.Languages = m.Languages("languages")
	if len(p.Languages) == 0 {
		m.Lacks("languages", "[en]")
	}
	p.Reviewed = m.Languages("reviewed")
	for _, tag := range p.Reviewed {
		r.known(m, "reviewed", "listed language", tag, p.Languages)
	}
	p.Title = r.words(m, "name", true)
	p.Privacy = r.privacy(m)
	p.Addresses = r.addresses(m)
	p.Coordinators = m.Texts("coordinators")
	p.Discreet = m.Bool("discreet")
	p.ReplyWithin = r.span(m, "reply_within", Span{Working: 2})
	p.Safeguarding = r.safeguarding(m)
	p.Attachments = r.attachments(m)
	p.Lists = r.lists(m)
	p.Events = r.events(m)
	p.Forms = r.forms(m)
	p.Workflow = r.workflow(m)
	return p
}

// reader reads one programme.
type reader struct {
	*loader
	p *Programme
}

// name reads a name that must be unique in the whole set, such as that of a
// form, and returns "" where it cannot be used.
func (r *reader) name(m proof.Map, what string) string {
	name := m.Need(what, "short-name")
	if name == "" {
		return ""
	}
	if !nameShape.MatchString(name) {
		m.Wrong(what, fmt.Sprintf("a %s cannot be called %q", what, name), "small letters, figures and -, beginning with a letter")
	}
	if owner, taken := r.names[what+" "+name]; taken {
		m.Wrong(what, fmt.Sprintf("there is a %s called %s already, in %s", what, name, owner), "another name")
	}
	r.names[what+" "+name] = "programme " + r.p.Name
	return name
}

func (r *reader) words(m proof.Map, key string, needed bool) postroom.Words {
	if needed {
		return m.NeedWords(key, r.p.Languages...)
	}
	return m.Words(key, r.p.Languages...)
}

func (r *reader) privacy(m proof.Map) postroom.Words {
	if !m.Has("privacy") {
		m.Wrong("privacy", "the programme has no privacy notice", "privacy: {en: what happens with the answers, who sees them and for how long}")
		return nil
	}
	return r.words(m, "privacy", true)
}

func (r *reader) addresses(m proof.Map) []string {
	var addresses []string
	for _, written := range m.Texts("addresses") {
		address, err := cleanEmail(written)
		if err != nil {
			m.Wrong("addresses", fmt.Sprintf("%q is not an address", written), "office@your-charity.example")
		}
		addresses = append(addresses, address)
	}
	return addresses
}

// known notes a name that is not one of the candidates.
func (r *reader) known(m proof.Map, key, what, name string, candidates []string) {
	if name != "" && !slices.Contains(candidates, name) {
		m.Wrong(key, fmt.Sprintf("there is no %s called %q", what, name), oneOf(what, name, candidates))
	}
}

func oneOf(what, name string, candidates []string) string {
	if len(candidates) == 0 {
		return "a " + what + " of that name first"
	}
	return proof.OneOf(name, candidates)
}

func (r *reader) span(m proof.Map, key string, otherwise Span) Span {
	text := m.Text(key)
	if text == "" {
		return otherwise
	}
	span, err := ParseSpan(text)
	if err != nil {
		m.Wrong(key, err.Error(), key+": 3d, 1h or 2 working days")
	}
	return span
}

func (r *reader) lists(m proof.Map) []*List {
	var lists []*List
	for _, item := range m.Maps("lists") {
		list := &List{Name: r.name(item, "list")}
		item = item.As("list " + list.Name)
		list.Title = r.words(item, "name", true)
		list.Archive = item.Bool("archive")
		list.Approval = Approval(item.Choice("approval", string(ColleagueApproval), string(ColleagueApproval), string(OwnApproval)))
		lists = append(lists, list)
		r.loader.lists = append(r.loader.lists, list.Name)
	}
	return lists
}

func (r *reader) events(m proof.Map) []*Event {
	var events []*Event
	for _, item := range m.Maps("events") {
		event := &Event{Name: r.name(item, "event")}
		item = item.As("event " + event.Name)
		event.Title = r.words(item, "name", true)
		event.Sessions = r.sessions(item)
		events = append(events, event)
	}
	return events
}

func (r *reader) sessions(m proof.Map) []*Session {
	var sessions []*Session
	var names []string
	for _, item := range m.Maps("sessions") {
		session := r.session(item)
		if slices.Contains(names, session.Name) {
			item.Wrong("session", fmt.Sprintf("there are two sessions called %s", session.Name), "another name")
		}
		names = append(names, session.Name)
		sessions = append(sessions, session)
	}
	if len(sessions) == 0 {
		m.Lacks("sessions", "[{session: main, name: …, starts: 2027-03-13 10:00, ends: 2027-03-13 15:00}]")
	}
	return sessions
}

func (r *reader) session(m proof.Map) *Session {
	s := &Session{Name: m.Need("session", "main"), Venue: m.Text("venue")}
	if s.Name != "" && !nameShape.MatchString(s.Name) {
		m.Wrong("session", fmt.Sprintf("a session cannot be called %q", s.Name), "small letters, figures and -")
	}
	m = m.As("session " + s.Name)
	s.Title = r.words(m, "name", true)
	s.StartsAt = r.moment(m, "starts")
	s.EndsAt = r.moment(m, "ends")
	if !s.EndsAt.IsZero() && !s.EndsAt.After(s.StartsAt) {
		m.Wrong("ends", "session "+s.Name+" ends before it starts", "a later time")
	}
	if m.Has("capacity") {
		capacity := m.Int("capacity", 1, 1, 1_000_000)
		s.Capacity = &capacity
	}
	return s
}

// moment reads a time on the organisation's clock.
func (r *reader) moment(m proof.Map, key string) time.Time {
	text := m.Need(key, "2027-03-13 10:00")
	if text == "" {
		return time.Time{}
	}
	zone := r.opts.Zone
	if zone == nil {
		zone = time.UTC
	}
	t, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	if err != nil {
		m.Wrong(key, fmt.Sprintf("%s is not a date and a time", key), key+": 2027-03-13 10:00")
		return time.Time{}
	}
	if t.Format("15:04") != text[11:] {
		m.Wrong(key, "clocks go forward that night and there is no "+text[11:], "another time")
	}
	return t
}

// errNotAddress is why an address is refused.
var errNotAddress = errors.New("not an address")
