package store

import (
	"database/sql"
	"fmt"
	"slices"
	"time"

	"postroom/internal/postroom"
)

// Part is some copies of a campaign, which one job sends.
type Part struct {
	Campaign    string
	Part        int
	First, Last int // numbers of its copies
	// Turn of the job that has begun to send and is not known to have ended, and
	// the journal in which it wrote what it sent; 0 and "" for none.
	Turn    int
	Journal string
}

// Part returns one part of a campaign, or NotFound.
func (r Reader) Part(campaign string, part int) (Part, error) {
	p := Part{Campaign: campaign, Part: part}
	err := r.row(`SELECT first_n, last_n, turn, journal FROM campaign_parts WHERE campaign_id = $1 AND part = $2`, campaign, part).Scan(&p.First, &p.Last, &p.Turn, &p.Journal)
	return p, absent(err, "part of campaign", postroom.ChunkSubject(campaign, part))
}

// of narrows copies to those of a part. Its arguments are the first four.
const ofPart = ` campaign_id = $1 AND n BETWEEN $2 AND $3 AND part = $4 `

func (p Part) args(more ...any) []any {
	return append([]any{p.Campaign, p.First, p.Last, p.Part}, more...)
}

// TakePart notes that a turn begins to send a part, and where it writes what it
// sends. It returns Gone if a later turn has the part.
func (tx *Tx) TakePart(p Part, turn int, journal string) error {
	n, err := tx.exec(`UPDATE campaign_parts SET turn = $3, journal = $4 WHERE campaign_id = $1 AND part = $2 AND turn < $3`, p.Campaign, p.Part, turn, journal)
	return p.had(n, err)
}

// had makes Gone of a part that was not found as the caller had it.
func (p Part) had(n int64, err error) error {
	if err == nil && n == 0 {
		return movedOn(sql.ErrNoRows, "part", postroom.ChunkSubject(p.Campaign, p.Part))
	}
	return err
}

// LeavePart notes that a turn sends a part no longer and that all it sent is
// settled. It returns Gone if another turn has the part.
func (tx *Tx) LeavePart(p Part, turn int) error {
	return p.had(tx.exec(`UPDATE campaign_parts SET turn = 0, journal = '' WHERE campaign_id = $1 AND part = $2 AND turn = $3`, p.Campaign, p.Part, turn))
}

// CopyResult is what became of one copy.
type CopyResult struct {
	N      int
	State  postroom.MessageState
	Reason string
	Tries  int       // so far, of one that is deferred
	Due    time.Time // and when it may leave
}

// SettleCopies writes down what became of copies of a part that a turn sends. It
// returns Gone, and the transaction must not be committed, if another turn has the
// part. Copies that are settled already stay as they are.
func (tx *Tx) SettleCopies(p Part, turn int, results []CopyResult, at time.Time) error {
	if len(results) == 0 {
		return nil
	}
	if err := p.had(tx.exec(`UPDATE campaign_parts SET turn = turn WHERE campaign_id = $1 AND part = $2 AND turn = $3`, p.Campaign, p.Part, turn)); err != nil {
		return err
	}
	return tx.settleCopies(p, results, `'queued', 'deferred'`, at)
}

// SentAfterAll settles copies as sent that were uncertain until the journal of
// whoever sent them was found, and says how many.
func (tx *Tx) SentAfterAll(p Part, numbers []int, at time.Time) (n int, err error) {
	for some := range slices.Chunk(numbers, blockOfCopies) {
		list := places{args: p.args(micros(at))}
		moved, err := tx.exec(`UPDATE copies SET state = 'sent', reason = '', settled_at = $5 WHERE`+ofPart+`AND state = 'uncertain' AND n IN (`+list.numbers(some)+`)`, list.args...)
		if err != nil {
			return n, fmt.Errorf("settle copies that were uncertain: %w", err)
		}
		n += int(moved)
	}
	return n, tx.recount(p)
}

func (p *places) numbers(list []int) string {
	args := make([]any, len(list))
	for i, n := range list {
		args[i] = n
	}
	return p.add(args...)
}

