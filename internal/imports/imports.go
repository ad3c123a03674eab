// Package imports puts on file the people who signed up elsewhere: each row of a
// file becomes an entry into a form and goes through the one door in.
//
// The idea a newcomer needs: nothing is written before somebody has read what
// would be. Plan reads the file, holds every row against the form's own check and
// says which rows are new, which are known and which a person has to mend; Do puts
// the new ones on file. A row is known by all that it says, so the same file twice
// adds nothing, and an import that died goes on where it was. What an import adds
// it claims first, so that Undo finds all of it, and leaves alone what anybody has
// touched since. Nobody hears of an import unless it is told to greet them.
package imports

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"postroom/internal/intake"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Intake is the one door in.
type Intake interface {
	Accept(ctx context.Context, e postroom.Entry) (intake.Receipt, error)
}

// Events gives places back.
type Events interface {
	Vacate(tx *store.Tx, session string, remove func() error, at time.Time) error
}

// Options are what Imports need.
type Options struct {
	Store      *store.Store
	Programmes *programme.Set
	Intake     Intake
	Events     Events
	Clock      postroom.Clock
	// Label puts the question of a well-known field, and yes and no, into words.
	Label   func(locale string, say postroom.Text) string
	Locales []string // in which headers may be written
}

// Imports puts files on file.
type Imports struct{ Options }

// New returns Imports.
func New(o Options) *Imports { return &Imports{o} }

// Order says what is to become of a file.
type Order struct {
	Form   string
	File   []byte
	Map    map[string]string // from a header to a field, or to one of the Columns below; "" leaves it out
	AsOf   time.Time         // when the rows came in that do not say so; the zero time is now
	Source string            // how the people of rows that do not say so gave their consents
	Greet  bool              // they hear from us as if they had filled in the form
	By     string            // who imports it
}

// What a column may be besides a field of the form.
const (
	DateColumn   = "@date"
	LocaleColumn = "@language"
	SourceColumn = "@consent"
)

// Outcome is what would become of a row.
type Outcome string

// The outcomes.
const (
	IsNew   Outcome = "new"
	IsKnown Outcome = "known"
	ToMend  Outcome = "mend"
)

// Row is a row of a file, read.
type Row struct {
	Line    int
	Outcome Outcome
	Wrong   []programme.FieldError // what to mend
	Cells   []string               // as they stand in the file

	entry postroom.Entry
}

// Column is one column of a file, and what it was taken for; "" is left out.
type Column struct{ Header, Field string }

// Plan is what would become of a file.
type Plan struct {
	Form      *programme.Form
	Encoding  string
	Separator rune
	Columns   []Column
	Rows      []Row

	order Order
	hash  string
}

// Count says how many rows would have an outcome.
func (p Plan) Count(o Outcome) (n int) {
	for _, r := range p.Rows {
		if r.Outcome == o {
			n++
		}
	}
	return n
}

// Plan reads a file and says what would become of it. It writes nothing. It
// returns NotFound for an unknown form, and an error for a file that is no table.
func (im *Imports) Plan(ctx context.Context, o Order) (Plan, error) {
	form, ok := im.Programmes.Form(o.Form)
	if !ok {
		return Plan{}, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.no_form"), Cause: fmt.Errorf("there is no form %s", o.Form)}
	}
	t, err := readTable(o.File)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Form: form, Encoding: t.encoding, Separator: t.separator, order: o}
	if p.Columns, err = im.columns(form, t.header, o.Map); err != nil {
		return Plan{}, err
	}
	sum := sha256.Sum256(o.File)
	p.hash = hex.EncodeToString(sum[:])
	reader := im.reader(form, p.Columns, o)
	seen := map[string]bool{}
	for _, r := range t.rows {
		row := reader.row(r)
		if row.Outcome == IsNew {
			if row.Outcome, err = im.known(ctx, &row, seen); err != nil {
				return Plan{}, err
			}
		}
		p.Rows = append(p.Rows, row)
	}
	return p, nil
}

// Headers are the names of the columns of a file, of a form or of people for a list.
func Headers(name string, file []byte) ([]string, error) {
	parts, err := unpack(name, file)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		t, err := readTable(part.bytes)
		return t.header, err
	}
	return nil, unreadable(errors.New("there is no table in it"))
}

// Says puts into words what is to be mended in a row, each with the name of its field.
func (im *Imports) Says(locale string, form *programme.Form, row Row) (list []Said) {
	for _, e := range row.Wrong {
		label := e.Field
		if f, ok := form.Field(e.Field); ok {
			label = f.ErrorLabel.In(locale)
			if len(f.ErrorLabel) == 0 {
				label = im.Label(locale, postroom.Say(f.Type.ErrorLabelKey()))
			}
		}
		list = append(list, Said{e.Field, im.Label(locale, e.Labelled(label))})
	}
	return list
}

// Said is one thing to mend, in words.
type Said struct{ Field, Say string }

// known looks whether a row is on file, or stands further up.
func (im *Imports) known(ctx context.Context, row *Row, seen map[string]bool) (Outcome, error) {
	read := im.Store.Read(ctx)
	row.entry.Key = read.ImportKey(row.entry.Form, said(row.entry))
	if seen[row.entry.Key] {
		return IsKnown, nil
	}
	seen[row.entry.Key] = true
	_, err := read.SubmissionByKey(row.entry.Key)
	switch {
	case err == nil:
		return IsKnown, nil
	case postroom.KindOf(err) == postroom.NotFound:
		return IsNew, nil
	}
	return "", fmt.Errorf("look for the row in line %d: %w", row.Line, err)
}

