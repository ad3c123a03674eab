package programme

// SetReviewed changes in which languages a person has read the texts through.
func SetReviewed(languages ...string) Edit {
	return func(d *document) error { set(d.root, "reviewed", list(languages)); return nil }
}
