package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// object is a JSON object of which only its readers know the shape, as the
// descriptions of an API are.
type object map[string]any

// apiRoute is one thing that programs may ask for, and how it is described.
type apiRoute struct {
	method, path string
	do           handler
	say          func() object // nil is described form by form
}

// apiRoutes lists what programs may ask for. What is described to them is made
// from the same list.
func (s *Server) apiRoutes() []apiRoute {
	return []apiRoute{
		{http.MethodGet, "/api/openapi.json", s.showAPI, func() object {
			return operation("describe", "This description", nil, answered("200", "The description of the API", "application/json", object{"type": "object"}))
		}},
		{http.MethodGet, "/api/v1/forms", s.listForms, func() object {
			list := object{"type": "object", "required": []string{"forms"}, "properties": object{"forms": object{"type": "array", "items": reference("Form")}}}
			return operation("listForms", "The forms that can be filled in", []object{inLanguageOf()}, answered("200", "The forms", "application/json", list))
		}},
		{http.MethodGet, "/api/v1/forms/{form}", s.describeForm, func() object {
			form := object{"name": "form", "in": "path", "required": true, "schema": object{"type": "string"}}
			return operation("describeForm", "What a form asks", []object{form, inLanguageOf()}, answered("200", "The form", "application/json", reference("FormInFull")))
		}},
		{http.MethodPost, submissionsPattern, s.submitJSON, nil},
	}
}

func reference(schema string) object { return object{"$ref": "#/components/schemas/" + schema} }

func inLanguageOf() object {
	return object{"name": "Accept-Language", "in": "header", "required": false, "schema": object{"type": "string"},
		"description": "In which language labels and mistakes are said"}
}

// operation describes one thing to ask for. Whatever goes wrong is a problem as
// RFC 9457 has it.
func operation(id, summary string, parameters []object, responses object) object {
	responses["default"] = object{"description": "What went wrong", "content": object{"application/problem+json": object{"schema": reference("Problem")}}}
	o := object{"operationId": id, "summary": summary, "responses": responses}
	if len(parameters) > 0 {
		o["parameters"] = parameters
	}
	return o
}

func answered(status, say, kind string, schema object) object {
	return object{status: object{"description": say, "content": object{kind: object{"schema": schema}}}}
}

// showAPI answers with the description of the API (OpenAPI 3.1).
func (s *Server) showAPI(w http.ResponseWriter, r *http.Request) error {
	return s.writeJSON(w, http.StatusOK, s.openAPI(s.voice(r, s.guess.all, "")))
}

func (s *Server) openAPI(v voice) object {
	schemas := object{
		"Problem": problemSchema(), "Accepted": acceptedSchema(), "Form": formSchema(false), "FormInFull": formSchema(true),
	}
	paths := object{}
	for _, route := range s.apiRoutes() {
		if route.say != nil {
			paths[route.path] = object{strings.ToLower(route.method): route.say()}
			continue
		}
		for _, form := range s.everyForm() {
			schemas["Submission."+form.Name] = s.submissionSchema(v, form)
			path := strings.Replace(route.path, "{form}", url.PathEscape(form.Name), 1)
			paths[path] = object{strings.ToLower(route.method): submitOperation(v, form)}
		}
	}
	components := object{"schemas": schemas}
	s.describePrograms(paths, components)
	return object{
		"openapi": "3.1.0", "info": object{"title": s.Org.Name, "version": "1"},
		"servers": []object{{"url": s.Org.BaseURL + "/"}},
		"paths":   paths, "components": components,
	}
}

func submitOperation(v voice, form *programme.Form) object {
	key := object{"name": "Idempotency-Key", "in": "header", "required": false, "schema": object{"type": "string", "maxLength": 200},
		"description": "The same key on the same form is the same submission, however often it is sent"}
	o := operation("submit."+form.Name, v.of(form.Title).Text, []object{key, inLanguageOf()}, answered("201", "It is on file", "application/json", reference("Accepted")))
	o["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": reference("Submission." + form.Name)}}}
	return o
}

func problemSchema() object {
	text := object{"type": "string"}
	field := object{"type": "object", "required": []string{"field", "code", "detail"}, "properties": object{
		"field": text, "code": text, "detail": text, "line": object{"type": "integer"}, "column": object{"type": "integer"},
	}}
	return object{"type": "object", "required": []string{"type", "title", "status", "detail", "code"}, "properties": object{
		"type": text, "title": text, "status": object{"type": "integer"}, "detail": text, "code": text, "errors": object{"type": "array", "items": field},
	}}
}

func acceptedSchema() object {
	return object{"type": "object", "required": []string{"reference", "state"}, "additionalProperties": false, "properties": object{
		"reference": object{"type": "string", "description": "Short enough to be read out over the phone"},
		"state":     object{"type": "string", "description": "received, held, confirmed, waiting or pending"},
	}}
}

