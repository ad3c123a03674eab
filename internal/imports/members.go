package imports

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// The other kind of import puts people on a list, many at once and by no form.
// What such a file says of somebody counts for less than what they told us: whoever
// has left the list, or wants no news at all, stays away, whatever the file says, and
// whoever the file does not say a ground for is kept and not mailed.

// MemberOrder says what is to become of a file of people for a list.
type MemberOrder struct {
	List   string
	Name   string // of the file, which tells what some programs put into it
	File   []byte
	Map    map[string]string // from a header to one of MemberColumns; "" leaves it out
	Basis  postroom.Basis    // of the rows that do not say theirs; "" is unknown
	Source string            // where rows come from that do not say so
	AsOf   time.Time         // when those gave their consent who do not say so; zero is unknown, and now is noted
	By     string            // who imports it
}

// MemberOutcome is what would become of a row.
type MemberOutcome string

// The outcomes.
const (
	MemberNew     MemberOutcome = "new"           // on the list, and mailed
	MemberUnknown MemberOutcome = "not mailed"    // kept, but nothing says why they may be mailed
	MemberGone    MemberOutcome = "as left"       // kept as somebody who left elsewhere, and never mailed
	MemberAgreed  MemberOutcome = "ground found"  // was kept without a ground, and now has one
	MemberEnds    MemberOutcome = "leaves"        // left elsewhere after they had confirmed here
	MemberKnown   MemberOutcome = "known"         // stays as they are
	MemberLeft    MemberOutcome = "left before"   // left this list, and stays away
	MemberStopped MemberOutcome = "wants no news" // from anywhere; kept as somebody who left
	MemberTwice   MemberOutcome = "twice"         // stands further up
	MemberToMend  MemberOutcome = "mend"          // is no address
)

// MemberOutcomes are all of them, in the order in which they are told.
func MemberOutcomes() []MemberOutcome {
	return []MemberOutcome{MemberNew, MemberUnknown, MemberGone, MemberAgreed, MemberEnds, MemberKnown, MemberLeft, MemberStopped, MemberTwice, MemberToMend}
}

// Why a row is to be mended, or its person is not mailed.
const (
	WhyNoAddress  = "this is not an email address"
	WhyNotAllowed = "its programme does not allow the soft opt-in"
	WhyTooEarly   = "there was no soft opt-in for charities then"
	WhyNoGround   = "nothing says that they agreed"
)

// MemberPlanRow is a row of a file for a list, read.
type MemberPlanRow struct {
	Line    int
	Outcome MemberOutcome
	Why     string // what is to be mended, or why they are not mailed
	store.ListMember

	subscription string
}

// MemberPlan is what would become of a file.
type MemberPlan struct {
	List      *programme.List
	Programme string
	Program   string // that wrote the file, if it is known by its columns
	Encoding  string
	Columns   []Column
	Rows      []MemberPlanRow

	order MemberOrder
	hash  string
}

// Count says how many rows would have an outcome.
func (p MemberPlan) Count(o MemberOutcome) (n int) {
	for _, r := range p.Rows {
		if r.Outcome == o {
			n++
		}
	}
	return n
}

// ListNamed returns a list and the name of its programme.
func (im *Imports) ListNamed(name string) (*programme.List, string, error) {
	if l, p, ok := im.Programmes.List(name); ok {
		return l, p.Name, nil
	}
	return nil, "", &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.no_form"), Cause: fmt.Errorf("there is no list %s", name)}
}

// lookedUp is how many rows are looked up at once.
const lookedUp = 1024

// PlanMembers reads a file and says what would become of it. It writes nothing. It
// returns NotFound for an unknown list, and an error for a file that is no table.
func (im *Imports) PlanMembers(ctx context.Context, o MemberOrder) (MemberPlan, error) {
	p := MemberPlan{order: o}
	var err error
	if p.List, p.Programme, err = im.ListNamed(o.List); err != nil {
		return p, err
	}
	parts, err := unpack(o.Name, o.File)
	if err != nil {
		return p, err
	}
	sum := sha256.Sum256(o.File)
	p.hash = hex.EncodeToString(sum[:])
	seen := map[string]bool{}
	for _, part := range parts {
		if err := im.planPart(part, &p, seen); err != nil {
			return p, err
		}
	}
	return p, im.stand(ctx, &p)
}

