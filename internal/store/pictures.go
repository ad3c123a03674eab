package store

import (
	"database/sql"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// AddPicture keeps a picture so that our pages can show it. One that is kept already
// stays as it is: its name is made of what is in it.
func (tx *Tx) AddPicture(p postroom.Picture, at time.Time) error {
	_, err := tx.exec(`INSERT INTO pictures (name, data, added_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING`, p.Name, p.Data, micros(at))
	if err != nil {
		return fmt.Errorf("add picture %s: %w", p.Name, err)
	}
	return nil
}

// ForgetPictures ends what was kept before a moment and is in no edition: somebody
// had a look at one that was never filed.
func (tx *Tx) ForgetPictures(before time.Time) error {
	_, err := tx.exec(`DELETE FROM pictures WHERE added_at < $1 AND NOT EXISTS (SELECT 1 FROM campaign_pictures c WHERE c.name = pictures.name)`, micros(before))
	if err != nil {
		return fmt.Errorf("forget pictures: %w", err)
	}
	return nil
}

// addPictures files the pictures of a campaign, and under which names somebody who
// writes on finds them.
func (tx *Tx) addPictures(campaign string, c postroom.Campaign) error {
	for _, p := range c.Pictures {
		if p.Data != nil {
			if err := tx.AddPicture(p, c.CreatedAt); err != nil {
				return err
			}
		}
		if _, err := tx.exec(`INSERT INTO campaign_pictures (campaign_id, file, name) VALUES ($1, $2, $3)`, campaign, p.File, p.Name); err != nil {
			return fmt.Errorf("add picture %s of campaign %s: %w", p.Name, campaign, err)
		}
	}
	return nil
}

// picturesOf lists the pictures of a campaign without what is in them.
func (r Reader) picturesOf(campaign string) (list []postroom.Picture, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var p postroom.Picture
		err := rows.Scan(&p.File, &p.Name)
		list = append(list, p)
		return err
	}, `SELECT file, name FROM campaign_pictures WHERE campaign_id = $1 ORDER BY file`, campaign)
	return list, err
}

// Picture returns what is in a picture, or NotFound.
func (r Reader) Picture(name string) (data []byte, err error) {
	err = r.row(`SELECT data FROM pictures WHERE name = $1`, name).Scan(&data)
	return data, absent(err, "picture", name)
}
