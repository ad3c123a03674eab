package store

import (
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// Letters come in batches, and are filed by statements that name several.

// Filing is a letter that is to be put on file with the place it lay in.
type Filing struct {
	Letter postroom.Letter // its id is drawn
	Refs   []string        // message ids that it names in In-Reply-To and References
	Raw    []byte
	UID    uint32 // in the folder that is being read
}

// FileLetters files letters of the folder that a cursor stands for, with the
// places they lay in, and says how many were new. The bytes of a letter are kept
// once, wherever else it lies. One that was erased is passed over.
func (tx *Tx) FileLetters(from Cursor, filings []Filing, at time.Time) (added int, err error) {
	for some := range blocks(filings) {
		ids, fresh, err := tx.addLetters(some)
		if err == nil {
			err = tx.addDeliveries(from, some, ids, at)
		}
		if err != nil {
			return added, fmt.Errorf("file %d letters: %w", len(some), err)
		}
		added += len(fresh)
	}
	return added, nil
}

// AddLetter files a letter, once per content, and says whether it was new. One
// that lay in another mailbox before comes back as it stands on file. It returns
// Gone for one that was erased.
func (tx *Tx) AddLetter(l postroom.Letter, refs []string, raw []byte) (id string, added bool, err error) {
	ids, fresh, err := tx.addLetters([]Filing{{Letter: l, Refs: refs, Raw: raw}})
	if err != nil {
		return "", false, fmt.Errorf("add letter: %w", err)
	}
	if ids[0] == "" {
		return "", false, &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.moved_on"), Cause: errors.New("the letter was erased, and is not taken in again")}
	}
	return ids[0], len(fresh) > 0, nil
}

// addLetters files letters and returns the id of each, or "" of one that was
// erased, and which filings were new.
func (tx *Tx) addLetters(filings []Filing) (ids []string, fresh []int, err error) {
	ids = make([]string, len(filings))
	for i := range filings {
		ids[i] = newID()
	}
	added, err := tx.insertLetters(filings, ids)
	if err != nil {
		return nil, nil, err
	}
	for i := range filings {
		if added[ids[i]] {
			fresh = append(fresh, i)
		}
	}
	if fresh, err = tx.passOver(filings, ids, fresh); err != nil {
		return nil, nil, err
	}
	if err := tx.addBytes(filings, ids, fresh); err != nil {
		return nil, nil, err
	}
	if len(fresh) < len(filings) {
		err = tx.knownByHash(filings, ids, added)
	}
	return ids, fresh, err
}

// insertLetters returns which of the ids are on file now; the others have the
// bytes of a letter that was there.
func (tx *Tx) insertLetters(filings []Filing, ids []string) (added map[string]bool, err error) {
	var list places
	rows := make([]string, len(filings))
	for i, f := range filings {
		l := f.Letter
		if l.Folder == "" {
			l.Folder = postroom.Inbox
		}
		rows[i] = "(" + list.add(ids[i], l.Hash, max(l.Size, len(f.Raw)), l.MessageID, l.Mailbox, l.Folder, l.Batch, l.Imported, micros(l.ReceivedAt)) + ")"
	}
	added = make(map[string]bool, len(filings))
	return added, tx.each(func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		added[id] = true
		return err
	}, `INSERT INTO letters (id, raw_hash, size, message_id, mailbox, folder, batch, imported, received_at)
		VALUES `+strings.Join(rows, ", ")+` ON CONFLICT (raw_hash) DO NOTHING RETURNING id`, list.args...)
}

// addBytes keeps the bytes of those letters that are new, sealed, and the
// message ids they name.
func (tx *Tx) addBytes(filings []Filing, ids []string, fresh []int) error {
	var refs [][2]string
	for some := range blocks(fresh) {
		var list places
		rows := make([]string, len(some))
		for n, i := range some {
			sealed, err := tx.box.Seal(rawPurpose+ids[i], filings[i].Raw)
			if err != nil {
				return err
			}
			rows[n] = "(" + list.add(ids[i], sealed) + ")"
			for _, ref := range filings[i].Refs {
				refs = append(refs, [2]string{ids[i], ref})
			}
		}
		if err := tx.later(`INSERT INTO letter_bytes (letter_id, sealed) VALUES `+strings.Join(rows, ", "), list.args...); err != nil {
			return fmt.Errorf("keep the bytes: %w", err)
		}
	}
	return tx.addRefs(refs)
}

// rawPurpose is what the bytes of a letter are sealed for, before its id.
const rawPurpose = "letters.raw:"

func (tx *Tx) addRefs(refs [][2]string) error {
	for some := range blocks(refs) {
		var list places
		rows := make([]string, len(some))
		for i, ref := range some {
			rows[i] = "(" + list.add(ref[0], ref[1]) + ")"
		}
		if err := tx.later(`INSERT INTO letter_refs (letter_id, message_id) VALUES `+strings.Join(rows, ", ")+` ON CONFLICT DO NOTHING`, list.args...); err != nil {
			return fmt.Errorf("add references: %w", err)
		}
	}
	return nil
}