// planPart reads one table, of which some programs put several into one file.
func (im *Imports) planPart(part part, p *MemberPlan, seen map[string]bool) error {
	t, err := readTable(part.bytes)
	if err != nil {
		return err
	}
	program := writtenBy(t.header)
	columns, err := memberColumns(t.header, p.order.Map, program)
	if err != nil {
		return err
	}
	if len(p.Columns) == 0 {
		p.Program, p.Encoding, p.Columns = program, t.encoding, columns
	}
	reader := memberReader{
		order: p.order, list: p.List, columns: columns, program: program, part: partKind(part.name, t.header),
		now: im.Clock.Now(), locales: im.Locales,
	}
	for _, l := range t.rows {
		row := reader.row(l)
		if row.Outcome == "" && seen[row.Address] {
			row.Outcome = MemberTwice
		}
		seen[row.Address] = true
		p.Rows = append(p.Rows, row)
	}
	return nil
}

// stand holds every row against what is on file.
func (im *Imports) stand(ctx context.Context, p *MemberPlan) error {
	read := im.Store.Read(ctx)
	for first := 0; first < len(p.Rows); first += lookedUp {
		rows := p.Rows[first:min(first+lookedUp, len(p.Rows))]
		var addresses []string
		for _, r := range rows {
			if r.Outcome == "" {
				addresses = append(addresses, r.Address)
			}
		}
		known, err := read.MemberStandings(p.List.Name, addresses)
		if err != nil {
			return err
		}
		for i := range rows {
			if rows[i].Outcome == "" {
				rows[i].settle(known[rows[i].Address])
			}
		}
	}
	return nil
}

// standing is how an address stands with the list.
type standing = store.MemberStanding

// settle says what becomes of a row, knowing how its address stands with the list.
func (r *MemberPlanRow) settle(s standing) {
	r.subscription = s.Subscription
	left := r.State == postroom.Unsubscribed
	switch {
	case s.State == postroom.Unsubscribed:
		r.Outcome = MemberLeft
	case s.Subscription != "" && left && r.EndedAt.After(s.ConfirmedAt):
		r.Outcome = MemberEnds
	case s.Subscription != "" && s.Stopped:
		r.Outcome = MemberStopped
	case s.State == postroom.Pending && s.Basis == postroom.UnknownBasis && r.State == postroom.Confirmed:
		r.Outcome = MemberAgreed
	case s.Subscription != "":
		r.Outcome = MemberKnown
	case s.Stopped:
		r.Outcome, r.State = MemberStopped, postroom.Unsubscribed
	case left:
		r.Outcome = MemberGone
	case r.State == postroom.Confirmed:
		r.Outcome = MemberNew
	default:
		r.Outcome = MemberUnknown
	}
	if r.State == postroom.Unsubscribed && r.EndedAt.IsZero() {
		r.EndedAt = r.AskedAt
	}
}

// adds says whether a row makes a subscription that was not there.
func (r MemberPlanRow) adds() bool {
	switch r.Outcome {
	case MemberNew, MemberUnknown, MemberGone:
		return true
	case MemberStopped:
		return r.subscription == ""
	}
	return false
}

// Changes says whether a row changes anything on file.
func (r MemberPlanRow) Changes() bool {
	return r.adds() || r.Outcome == MemberAgreed || r.Outcome == MemberEnds
}

// MemberResult is what became of a file.
type MemberResult struct {
	ID     string `json:"import"` // by which it can be undone; "" where nothing was to be done
	Added  int    `json:"added"`
	Agreed int    `json:"ground_found"`
	Ended  int    `json:"left"`
}

// addedAtOnce is how many people one transaction puts on a list.
const addedAtOnce = 1024

// DoMembers does what a plan says, and tells after each part how far it is. If it
// dies the same file goes on where it was: what it had added is known by then.
func (im *Imports) DoMembers(ctx context.Context, p MemberPlan, told func(done int)) (MemberResult, error) {
	var result MemberResult
	var begun store.Import
	err := im.Store.Write(ctx, func(tx *store.Tx) (err error) {
		begun, err = tx.BeginImport(store.Import{List: p.List.Name, FileHash: p.hash, MadeBy: p.order.By, MadeAt: im.Clock.Now()})
		return err
	})
	if err != nil {
		return result, err
	}
	result.ID = begun.ID
	file := store.MemberFile{Import: begun.ID, List: p.List.Name, Programme: p.Programme, At: begun.MadeAt}
	done := 0
	for rows := range slices.Chunk(p.Rows, addedAtOnce) {
		if err := im.doPart(ctx, file, rows, &result); err != nil {
			return result, err
		}
		done += len(rows)
		told(done)
	}
	return result, im.Store.Write(ctx, func(tx *store.Tx) error {
		said := fmt.Sprintf("imported to list %s", p.List.Name)
		return errors.Join(tx.SettleImport(begun.ID, store.ImportDone, im.Clock.Now()), tx.Audit(p.order.By, said, begun.ID, im.Clock.Now()))
	})
}

