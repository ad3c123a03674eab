package mailbox

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/emersion/go-imap/v2"
)

func TestASearchThatNamesEveryUIDIsCutShortAndKeptInOrder(t *testing.T) {
	t.Parallel()
	uids := numbers(imap.UIDSet{{Start: 90_000, Stop: 4_294_967_295}, {Start: 7, Stop: 9}, {Start: 8, Stop: 10}, {Start: 0, Stop: 0}})
	if len(uids) == 0 || len(uids) > mostFound || !slices.IsSorted(uids) || !slices.Equal(uids[:4], []uint32{7, 8, 9, 10}) {
		t.Errorf("%d UIDs, the first are %d", len(uids), uids[:min(len(uids), 6)])
	}
}

func TestAProblemIsOneLineThatAnyDatabaseTakes(t *testing.T) {
	t.Parallel()
	got := words(errors.New("login refused: \xff\x00 one\r\ntwo " + strings.Repeat("ß", 500)))
	if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\r\n") || len(got) > mostWords+len("…") || !strings.HasPrefix(got, "login refused: ?? one two ") {
		t.Errorf("got %q", got)
	}
}

func TestOnlyLettersOnFileAreFlaggedOrMoved(t *testing.T) {
	t.Parallel()
	if got := both([]uint32{1, 3, 5, 9}, []uint32{2, 3, 9, 10}); !slices.Equal(got, []uint32{3, 9}) {
		t.Errorf("got %d", got)
	}
}
