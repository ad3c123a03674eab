package programme

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"postroom/internal/postroom"
)

// condition is a checked expression that is true or false for some answers:
// area == "bletchley", "tea" in interests, places > 2.
type condition struct{ program *vm.Program }

// compile checks text against the names and types in env.
func compile(text string, env map[string]any) (*condition, error) {
	var rule comparing
	program, err := expr.Compile(text, expr.Env(env), expr.AsBool(), expr.DisableAllBuiltins(), expr.MaxNodes(200), expr.Patch(&rule))
	if ferr, ok := errors.AsType[*file.Error](err); ok {
		return nil, fmt.Errorf("%s (at character %d)", ferr.Message, ferr.Column+1)
	}
	if err := cmp.Or(rule.err, err); err != nil {
		return nil, err
	}
	return &condition{program}, nil
}

// comparing finds what a condition has no need of. Functions over ranges are
// part of the language even without built-ins, and could keep a web request
// busy for years.
type comparing struct{ err error }

// Visit is called for every part of the expression.
func (c *comparing) Visit(node *ast.Node) {
	binary, isBinary := (*node).(*ast.BinaryNode)
	switch (*node).(type) {
	case *ast.BuiltinNode, *ast.CallNode, *ast.PredicateNode:
		c.err = errors.New("it calls a function")
	}
	if isBinary && binary.Operator == ".." {
		c.err = errors.New("it counts through a range")
	}
}

// holds says whether the condition is true. Load has checked it, so what is
// left to go wrong (a pattern built from an answer) counts as not true.
func (c *condition) holds(env map[string]any) bool {
	result, err := expr.Run(c.program, env)
	yes, isBool := result.(bool)
	return err == nil && isBool && yes
}

// facts are the names a step's condition knows besides the answers. No field
// may take one of them.
func facts(f postroom.Facts) map[string]any {
	return map[string]any{"form": f.Form, "kind": string(f.Kind), "locale": f.Locale}
}

// put sets the field's name in env to its answer in the type that conditions
// see: a number, a list, true or false, or a text.
func (f *Field) put(env map[string]any, values []string) {
	one := postroom.Answers{"": values}.One("")
	switch f.Type {
	case NumberField, PlacesField:
		n, _ := strconv.Atoi(one) // no answer is 0
		env[f.Name] = n
	case ChoicesField, LanguagesField, AvailabilityField:
		env[f.Name] = append([]string{}, values...)
	case YesNoField, ConsentField, SafeMessageField:
		env[f.Name] = one == yes
	case AttendeesField:
		env[f.Name] = len(Attendees(values))
	case TrustedField, AddressField:
		env[f.Name] = strings.Join(values, " ")
	default:
		env[f.Name] = one
	}
}

// putAll sets every field of the form, save what may not be asked about.
func (f *Form) putAll(env map[string]any, answers postroom.Answers) {
	for i := range f.Fields {
		if !f.Fields[i].SpecialCategory && !f.Fields[i].Dropped {
			f.Fields[i].put(env, answers[f.Fields[i].Name])
		}
	}
}

// stepEnv is what the condition of a step may ask about: the facts and the
// answers to the step's form, or to any form of the programme.
func (p *Programme) stepEnv(form string, f postroom.Facts) map[string]any {
	env := facts(f)
	for _, each := range p.Forms {
		if form == "" || form == each.Name {
			each.putAll(env, nil)
		}
	}
	for _, each := range p.Forms {
		if each.Name == f.Form {
			each.putAll(env, f.Answers)
		}
	}
	return env
}

// reserved says whether a field may not have this name.
func reserved(name string) bool {
	_, taken := facts(postroom.Facts{})[name]
	return taken || slices.Contains([]string{"true", "false", "nil", "in", "not", "and", "or", "let", "if", "else", "matches", "contains"}, name)
}
