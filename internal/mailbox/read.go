package mailbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-imap/v2"

	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// rescan is how far back a folder is read again when its UIDs lost their
// meaning. What is on file already is known by its hash.
const rescan = 7 * 24 * time.Hour

// place is where one letter lies.
type place struct {
	folder   postroom.Folder
	validity uint32
	uid      uint32
}

// strike counts how often fetching a letter failed.
type strike struct {
	n    int
	meta meta // what is known about it
}

// read reads one folder to its end and returns how far that is.
func (k *keeper) read(ctx context.Context, f folder) (store.Cursor, error) {
	data, err := k.conn.open(ctx, f)
	if err != nil {
		return store.Cursor{}, err
	}
	cursor, err := k.cursor(ctx, f, data)
	if err != nil {
		return cursor, err
	}
	if f.write && !k.tidied {
		if err := k.tidy(ctx, f, cursor); err != nil {
			return cursor, err
		}
		k.tidied = true
	}
	if err := k.again(ctx, f, cursor); err != nil {
		return cursor, err
	}
	if data.UIDNext != 0 && uint32(data.UIDNext) <= cursor.LastUID+1 {
		return cursor, nil
	}
	for {
		uids, err := k.unread(ctx, cursor)
		if err != nil {
			return cursor, err
		}
		if len(uids) == 0 {
			cursor.LastUID = max(cursor.LastUID, cursor.OldBelow-min(cursor.OldBelow, 1))
			return cursor, nil
		}
		for chunk := range slices.Chunk(uids, mostAtOnce) {
			if cursor, err = k.readChunk(ctx, f, cursor, chunk); err != nil {
				return cursor, err
			}
		}
	}
}

// cursor returns how far a folder has been read. The first time, and when its
// UIDs have lost their meaning (RFC 9051, section 2.3.1.1), it is put on file
// what of the letters that lie there already is to be read.
func (k *keeper) cursor(ctx context.Context, f folder, data *imap.SelectData) (store.Cursor, error) {
	cursor, _, err := k.Store.Read(ctx).Cursor(k.box.Address, f.Folder)
	if err != nil {
		return cursor, fmt.Errorf("read cursor: %w", err)
	}
	first := cursor.ConnectedAt.IsZero()
	if !first && cursor.UIDValidity == data.UIDValidity {
		return cursor, nil
	}
	next, err := k.conn.next(ctx, data)
	if err != nil {
		return cursor, err
	}
	delete(k.careful, f.Folder)
	err = k.write(ctx, func(tx *store.Tx, now time.Time) error {
		cursor.Mailbox, cursor.Folder = k.box.Address, f.Folder
		cursor.UIDValidity, cursor.LastUID, cursor.OldBelow, cursor.OldImported = data.UIDValidity, 0, next, first
		if first {
			cursor.ConnectedAt, cursor.OldSince = now, now.Add(-k.box.Import)
		} else {
			cursor.OldSince = rescanned(cursor, now)
		}
		if first && k.box.Import == 0 {
			cursor.LastUID = next - 1
		}
		return tx.PutCursor(cursor)
	})
	return cursor, err
}

// rescanned says from when on a folder is read again: some days back, and further
// if it was not read for longer.
func rescanned(cursor store.Cursor, now time.Time) time.Time {
	since := now.Add(-rescan)
	if last := cursor.PolledAt.Add(-24 * time.Hour); !cursor.PolledAt.IsZero() && last.Before(since) {
		return last
	}
	return since
}

// unread finds letters that come next: first those which lay there before,
// then all others. A server counts SINCE in days of its own zone, and answers
// "n:*" with the last letter even if that is older.
func (k *keeper) unread(ctx context.Context, cursor store.Cursor) ([]uint32, error) {
	next := cursor.LastUID + 1
	if next == 0 {
		return nil, nil
	}
	if next < cursor.OldBelow {
		old, err := k.conn.search(ctx, &imap.SearchCriteria{UID: between(next, cursor.OldBelow-1), Since: cursor.OldSince.UTC().Add(-24 * time.Hour)})
		if err != nil || len(old) > 0 {
			return old, err
		}
	}
	uids, err := k.conn.search(ctx, &imap.SearchCriteria{UID: from(max(next, cursor.OldBelow))})
	return slices.DeleteFunc(uids, func(uid uint32) bool { return uid < next || uid < cursor.OldBelow }), err
}

