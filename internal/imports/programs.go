package imports

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"postroom/internal/postroom"
)

// The columns that a file of people for a list may have.
const (
	emailColumn     = "email"
	nameColumn      = "name"
	firstColumn     = "first_name"
	lastColumn      = "last_name"
	languageColumn  = "language"
	statusColumn    = "status"
	optOutColumn    = "opt_out"
	basisColumn     = "basis"
	sourceColumn    = "source"
	askedColumn     = "asked_at"
	confirmedColumn = "confirmed_at"
	endedColumn     = "ended_at"
	topicsColumn    = "topics"
	areasColumn     = "areas"
	proofColumn     = "signed_up_from" // a network, which is looked at and not kept
)

// MemberColumns names what a column of a file of people may be.
func MemberColumns() []string {
	return []string{emailColumn, nameColumn, firstColumn, lastColumn, languageColumn, statusColumn, optOutColumn, basisColumn, sourceColumn,
		askedColumn, confirmedColumn, endedColumn, topicsColumn, areasColumn, proofColumn}
}

// The programs whose files are known by their columns.
const (
	mailchimp = "Mailchimp"
	listmonk  = "listmonk"
	civiCRM   = "CiviCRM"
)

// headersOf says what the columns of a program's file are, by their folded names.
func headersOf(program string) map[string]string {
	names := map[string]string{
		"email": emailColumn, "e mail": emailColumn, "email address": emailColumn, "address": emailColumn, "name": nameColumn, "full name": nameColumn,
		"first name": firstColumn, "last name": lastColumn, "surname": lastColumn, "language": languageColumn, "locale": languageColumn, "status": statusColumn,
		"state": statusColumn, "basis": basisColumn, "source": sourceColumn, "asked at": askedColumn, "date": askedColumn, "confirmed at": confirmedColumn,
		"ended at": endedColumn, "topics": topicsColumn, "interests": topicsColumn, "areas": areasColumn,
	}
	var more map[string]string
	switch program {
	case mailchimp:
		more = map[string]string{
			"optin time": askedColumn, "optin ip": proofColumn, "confirm time": confirmedColumn, "confirm ip": proofColumn, "unsub time": endedColumn,
			"clean time": endedColumn, "address": "", "language": languageColumn, "tags": topicsColumn,
		}
	case listmonk:
		more = map[string]string{"created at": "", "name": nameColumn}
	case civiCRM:
		more = map[string]string{
			"display name": nameColumn, "preferred language": languageColumn, "no bulk emails (user opt out)": optOutColumn, "is opt out": optOutColumn,
			"do not email": optOutColumn, "no bulk emails": optOutColumn, "on hold": optOutColumn, "address": "", "group status": statusColumn,
		}
	}
	for head, column := range more {
		names[head] = column
	}
	return names
}

// writtenBy tells by its columns which program wrote a file; "" is any.
func writtenBy(header []string) string {
	var heads []string
	for _, head := range header {
		heads = append(heads, fold(head))
	}
	has := func(all ...string) bool {
		return !slices.ContainsFunc(all, func(head string) bool { return !slices.Contains(heads, head) })
	}
	switch {
	case has("leid", "euid"), has("member rating", "last changed"):
		return mailchimp
	case has("uuid", "email", "attributes"):
		return listmonk
	case has("no bulk emails (user opt out)"), has("is opt out", "email"), has("contact id", "do not email"), has("internal contact id", "email"):
		return civiCRM
	}
	return ""
}

