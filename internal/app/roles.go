package app

import (
	"fmt"
	"slices"
	"strings"
)

// Role is a part of the work that one process may do for the others.
type Role string

// The roles. Web and worker may run many times; the scheduler and each
// mailbox are leased.
const (
	RoleWeb       Role = "web"
	RoleMailbox   Role = "mailbox"
	RoleWorker    Role = "worker"
	RoleScheduler Role = "scheduler"
)

// AllRoles lists every role: what a process does that is not told otherwise.
func AllRoles() []Role { return []Role{RoleWeb, RoleMailbox, RoleWorker, RoleScheduler} }

// ParseRoles reads the roles a person wrote. None is all.
func ParseRoles(written []string) ([]Role, error) {
	if len(written) == 0 {
		return AllRoles(), nil
	}
	var roles []Role
	for _, w := range written {
		role := Role(strings.TrimSpace(w))
		if !slices.Contains(AllRoles(), role) {
			return nil, fmt.Errorf("there is no role %q; write some of %v", w, AllRoles())
		}
		roles = append(roles, role)
	}
	return roles, nil
}
