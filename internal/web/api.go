package web

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"postroom/internal/intake"
	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// submission is what a program sends.
type submission struct {
	Answers map[string]oneOrMore `json:"answers"`
	Locale  string               `json:"locale"`
	Version string               `json:"form_version"` // whose words the person saw
}

// oneOrMore is "text" or ["text", "text"].
type oneOrMore []string

// UnmarshalJSON accepts a text or a list of texts, and nothing else.
func (o *oneOrMore) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("[")) {
		return json.Unmarshal(data, (*[]string)(o))
	}
	if !bytes.HasPrefix(data, []byte(`"`)) {
		return errors.New("an answer is a text or a list of texts")
	}
	var one string
	err := json.Unmarshal(data, &one)
	*o = oneOrMore{one}
	return err
}

// accepted is the answer to a submission.
type accepted struct {
	Reference string `json:"reference"`
	State     string `json:"state"`
}

// submitJSON takes a submission from a program. The same Idempotency-Key on
// the same form is the same submission, however often it is sent.
func (s *Server) submitJSON(w http.ResponseWriter, r *http.Request) error {
	form, err := s.form(r)
	if err != nil {
		return err
	}
	if err := s.limits.allow(s.client(r)); err != nil {
		return err
	}
	entry, err := s.readJSON(r, form)
	if err != nil {
		return err
	}
	if !s.open(form) {
		return &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("closed.title")}
	}
	receipt, err := s.Intake.Accept(r.Context(), entry)
	if err != nil {
		return err
	}
	busy, err := s.Intake.Busy(r.Context(), receipt.Submission)
	if err != nil {
		return err
	}
	s.metrics.accepted(form.Name, postroom.ByAPI)
	return s.writeJSON(w, http.StatusCreated, accepted{receipt.Submission.Reference, stateOf(receipt, busy)})
}

// stateOf is the one state that matters most to whoever sent a submission. Where
// so much came with its address that a stranger's is held, all are only received:
// whether it is held would tell whether we know the name.
func stateOf(receipt intake.Receipt, busy bool) string {
	switch {
	case busy:
		return string(postroom.SubmissionReceived)
	case receipt.Submission.State == postroom.SubmissionHeld:
		return string(receipt.Submission.State)
	case receipt.Booking != nil:
		return string(receipt.Booking.State)
	case receipt.Subscription != nil:
		return string(postroom.Pending) // also for one who is on the list: that is not for everybody to know
	}
	return string(receipt.Submission.State)
}

func (s *Server) readJSON(r *http.Request, form *programme.Form) (postroom.Entry, error) {
	key, err := idempotencyKey(r)
	if err != nil {
		return postroom.Entry{}, err
	}
	sent, err := decodeSubmission(r)
	if err != nil {
		return postroom.Entry{}, err
	}
	answers, err := knownAnswers(form, sent.Answers)
	if err != nil {
		return postroom.Entry{}, err
	}
	offered := s.guess.of(form.Programme.Name)
	locale, ok := offered.best(sent.Locale)
	if !ok && sent.Locale != "" {
		return postroom.Entry{}, &refusedField{field: "locale", say: postroom.Say("api.locale", "known", strings.Join(offered.tags, ", "))}
	}
	if !ok {
		locale = s.voice(r, offered, "").locale
	}
	return postroom.Entry{
		Channel: postroom.ByAPI, Key: "api:" + form.Name + ":" + key, Form: form.Name, FormVersion: sent.Version,
		Locale: locale, Answers: answers, Signs: s.guard.signs(s.client(r), form, answers, s.Clock.Now()), At: s.Clock.Now(),
	}, nil
}

// idempotencyKey reads the header that makes a repeated request the same
// request. Without one every request is a new one.
func idempotencyKey(r *http.Request) (string, error) {
	key := strings.TrimSpace(r.Header.Get("Idempotency-Key"))
	unprintable := func(c rune) bool { return c < ' ' || c > '~' }
	if len(key) > 200 || strings.ContainsFunc(key, unprintable) {
		return "", &badRequest{say: postroom.Say("api.key")}
	}
	if key == "" {
		key = rand.Text()
	}
	return key, nil
}

