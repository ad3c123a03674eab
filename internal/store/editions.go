package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"postroom/internal/postroom"
)

// addEdition files what a campaign says in other languages, with which pictures, and
// to whom.
func (tx *Tx) addEdition(id string, c postroom.Campaign) error {
	for _, text := range c.Others {
		if _, err := tx.exec(`INSERT INTO campaign_texts (campaign_id, locale, subject, markdown) VALUES ($1, $2, $3, $4)`,
			id, text.Locale, text.Subject, text.Markdown); err != nil {
			return fmt.Errorf("add text of campaign %s in %s: %w", id, text.Locale, err)
		}
	}
	if err := tx.addPictures(id, c); err != nil {
		return err
	}
	if c.Audience.Everybody() && len(c.Audience.Topics) == 0 {
		return nil
	}
	audience, err := json.Marshal(c.Audience)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO campaign_audiences (campaign_id, audience) VALUES ($1, $2)`, id, string(audience))
	return err
}

// replaceEdition files it anew, in the place of what was filed before.
func (tx *Tx) replaceEdition(c postroom.Campaign) error {
	for _, table := range []string{"campaign_texts", "campaign_audiences", "campaign_pictures"} {
		if _, err := tx.exec(`DELETE FROM `+table+` WHERE campaign_id = $1`, c.ID); err != nil {
			return fmt.Errorf("replace edition %s: %w", c.ID, err)
		}
	}
	return tx.addEdition(c.ID, c)
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
	if c.Pictures, err = r.picturesOf(c.ID); err != nil {
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
