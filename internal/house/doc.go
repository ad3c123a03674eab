// Package house keeps the rules of the house: which package may import which,
// what a package comment must be, how long a function may grow, what tests may
// not do, and what stands at the top of the repository.
//
// The one idea to know: a rule that is only written down is forgotten, so each
// rule here is a test, and its failure says why the rule exists and where to
// change it. Changing one is a design decision made in view of a reviewer.
// There is nothing to import from this package; it holds tests only.
package house
