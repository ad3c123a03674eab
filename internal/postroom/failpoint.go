package postroom

// Failpoint is called with the name of an effect on another machine, such as
// "smtp: MAIL", ahead of it, and with "smtp: MAIL done" after it, whatever came
// of it. It is for tests that let the process die there; nil costs nothing.
type Failpoint func(point string)

// Around calls effect between its two points.
func (f Failpoint) Around(point string, effect func() error) error {
	if f == nil {
		return effect()
	}
	f(point)
	err := effect()
	f(point + " done")
	return err
}

// At calls f, if there is one, at a place where nothing is to be surrounded.
func (f Failpoint) At(point string) {
	if f != nil {
		f(point)
	}
}
