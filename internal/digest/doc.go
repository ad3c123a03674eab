// Package digest writes each coordinator's summary of the morning: what came
// in, what needs a person, what is due, what went wrong.
//
// The idea a newcomer needs: a summary travels by email, so it says nothing
// that its reader could not say aloud in a shared office. What somebody wrote
// is never in it; of a discreet programme there is only a reference and how
// long somebody has waited.
package digest