// readChunk puts letters on file, together if that goes well and one at a time
// if not. A connection that broke makes the next one careful.
func (k *keeper) readChunk(ctx context.Context, f folder, cursor store.Cursor, uids []uint32) (store.Cursor, error) {
	if uids[0] > k.careful[f.Folder] {
		after, err := k.readTogether(ctx, f, cursor, uids)
		if err == nil || !ofServer(err) {
			return after, err
		}
		cursor, k.careful[f.Folder] = after, uids[len(uids)-1]
		if !withheld(err) {
			return cursor, err
		}
	}
	for _, uid := range uids {
		if uid <= cursor.LastUID {
			continue
		}
		var err error
		if cursor, err = k.readOne(ctx, f, cursor, uid); err != nil {
			return cursor, err
		}
	}
	return cursor, nil
}

// ofServer says whether an error comes from fetching and not from filing.
func ofServer(err error) bool { return withheld(err) || errors.Is(err, errLost) }

// withheld says whether the server is well but does not give us a letter.
func withheld(err error) bool { return answered(err) || errors.Is(err, errWithheld) }

// readTogether fetches letters in as few commands as their sizes allow.
func (k *keeper) readTogether(ctx context.Context, f folder, cursor store.Cursor, uids []uint32) (store.Cursor, error) {
	metas, err := k.known(ctx, cursor, uids)
	if err != nil {
		return cursor, err
	}
	for _, group := range k.groups(metas) {
		letters, err := k.fetchGroup(ctx, group)
		if err != nil {
			return cursor, err
		}
		if cursor, err = k.file(ctx, f, cursor, letters); err != nil {
			return cursor, err
		}
	}
	cursor.LastUID = max(cursor.LastUID, uids[len(uids)-1])
	return cursor, nil
}

// known asks about letters, and leaves out what lay there too long before. One
// that the server keeps to itself although it is there is not passed over.
func (k *keeper) known(ctx context.Context, cursor store.Cursor, uids []uint32) ([]meta, error) {
	metas, err := k.conn.metas(ctx, uids)
	if err != nil {
		return nil, err
	}
	told := make([]uint32, len(metas))
	for i, m := range metas {
		told[i] = m.uid
	}
	if err := k.gone(ctx, uids, told); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(metas, func(m meta) bool {
		return m.uid < cursor.OldBelow && !m.at.IsZero() && m.at.Before(cursor.OldSince)
	}), nil
}

// gone makes sure that the letters which were not handed out are not there any
// more.
func (k *keeper) gone(ctx context.Context, wanted, got []uint32) error {
	missing := slices.DeleteFunc(slices.Clone(wanted), func(uid uint32) bool { return slices.Contains(got, uid) })
	if len(missing) == 0 {
		return nil
	}
	left, err := k.conn.search(ctx, &imap.SearchCriteria{UID: []imap.UIDSet{setOf(missing)}})
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("%w: %d", errWithheld, left[0])
	}
	return err
}

// groups divides letters into what one command fetches: a letter that is too
// large to be read whole alone, the others by their number of bytes.
func (k *keeper) groups(metas []meta) (groups [][]meta) {
	var group []meta
	var bytes int64
	for _, m := range metas {
		if len(group) > 0 && (k.tooLarge(m) || k.tooLarge(group[0]) || bytes+m.size > mostBytes) {
			groups, group, bytes = append(groups, group), nil, 0
		}
		group, bytes = append(group, m), bytes+m.size
	}
	if len(group) > 0 {
		groups = append(groups, group)
	}
	return groups
}

func (k *keeper) tooLarge(m meta) bool { return m.size > k.MaxLetter }

func (k *keeper) fetchGroup(ctx context.Context, group []meta) ([]fetched, error) {
	var letters []fetched
	var err error
	if k.tooLarge(group[0]) {
		letters, err = k.conn.start(ctx, group[0], true)
	} else {
		letters, err = k.conn.whole(ctx, group, k.MaxLetter)
	}
	if err != nil {
		return nil, err
	}
	wanted, got := make([]uint32, len(group)), make([]uint32, len(letters))
	for i, m := range group {
		wanted[i] = m.uid
	}
	for i, l := range letters {
		got[i] = l.uid
	}
	return letters, k.gone(ctx, wanted, got)
}

