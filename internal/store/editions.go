package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"postroom/internal/postroom"
)

// addEdition files what a campaign says in other languages, and to whom.
func (tx *Tx) addEdition(id string, c postroom.Campaign) error {
	for _, text := range c.Others {
		if _, err := tx.exec(`INSERT INTO campaign_texts (campaign_id, locale, subject, markdown) VALUES ($1, $2, $3, $4)`,
			id, text.Locale, text.Subject, text.Markdown); err != nil {
			return fmt.Errorf("add text of campaign %s in %s: %w", id, text.Locale, err)
		}
	}
	if c.Audience.Everybody() {
		return nil
	}
	audience, err := json.Marshal(c.Audience)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO campaign_audiences (campaign_id, audience) VALUES ($1, $2)`, id, string(audience))
	return err
}

// edition reads what addEdition filed.
func (r Reader) edition(c *postroom.Campaign) error {
	err := r.each(func(rows *sql.Rows) error {
		var text postroom.EditionText
		err := rows.Scan(&text.Locale, &text.Subject, &text.Markdown)
		c.Others = append(c.Others, text)
		return err
	}, `SELECT locale, subject, markdown FROM campaign_texts WHERE campaign_id = $1 ORDER BY locale`, c.ID)
	if err != nil {
		return err
	}
	var audience string
	err = r.row(`SELECT audience FROM campaign_audiences WHERE campaign_id = $1`, c.ID).Scan(&audience)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(audience), &c.Audience)
}
