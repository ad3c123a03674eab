package arrivals

import "context"

// byThePersonBehind is the letter as the person behind it would have sent it, so that
// everything that follows is about them.
func (a arrival) byThePersonBehind() arrival {
	a.whole = a.read.Subject + "\n" + a.read.Text + "\n" + a.verdict.Behind.Text
	a.read, a.verdict = a.verdict.ByThePersonBehind(a.read)
	a.Address = a.verdict.Behind.Address
	return a
}

// fromSite files what somebody wrote on the form of a website as theirs, where
// the website is believed. Otherwise a person has to look: anybody can write
// that somebody else has asked us something.
func (in *Arrivals) fromSite(ctx context.Context, a arrival) error {
	copied, err := in.copied(ctx, a)
	if err != nil || copied {
		return err
	}
	if !a.mayAnswer() {
		return in.triage(ctx, a, a.against())
	}
	return in.submission(ctx, a.byThePersonBehind())
}