func formSchema(full bool) object {
	text := object{"type": "string"}
	required := []string{"name", "programme", "kind", "title", "version", "languages", "open", "page"}
	properties := object{
		"name": text, "programme": text, "kind": text, "title": text, "version": text, "open": object{"type": "boolean"}, "page": text,
		"languages": object{"type": "array", "items": text},
	}
	if full {
		required = append(required, "privacy", "submission")
		properties["intro"], properties["privacy"] = text, text
		properties["submission"] = object{"type": "object", "description": "The JSON Schema of what to send"}
	}
	return object{"type": "object", "required": required, "additionalProperties": false, "properties": properties}
}

// submissionSchema is the JSON Schema of what a program may send to a form. It
// says what the form says of its questions; whether the answers will do, the
// same check says as for everybody else.
func (s *Server) submissionSchema(v voice, form *programme.Form) object {
	properties, required := object{}, []string{}
	for i := range form.Fields {
		f := &form.Fields[i]
		if f.Type == programme.FileField {
			continue // only a page of ours takes one
		}
		properties[f.Name] = v.answerSchema(f)
		if f.Required && f.If == "" {
			required = append(required, f.Name)
		}
	}
	answers := object{"type": "object", "additionalProperties": false, "properties": properties, "required": required}
	var ways []object
	for _, way := range form.Reach {
		ways = append(ways, object{"required": []postroom.Reach{way}})
	}
	if len(ways) > 0 {
		answers["anyOf"] = ways
	}
	return object{"type": "object", "required": []string{"answers"}, "additionalProperties": false, "properties": object{
		"answers":      answers,
		"locale":       object{"type": "string", "enum": s.guess.of(form.Programme.Name).tags, "description": "The language the person reads"},
		"form_version": object{"type": "string", "description": "The version of the form whose words the person saw; without it a tick is no proof of consent"},
	}}
}

func (v voice) answerSchema(f *programme.Field) object {
	one := object{"type": "string"}
	if f.MaxLength > 0 {
		one["maxLength"] = f.MaxLength
	}
	var values []string
	for _, o := range f.Options {
		if !o.Closed {
			values = append(values, o.Value)
		}
	}
	if len(values) > 0 {
		one["enum"] = values
	}
	schema := object{"title": v.ofOr(f.Label, f.Type.LabelKey()).Text, "anyOf": []object{one, {"type": "array", "items": one}}, "x-type": f.Type}
	if hint := v.maybe(f.Hint).Text; hint != "" {
		schema["description"] = hint
	}
	return schema
}

// everyForm lists the forms of every programme.
func (s *Server) everyForm() (list []*programme.Form) {
	for _, p := range s.Programmes.Programmes() {
		list = append(list, p.Forms...)
	}
	return list
}

// formView is a form as programs are told of it.
type formView struct {
	Name      string   `json:"name"`
	Programme string   `json:"programme"`
	Kind      string   `json:"kind"`
	Title     string   `json:"title"`
	Version   string   `json:"version"`
	Languages []string `json:"languages"`
	Open      bool     `json:"open"`
	Page      string   `json:"page"`

	Intro      string `json:"intro,omitempty"`
	Privacy    string `json:"privacy,omitempty"`
	Submission object `json:"submission,omitempty"`
}

func (s *Server) formView(v voice, form *programme.Form) formView {
	return formView{
		Name: form.Name, Programme: form.Programme.Name, Kind: string(form.Kind), Title: v.of(form.Title).Text, Version: form.Version,
		Languages: slices.Clone(s.guess.of(form.Programme.Name).tags), Open: s.open(form), Page: s.Org.BaseURL + "/f/" + url.PathEscape(form.Name),
	}
}

func (s *Server) listForms(w http.ResponseWriter, r *http.Request) error {
	v, list := s.voice(r, s.guess.all, ""), []formView{}
	for _, form := range s.everyForm() {
		list = append(list, s.formView(v, form))
	}
	return s.writeJSON(w, http.StatusOK, object{"forms": list})
}

func (s *Server) describeForm(w http.ResponseWriter, r *http.Request) error {
	form, err := s.form(r)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.of(form.Programme.Name), "")
	view := s.formView(v, form)
	view.Intro, view.Privacy = v.maybe(form.Intro).Text, v.of(form.Programme.Privacy).Text
	view.Submission = s.submissionSchema(v, form)
	return s.writeJSON(w, http.StatusOK, view)
}

func (s *Server) writeJSON(w http.ResponseWriter, status int, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.Write(append(body, '\n')); err != nil {
		s.Log.Debug("reader went away", "err", err)
	}
	return nil
}
