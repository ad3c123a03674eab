package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// MailboxesOf lists the mailboxes that a letter lay in, the first one first.
func (r Reader) MailboxesOf(letter string) (mailboxes []string, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var mailbox string
		err := rows.Scan(&mailbox)
		mailboxes = append(mailboxes, mailbox)
		return err
	}, `SELECT mailbox FROM deliveries WHERE letter_id = $1 GROUP BY mailbox ORDER BY min(seen_at), mailbox`, letter)
	return mailboxes, err
}

// Cursor is how far one folder of one mailbox has been read.
type Cursor struct {
	Mailbox     string
	Folder      postroom.Folder
	UIDValidity uint32
	LastUID     uint32    // the highest that is on file, within UIDValidity
	ConnectedAt time.Time // when it was first read; zero while it never was
	PolledAt    time.Time // when it was last read to its end
	Problem     string    // why it cannot be read at the moment; "" when it can

	// What lay there before: letters below OldBelow, of which only those that
	// came at OldSince or later are read, and whether all those are imported.
	OldBelow    uint32
	OldSince    time.Time
	OldImported bool
}

const cursorColumns = `mailbox, folder, uidvalidity, last_uid, connected_at, polled_at, problem, old_below, old_since, old_imported`

func scanCursor(scan func(...any) error) (Cursor, error) {
	var c Cursor
	var validity, last, connected, polled, below, since int64
	err := scan(&c.Mailbox, &c.Folder, &validity, &last, &connected, &polled, &c.Problem, &below, &since, &c.OldImported)
	c.UIDValidity, c.LastUID, c.OldBelow = uint32(validity), uint32(last), uint32(below)
	c.ConnectedAt, c.PolledAt, c.OldSince = moment(connected), moment(polled), moment(since)
	return c, err
}

// Cursor returns how far a folder has been read, and whether it ever was.
func (r Reader) Cursor(mailbox string, folder postroom.Folder) (Cursor, bool, error) {
	c, err := scanCursor(r.row(`SELECT `+cursorColumns+` FROM cursors WHERE mailbox = $1 AND folder = $2`, mailbox, folder).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return c, false, nil
	}
	return c, err == nil, err
}

// Cursors lists every folder that is read.
func (r Reader) Cursors() (list []Cursor, err error) {
	err = r.each(func(rows *sql.Rows) error {
		c, err := scanCursor(rows.Scan)
		list = append(list, c)
		return err
	}, `SELECT `+cursorColumns+` FROM cursors ORDER BY mailbox, folder`)
	return list, err
}

