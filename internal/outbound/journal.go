package outbound

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// What the ledger of copies hears only many at a time is written down at once in a
// sending journal: that a copy is begun, before its text leaves, and the answer to
// it, before the next is begun on the same connection. It is a file for each part
// that is being sent, written with write(2) and not flushed to the disk: so it
// outlives the process, and after a kill there is one copy for each connection of
// which nobody knows. It does not outlive the machine, and so names the machine's
// start: what was written before another start tells what left and not what did not.

// journalVersion begins each journal. A file that begins otherwise is put aside.
const journalVersion = "postroom sending journal 1"

// Names of files.
const (
	journalEnding = ".journal"
	unreadEnding  = ".unread"
	journalsOwn   = "id" // the folder's own name
)

// bootFile is where Linux names the machine's start; elsewhere there is none, and a
// journal is believed whenever it is found.
const bootFile = "/proc/sys/kernel/random/boot_id"

// journals are the journals in one folder.
type journals struct {
	dir string // "" keeps them in memory only
	id  string // of the folder and of the machine's start, as the ledger names them

	mu        sync.Mutex
	live      map[string]*book // that are not settled, by part
	recovered bool
}

func openJournals(dir string) (*journals, error) {
	j := &journals{dir: dir, id: rand.Text(), live: make(map[string]*book)}
	if dir == "" {
		return j, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of sending journals: %w", err)
	}
	name := filepath.Join(dir, journalsOwn)
	own, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		own = []byte(j.id)
		err = os.WriteFile(name, own, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("name folder of sending journals: %w", err)
	}
	boot, _ := os.ReadFile(bootFile)
	j.id = strings.TrimSpace(string(own)) + "/" + strings.TrimSpace(string(boot))
	return j, nil
}

// book is the journal of one turn of one part.
type book struct {
	of   *journals
	key  string // campaign/part
	path string // "" in memory only
	file *os.File
	lock *flock.Flock

	mu     sync.Mutex
	notes  notes
	failed error // it could not be written: nothing more is begun
	ended  bool  // another turn has taken it over
}

// notes are what a journal says.
type notes struct {
	campaign, journal string
	part, turn        int
	begun             map[int]bool // and not answered
	answers           map[int]store.CopyResult
}

// results are the answers that settle a copy. Where the journal is whole, those
// that were begun are uncertain.
func (n *notes) results(whole bool) (list []store.CopyResult) {
	for _, r := range n.answers {
		list = append(list, r)
	}
	for c := range n.begun {
		if whole {
			list = append(list, store.CopyResult{N: c, State: postroom.Uncertain, Reason: ReasonAnswerLost})
		}
	}
	return list
}

func (n *notes) sent() (list []int) {
	for c, r := range n.answers {
		if r.State == postroom.Sent {
			list = append(list, c)
		}
	}
	return list
}

// errElsewhere is that another process writes the journal.
var errElsewhere = errors.New("another process writes this sending journal")

// begin begins the journal of a turn. It exists before the ledger says that the
// part is being sent.
func (j *journals) begin(campaign string, part, turn int) (*book, error) {
	b := &book{of: j, key: postroom.ChunkSubject(campaign, part), notes: newNotes(campaign, part, turn, j.id)}
	if j.dir == "" {
		return b, nil
	}
	b.path = j.path(campaign, part, turn)
	b.lock = flock.New(b.path)
	if ok, err := b.lock.TryLock(); err != nil || !ok {
		return nil, cmp.Or(err, errElsewhere)
	}
	var err error
	if b.file, err = os.OpenFile(b.path, os.O_WRONLY|os.O_APPEND|os.O_TRUNC, 0o600); err == nil {
		_, err = fmt.Fprintf(b.file, "%s\n%s\n", journalVersion, sealed(fmt.Sprintf("%s %d %d %s", campaign, part, turn, j.id)))
	}
	if err != nil {
		b.discard()
		return nil, fmt.Errorf("begin sending journal: %w", err)
	}
	return b, nil
}

func (j *journals) path(campaign string, part, turn int) string {
	return filepath.Join(j.dir, fmt.Sprintf("%s-%d-%d%s", campaign, part, turn, journalEnding))
}

func newNotes(campaign string, part, turn int, journal string) notes {
	return notes{campaign: campaign, part: part, turn: turn, journal: journal, begun: make(map[int]bool), answers: make(map[int]store.CopyResult)}
}

// enlist makes a book known as that of its part, now that the ledger says so.
func (b *book) enlist() {
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	b.of.live[b.key] = b
}

// discard removes a journal of which everything is settled, or nothing begun.
func (b *book) discard() {
	b.of.mu.Lock()
	if b.of.live[b.key] == b {
		delete(b.of.live, b.key)
	}
	b.of.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	if b.path == "" {
		return
	}
	_ = os.Remove(b.path)
	if b.file != nil {
		_ = b.file.Close()
	}
	_ = b.lock.Unlock()
}

// errTaken is that another turn has the part.
var errTaken = &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.moved_on"), Cause: errors.New("another turn has the part")}