// said is all that a row says.
func said(e postroom.Entry) string {
	text, err := json.Marshal([]any{e.Answers, e.Locale, e.Source})
	if err != nil {
		panic(err) // texts always marshal
	}
	return string(text)
}

// Result is what became of a file.
type Result struct {
	ID    string // of the import, by which it can be undone; "" where nothing was to be done
	Added int
	Known int
	Wrong []Row // that the door refused after all
}

// claimed is how many rows are claimed in one transaction.
const claimed = 200

// Do puts the new rows of a plan on file, and says after each how far it is. If it
// dies the same plan goes on where it was.
func (im *Imports) Do(ctx context.Context, p Plan, told func(done int)) (Result, error) {
	result := Result{Known: p.Count(IsKnown)}
	fresh := slices.DeleteFunc(slices.Clone(p.Rows), func(r Row) bool { return r.Outcome != IsNew })
	var begun store.Import
	err := im.Store.Write(ctx, func(tx *store.Tx) (err error) {
		begun, err = tx.BeginImport(store.Import{Form: p.Form.Name, FileHash: p.hash, MadeBy: p.order.By, MadeAt: im.Clock.Now()})
		return err
	})
	if err != nil {
		return result, err
	}
	result.ID = begun.ID
	for batch := range slices.Chunk(fresh, claimed) {
		if err := im.claim(ctx, begun.ID, batch); err != nil {
			return result, err
		}
		for _, row := range batch {
			if err := im.add(ctx, row, &result); err != nil {
				return result, fmt.Errorf("line %d: %w", row.Line, err)
			}
			told(result.Added + len(result.Wrong))
		}
	}
	return result, im.Store.Write(ctx, func(tx *store.Tx) error {
		return tx.SettleImport(begun.ID, store.ImportDone, im.Clock.Now())
	})
}

func (im *Imports) claim(ctx context.Context, id string, rows []Row) error {
	return im.Store.Write(ctx, func(tx *store.Tx) error {
		for _, row := range rows {
			if _, err := tx.ClaimImportRow(id, row.entry.Key, row.Line); err != nil {
				return err
			}
		}
		return nil
	})
}

func (im *Imports) add(ctx context.Context, row Row, result *Result) error {
	receipt, err := im.Intake.Accept(ctx, row.entry)
	var refused *intake.Refused
	switch kind := postroom.KindOf(err); {
	case errors.As(err, &refused):
		row.Outcome, row.Wrong = ToMend, refused.Fields
		result.Wrong = append(result.Wrong, row)
	case err != nil && (kind == postroom.Gone || kind == postroom.Conflict || kind == postroom.Invalid):
		row.Outcome = ToMend
		result.Wrong = append(result.Wrong, row)
	case err != nil:
		return err
	case receipt.Known(row.entry.Key):
		result.Known++
	default:
		result.Added++
	}
	return nil
}

// Undone is what became of the rows of an import that was undone.
type Undone struct {
	Removed  int
	Reverted int      // were on the list before, and are again as they were
	Kept     []string // references of what somebody has touched since
}

// Undo takes back what an import added and nobody has touched since. Undoing again
// takes back what was left, if it can be by then.
func (im *Imports) Undo(ctx context.Context, id string) (Undone, error) {
	var undone Undone
	begun, err := im.Store.Read(ctx).Import(id)
	if err != nil {
		return undone, err
	}
	if begun.List != "" {
		return im.undoMembers(ctx, begun)
	}
	keys, err := im.Store.Read(ctx).ImportKeys(id)
	if err != nil {
		return undone, fmt.Errorf("list the rows of import %s: %w", id, err)
	}
	for _, key := range keys {
		if err := im.takeBack(ctx, key, &undone); err != nil {
			return undone, err
		}
	}
	return undone, im.Store.Write(ctx, func(tx *store.Tx) error { return tx.SettleImport(id, store.ImportUndone, im.Clock.Now()) })
}

func (im *Imports) takeBack(ctx context.Context, key string, undone *Undone) error {
	kept, removed := "", false
	err := im.Store.Write(ctx, func(tx *store.Tx) error {
		kept, removed = "", false
		sub, err := tx.SubmissionByKey(key)
		if postroom.KindOf(err) == postroom.NotFound && err != nil {
			return tx.ForgetImportRow(key)
		}
		if err != nil {
			return err
		}
		remove := func() error {
			untouched, err := tx.Untouched(sub)
			if err != nil || !untouched {
				kept = sub.Reference
				return err
			}
			removed = true
			return errors.Join(tx.RemoveSubmission(sub), tx.ForgetImportRow(key))
		}
		booking, booked, err := tx.BookingOf(sub.ID)
		if err != nil || !booked {
			return errors.Join(err, remove())
		}
		return im.Events.Vacate(tx, booking.Session, remove, im.Clock.Now())
	})
	if err != nil {
		return fmt.Errorf("take a row back: %w", err)
	}
	if removed {
		undone.Removed++
	}
	if kept != "" {
		undone.Kept = append(undone.Kept, kept)
	}
	return nil
}
