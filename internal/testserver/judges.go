package testserver

import (
	"os/exec"
	"testing"
)

// DKIMPy returns Debian's Python that has dkimpy, which verifies signatures of mail.
func DKIMPy(t testing.TB) string {
	t.Helper()
	python := need(t, want{program: "/usr/bin/python3", install: "apt-get install python3-dkim"})
	if err := exec.CommandContext(t.Context(), python, "-c", "import dkim").Run(); err != nil {
		missing(t, "dkimpy is not on this machine: apt-get install python3-dkim")
	}
	return python
}

// SpamAssassin returns Debian's Perl that has SpamAssassin, which scores mail.
func SpamAssassin(t testing.TB) string {
	t.Helper()
	perl := need(t, want{program: "/usr/bin/perl", install: "apt-get install spamassassin"})
	if err := exec.CommandContext(t.Context(), perl, "-MMail::SpamAssassin", "-e", "1").Run(); err != nil {
		missing(t, "SpamAssassin is not on this machine: apt-get install spamassassin")
	}
	return perl
}