// doPart does what a plan says of some rows, in one transaction.
func (im *Imports) doPart(ctx context.Context, f store.MemberFile, rows []MemberPlanRow, result *MemberResult) error {
	var fresh []store.ListMember
	for _, r := range rows {
		if r.adds() {
			m := r.ListMember
			m.AskedAt, m.ConfirmedAt, m.EndedAt = notAfter(m.AskedAt, f.At), notAfter(m.ConfirmedAt, f.At), notAfter(m.EndedAt, f.At)
			fresh = append(fresh, m)
		}
	}
	added, agreed, ended := 0, 0, 0
	err := im.Store.Write(ctx, func(tx *store.Tx) (err error) {
		added, agreed, ended = 0, 0, 0
		if added, err = tx.AddMembers(f, fresh); err != nil {
			return err
		}
		for _, r := range rows {
			changed := false
			switch r.Outcome {
			case MemberAgreed:
				if changed, err = tx.AgreeMember(f, r.subscription, r.ListMember); changed {
					agreed++
				}
			case MemberEnds:
				if changed, err = tx.Unsubscribe(r.subscription, f.At); changed {
					ended++
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	result.Added, result.Agreed, result.Ended = result.Added+added, result.Agreed+agreed, result.Ended+ended
	return err
}

// notAfter keeps a clock that is fast from putting anything after the import.
func notAfter(at, latest time.Time) time.Time {
	if at.After(latest) {
		return latest
	}
	return at
}

// undoMembers takes back what an import put on a list, of whoever has done nothing
// since. A "no" that it brought to somebody who was on the list stays.
func (im *Imports) undoMembers(ctx context.Context, i store.Import) (undone Undone, err error) {
	for after, more := "", true; more; {
		removed, next := 0, ""
		err := im.Store.Write(ctx, func(tx *store.Tx) (err error) {
			removed, next, err = tx.TakeBackMembers(i, after)
			return err
		})
		if err != nil {
			return undone, err
		}
		undone.Removed += removed
		after, more = next, next != ""
	}
	return undone, im.Store.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.RevertMembers(i)
		undone.Reverted = n
		return errors.Join(err, tx.SettleImport(i.ID, store.ImportUndone, im.Clock.Now()))
	})
}

// memberReader reads the rows of one table.
type memberReader struct {
	order   MemberOrder
	list    *programme.List
	columns []Column
	program string
	part    postroom.SubscriptionState // which people the program puts into such a file; "" if it does not say
	now     time.Time
	locales []string
}

// row reads one row; its outcome is "" unless the row itself decides it.
func (r memberReader) row(l line) MemberPlanRow {
	row := MemberPlanRow{Line: l.number}
	cells := map[string]string{}
	for i, column := range r.columns {
		if i < len(l.cells) && column.Field != "" {
			if cell := strings.TrimSpace(unsafe(l.cells[i])); cell != "" && cells[column.Field] == "" {
				cells[column.Field] = cell
			}
		}
	}
	address, ok := tidyAddress(cells[emailColumn])
	if !ok {
		row.Address, row.Outcome, row.Why = cells[emailColumn], MemberToMend, WhyNoAddress
		return row
	}
	row.Address, row.Name = address, short(strings.Join(strings.Fields(cells[nameColumn]+" "+cells[firstColumn]+" "+cells[lastColumn]), " "))
	if cells[nameColumn] != "" {
		row.Name = short(strings.Join(strings.Fields(cells[nameColumn]), " "))
	}
	row.Locale = r.locale(cells[languageColumn])
	row.Topics, row.Areas = known(cells[topicsColumn], r.list.Topics), known(cells[areasColumn], r.list.Areas)
	r.when(&row, cells)
	r.ground(&row, cells)
	return row
}

// when reads the moments of a row.
func (r memberReader) when(row *MemberPlanRow, cells map[string]string) {
	at := func(column string) time.Time {
		t, ok := moment(cells[column])
		if !ok || t.After(r.now) {
			return time.Time{}
		}
		return t
	}
	row.ConfirmedAt, row.EndedAt = at(confirmedColumn), at(endedColumn)
	for _, t := range []time.Time{at(askedColumn), row.ConfirmedAt, r.order.AsOf, r.now} {
		if !t.IsZero() {
			row.AskedAt = t
			break
		}
	}
}

// ground reads on what ground somebody is on the list, and whether they still are.
func (r memberReader) ground(row *MemberPlanRow, cells map[string]string) {
	row.Basis = basisOf(cells[basisColumn], r.order.Basis)
	row.Source = short(cells[sourceColumn])
	if row.Source == "" {
		row.Source = short(r.said(cells))
	}
	if cells[basisColumn] == "" && r.program == mailchimp && (cells[confirmedColumn] != "" || cells[askedColumn] != "" && cells[proofColumn] != "") {
		row.Basis = postroom.ByConsent // they filled in its form, at that moment from that network
	}
	row.State = postroom.Confirmed
	switch {
	case r.part == postroom.Unsubscribed || leftBy(r.program, cells):
		row.State = postroom.Unsubscribed
	case row.Basis == postroom.BySoftOptIn && !r.list.SoftOptIn:
		row.Basis, row.Why = postroom.UnknownBasis, WhyNotAllowed
	case row.Basis == postroom.BySoftOptIn && row.AskedAt.Before(softOptInSince()):
		row.Basis, row.Why = postroom.UnknownBasis, WhyTooEarly
	}
	if row.State == postroom.Confirmed && row.Basis == postroom.UnknownBasis {
		row.State = postroom.Pending
		if row.Why == "" {
			row.Why = WhyNoGround
		}
	}
	switch {
	case row.State == postroom.Pending:
		row.ConfirmedAt = time.Time{}
	case row.State == postroom.Confirmed && row.ConfirmedAt.IsZero():
		row.ConfirmedAt = row.AskedAt
	}
}

// said puts what a row tells of its origin into one line.
func (r memberReader) said(cells map[string]string) string {
	parts := []string{r.order.Source}
	if r.order.Source == "" {
		parts[0] = "from a file"
		if r.program != "" {
			parts[0] = "from " + r.program
		}
	}
	for _, each := range []struct{ column, says string }{{askedColumn, "signed up "}, {confirmedColumn, "confirmed "}, {endedColumn, "left "}} {
		if cells[each.column] != "" {
			parts = append(parts, each.says+cells[each.column])
		}
	}
	return strings.Join(parts, ", ")
}

// softOptInSince is from when on charities may rely on the soft opt-in (Data (Use
// and Access) Act 2025, section 114, in force since that day).
func softOptInSince() time.Time { return time.Date(2026, 2, 5, 0, 0, 0, 0, time.UTC) }

// locale returns the language of a row as one of ours, or "".
func (r memberReader) locale(said string) string {
	said = strings.ReplaceAll(said, "_", "-")
	for _, whole := range []bool{true, false} {
		for _, tag := range r.locales {
			base, _, _ := strings.Cut(said, "-")
			if strings.EqualFold(tag, said) || !whole && strings.EqualFold(tag, base) {
				return tag
			}
		}
	}
	return r.locales[0]
}

// tidyAddress reads an address as a form does.
func tidyAddress(written string) (string, bool) {
	written = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(written, "mailto:")))
	parsed, err := mail.ParseAddress(written)
	if err != nil || len(parsed.Address) > longestAddress || strings.ContainsAny(parsed.Address, " \"<>\r\n\t") {
		return "", false
	}
	_, domain, _ := strings.Cut(parsed.Address, "@")
	if strings.HasPrefix(domain, "[") || !strings.Contains(domain, ".") || strings.HasSuffix(domain, ".") {
		return "", false
	}
	return parsed.Address, true
}

// longestAddress is RFC 5321, section 4.5.3.1.3, without the brackets.
const longestAddress = 254

// short keeps what stands in one cell from being a book.
func short(text string) string {
	if signs := []rune(strings.ToValidUTF8(text, "")); len(signs) > 200 {
		return string(signs[:200])
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
}

// known are the values among some that a list offers, however the file writes them.
func known(cell string, offered []programme.Option) string {
	var values []string
	for _, part := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(",;|\n", r) }) {
		for _, o := range offered {
			same := fold(part) == fold(o.Value)
			for _, label := range o.Label {
				same = same || fold(part) == fold(label)
			}
			if same && !slices.Contains(values, o.Value) {
				values = append(values, o.Value)
			}
		}
	}
	return strings.Join(values, " ")
}

func basisOf(cell string, otherwise postroom.Basis) postroom.Basis {
	switch fold(cell) {
	case "consent", "opt in", "double opt in", "yes":
		return postroom.ByConsent
	case "soft opt in":
		return postroom.BySoftOptIn
	case "":
		if otherwise != "" {
			return otherwise
		}
	}
	return postroom.UnknownBasis
}
