package desk

import (
	"slices"
	"strings"

	"postroom/internal/postroom"
)

// route is one page or one button.
type route struct {
	pattern string // as http.ServeMux reads it
	rule    rule
	do      handler
}

// most is how much a request may bring. Only one brings files.
func (r route) most() int64 {
	if r.pattern == takeImportPattern {
		return maxImport + maxBody
	}
	return maxBody
}

// rule says who may open a page. The zero rule is no rule, and a page that has
// it stops the start.
type rule struct {
	stranger bool            // also whoever has not signed in
	roles    []postroom.Role // who has one of these, in any programme
	whole    bool            // for every programme
}

func (r rule) empty() bool { return !r.stranger && len(r.roles) == 0 }

// lets says whether a colleague may open the page. A coordinator of the settings
// file is one also while no programme names them: they may stand in for others.
func (r rule) lets(c postroom.Colleague) bool {
	if r.whole {
		return slices.ContainsFunc(r.roles, func(role postroom.Role) bool { return c.Has(role, "", "") })
	}
	return r.stranger || slices.ContainsFunc(r.roles, c.Is) || c.FromFile && slices.Contains(r.roles, postroom.IsCoordinator)
}

// The rules.
func strangers() rule { return rule{stranger: true} }
func all() rule       { return rule{roles: postroom.Roles()} }
func readers() rule   { return rule{roles: []postroom.Role{postroom.Admin, postroom.IsCoordinator}} }
func admins() rule    { return rule{roles: []postroom.Role{postroom.Admin}} }

// keepers are the admins of everything: what belongs to no programme shows mail of
// them all.
func keepers() rule { return rule{roles: []postroom.Role{postroom.Admin}, whole: true} }

// table lists every page and every button of the desk. What is not listed is
// not found.
func (d *Desk) table() []route {
	return slices.Concat(
		[]route{
			{"/desk/", all(), d.nowhere},
			{"GET /desk/{$}", all(), d.home},
			{"POST /desk/undo", readers(), d.undo},
		},
		d.enterRoutes(),
		d.todayRoutes(), d.suspectRoutes(),
		d.engineRoutes(),
		d.settingsRoutes(),
		d.inboxRoutes(), d.submissionRoutes(), d.letterRoutes(), d.deedRoutes(),
		d.entryRoutes(), d.importRoutes(), d.newsletterRoutes(),
		d.peopleRoutes(), d.callRoutes(), d.doorListRoutes(), d.figureRoutes(),
	)
}

// Pages lists every page, as http.ServeMux reads it, so that what measures them
// can see that it forgets none.
func (d *Desk) Pages() (list []string) {
	for _, route := range d.routes {
		if !strings.HasPrefix(route.pattern, "POST ") {
			list = append(list, route.pattern)
		}
	}
	return list
}
