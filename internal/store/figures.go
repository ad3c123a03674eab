package store

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// Figure is how many of something there were in one programme and one stretch of
// time: numbers only.
type Figure struct {
	Programme string
	Stretch   int // 0 is the one from the first bound to the second
	Kind      postroom.FormKind
	Locale    string
	N         int // submissions, or places
	Came      int // of these places, those whose people came
}

// SentFigures counts submissions between the first bound and the last, by
// programme, kind, language and stretch between two bounds. What is held is
// counted too.
func (r Reader) SentFigures(bounds []time.Time) (list []Figure, err error) {
	var marks places
	query := `SELECT programme, ` + stretch("received_at", bounds) + ` AS stretch, kind, locale, count(*)
		  FROM submissions WHERE received_at >= ` + marks.add(micros(bounds[0])) + ` AND received_at < ` + marks.add(micros(bounds[len(bounds)-1])) + `
		 GROUP BY programme, stretch, kind, locale`
	err = r.each(func(rows *sql.Rows) error {
		var f Figure
		err := rows.Scan(&f.Programme, &f.Stretch, &f.Kind, &f.Locale, &f.N)
		list = append(list, f)
		return err
	}, query, marks.args...)
	if err != nil {
		return nil, fmt.Errorf("count submissions: %w", err)
	}
	return list, nil
}

// PlaceFigures counts the places that are booked on dates between the first bound
// and the last, one for each person and date, and those that were used, by programme
// and stretch. Who waits, or has not taken what was offered yet, has no place.
func (r Reader) PlaceFigures(bounds []time.Time) (list []Figure, err error) {
	var marks places
	query := `SELECT programme, ` + stretch("starts_at", bounds) + ` AS stretch,
		       coalesce(sum(party), 0), coalesce(sum(CASE WHEN state = 'attended' THEN party ELSE 0 END), 0)
		  FROM sessions JOIN events ON events.id = event_id JOIN bookings ON session_id = sessions.id
		 WHERE starts_at >= ` + marks.add(micros(bounds[0])) + ` AND starts_at < ` + marks.add(micros(bounds[len(bounds)-1])) + `
		   AND state IN ('confirmed', 'attended') GROUP BY programme, stretch`
	err = r.each(func(rows *sql.Rows) error {
		var f Figure
		err := rows.Scan(&f.Programme, &f.Stretch, &f.N, &f.Came)
		list = append(list, f)
		return err
	}, query, marks.args...)
	if err != nil {
		return nil, fmt.Errorf("count places: %w", err)
	}
	return list, nil
}

// stretch is the number of the stretch between two bounds that a column lies in.
// The bounds are whole numbers of ours and stand in the text, or PostgreSQL could
// not tell that both of the places where it stands mean the same.
func stretch(column string, bounds []time.Time) string {
	var b strings.Builder
	b.WriteString("CASE")
	for i, bound := range bounds[1:] {
		b.WriteString(" WHEN " + column + " < " + strconv.FormatInt(micros(bound), 10) + " THEN " + strconv.Itoa(i))
	}
	return b.String() + " END"
}