// readOne puts one letter on file, as much of it as can be had: what the
// server or the library cannot cope with must not keep others waiting.
func (k *keeper) readOne(ctx context.Context, f folder, cursor store.Cursor, uid uint32) (store.Cursor, error) {
	at := place{f.Folder, cursor.UIDValidity, uid}
	s := k.strikes[at]
	if s == nil {
		s = &strike{meta: meta{uid: uid}}
		k.strikes[at] = s
	}
	for {
		s.n++
		letters, err := k.attempt(ctx, cursor, s)
		if ctx.Err() == nil && withheld(err) {
			continue
		}
		if err != nil {
			return cursor, err
		}
		if s.n > 2 {
			k.Log.ErrorContext(ctx, "a letter could not be fetched whole; what there is of it is on file", "attempt", s.n)
		}
		delete(k.strikes, at)
		if cursor, err = k.file(ctx, f, cursor, letters); err != nil {
			return cursor, err
		}
		cursor.LastUID = max(cursor.LastUID, uid)
		return cursor, nil
	}
}

// attempt asks for less each time: twice for all of a letter, then for its
// start, then for its header. In the end a note stands for it, so that a
// person looks into the mailbox.
func (k *keeper) attempt(ctx context.Context, cursor store.Cursor, s *strike) ([]fetched, error) {
	switch s.n {
	case 1, 2:
		metas, err := k.known(ctx, cursor, []uint32{s.meta.uid})
		if err != nil || len(metas) == 0 {
			return nil, err
		}
		s.meta = metas[0]
		return k.fetchGroup(ctx, metas)
	case 3, 4:
		letters, err := k.conn.start(ctx, s.meta, s.n == 3)
		if err == nil && len(letters) == 0 {
			err = errWithheld
		}
		return letters, err
	}
	note := fmt.Sprintf("X-Postroom-Not-Fetched: %s; folder=%s; uidvalidity=%d; uid=%d\r\n\r\n", k.box.Address, cursor.Folder, cursor.UIDValidity, s.meta.uid)
	s.meta.size = max(s.meta.size, int64(len(note))+1)
	return []fetched{{s.meta, []byte(note)}}, nil
}

// file puts letters on file with the place they lay in and how far the folder
// has been read, and makes one job of reading those that are new, all in one
// transaction. What is to be done to them in the mailbox comes after.
func (k *keeper) file(ctx context.Context, f folder, cursor store.Cursor, letters []fetched) (store.Cursor, error) {
	if len(letters) == 0 {
		return cursor, nil
	}
	batch := store.NewBatch()
	filings := make([]store.Filing, len(letters))
	for i, l := range letters {
		filings[i] = k.filing(cursor, l, batch)
	}
	cursor.LastUID = max(cursor.LastUID, letters[len(letters)-1].uid)
	err := k.write(ctx, func(tx *store.Tx, now time.Time) error {
		fresh, err := tx.FileLetters(cursor, arrived(filings, now), now)
		if err != nil {
			return err
		}
		if err := tx.PutCursor(cursor); err != nil || fresh == 0 {
			return err
		}
		_, err = tx.AddJob(postroom.JobInboundRead, batch, postroom.Inbound, now, now)
		return err
	})
	if err != nil {
		return cursor, fmt.Errorf("file letters: %w", err)
	}
	uids := make([]uint32, len(letters))
	for i, l := range letters {
		uids[i] = l.uid
	}
	return cursor, k.after(ctx, f, uids)
}

// filing is a letter ready to be filed.
func (k *keeper) filing(cursor store.Cursor, l fetched, batch string) store.Filing {
	hash := sha256.Sum256(l.raw)
	id, refs := letter.IDs(l.raw)
	old := l.uid < cursor.OldBelow
	return store.Filing{
		UID: l.uid, Raw: l.raw, Refs: storable(refs...),
		Letter: postroom.Letter{
			Hash: hex.EncodeToString(hash[:]), MessageID: strings.Join(storable(id), ""), Mailbox: cursor.Mailbox, Folder: cursor.Folder, Batch: batch,
			Imported: old && (cursor.OldImported || !l.at.IsZero() && l.at.Before(cursor.ConnectedAt)),
			Size:     int(l.size), ReceivedAt: l.at,
		},
	}
}

// arrived is filings with the time at which they came: when the server says,
// unless that is not known or has not come yet.
func arrived(filings []store.Filing, now time.Time) []store.Filing {
	filings = slices.Clone(filings)
	for i := range filings {
		if at := &filings[i].Letter.ReceivedAt; at.IsZero() || at.After(now) {
			*at = now
		}
	}
	return filings
}

// storable leaves out message ids that no database takes, or no index: whoever
// wrote them must not keep other letters from being filed.
func storable(ids ...string) []string {
	const longest, most = 998, 200
	kept := slices.DeleteFunc(ids, func(id string) bool {
		return len(id) > longest || !utf8.ValidString(id) || strings.ContainsRune(id, 0)
	})
	return kept[:min(len(kept), most)]
}