// turnOver notes the answer to one copy, if there is one, and that another is
// begun. Nothing may leave of that one if it returns an error.
func (b *book) turnOver(answer *store.CopyResult, next int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	lines := b.answered(answer)
	if b.ended {
		_ = b.write(lines)
		return errTaken
	}
	if b.failed != nil {
		_ = b.write(lines)
		return fmt.Errorf("write sending journal: %w", b.failed)
	}
	if err := b.write(append(lines, sealed("began "+strconv.Itoa(next))+"\n"...)); err != nil {
		return fmt.Errorf("write sending journal: %w", err)
	}
	b.notes.begun[next] = true
	return nil
}

// note notes the answer to one copy. If that cannot be written, it is remembered.
func (b *book) note(answer store.CopyResult) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.write(b.answered(&answer))
}

func (b *book) answered(r *store.CopyResult) []byte {
	if r == nil {
		return nil
	}
	if !b.ended { // who took it over goes by what was known then
		b.notes.answer(*r)
	}
	due := int64(0)
	if !r.Due.IsZero() {
		due = r.Due.UnixMicro()
	}
	return []byte(sealed(fmt.Sprintf("%s %d %d %d %s", r.State, r.N, r.Tries, due, r.Reason)) + "\n")
}

// answer notes what became of a copy. One that is queued again has not left.
func (n *notes) answer(r store.CopyResult) {
	delete(n.begun, r.N)
	if r.State == postroom.Queued {
		delete(n.answers, r.N)
		return
	}
	n.answers[r.N] = r
}

// write adds lines. After one that could not be written whole, the next begins on
// a line of its own.
func (b *book) write(lines []byte) error {
	if b.file == nil || len(lines) == 0 {
		return nil
	}
	if b.failed != nil {
		lines = append([]byte("\n"), lines...)
	}
	_, err := b.file.Write(lines)
	if err != nil {
		b.failed = err
	}
	return err
}

// sealed is a line with the sum that shows that it is whole.
func sealed(line string) string {
	return fmt.Sprintf("%08x %s", crc32.ChecksumIEEE([]byte(line)), line)
}

func unseal(line []byte) (string, bool) {
	sum, rest, found := bytes.Cut(line, []byte(" "))
	want, err := strconv.ParseUint(string(sum), 16, 32)
	return string(rest), found && err == nil && crc32.ChecksumIEEE(rest) == uint32(want)
}

// takeOver ends the book of an earlier turn of this process and returns what it
// says.
func (j *journals) takeOver(p store.Part) (*book, bool) {
	j.mu.Lock()
	b := j.live[postroom.ChunkSubject(p.Campaign, p.Part)]
	j.mu.Unlock()
	if b == nil || b.notes.turn != p.Turn || p.Journal != j.id {
		return nil, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	return b, true
}

// found is a journal that another process has left.
type found struct {
	notes
	lock *flock.Flock
	path string
}

// forget removes it, now that the ledger knows what it says.
func (f *found) forget() {
	_ = os.Remove(f.path)
	_ = f.lock.Unlock()
}

// errOtherVersion is that a file is no journal that we can read.
var errOtherVersion = errors.New("a sending journal of another version")

// read reads the journal that a turn has left. The caller forgets it, or unlocks it.
// It returns fs.ErrNotExist where there is none.
func (j *journals) read(path string) (*found, error) {
	if _, err := os.Stat(path); err != nil || j.dir == "" {
		return nil, cmp.Or(err, fs.ErrNotExist)
	}
	f := &found{lock: flock.New(path), path: path}
	if ok, err := f.lock.TryLock(); err != nil || !ok {
		return nil, cmp.Or(err, errElsewhere)
	}
	data, err := os.ReadFile(path)
	if err == nil {
		f.notes, err = readNotes(data)
	}
	if err != nil {
		_ = f.lock.Unlock()
		return nil, err
	}
	return f, nil
}

// readNotes reads a journal. Lines that are not whole are passed over: what they
// were to say was never acted upon.
func readNotes(data []byte) (notes, error) {
	lines := bytes.Split(data, []byte("\n"))
	if len(lines) < 2 || string(lines[0]) != journalVersion {
		return notes{}, errOtherVersion
	}
	var campaign, journal string
	var part, turn int
	head, ok := unseal(lines[1])
	if _, err := fmt.Sscanf(head, "%s %d %d %s", &campaign, &part, &turn, &journal); err != nil || !ok {
		return notes{}, errOtherVersion
	}
	n := newNotes(campaign, part, turn, journal)
	for _, line := range lines[2:] {
		if text, ok := unseal(line); ok {
			n.read(text)
		}
	}
	return n, nil
}

func (n *notes) read(line string) {
	fields := strings.SplitN(line, " ", 5)
	c, err := strconv.Atoi(fields[min(1, len(fields)-1)])
	if err != nil {
		return
	}
	if fields[0] == "began" {
		n.begun[c] = true
		return
	}
	if len(fields) < 5 {
		return
	}
	r := store.CopyResult{N: c, State: postroom.MessageState(fields[0]), Reason: fields[4]}
	r.Tries, _ = strconv.Atoi(fields[2])
	if due, _ := strconv.ParseInt(fields[3], 10, 64); due > 0 {
		r.Due = time.UnixMicro(due)
	}
	n.answer(r)
}

// left lists the journals in the folder.
func (j *journals) left() []string {
	if j.dir == "" {
		return nil
	}
	list, _ := filepath.Glob(filepath.Join(j.dir, "*"+journalEnding)) // the pattern is a good one
	return list
}