// knownByHash puts in the ids of the letters that were on file, by their bytes.
func (tx *Tx) knownByHash(filings []Filing, ids []string, added map[string]bool) error {
	var hashes []string
	for i, f := range filings {
		if !added[ids[i]] && ids[i] != "" {
			hashes = append(hashes, f.Letter.Hash)
		}
	}
	if len(hashes) == 0 {
		return nil
	}
	var list places
	known := make(map[string]string, len(hashes))
	err := tx.each(func(rows *sql.Rows) error {
		var hash, id string
		err := rows.Scan(&hash, &id)
		known[hash] = id
		return err
	}, `SELECT raw_hash, id FROM letters WHERE raw_hash IN (`+list.each(hashes)+`)`, list.args...)
	if err != nil {
		return fmt.Errorf("find letters by their bytes: %w", err)
	}
	for i, f := range filings {
		if id := known[f.Letter.Hash]; !added[ids[i]] && ids[i] != "" {
			ids[i] = id
		}
	}
	return nil
}

// AddDelivery notes a place where a letter lay, once.
func (tx *Tx) AddDelivery(mailbox string, folder postroom.Folder, uidvalidity, uid uint32, letter string, at time.Time) error {
	from := Cursor{Mailbox: mailbox, Folder: folder, UIDValidity: uidvalidity}
	return tx.addDeliveries(from, []Filing{{UID: uid}}, []string{letter}, at)
}

func (tx *Tx) addDeliveries(from Cursor, filings []Filing, ids []string, at time.Time) error {
	var list places
	shared := list.add(from.Mailbox, from.Folder, int64(from.UIDValidity), micros(at))
	var rows []string
	for i, f := range filings {
		if ids[i] != "" {
			rows = append(rows, "("+shared+", "+list.add(int64(f.UID), ids[i])+")")
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.later(`INSERT INTO deliveries (mailbox, folder, uidvalidity, seen_at, uid, letter_id) VALUES `+strings.Join(rows, ", ")+
		` ON CONFLICT (mailbox, folder, uidvalidity, uid) DO NOTHING`, list.args...)
}

// blocks cuts a list into parts of few different lengths, as block says.
func blocks[T any](list []T) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		for len(list) > 0 {
			n := block(len(list))
			if !yield(list[:n]) {
				return
			}
			list = list[n:]
		}
	}
}

// Raws returns the bytes of several letters by their ids. What is not on file
// is left out.
func (r Reader) Raws(ids []string) (map[string][]byte, error) {
	raws := make(map[string][]byte, len(ids))
	for some := range blocks(ids) {
		var list places
		err := r.each(func(rows *sql.Rows) error {
			var id string
			var sealed []byte
			err := rows.Scan(&id, &sealed)
			if err == nil {
				raws[id], err = r.box.Open(rawPurpose+id, sealed)
			}
			return err
		}, `SELECT letter_id, sealed FROM letter_bytes WHERE letter_id IN (`+list.each(some)+`)`, list.args...)
		if err != nil {
			return nil, fmt.Errorf("read the bytes of %d letters: %w", len(some), err)
		}
	}
	return raws, nil
}

// mostNamed is how many letters are looked at that bear or name one Message-ID.
const mostNamed = 20

// LettersNamedAny lists, by Message-ID, the letters that have one of these, the
// oldest first. Nothing keeps a sender from using one twice.
func (r Reader) LettersNamedAny(messageIDs []string) (map[string][]postroom.Letter, error) {
	named := make(map[string][]postroom.Letter, len(messageIDs))
	for some := range blocks(messageIDs) {
		var list places
		letters, err := r.letters(`SELECT `+letterColumns+` FROM (SELECT letters.*, row_number() OVER (PARTITION BY message_id ORDER BY received_at, id) AS n
			FROM letters WHERE message_id <> '' AND message_id IN (`+list.each(some)+`)) AS ranked WHERE n <= `+fmt.Sprint(mostNamed)+` ORDER BY received_at, id`, list.args...)
		if err != nil {
			return nil, fmt.Errorf("look for letters with %d names: %w", len(some), err)
		}
		for _, l := range letters {
			named[l.MessageID] = append(named[l.MessageID], l)
		}
	}
	return named, nil
}

// Named says which of some Message-IDs are named by a letter of a folder in
// In-Reply-To or References.
func (r Reader) Named(messageIDs []string, folder postroom.Folder) (map[string]bool, error) {
	named := make(map[string]bool)
	for some := range blocks(messageIDs) {
		list := places{args: []any{folder}}
		err := r.each(func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			named[id] = true
			return err
		}, `SELECT DISTINCT r.message_id FROM letter_refs r JOIN letters l ON l.id = r.letter_id
			 WHERE r.message_id IN (`+list.each(some)+`) AND l.folder = $1`, list.args...)
		if err != nil {
			return nil, fmt.Errorf("look for answers to %d letters: %w", len(some), err)
		}
	}
	return named, nil
}

func deadAmong(marks string) string {
	return `SELECT address FROM addresses WHERE state = 'dead' AND address IN (` + marks + `) UNION SELECT address FROM bounces WHERE address IN (` + marks + `)`
}

// DeadAmong says which of some addresses mail did not arrive at: dead ones, and
// those that have points for what came back.
func (r Reader) DeadAmong(addresses []string) (map[string]bool, error) {
	dead := make(map[string]bool)
	for some := range blocks(addresses) {
		var list places
		err := r.each(func(rows *sql.Rows) error {
			var address string
			err := rows.Scan(&address)
			dead[address] = true
			return err
		}, deadAmong(list.each(some)), list.args...)
		if err != nil {
			return nil, fmt.Errorf("look for dead ones among %d addresses: %w", len(some), err)
		}
	}
	return dead, nil
}
