package outbound

import "time"

// ServerState is how a mail server is, as far as this process knows.
type ServerState struct {
	Name, Host  string
	Connections int       // that newsletters use at the same time
	Since, Next time.Time // since when it is away, and when it is tried again; zero while it answers
}

// Servers says how each mail server is, in the order in which they are tried. Only
// a process that sends mail finds out whether one is away.
func (o *Outbox) Servers() []ServerState {
	list := make([]ServerState, len(o.servers))
	for i, s := range o.servers {
		list[i] = ServerState{Name: s.Name, Host: s.Host, Connections: s.Connections}
		list[i].Since, list[i].Next = s.state()
	}
	return list
}
