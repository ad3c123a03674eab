package web

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

const (
	// maxUpload is the most that a form with files may bring, a film of some minutes
	// from a phone. It is far more than what is kept, so that whoever chose a file that
	// is too large is told which one, and has the answers that stand below it back: what
	// is too large is read past and held nowhere.
	maxUpload = 256 << 20
	// maxParts is how many answers and files one request may have.
	maxParts = 1000
	// uploadTime is how long a cheap phone may take for it.
	uploadTime = 3 * time.Minute
	// answerTime is how long the answer may take after it.
	answerTime = 30 * time.Second
	// roomInAll and roomEach are how many bytes of files are held at once, of all
	// clients and of one, while they are being sent.
	roomInAll = 64 << 20
	roomEach  = 24 << 20
	// maxUnsent is how many bytes of files are kept that no form was sent with.
	maxUnsent = 512 << 20
)

// uploads is how much a form with files may bring, and how long it may take.
type uploads struct {
	most int64 // bytes
	time time.Duration
}

// room counts the bytes of files that are in memory. They are never put on disk
// but sealed.
type room struct {
	mu   sync.Mutex
	all  int
	each map[netip.Prefix]int
}

func newRoom() *room { return &room{each: make(map[netip.Prefix]int)} }

func (m *room) take(client netip.Prefix, n int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all+n > roomInAll || m.each[client]+n > roomEach {
		return false
	}
	m.all += n
	m.each[client] += n
	return true
}

func (m *room) give(client netip.Prefix, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all -= n
	if m.each[client] -= n; m.each[client] == 0 {
		delete(m.each, client)
	}
}

// mostOf is the most that a request may bring. What a form without files brings
// is held to less when it is read.
func (s *Server) mostOf(r *http.Request) int64 {
	switch r.Pattern {
	case "POST /f/{form}", "POST " + outsidePattern, "POST /d/{token}/{page}":
		if multipartForm(r) {
			return s.uploads.most
		}
	case "POST " + importsPattern:
		return mostImport
	}
	return maxBody
}

func multipartForm(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind == "multipart/form-data"
}

// sentForm is what came of a form with files.
type sentForm struct {
	files   []upload
	removed bool  // one that was chosen before was taken away
	err     error // it was cut short; what came before that is here
	partly  bool
	typed   bool // all that was typed is here: a browser sends that first, see filesLast
	release func()
}

// unreadable says whether nothing of it is to be had.
func (c sentForm) unreadable() bool { return c.err != nil && !c.partly }

// upload is a file as it came.
type upload struct {
	field   *programme.Field
	name    string
	size    int
	content []byte // "" of one that is too large, or for which there was no room
}

// patient gives a request that brings or asks for much longer than others have.
func (s *Server) patient(w http.ResponseWriter) {
	patience, until := http.NewResponseController(w), time.Now().Add(s.uploads.time)
	err := errors.Join(patience.SetReadDeadline(until), patience.SetWriteDeadline(until.Add(answerTime)))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		s.Log.Debug("no deadline for an upload", "err", err)
	}
}

// readForm reads what was sent to a form, into r.PostForm and files. A form that
// asks for none takes none.
func (s *Server) readForm(w http.ResponseWriter, r *http.Request, form *programme.Form) sentForm {
	none := sentForm{release: func() {}}
	if !form.HasFiles() || !multipartForm(r) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		none.err = readBody(r)
		return none
	}
	parts, err := r.MultipartReader()
	if err != nil {
		none.err = unread(err, false)
		return none
	}
	s.patient(w)
	in := &intray{form: form, sent: url.Values{}, room: s.room, client: s.client(r)}
	err = in.read(parts)
	r.PostForm, r.Form = in.sent, in.sent
	came := sentForm{files: in.files, partly: true, release: func() { s.room.give(in.client, in.taken) }}
	if came.typed = err == nil || in.atFiles; err != nil {
		came.err = unread(err, came.typed)
		// Whatever ends the reading ends the request's context as well, and what came is
		// to be kept and shown all the same.
		*r = *r.WithContext(context.WithoutCancel(r.Context()))
	}
	return came
}

