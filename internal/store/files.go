package store

import (
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// File is a photo or a document that came with a form.
type File struct {
	ID     string
	Holder string // of what was not sent yet: a page or a draft
	Field  string
	FileFacts
	Type      string
	Size      int
	CreatedAt time.Time
}

// FileFacts is what is sealed of a file besides its content.
type FileFacts struct {
	Name string
	Hash string // SHA-256 of the content, as hex
}

// FileLife is how long a file is kept that no form was sent with. That of a draft
// is kept as long as the draft.
const FileLife = 24 * time.Hour

const (
	filePlace      = "files.content:"
	fileFactsPlace = "files.facts:"
)

// HolderOfPage is what holds the files that came with a page with this key.
func HolderOfPage(key string) string {
	sum := sha256.Sum256([]byte("files|" + key))
	return hex.EncodeToString(sum[:])
}

// AddFile keeps a file under its holder and field and returns it with its id. The
// same file a second time is the first.
func (tx *Tx) AddFile(f File, content []byte) (File, error) {
	sum := sha256.Sum256(content)
	f.ID, f.Hash, f.Size = rand.Text(), hex.EncodeToString(sum[:]), len(content)
	blind := tx.box.Blind("files.hash", sum[:])
	sealed, err := tx.box.Seal(filePlace+f.ID, content)
	if err != nil {
		return f, fmt.Errorf("seal file: %w", err)
	}
	facts, err := tx.sealJSON(fileFactsPlace+f.ID, f.FileFacts)
	if err != nil {
		return f, err
	}
	n, err := tx.exec(`INSERT INTO files (id, holder, field, facts_sealed, type, size, hash, created_at, sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (holder, field, hash) DO NOTHING`,
		f.ID, f.Holder, f.Field, facts, f.Type, f.Size, blind, micros(f.CreatedAt), sealed)
	if err != nil {
		return f, fmt.Errorf("keep file: %w", err)
	}
	if n > 0 {
		return f, nil
	}
	return tx.scanFile(tx.row(`SELECT `+fileColumns+` FROM files WHERE holder = $1 AND field = $2 AND hash = $3`, f.Holder, f.Field, blind).Scan)
}

const fileColumns = `id, holder, field, facts_sealed, type, size, created_at`

func (r Reader) scanFile(scan func(...any) error) (f File, err error) {
	var facts []byte
	var created int64
	if err := scan(&f.ID, &f.Holder, &f.Field, &facts, &f.Type, &f.Size, &created); err != nil {
		return f, err
	}
	f.CreatedAt = moment(created)
	return f, r.openJSON(fileFactsPlace+f.ID, facts, &f.FileFacts)
}

// FilesOf lists the files of a holder, the first one first.
func (r Reader) FilesOf(holder string) (list []File, err error) {
	err = r.each(func(rows *sql.Rows) error {
		f, err := r.scanFile(rows.Scan)
		list = append(list, f)
		return err
	}, `SELECT `+fileColumns+` FROM files WHERE holder = $1 ORDER BY created_at, id`, holder)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	return list, nil
}

// FileOf returns a file that came with a submission and its content, or NotFound.
func (r Reader) FileOf(submission, id string) (f File, content []byte, err error) {
	f, err = r.scanFile(r.row(`SELECT `+fileColumns+` FROM files WHERE id = $2
		AND EXISTS (SELECT 1 FROM submission_files WHERE submission_id = $1 AND file_id = $2)`, submission, id).Scan)
	if err != nil {
		return f, nil, absent(err, "file", id)
	}
	var sealed []byte
	if err := r.row(`SELECT sealed FROM files WHERE id = $1`, id).Scan(&sealed); err != nil {
		return f, nil, absent(err, "file", id)
	}
	content, err = r.box.Open(filePlace+id, sealed)
	return f, content, err
}

// HeldFile returns the newest file that a holder has and has not sent, with its
// content, or NotFound.
func (r Reader) HeldFile(holder string) (f File, content []byte, err error) {
	var facts, sealed []byte
	var created int64
	err = r.row(`SELECT `+fileColumns+`, sealed FROM files WHERE holder = $1 AND sent = FALSE ORDER BY created_at DESC, id LIMIT 1`, holder).
		Scan(&f.ID, &f.Holder, &f.Field, &facts, &f.Type, &f.Size, &created, &sealed)
	if err != nil {
		return f, nil, absent(err, "file of", holder)
	}
	f.CreatedAt = moment(created)
	if err := r.openJSON(fileFactsPlace+f.ID, facts, &f.FileFacts); err != nil {
		return f, nil, err
	}
	content, err = r.box.Open(filePlace+f.ID, sealed)
	return f, content, err
}

// UnsentFiles is how many bytes of files there are that no form was sent with.
func (r Reader) UnsentFiles() (size int64, err error) {
	err = r.row(`SELECT coalesce(sum(size), 0) FROM files WHERE sent = FALSE`).Scan(&size)
	return size, err
}

// TakeFileAway forgets a file that its holder does not want to send. What came
// with a submission before stays there.
func (tx *Tx) TakeFileAway(holder, id string) error {
	if _, err := tx.exec(`DELETE FROM files WHERE id = $2 AND holder = $1 AND sent = FALSE`, holder, id); err != nil {
		return fmt.Errorf("take file away: %w", err)
	}
	if _, err := tx.exec(`UPDATE files SET holder = id WHERE id = $2 AND holder = $1`, holder, id); err != nil {
		return fmt.Errorf("take file from its page: %w", err)
	}
	return nil
}

// SendFile puts a file on a submission. It returns Gone if it has been deleted
// since.
func (tx *Tx) SendFile(submission, id string) error {
	n, err := tx.exec(`UPDATE files SET sent = TRUE WHERE id = $1`, id) // locks the row: no purge deletes it any more
	if err != nil {
		return fmt.Errorf("send file: %w", err)
	}
	if n == 0 {
		return &postroom.Error{Kind: postroom.Gone, Cause: errors.New("send file: it is there no more")}
	}
	if _, err := tx.exec(`INSERT INTO submission_files (submission_id, file_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, submission, id); err != nil {
		return fmt.Errorf("put file on submission %s: %w", submission, err)
	}
	return nil
}

// dropFiles deletes the files of a submission that goes, but for those that came
// with another as well.
func (tx *Tx) dropFiles(submission string) error {
	var ids []string
	err := tx.each(func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT file_id FROM submission_files WHERE submission_id = $1`, submission)
	if err != nil {
		return fmt.Errorf("list files of submission %s: %w", submission, err)
	}
	if _, err := tx.exec(`DELETE FROM submission_files WHERE submission_id = $1`, submission); err != nil {
		return fmt.Errorf("drop files of submission %s: %w", submission, err)
	}
	for _, id := range ids {
		if _, err := tx.exec(`DELETE FROM files WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM submission_files WHERE file_id = $1)`, id); err != nil {
			return fmt.Errorf("drop files of submission %s: %w", submission, err)
		}
	}
	return nil
}

// purgeFiles deletes files that no form was sent with, unless a draft has them
// that somebody may come back to.
func (tx *Tx) purgeFiles(now time.Time) error {
	_, err := tx.exec(`DELETE FROM files WHERE sent = FALSE AND created_at <= $1
		AND NOT EXISTS (SELECT 1 FROM drafts WHERE drafts.holder = files.holder AND drafts.state = 'open')`, micros(now.Add(-FileLife)))
	if err != nil {
		return fmt.Errorf("purge files: %w", err)
	}
	return nil
}
