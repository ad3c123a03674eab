package programme_test

import (
	"strings"
	"testing"

	"postroom/internal/programme"
)

func TestOnlyWhatCannotBeRunIsKept(t *testing.T) {
	t.Parallel()
	kept := programme.DefaultAttachments()
	kept.Most = 1000
	for _, c := range []struct {
		name, kind, content string
		size                int
		want                programme.Refusal
	}{
		{"a.pdf", "application/pdf", "%PDF-1.7", 10, ""},
		{"a.pdf", "application/octet-stream", "%PDF-1.7", 10, ""},
		{"A.JPG", "image/jpeg", "\xff\xd8\xff\xe0", 10, ""},
		{"a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "PK\x03\x04", 10, ""},
		{"نامه.txt", "text/plain; charset=utf-8", "سلام", 10, ""},
		{"", "image/png", "", 10, ""},
		{"a.exe", "application/pdf", "", 10, programme.RefusedProgram},
		{"a.pdf.scr", "application/pdf", "", 10, programme.RefusedProgram},
		{"a.txt.", "application/x-msdownload", "", 10, programme.RefusedProgram},
		{"a.pdf", "application/pdf", "MZ\x90", 10, programme.RefusedProgram},
		{"a.txt", "text/plain", "#!/bin/sh", 10, programme.RefusedProgram},
		{"a.js", "text/plain", "", 10, programme.RefusedProgram},
		{"a.docm", "application/octet-stream", "", 10, programme.RefusedMacros},
		{"a", "application/vnd.ms-word.document.macroEnabled.12", "", 10, programme.RefusedMacros},
		{"a.html", "text/plain", "", 10, programme.RefusedPage},
		{"a.svg", "image/svg+xml", "", 10, programme.RefusedPage},
		{"a.txt", "text/plain", "<html><script>", 10, programme.RefusedMasked},
		{"a.png", "image/png", "hello", 10, programme.RefusedMasked},
		{"a.pdf", "application/pdf", "hello", 10, programme.RefusedMasked},
		{"a.zip", "application/zip", "PK\x03\x04", 10, programme.RefusedKind},
		{"a.doc", "application/msword", "", 10, programme.RefusedKind},
		{"a.pdf", "application/pdf", "%PDF", 1001, programme.RefusedSize},
	} {
		if got := kept.Refuses(c.name, c.kind, c.size, []byte(c.content)); got != c.want {
			t.Errorf("%q of type %s with %q: %q, want %q", c.name, c.kind, c.content, got, c.want)
		}
	}
}

func TestAProgrammeSaysWhatItKeeps(t *testing.T) {
	t.Parallel()
	set, err := load(map[string]string{"p.yaml": small + "attachments: [pdf, application/zip]\nattachment_size: 2MB\n"})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := set.Programme("small")
	for kind, want := range map[string]programme.Refusal{"application/pdf": "", "application/zip": "", "image/png": programme.RefusedKind} {
		if got := p.Attachments.Refuses("a", kind, 2<<20, nil); got != want {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
	if got := p.Attachments.Refuses("a", "application/pdf", 2<<20+1, nil); got != programme.RefusedSize {
		t.Errorf("a larger one: %q", got)
	}
	if set, err = load(map[string]string{"p.yaml": small + "attachments: []\n"}); err != nil {
		t.Fatal(err)
	}
	if p, _ = set.Programme("small"); p.Attachments.Refuses("a.pdf", "application/pdf", 1, nil) != programme.RefusedKind {
		t.Error("a programme that keeps none keeps one")
	}
}

func TestMistakesAboutAttachmentsAreTold(t *testing.T) {
	t.Parallel()
	for lines, want := range map[string]string{
		"attachments: [pdfs]":             `there is no kind of attachment called "pdfs"; write pdf`,
		"attachments: [text/html]":        "text/html may hold a program, and is never kept",
		"attachments: [image/svg+xml]":    "may hold a program",
		"attachment_size: 10":             "attachment_size is not a number of megabytes from 1 to 50",
		"attachment_size: 900MB":          "attachment_size is not a number of megabytes",
		"attachments: [application/x-sh]": "may hold a program",
		"attachment: [pdf]":               "attachment is not a key here",
	} {
		if _, err := load(map[string]string{"p.yaml": small + lines + "\n"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got\n%v\nwant it to say\n%s", lines, err, want)
		}
	}
}
