package store

import (
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"postroom/internal/postroom"
)

const ruleColumns = `id, mailbox, by_what, who, words_sealed, says, target, made_by, made_at, removed_by, removed_at`

func (r Reader) scanRule(scan func(...any) error) (postroom.Rule, error) {
	var rule postroom.Rule
	var words []byte
	var made, removed int64
	err := scan(&rule.ID, &rule.Mailbox, &rule.By, &rule.Who, &words, &rule.Says, &rule.Target, &rule.MadeBy, &made, &rule.RemovedBy, &removed)
	if err != nil {
		return rule, err
	}
	rule.MadeAt, rule.RemovedAt = moment(made), moment(removed)
	words, err = r.openBytes(ruleWords(rule.ID), words)
	rule.Words = string(words)
	return rule, err
}

// ruleWords is where the words of a rule are sealed for.
func ruleWords(id int) string { return "rules.words:" + strconv.Itoa(id) }

// Rules lists the rules that stand, the newest first.
func (r Reader) Rules() (list []postroom.Rule, err error) {
	err = r.each(func(rows *sql.Rows) error {
		rule, err := r.scanRule(rows.Scan)
		list = append(list, rule)
		return err
	}, `SELECT `+ruleColumns+` FROM rules WHERE removed_at = 0 ORDER BY id DESC`)
	return list, err
}

// Rule returns one rule, also one that was removed, or NotFound.
func (r Reader) Rule(id int) (postroom.Rule, error) {
	rule, err := r.scanRule(r.row(`SELECT `+ruleColumns+` FROM rules WHERE id = $1`, id).Scan)
	return rule, absent(err, "rule", strconv.Itoa(id))
}

// AddRule puts a rule on file under the next number. Of two that are made at the
// same moment, one waits for the other and takes the number after it.
func (tx *Tx) AddRule(rule postroom.Rule) (postroom.Rule, error) {
	for {
		if err := tx.row(`SELECT coalesce(max(id), 0) + 1 FROM rules`).Scan(&rule.ID); err != nil {
			return rule, fmt.Errorf("number a rule: %w", err)
		}
		words, err := tx.sealBytes(ruleWords(rule.ID), []byte(rule.Words))
		if err != nil {
			return rule, fmt.Errorf("seal the words of rule %d: %w", rule.ID, err)
		}
		n, err := tx.exec(`
			INSERT INTO rules (id, mailbox, by_what, who, words_sealed, says, target, made_by, made_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`,
			rule.ID, rule.Mailbox, rule.By, rule.Who, words, rule.Says, rule.Target, rule.MadeBy, micros(rule.MadeAt))
		if err != nil {
			return rule, fmt.Errorf("add rule %d: %w", rule.ID, err)
		}
		if n > 0 {
			return rule, nil
		}
	}
}

// RemoveRule ends a rule, once, and says whether it stood. Its number stays, and
// who made and removed it; whom it was about is forgotten.
func (tx *Tx) RemoveRule(id int, by string, at time.Time) (bool, error) {
	nothing, err := tx.sealBytes(ruleWords(id), []byte{})
	if err != nil {
		return false, fmt.Errorf("empty the words of rule %d: %w", id, err)
	}
	n, err := tx.exec(`UPDATE rules SET removed_by = $2, removed_at = $3, who = '', words_sealed = $4 WHERE id = $1 AND removed_at = 0`,
		id, by, micros(at), nothing)
	if err != nil {
		return false, fmt.Errorf("remove rule %d: %w", id, err)
	}
	return n > 0, nil
}

// NewestFrom returns the newest letter of the inboxes that is from an address,
// or NotFound.
func (r Reader) NewestFrom(address string) (postroom.Letter, error) {
	l, err := scanLetter(r.row(`SELECT `+letterColumns+` FROM letters WHERE address = $1 AND folder = 'inbox'
		ORDER BY received_at DESC, id DESC LIMIT 1`, address).Scan)
	return l, absent(err, "letter from", address)
}
