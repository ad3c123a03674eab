package store

import (
	"database/sql"
	"fmt"

	"postroom/internal/postroom"
)

// LetterCount is how many letters of a mailbox ended in one way.
type LetterCount struct {
	Imported bool // they lay there before we came
	Folder   postroom.Folder
	Class    postroom.LetterClass
	State    postroom.LetterState
	Reason   string // without what follows its first word
	N        int
}

// MailCount is how many mails of one kind there are.
type MailCount struct {
	Template string
	Sent     bool // they left, or may have; otherwise the mailbox is only watched
	N        int
}

// LetterCounts counts the letters that a mailbox brought, what lay there before
// first.
func (r Reader) LetterCounts(mailbox string) (list []LetterCount, err error) {
	const word = `CASE WHEN reason LIKE 'not_answered%' THEN 'not_answered' ELSE reason END`
	err = r.each(func(rows *sql.Rows) error {
		var c LetterCount
		err := rows.Scan(&c.Imported, &c.Folder, &c.Class, &c.State, &c.Reason, &c.N)
		list = append(list, c)
		return err
	}, `SELECT imported, folder, class, state, `+word+`, count(*) FROM letters WHERE mailbox = $1
		 GROUP BY imported, folder, class, state, `+word+` ORDER BY imported DESC, folder, count(*) DESC, class, state`, mailbox)
	if err != nil {
		return nil, fmt.Errorf("count letters of mailbox %s: %w", mailbox, err)
	}
	return list, nil
}

// MailCounts counts the mails that letters to a mailbox caused: those that left,
// and those that would have left if it were not only watched.
func (r Reader) MailCounts(mailbox string) (list []MailCount, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var c MailCount
		err := rows.Scan(&c.Template, &c.Sent, &c.N)
		list = append(list, c)
		return err
	}, `SELECT template, messages.state IN ('sending', 'sent', 'uncertain'), count(*)
		  FROM messages LEFT JOIN submissions ON submissions.id = messages.submission_id
		       LEFT JOIN letters ON letters.id = coalesce(nullif(messages.letter_id, ''), submissions.letter_id)
		 WHERE (messages.state IN ('sending', 'sent', 'uncertain') OR messages.reason = 'reason.watch')
		   AND coalesce(letters.mailbox, nullif(submissions.mailbox, ''), messages.sender) = $1
		 GROUP BY 1, 2 ORDER BY 1, 2`, mailbox)
	if err != nil {
		return nil, fmt.Errorf("count mails caused by mailbox %s: %w", mailbox, err)
	}
	return list, nil
}