// PutCursor notes how far a folder has been read. It is written in the
// transaction that files what was read. When it was first read is kept.
func (tx *Tx) PutCursor(c Cursor) error {
	_, err := tx.exec(`
		INSERT INTO cursors (`+cursorColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (mailbox, folder) DO UPDATE SET uidvalidity = excluded.uidvalidity, last_uid = excluded.last_uid,
			connected_at = CASE WHEN cursors.connected_at = 0 THEN excluded.connected_at ELSE cursors.connected_at END,
			polled_at = excluded.polled_at, problem = excluded.problem,
			old_below = excluded.old_below, old_since = excluded.old_since, old_imported = excluded.old_imported`,
		c.Mailbox, c.Folder, int64(c.UIDValidity), int64(c.LastUID), micros(c.ConnectedAt), micros(c.PolledAt), c.Problem,
		int64(c.OldBelow), micros(c.OldSince), c.OldImported)
	if err != nil {
		return fmt.Errorf("put cursor of %s in mailbox %s: %w", c.Folder, c.Mailbox, err)
	}
	return nil
}

const letterColumns = `id, reference, raw_hash, message_id, mailbox, folder, batch, reads, class, address, imported,
	coalesce(submission_id, ''), assigned_to, state, reason, size, received_at, settled_at, snoozed_until`

func scanLetter(scan func(...any) error) (postroom.Letter, error) {
	var l postroom.Letter
	var received, settled, snoozed int64
	err := scan(&l.ID, &l.Reference, &l.Hash, &l.MessageID, &l.Mailbox, &l.Folder, &l.Batch, &l.Reads, &l.Class, &l.Address, &l.Imported,
		&l.Submission, &l.AssignedTo, &l.State, &l.Reason, &l.Size, &received, &settled, &snoozed)
	l.ReceivedAt, l.SettledAt, l.SnoozedUntil = moment(received), moment(settled), moment(snoozed)
	return l, err
}

func (r Reader) letters(query string, args ...any) (list []postroom.Letter, err error) {
	err = r.each(func(rows *sql.Rows) error {
		l, err := scanLetter(rows.Scan)
		list = append(list, l)
		return err
	}, query, args...)
	return list, err
}

// Letter returns one letter without its raw bytes, or NotFound.
func (r Reader) Letter(id string) (postroom.Letter, error) {
	l, err := scanLetter(r.row(`SELECT `+letterColumns+` FROM letters WHERE id = $1`, id).Scan)
	return l, absent(err, "letter", id)
}

// LetterWith returns the letter that a person names by its reference, or
// NotFound.
func (r Reader) LetterWith(reference string) (postroom.Letter, error) {
	l, err := scanLetter(r.row(`SELECT `+letterColumns+` FROM letters WHERE reference = $1 AND reference <> ''`, strings.ToUpper(reference)).Scan)
	return l, absent(err, "letter", reference)
}

// LetterRaw returns a letter's raw bytes, or NotFound.
func (r Reader) LetterRaw(id string) ([]byte, error) {
	var sealed []byte
	if err := r.row(`SELECT sealed FROM letter_bytes WHERE letter_id = $1`, id).Scan(&sealed); err != nil {
		return nil, absent(err, "letter", id)
	}
	return r.box.Open(rawPurpose+id, sealed)
}

// LettersNamed lists the letters that have this Message-ID, the oldest first.
// Nothing keeps a sender from using one twice.
func (r Reader) LettersNamed(messageID string) ([]postroom.Letter, error) {
	return r.letters(`SELECT `+letterColumns+` FROM letters WHERE message_id = $1 AND message_id <> '' ORDER BY received_at, id LIMIT 20`, messageID)
}

// LettersNaming lists the letters of a folder that name a Message-ID in
// In-Reply-To or References, the oldest first.
func (r Reader) LettersNaming(messageID string, folder postroom.Folder) ([]postroom.Letter, error) {
	return r.letters(`SELECT `+letterColumns+` FROM letters WHERE folder = $2
		AND id IN (SELECT letter_id FROM letter_refs WHERE message_id = $1) ORDER BY received_at, id LIMIT 20`, messageID, folder)
}

// LettersAbout lists the letters that belong to a submission, the oldest first.
func (r Reader) LettersAbout(submission string) ([]postroom.Letter, error) {
	return r.letters(`SELECT `+letterColumns+` FROM letters WHERE submission_id = $1 ORDER BY received_at, id`, submission)
}

// Batch lists the letters of a batch that are not settled yet.
func (r Reader) Batch(batch string) ([]postroom.Letter, error) {
	return r.letters(`SELECT `+letterColumns+` FROM letters WHERE batch = $1 AND state = 'received' ORDER BY id`, batch)
}

// Triage lists the letters that need a person, who has waited longest first.
func (r Reader) Triage(limit int) ([]postroom.Letter, error) {
	return r.letters(`SELECT `+letterColumns+` FROM letters WHERE state = 'triage' ORDER BY received_at, id LIMIT $1`, limit)
}

// BeginReading notes that letters are being read, before anything of them is
// looked at, so that one which kills the process is known by its count.
func (tx *Tx) BeginReading(ids []string) error {
	for some := range blocks(ids) {
		var list places
		if _, err := tx.exec(`UPDATE letters SET reads = reads + 1 WHERE id IN (`+list.each(some)+`) AND state = 'received'`, list.args...); err != nil {
			return fmt.Errorf("begin reading %d letters: %w", len(some), err)
		}
	}
	return nil
}

// SetApart puts a letter that is being read into a batch of its own, because it
// keeps the others from being read. How often it was begun stays with it. It
// says false if the letter is settled.
func (tx *Tx) SetApart(id, batch string) (bool, error) {
	n, err := tx.exec(`UPDATE letters SET batch = $2 WHERE id = $1 AND state = 'received'`, id, batch)
	return n > 0, err
}

// ReadAgain is the reason of a letter that is read once more because a person
// wants that.
const ReadAgain = "again"

// MoveToBatch has a letter that is settled, or was never read, read once more in
// another batch. It returns Gone for one of which something was made.
func (tx *Tx) MoveToBatch(id, batch string) error {
	n, err := tx.exec(`UPDATE letters SET batch = $2, reads = 0, state = 'received', reason = $3, settled_at = 0
		WHERE id = $1 AND state IN ('received', 'triage', 'ignored')`, id, batch, ReadAgain)
	if err == nil && n == 0 {
		err = &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.moved_on"), Cause: errors.New("it is done, and is not read again")}
	}
	return err
}

// SettleLetter notes what a letter was taken for and what became of it, once:
// class, address, submission, state and reason are taken from l. It says
// whether the letter still waited. One that needs a person gets a reference.
func (tx *Tx) SettleLetter(l postroom.Letter, at time.Time) (settled bool, err error) {
	n, err := tx.SettleLetters([]postroom.Letter{l}, at)
	return n > 0, err
}

// SettleLetters settles those of some letters that still wait, and says how many
// those were.
func (tx *Tx) SettleLetters(letters []postroom.Letter, at time.Time) (settled int, err error) {
	for some := range blocks(letters) {
		n, unnamed, err := tx.settleLetters(some, at)
		if err != nil {
			return settled, fmt.Errorf("settle %d letters: %w", len(some), err)
		}
		for _, id := range unnamed {
			if err := tx.nameLetter(id); err != nil {
				return settled, err
			}
		}
		if err := tx.markAgain(some); err != nil {
			return settled, err
		}
		settled += n
	}
	return settled, nil
}

// markAgain notes to which submissions the people wrote again. It is a mark by
// which they are found: that a letter of theirs was added, WroteAgain looks up.
func (tx *Tx) markAgain(letters []postroom.Letter) error {
	var list places
	var ids []string
	for _, l := range letters {
		if l.Reason == addedLetter && l.Submission != "" {
			ids = append(ids, l.Submission)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if _, err := tx.exec(`UPDATE submissions SET wrote_again = TRUE WHERE NOT wrote_again AND id IN (`+list.each(ids)+`)`, list.args...); err != nil {
		return fmt.Errorf("mark who wrote again: %w", err)
	}
	return nil
}

// addedLetter is the reason of a letter that belongs to a submission on file.
const addedLetter = "added"

// settleLetters returns how many it settled, and which of those need a
// reference still, because the one that was drawn is taken.
func (tx *Tx) settleLetters(letters []postroom.Letter, at time.Time) (settled int, unnamed []string, err error) {
	list := places{args: []any{micros(at)}}
	rows := make([]string, len(letters))
	for i, l := range letters {
		drawn := ""
		if l.State == postroom.LetterTriage {
			drawn = tx.draw()
		}
		rows[i] = "(" + list.add(l.ID, l.Class, l.Address, nullable(l.Submission), l.State, l.Reason, drawn) + ")"
	}
	return settled, unnamed, tx.each(func(rows *sql.Rows) error {
		var id, reference string
		var state postroom.LetterState
		err := rows.Scan(&id, &state, &reference)
		settled++
		if state == postroom.LetterTriage && reference == "" {
			unnamed = append(unnamed, id)
		}
		return err
	}, `UPDATE letters SET class = v.column2, address = v.column3, submission_id = v.column4, state = v.column5, reason = v.column6, settled_at = $1,
			reference = CASE WHEN reference = '' AND v.column7 <> '' AND NOT EXISTS (SELECT 1 FROM letters other WHERE other.reference = v.column7 AND other.reference <> '')
				AND NOT EXISTS (SELECT 1 FROM submissions WHERE submissions.reference = v.column7) THEN v.column7 ELSE reference END
		  FROM (VALUES `+strings.Join(rows, ", ")+`) AS v
		 WHERE letters.id = v.column1 AND letters.state = 'received' RETURNING id, state, reference`, list.args...)
}

// nameLetter draws references by which people can speak of a letter until one
// is free.
func (tx *Tx) nameLetter(id string) error {
	for range maxDraws {
		n, err := tx.exec(`UPDATE letters SET reference = $2 WHERE id = $1 AND reference = ''
			AND NOT EXISTS (SELECT 1 FROM letters WHERE reference = $2 AND reference <> '') AND NOT EXISTS (SELECT 1 FROM submissions WHERE reference = $2)`, id, tx.draw())
		if err != nil {
			return fmt.Errorf("name letter %s: %w", id, err)
		}
		if n > 0 {
			return nil
		}
	}
	return fmt.Errorf("name letter %s: every reference drawn is taken", id)
}

// EndTriage settles a letter that needed a person, and says whether it did.
func (tx *Tx) EndTriage(id string, reason string, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE letters SET state = 'done', reason = $2, settled_at = $3 WHERE id = $1 AND state = 'triage'`, id, reason, micros(at))
	return n > 0, err
}

