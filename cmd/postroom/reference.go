package main

import (
	"fmt"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// submissionWith finds a submission as a person names it. Submissions and
// letters in triage are named alike, so the wrong door says where the right one
// is.
func submissionWith(r store.Reader, reference string) (postroom.Submission, error) {
	named := asWritten(reference)
	sub, err := r.SubmissionWith(named)
	if err == nil || postroom.KindOf(err) != postroom.NotFound {
		return sub, err
	}
	_, err = r.LetterWith(named)
	return sub, elsewhere(err, named, "is a letter: postroom triage show "+named, "postroom submissions list")
}

// letterWith finds a letter as a person names it: by its reference, or by the id
// that a list shows of one without.
func letterWith(r store.Reader, reference string) (postroom.Letter, error) {
	named := asWritten(reference)
	l, err := r.LetterWith(named)
	if err == nil || postroom.KindOf(err) != postroom.NotFound {
		return l, err
	}
	if l, err := r.Letter(strings.ToLower(named)); err == nil {
		return l, nil
	}
	_, err = r.SubmissionWith(named)
	return l, elsewhere(err, named, "is a submission: postroom submissions show "+named, "postroom letters list")
}

// elsewhere says where what a reference names can be seen; err is what came of
// looking behind the other door.
func elsewhere(err error, reference, there, list string) error {
	switch {
	case err == nil:
		return fmt.Errorf("%s %s", reference, there)
	case postroom.KindOf(err) == postroom.NotFound:
		return fmt.Errorf("there is nothing with the reference %s; see: %s", reference, list)
	}
	return err
}

// asWritten is a reference without what clings to it when it is copied out of a
// mail.
func asWritten(reference string) string { return strings.ToUpper(strings.Trim(reference, " .,;:")) }

// commandLine is who did something, as the audit names them.
const commandLine = "command line"