// memberColumns says what each column is. What the order says comes first.
func memberColumns(header []string, said map[string]string, program string) ([]Column, error) {
	names, told := headersOf(program), make(map[string]string, len(said))
	for head, column := range said {
		if column != "" && !slices.Contains(MemberColumns(), column) {
			return nil, unreadable(fmt.Errorf("a column is one of %s, and not %s", strings.Join(MemberColumns(), ", "), column))
		}
		told[fold(head)] = column
	}
	var list []Column
	for _, head := range header {
		column, ok := told[fold(head)]
		if !ok {
			column = names[fold(head)]
		}
		delete(told, fold(head))
		list = append(list, Column{Header: strings.TrimSpace(head), Field: column})
	}
	for head := range told {
		return nil, unreadable(fmt.Errorf("the file has no column %q", head))
	}
	if !slices.ContainsFunc(list, func(c Column) bool { return c.Field == emailColumn }) {
		return nil, unreadable(errors.New("no column is named email; say which one it is with --map"))
	}
	return list, nil
}

// partKind tells which people a program puts into a file: Mailchimp makes one for
// those who are on its list, one for those who left, and one for those whose mail
// came back.
func partKind(name string, header []string) postroom.SubscriptionState {
	base := strings.ToLower(path.Base(strings.ReplaceAll(name, `\`, "/")))
	if strings.HasPrefix(base, "unsubscribed") || strings.HasPrefix(base, "cleaned") {
		return postroom.Unsubscribed
	}
	for _, head := range header {
		if h := fold(head); h == "unsub time" || h == "clean time" {
			return postroom.Unsubscribed
		}
	}
	return ""
}

// leftBy says whether a row is of somebody who must not be mailed.
func leftBy(program string, cells map[string]string) bool {
	switch fold(cells[optOutColumn]) {
	case "", "0", "no", "false":
	default:
		return true
	}
	switch fold(cells[statusColumn]) {
	case "unsubscribed", "blocklisted", "blacklisted", "disabled", "cleaned", "bounced", "removed", "opted out", "complained", "left":
		return true
	case "":
		return cells[endedColumn] != ""
	}
	return false
}

// part is one table of a file.
type part struct {
	name  string
	bytes []byte
}

// unpack returns the tables of a file, which may be packed: as gzip, or as zip
// with several of them.
func unpack(name string, file []byte) ([]part, error) {
	switch {
	case bytes.HasPrefix(file, []byte{0x1f, 0x8b}):
		r, err := gzip.NewReader(bytes.NewReader(file))
		if err != nil {
			return nil, unreadable(err)
		}
		plain, err := atMost(r)
		return []part{{strings.TrimSuffix(name, ".gz"), plain}}, err
	case bytes.HasPrefix(file, []byte("PK\x03\x04")):
		return unzip(file)
	}
	return []part{{name, file}}, nil
}

func unzip(file []byte) (parts []part, err error) {
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, unreadable(err)
	}
	left := mostBytes
	for _, f := range archive.File {
		base := strings.ToLower(path.Base(f.Name))
		if f.FileInfo().IsDir() || !strings.HasSuffix(base, ".csv") && !strings.HasSuffix(base, ".tsv") && !strings.HasSuffix(base, ".txt") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, unreadable(err)
		}
		plain, err := atMost(r)
		if err = errors.Join(err, r.Close()); err != nil {
			return nil, err
		}
		if left -= len(plain); left < 0 || len(parts) == mostParts {
			return nil, unreadable(fmt.Errorf("it has more than %d MB, or more than %d tables", mostBytes>>20, mostParts))
		}
		parts = append(parts, part{f.Name, plain})
	}
	if len(parts) == 0 {
		return nil, unreadable(errors.New("there is no .csv in it"))
	}
	// Whoever left is read first: of two rows with the same address the first counts.
	slices.SortStableFunc(parts, func(a, b part) int {
		return strings.Compare(string(partKind(b.name, nil)), string(partKind(a.name, nil)))
	})
	return parts, nil
}

// mostParts is how many tables one file may have.
const mostParts = 20

func atMost(r io.Reader) ([]byte, error) {
	plain, err := io.ReadAll(io.LimitReader(r, mostBytes+1))
	if err != nil {
		return nil, unreadable(err)
	}
	if len(plain) > mostBytes {
		return nil, unreadable(fmt.Errorf("it has more than %d MB", mostBytes>>20))
	}
	return plain, nil
}