// AssignLetter notes who looks after a letter. It returns NotFound if the
// letter does not need a person.
func (tx *Tx) AssignLetter(id, coordinator string) error {
	var assigned string
	err := tx.row(`UPDATE letters SET assigned_to = $2 WHERE id = $1 AND state = 'triage' RETURNING id`, id, coordinator).Scan(&assigned)
	return absent(err, "letter in triage", id)
}

// NewBatch makes the name of a batch of letters.
func NewBatch() string { return newID() }

// Letters lists the newest letters first, at most limit.
func (r Reader) Letters(limit int) ([]postroom.Letter, error) {
	return r.letters(`SELECT `+letterColumns+` FROM letters ORDER BY received_at DESC, id DESC LIMIT $1`, limit)
}

// NoteMailbox notes why a mailbox cannot be read at the moment, at each of its
// folders, or with "" that it can. One that never was read is known from then.
func (tx *Tx) NoteMailbox(mailbox, problem string) error {
	n, err := tx.exec(`UPDATE cursors SET problem = $2 WHERE mailbox = $1`, mailbox, problem)
	if err != nil || n > 0 || problem == "" {
		return err
	}
	return tx.PutCursor(Cursor{Mailbox: mailbox, Folder: postroom.Inbox, Problem: problem})
}

// DeliveredUIDs lists which UIDs between two, both included, of a folder are
// on file.
func (r Reader) DeliveredUIDs(mailbox string, folder postroom.Folder, uidvalidity, from, to uint32) (uids []uint32, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var uid int64
		err := rows.Scan(&uid)
		uids = append(uids, uint32(uid))
		return err
	}, `SELECT uid FROM deliveries WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3 AND uid BETWEEN $4 AND $5 ORDER BY uid`,
		mailbox, folder, int64(uidvalidity), int64(from), int64(to))
	return uids, err
}
