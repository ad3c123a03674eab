package inbound

// Guess returns the language a text is most likely written in, one of the
// candidates (BCP 47 tags such as en, uk, fa, fa-AF, ps), and how sure that is:
// Dari, Farsi and Pashto share a script, so a guess among them is only that.
// It returns "" when nothing speaks for any.
func Guess(text string, candidates []string) (locale string, sure bool) { return "", false }

// Phone returns the first telephone number in a text.
func Phone(text string) string { return "" }

// SignedName returns the name in a sign-off.
func SignedName(text string) string { return "" }
