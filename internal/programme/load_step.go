package programme

import (
	"fmt"
	"slices"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/proof"
)

func (r *reader) workflow(m proof.Map) []Step {
	var steps []Step
	for _, item := range m.Maps("workflow") {
		step := r.step(item)
		if slices.ContainsFunc(steps, func(other Step) bool { return other.Name == step.Name }) {
			item.Wrong("step", fmt.Sprintf("there are two steps called %s", step.Name), "another name")
		}
		steps = append(steps, step)
	}
	return steps
}

func (r *reader) step(m proof.Map) Step {
	s := Step{Name: m.Need("step", "short-name")}
	if s.Name != "" && !nameShape.MatchString(s.Name) {
		m.Wrong("step", fmt.Sprintf("a step cannot be called %q", s.Name), "small letters, figures and -")
	}
	m = m.As("step " + s.Name)
	s.Form = m.Text("form")
	r.known(m, "form", "form", s.Form, r.formNames())
	s.When, s.when = r.condition(m, "when", r.p.stepEnv(s.Form, postroom.Facts{}))
	r.time(m, &s)
	s.Unless = m.Text("unless")
	r.known(m, "unless", "state", s.Unless, States())
	r.act(m, &s)
	return s
}

func (r *reader) formNames() []string {
	var names []string
	for _, f := range r.p.Forms {
		names = append(names, f.Name)
	}
	return names
}

// time reads when the step falls due.
func (r *reader) time(m proof.Map, s *Step) {
	s.On = postroom.Trigger(m.Text("on"))
	s.Before, s.After = m.Text("before"), m.Text("after")
	s.By = r.span(m, "by", Span{})
	r.known(m, "on", "trigger", string(s.On), texts(postroom.Triggers()))
	r.known(m, "before", "date", s.Before, Dates())
	r.known(m, "after", "trigger or date", s.After, append(texts(postroom.Triggers()), Dates()...))
	s.Late = Late(m.Choice("late", string(LateSend), string(LateSend), string(LateSkip)))
	s.OrAfter = r.orAfter(m, s)
	r.late(m, s)
	counts := s.Before != "" || s.After != ""
	switch {
	case s.Before != "" && s.After != "":
		m.Wrong("before", "step "+s.Name+" has both before and after", "one of them")
	case !counts && s.On == "":
		m.Wrong("step", "step "+s.Name+" never falls due", "on: received, before: meeting or after: received")
	case !counts && m.Has("by"):
		m.Wrong("by", "by counts from before: or after:", "after: "+string(s.On)+" instead of on: "+string(s.On))
	case m.Has("late") && s.Before == "":
		m.Wrong("late", "only a step before a date can be late", "nothing")
	case counts && !m.Has("by"):
		m.Lacks("by", "3d, 1h or 2 working days")
	case s.On != "" && slices.Contains(postroom.Triggers(), postroom.Trigger(s.After)) && s.After != string(s.On):
		m.Wrong("on", fmt.Sprintf("step %s waits for %s and for %s", s.Name, s.On, s.After), "after: alone")
	}
}

// late reads until when the step may be done after its time.
func (r *reader) late(m proof.Map, s *Step) {
	s.Otherwise = Otherwise(m.Choice("otherwise", string(OtherwiseSkip), string(OtherwiseSkip), string(OtherwiseAsk)))
	counts := s.Before != "" || s.After != ""
	switch {
	case m.Has("not_later_than") && !counts:
		m.Wrong("not_later_than", "what is done at once is never late", "before: or after: as well, or nothing")
	case m.Has("not_later_than"):
		limit := r.span(m, "not_later_than", Span{})
		s.NotLaterThan = &limit
	case m.Has("otherwise") && s.Before == "":
		m.Wrong("otherwise", "otherwise says what becomes of a step that is too late, and this one never is", "not_later_than: 1d as well")
	}
}

func (r *reader) orAfter(m proof.Map, s *Step) *OrAfter {
	if !m.Has("or_after") {
		return nil
	}
	or := m.Map("or_after").As("or_after")
	keys := or.Keys()
	if len(keys) != 1 || !slices.Contains(postroom.Triggers(), postroom.Trigger(s.After)) {
		m.Wrong("or_after", "or_after is a second chance for a step that waits for a trigger", "after: first_attended and or_after: {meeting: 48h}")
		return nil
	}
	r.known(or, keys[0], "date", keys[0], Dates())
	return &OrAfter{Date: keys[0], By: r.span(or, keys[0], Span{})}
}

// act reads what the step does.
func (r *reader) act(m proof.Map, s *Step) {
	s.Send, s.AddTo, s.Notify = m.Text("send"), m.Texts("add_to"), m.Texts("notify")
	r.template(m, s.Send)
	for _, forum := range s.AddTo {
		r.forum(m, forum, s.Form)
	}
	for _, who := range s.Notify {
		r.known(m, "notify", "group to notify", who, []string{"coordinators"})
	}
	if s.Send == "" && len(s.AddTo) == 0 && len(s.Notify) == 0 {
		m.Wrong("step", "step "+s.Name+" does nothing", "send:, add_to: or notify: as well")
	}
}

// template notes a template that no reader of a listed language could be sent.
func (r *reader) template(m proof.Map, name string) {
	if name == "" || r.opts.HasTemplate == nil {
		return
	}
	var missing []string
	for _, tag := range r.p.Languages {
		has := func(locale string) bool { return r.opts.HasTemplate(name, locale) }
		if !slices.ContainsFunc(postroom.Fallbacks(tag), has) {
			missing = append(missing, tag)
		}
	}
	if len(missing) > 0 {
		m.Wrong("send", fmt.Sprintf("there is no template %q for %s", name, strings.Join(missing, ", ")), "the template as email/"+missing[0]+"/"+name+".md first, or the name of another")
	}
}

// forum checks that the gap in a forum's name is a question people choose an
// answer to.
func (r *reader) forum(m proof.Map, forum, form string) {
	rest := gapShape.ReplaceAllString(forum, "x")
	if !nameShape.MatchString(rest) || len(gapShape.FindAllString(forum, -1)) > 1 {
		m.Wrong("add_to", fmt.Sprintf("a forum cannot be called %q", forum), "forum-name or forum-{{field}}")
		return
	}
	gap := gapShape.FindStringSubmatch(forum)
	if gap == nil {
		return
	}
	if choices := r.choices(form); !slices.Contains(choices, gap[1]) {
		m.Wrong("add_to", fmt.Sprintf("there is no choice called %s to fill {{%s}}", gap[1], gap[1]), oneOf("field of type choice", gap[1], choices))
	}
}

func (r *reader) choices(form string) []string {
	var names []string
	for _, f := range r.p.Forms {
		for _, field := range f.Fields {
			chosen := field.Type == ChoiceField || field.Type == ChoicesField
			if chosen && !field.SpecialCategory && (form == "" || form == f.Name) {
				names = append(names, field.Name)
			}
		}
	}
	return names
}