// unread says why a form with files could not be read to its end, and whether all
// that was typed is there.
func unread(err error, typed bool) error {
	key := "error.unreadable"
	if typed {
		key = "error.file_lost"
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok || errors.Is(err, errTooMuch) {
		key = "error.file_cut"
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		key = "error.form_slow"
		if typed {
			key = "error.file_slow"
		}
	}
	return &postroom.Error{Kind: postroom.Invalid, Say: postroom.Say(key), Cause: fmt.Errorf("read form with files: %w", err)}
}

var errTooMuch = errors.New("more text or more parts than a form has")

// intray reads the parts of one request as they come.
type intray struct {
	form   *programme.Form
	sent   url.Values
	files  []upload
	room   *room
	client netip.Prefix
	taken  int // bytes of the room
	text   int // bytes of answers

	atFiles bool // it has come to the first file
}

func (in *intray) read(parts *multipart.Reader) error {
	for range maxParts {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := in.part(part); err != nil {
			return err
		}
	}
	return errTooMuch
}

func (in *intray) part(part *multipart.Part) error {
	field, asked := in.form.Field(strings.TrimSuffix(part.FormName(), "[]"))
	_, params, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	name, file := params["filename"]
	in.atFiles = in.atFiles || file
	switch {
	case !file:
		return in.answer(part)
	case !asked || field.Type != programme.FileField:
		_, err := io.Copy(io.Discard, part)
		return err
	}
	return in.file(part, upload{field: field, name: name})
}

func (in *intray) answer(part *multipart.Part) error {
	value, err := io.ReadAll(io.LimitReader(part, int64(maxBody-in.text)+1))
	if in.text += len(value) + len(part.FormName()); in.text > maxBody {
		return errTooMuch
	}
	if err == nil || len(value) > 0 {
		in.sent.Add(part.FormName(), string(value)) // as far as it came
	}
	return err
}

// file reads a file as far as it will do, and the rest past it. An input in which
// nothing was chosen sends one without a name and without content.
func (in *intray) file(part *multipart.Part, u upload) error {
	held, err := in.hold(part, &u)
	if err != nil {
		return err
	}
	rest, err := io.Copy(io.Discard, part)
	u.size += int(rest)
	if err != nil {
		return err
	}
	if !held || u.size >= u.field.Size {
		u.content = nil
	}
	if u.name != "" || u.size > 0 {
		in.files = append(in.files, u)
	}
	return nil
}

// hold reads into memory what there is room for, and says whether that was all.
func (in *intray) hold(part *multipart.Part, u *upload) (bool, error) {
	chunk := make([]byte, 32<<10)
	for u.size < u.field.Size {
		n, err := part.Read(chunk)
		u.size += n
		if n > 0 && !in.room.take(in.client, n) {
			u.content = nil
			return false, nil
		}
		in.taken += n
		u.content = append(u.content, chunk[:n]...)
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

// receive keeps the files that came with a form, takes away those that are not
// wanted any more, and makes answers of them: what is kept, and what will not do,
// of which the check says why.
func (s *Server) receive(r *http.Request, a *attempt, came *sentForm) error {
	if !a.form.HasFiles() {
		return nil
	}
	if err := s.takeAway(r, a, came); err != nil {
		return err
	}
	refused := make(map[string][]string)
	for _, u := range came.files {
		kept, file, err := s.keepFile(r, a, u)
		if err != nil {
			return err
		}
		if !kept {
			refused[u.field.Name] = append(refused[u.field.Name], file.Answer())
		}
	}
	if err := s.chosen(r, a.form, a.holder, a.answers); err != nil {
		return err
	}
	for name, answers := range refused {
		a.answers[name] = append(a.answers[name], answers...)
	}
	return nil
}

// keepFile keeps one file if it will do.
func (s *Server) keepFile(r *http.Request, a *attempt, u upload) (bool, programme.File, error) {
	file := u.field.Receive(u.name, u.content, u.size)
	if u.content == nil {
		file.Type = programme.Unseen
	}
	if len(u.content) == 0 || file.Type == "" {
		return false, file, nil
	}
	full := false
	err := s.Store.Write(r.Context(), func(tx *store.Tx) error {
		unsent, err := tx.UnsentFiles()
		if full = unsent+int64(u.size) > maxUnsent; err != nil || full {
			return err
		}
		list, err := tx.FilesOf(a.holder)
		if full = crowded(list, u); err != nil || full {
			return err
		}
		_, err = tx.AddFile(store.File{Holder: a.holder, Field: u.field.Name, Type: file.Type, CreatedAt: s.Clock.Now(), FileFacts: store.FileFacts{Name: file.Name}}, u.content)
		return err
	})
	return err == nil && !full, file, err
}

// crowded says whether a field or a page has no place for another file. One that
// is there already takes no place.
func crowded(list []store.File, u upload) bool {
	sum := sha256.Sum256(u.content)
	hash, there, bytes := hex.EncodeToString(sum[:]), 0, u.size
	for _, f := range list {
		bytes += f.Size
		if f.Field != u.field.Name {
			continue
		}
		if there++; f.Hash == hash {
			return false
		}
	}
	return there >= u.field.Max || bytes > programme.MostFileBytes
}

// takeAway does what the buttons beside the files say.
func (s *Server) takeAway(r *http.Request, a *attempt, came *sentForm) error {
	for _, f := range a.form.Fields {
		if f.Type != programme.FileField {
			continue
		}
		for _, id := range r.PostForm[f.Name+".remove"] {
			came.removed = true
			if err := s.Store.Write(r.Context(), func(tx *store.Tx) error { return tx.TakeFileAway(a.holder, id) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// chosen puts the files that a holder has among the answers.
func (s *Server) chosen(r *http.Request, form *programme.Form, holder string, answers postroom.Answers) error {
	list, err := s.Store.Read(r.Context()).FilesOf(holder)
	if err != nil {
		return err
	}
	for _, f := range form.Fields {
		if f.Type == programme.FileField {
			delete(answers, f.Name)
		}
	}
	for _, f := range list {
		if field, known := form.Field(f.Field); known && field.Type == programme.FileField {
			file := programme.File{ID: f.ID, Type: f.Type, Size: f.Size, Hash: f.Hash, Name: f.Name}
			answers[f.Field] = append(answers[f.Field], file.Answer())
		}
	}
	return nil
}

// withFiles are the answers that a page of a draft may show, with the files that
// were chosen and not saved with it yet.
func (s *Server) withFiles(r *http.Request, j journey) (postroom.Answers, error) {
	answers := maps.Clone(j.shown())
	if !j.form.HasFiles() {
		return answers, nil
	}
	if answers == nil {
		answers = postroom.Answers{}
	}
	err := s.chosen(r, j.form, j.draft.Holder, answers)
	if j.byMail {
		answers = shown(j.form, answers)
	}
	return answers, err
}

// short is the mistake of a form that did not come to its end, at its first file.
func short(form *programme.Form, came sentForm) []programme.FieldError {
	if came.err == nil {
		return nil
	}
	i := slices.IndexFunc(form.Fields, func(f programme.Field) bool { return f.Type == programme.FileField })
	return []programme.FieldError{{Field: form.Fields[i].Name, Say: say(came.err)}}
}

// cutShort shows a form again with what came of it.
func (s *Server) cutShort(w http.ResponseWriter, r *http.Request, a attempt, came sentForm) error {
	return s.renderForm(w, r, Status(came.err), a, short(a.form, came), nil)
}

// pageAgain is cutShort for a page of a draft, and shows it again without a file
// that was taken away.
func (s *Server) pageAgain(w http.ResponseWriter, r *http.Request, j journey, section programme.Section, sent, written postroom.Answers, came sentForm) error {
	if came.err != nil {
		// Whose line is gone sees no answer of ours, and finds here what they typed.
		if came.typed {
			if err := s.keep(r, &j, section, sent, false); err != nil {
				return err
			}
		}
		return s.renderQuestions(w, r, Status(came.err), j, section, written, short(j.form, came))
	}
	if err := s.keep(r, &j, section, sent, false); err != nil {
		return err
	}
	return s.renderQuestions(w, r, http.StatusOK, j, section, written, nil)
}

// fileView is a file that was chosen before.
type fileView struct{ ID, Name, Size, Remove string }

// filePart asks for files, and lists those that were chosen.
func (a asker) filePart(view *fieldView, f *programme.Field) {
	view.Part, view.Accept, view.Many = "file", f.AcceptList(), f.Max > 1
	view.Limits = capital(a.v.Say("file.limits", "kinds", a.v.kinds(f.Accept), "size", a.v.figures(strconv.Itoa(f.Size>>20))))
	if view.Many {
		view.Limits += " " + a.v.Say("file.many", "max", a.v.figures(strconv.Itoa(f.Max)))
	}
	for _, answer := range a.answers[f.Name] {
		if file, ok := programme.FileOf(answer); ok && file.ID != "" {
			view.Files = append(view.Files, fileView{file.ID, cmp.Or(file.Name, a.v.Say("file.unnamed")), a.v.size(file.Size), f.Name + ".remove"})
		}
	}
	view.Full = len(view.Files) >= f.Max
}

// filesLast puts the questions for files after all others on their page. A browser
// sends answers in the order of the page, so that on a slow line everything that
// was typed has come before the first file, which may take minutes or never end.
func filesLast(fields []fieldView) []fieldView {
	slices.SortStableFunc(fields, func(a, b fieldView) int {
		switch isFile := a.Part == "file"; {
		case isFile == (b.Part == "file"):
			return 0
		case isFile:
			return 1
		}
		return -1
	})
	return fields
}

func hasFiles(fields []fieldView) bool {
	return slices.ContainsFunc(fields, func(f fieldView) bool { return f.Part == "file" })
}

// kinds lists kinds of files as people say them: a photo, a PDF or a video.
func (v voice) kinds(accept []string) string {
	var words []string
	for _, kind := range accept {
		if key := programme.KindKey(kind); key != "" {
			kind = v.text(postroom.Text{Key: key})
		}
		words = append(words, kind)
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return v.Say("file.or", "some", strings.Join(words[:last], v.comma()), "last", words[last])
}

func (v voice) comma() string {
	if direction(v.locale) == "rtl" {
		return "، "
	}
	return ", "
}

// size is how large a file is, as people say it.
func (v voice) size(bytes int) string {
	const kilo, mega = 1 << 10, 1 << 20
	if bytes >= mega {
		return v.Say("file.size_mb", "size", v.figures(strconv.Itoa((bytes+mega/2)/mega)))
	}
	return v.Say("file.size_kb", "size", v.figures(strconv.Itoa(max(1, bytes/kilo))))
}