// decodeSubmission reads the body strictly: what is misspelt shall be
// noticed by the program's author, not lost.
func decodeSubmission(r *http.Request) (submission, error) {
	var sent submission
	if err := isJSON(r); err != nil {
		return sent, err
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(&sent)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is something after the object")
		}
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return sent, &badRequest{status: http.StatusRequestEntityTooLarge, say: postroom.Say("error.too_large"), cause: tooLarge}
	}
	if err != nil {
		return sent, &badRequest{say: postroom.Say("api.json", "what", err.Error()), cause: err}
	}
	return sent, nil
}

func isJSON(r *http.Request) error {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return &badRequest{status: http.StatusUnsupportedMediaType, say: postroom.Say("api.content_type")}
	}
	return nil
}

// knownAnswers accepts answers to questions that the form asks.
func knownAnswers(form *programme.Form, sent map[string]oneOrMore) (postroom.Answers, error) {
	answers := postroom.Answers{}
	for name, values := range sent {
		f, ok := form.Field(name)
		if !ok {
			return nil, &refusedField{field: name, say: postroom.Say("api.unknown_field", "field", name)}
		}
		if f.Type == programme.FileField {
			return nil, &refusedField{field: name, say: postroom.Say("api.file", "field", name)}
		}
		answers[name] = slices.Clone(values[:min(len(values), mostValues)])
	}
	return answers, nil
}

// badRequest is a request that cannot be read, as opposed to answers that
// have to be mended.
type badRequest struct {
	status int    // 0 is 400
	code   string // for programs; "" is invalid
	say    postroom.Text
	cause  error
}

func (e *badRequest) Error() string { return fmt.Sprintf("request cannot be read: %v", e.cause) }

// Unwrap makes KindOf say Invalid.
func (e *badRequest) Unwrap() error {
	return &postroom.Error{Kind: postroom.Invalid, Say: e.say, Cause: e.cause}
}

// refusedField is a part of the request that is not as agreed.
type refusedField struct {
	field string
	say   postroom.Text
}

func (e *refusedField) Error() string { return "field " + e.field + " is not as agreed" }

// Unwrap makes KindOf say Invalid.
func (e *refusedField) Unwrap() error { return &postroom.Error{Kind: postroom.Invalid, Say: e.say} }

// problem is an error as RFC 9457 has it. Code is stable and for programs;
// Detail is for people.
type problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail"`
	Code   string         `json:"code"`
	Errors []problemField `json:"errors,omitempty"`
}

type problemField struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Line   int    `json:"line,omitempty"` // of a text of several
	Column int    `json:"column,omitempty"`
}

// problem answers a program with what went wrong.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, err error) {
	v, code := s.voice(r, s.guess.all, ""), Status(err)
	if bad, ok := errors.AsType[*badRequest](err); ok {
		code = http.StatusBadRequest
		if bad.status != 0 {
			code = bad.status
		}
	}
	p := problem{
		Type: "about:blank", Title: http.StatusText(code), Status: code,
		Detail: v.text(say(err)), Code: postroom.KindOf(err).String(), Errors: s.problemFields(r, v, err),
	}
	if bad, ok := errors.AsType[*badRequest](err); ok && bad.code != "" {
		p.Code = bad.code
	}
	body, err := json.Marshal(p)
	if err != nil {
		s.note(r, err)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(code)
	if _, err := w.Write(append(body, '\n')); err != nil {
		s.Log.Debug("reader went away", "err", err)
	}
}

func (s *Server) problemFields(r *http.Request, v voice, err error) []problemField {
	if one, ok := errors.AsType[*refusedField](err); ok {
		return []problemField{{Field: one.field, Code: one.say.Key, Detail: v.text(one.say)}}
	}
	if many, ok := errors.AsType[*refusedText](err); ok {
		return many.fields
	}
	refused, ok := errors.AsType[*intake.Refused](err)
	form, known := s.Programmes.Form(r.PathValue("form"))
	if !ok || !known {
		return nil
	}
	a := asker{v: v, form: form, say: make(map[string]string)}
	a.mistakes(refused.Fields)
	var fields []problemField
	for _, e := range refused.Fields {
		fields = append(fields, problemField{Field: e.Field, Code: e.Say.Key, Detail: a.say[e.Field]})
	}
	return fields
}
