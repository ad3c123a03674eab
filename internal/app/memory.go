package app

import "runtime/debug"

// heapGrowth is by how many percent garbage may outgrow what is in use. Little is in
// use, and the machines are small: Go's own 100 would take a fifth more memory while a
// newsletter is sent, and spare a thirtieth of the processor.
const heapGrowth = 60

// KeepSmall has a process that is a post room and nothing else take little memory.
// Whoever has set GOGC knows better.
func KeepSmall(env func(string) string) {
	if env("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
}
