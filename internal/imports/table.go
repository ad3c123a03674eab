package imports

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"postroom/internal/postroom"
)

// The most that one file may hold.
const (
	mostBytes = 64 << 20
	mostRows  = 200_000
	mostCells = 500
)

// table is a file as its program wrote it.
type table struct {
	encoding  string
	separator rune
	header    []string
	rows      []line
}

type line struct {
	number int
	cells  []string
}

// readTable reads a file of values with commas, semicolons or tabs between, in
// UTF-8, UTF-16 or Windows-1252. An empty row is left out.
func readTable(file []byte) (table, error) {
	if len(file) > mostBytes {
		return table{}, unreadable(fmt.Errorf("the file has more than %d MB", mostBytes>>20))
	}
	text, name, err := plain(file)
	if err != nil {
		return table{}, unreadable(err)
	}
	t := table{encoding: name}
	// Excel writes this first line for itself.
	skipped := 0
	if rest, ok := strings.CutPrefix(text, "sep="); ok && len(rest) > 1 {
		t.separator, skipped = rune(rest[0]), 1
		text = strings.TrimLeft(rest[1:], "\r\n")
	} else {
		t.separator = separator(text)
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = t.separator, -1, true
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return t, unreadable(err)
		}
		number, _ := r.FieldPos(0)
		if strings.TrimSpace(strings.Join(cells, "")) == "" {
			continue
		}
		if len(cells) > mostCells || len(t.rows) >= mostRows {
			return t, unreadable(fmt.Errorf("line %d: a file has at most %d rows of %d cells", number, mostRows, mostCells))
		}
		if t.header == nil {
			t.header = cells
			continue
		}
		t.rows = append(t.rows, line{number + skipped, cells})
	}
	if len(t.header) == 0 {
		return t, unreadable(errors.New("there is no first line that names the columns"))
	}
	return t, nil
}

func unreadable(err error) error {
	return &postroom.Error{Kind: postroom.Invalid, Say: postroom.Say("error.unreadable"), Cause: fmt.Errorf("read the file: %w", err)}
}

// plain returns the text of a file and the name of what it was written in. UTF-16
// without a mark is known by its zeros, and what is not UTF-8 is Windows-1252.
func plain(file []byte) (text, name string, err error) {
	wide := func(order unicode.Endianness, mark unicode.BOMPolicy) encoding.Encoding {
		return unicode.UTF16(order, mark)
	}
	var set encoding.Encoding
	head := file[:min(len(file), 400)]
	switch {
	case bytes.HasPrefix(file, []byte{0xff, 0xfe}), zeros(head, 1):
		set, name = wide(unicode.LittleEndian, unicode.UseBOM), "UTF-16"
	case bytes.HasPrefix(file, []byte{0xfe, 0xff}), zeros(head, 0):
		set, name = wide(unicode.BigEndian, unicode.UseBOM), "UTF-16"
	case utf8.Valid(file):
		return strings.TrimPrefix(string(file), "\ufeff"), "UTF-8", nil
	default:
		set, name = charmap.Windows1252, "Windows-1252"
	}
	plain, err := set.NewDecoder().Bytes(file)
	return strings.TrimPrefix(string(plain), "\ufeff"), name, err
}

// zeros says whether most of every second byte is zero, as in UTF-16.
func zeros(head []byte, at int) bool {
	n := 0
	for i := at; i < len(head); i += 2 {
		if head[i] == 0 {
			n++
		}
	}
	return len(head) > 3 && n > len(head)/4
}

// separator is what stands most often in the first line, outside quotes.
func separator(text string) rune {
	count, quoted := map[rune]int{}, false
	for _, c := range text {
		if c == '\n' && !quoted {
			break
		}
		if c == '"' {
			quoted = !quoted
		}
		if !quoted {
			count[c]++
		}
	}
	best := ','
	for _, c := range ";\t" {
		if count[c] > count[best] {
			best = c
		}
	}
	return best
}

// Safe is a cell as it may be written into a file that a spreadsheet opens: what
// it would take for a formula is taken for text.
func Safe(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// unsafe is what Safe was given.
func unsafe(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && Safe(rest) != rest {
		return rest
	}
	return cell
}
