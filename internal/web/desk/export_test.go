package desk

import "postroom/internal/postroom"

// Pattern is one route as the tests walk it.
type Pattern struct {
	Method, Path string
	Stranger     bool
	Roles        []postroom.Role
}

// Patterns lists every route.
func (d *Desk) Patterns() (list []Pattern) {
	for _, r := range d.routes {
		p := Pattern{Method: "GET", Path: r.pattern, Stranger: r.rule.stranger, Roles: r.rule.roles}
		if method, path, ok := cut(r.pattern); ok {
			p.Method, p.Path = method, path
		}
		list = append(list, p)
	}
	return list
}

func cut(pattern string) (method, path string, ok bool) {
	for i := range pattern {
		if pattern[i] == ' ' {
			return pattern[:i], pattern[i+1:], true
		}
	}
	return "", pattern, false
}