// settleCopies moves copies, those with the same result by one statement.
func (tx *Tx) settleCopies(p Part, results []CopyResult, from string, at time.Time) error {
	type same struct {
		state  postroom.MessageState
		reason string
		tries  int
		due    int64
	}
	alike := make(map[same][]int)
	for _, r := range results {
		key := same{r.State, r.Reason, r.Tries, micros(r.Due)}
		alike[key] = append(alike[key], r.N)
	}
	for key, numbers := range alike {
		shared := []any{p.Campaign, p.Part, key.state, key.reason, key.tries, key.due, micros(at)}
		for _, some := range inRuns(numbers) {
			list := places{args: slices.Clone(shared)}
			which := `IN (` + list.numbers(some) + `)`
			if len(some) > longRun { // all that are between
				list = places{args: slices.Clone(shared)}
				which = `BETWEEN ` + list.add(some[0]) + ` AND ` + list.add(some[len(some)-1])
			}
			_, err := tx.exec(`UPDATE copies SET state = $3, reason = $4, tries = $5, due_at = $6, settled_at = $7
				 WHERE campaign_id = $1 AND n `+which+` AND part = $2 AND state IN (`+from+`)`, list.args...)
			if err != nil {
				return fmt.Errorf("settle %d copies: %w", len(some), err)
			}
		}
	}
	return tx.recount(p)
}

// longRun is how many numbers one statement names; more stand without a gap.
const longRun = 16

// inRuns splits numbers into those that follow each other, where they are many, and
// the others, a few at a time.
func inRuns(numbers []int) (runs [][]int) {
	slices.Sort(numbers)
	var rest []int
	for len(numbers) > 0 {
		n := 1
		for n < len(numbers) && numbers[n] == numbers[n-1]+1 {
			n++
		}
		if n > longRun {
			runs = append(runs, numbers[:n])
		} else {
			rest = append(rest, numbers[:n]...)
		}
		numbers = numbers[n:]
	}
	return slices.AppendSeq(runs, slices.Chunk(rest, longRun))
}

// recount notes how many of a part's copies are sent, and whether any waits.
func (tx *Tx) recount(p Part) error {
	_, err := tx.exec(`UPDATE campaign_parts SET
			sent = (SELECT count(*) FROM copies WHERE`+ofPart+`AND state = 'sent'),
			waits = EXISTS (SELECT 1 FROM copies WHERE`+ofPart+`AND state IN ('queued', 'deferred'))
		 WHERE campaign_id = $1 AND part = $4`, p.args()...)
	if err != nil {
		return fmt.Errorf("count copies of a part: %w", err)
	}
	return nil
}

// DoubtPart makes all copies of a part uncertain that may have been sent by a turn
// of which nothing is known, and says how many.
func (tx *Tx) DoubtPart(p Part, reason string, at time.Time) (int, error) {
	n, err := tx.exec(`UPDATE copies SET state = 'uncertain', reason = $5, settled_at = $6
		 WHERE`+ofPart+`AND (state = 'queued' OR state = 'deferred' AND due_at <= $6)`, p.args(reason, micros(at))...)
	if err != nil {
		return 0, fmt.Errorf("doubt copies: %w", err)
	}
	return int(n), tx.recount(p)
}

// KeepBackPart settles whatever waits of a part, because nobody is to have it any
// more or nobody will send it, and says how many copies that were.
func (tx *Tx) KeepBackPart(p Part, to postroom.MessageState, reason string, at time.Time) (int, error) {
	n, err := tx.exec(`UPDATE copies SET state = $5, reason = $6, settled_at = $7 WHERE`+ofPart+`AND state IN ('queued', 'deferred')`,
		p.args(to, reason, micros(at))...)
	if err != nil {
		return 0, fmt.Errorf("keep copies back: %w", err)
	}
	return int(n), tx.recount(p)
}

// NextCopy returns when the first copy of a part that waits may leave, and whether
// any waits.
func (r Reader) NextCopy(p Part) (due time.Time, waits bool, err error) {
	var first sql.NullInt64
	err = r.row(`SELECT min(due_at) FROM copies WHERE`+ofPart+`AND state IN ('queued', 'deferred')`, p.args()...).Scan(&first)
	return moment(first.Int64), first.Valid, err
}

// DropChunk fails what waits of one part, because nobody will send it. What a turn may
// have been sending when it died is uncertain. It says how many copies that were.
func (tx *Tx) DropChunk(campaign string, chunk int, reason string, at time.Time) (int, error) {
	p, err := tx.Part(campaign, chunk)
	if postroom.KindOf(err) == postroom.NotFound {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	doubted := 0
	if p.Turn != 0 {
		if doubted, err = tx.DoubtPart(p, reason, at); err != nil {
			return 0, err
		}
	}
	failed, err := tx.KeepBackPart(p, postroom.Failed, reason, at)
	return doubted + failed, err
}
