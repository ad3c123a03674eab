package store

import (
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// SignInAsk is one request to sign in. Secrets are stored as hashes, and who
// asked from where as blinded codes.
type SignInAsk struct {
	Hash      string // of what is in the link
	Colleague string // name; "" is nobody: then the link opens nothing
	Address   string // that was asked for
	Net       string // network that asked
	Browser   string // hash of the cookie of the browser that asked; "" is any browser
	Code      string // what may be typed instead; "" is nothing
	Many      bool   // it works more than once
	Next      string // path of the page that was wanted
	At, Until time.Time
}

// SignInAsks counts requests to sign in.
type SignInAsks struct {
	Mailed  int // mails about one address; asked in one browser, where its colleague is known to use that
	FromNet int // requests from one network, whatever became of them
	All     int // mails about any address
}

// Codes of one request, and of everything about one address, that may be typed.
const (
	codesPerAsk = 5
	codesPerDay = 20
)

const keepAsks = 24 * time.Hour

// AddSignInAsk files a request to sign in, and forgets those of which nothing
// counts any more.
func (tx *Tx) AddSignInAsk(a SignInAsk) error {
	err := tx.later(`DELETE FROM signin_links WHERE asked_at < $1 AND expires_at < $2`, micros(a.At.Add(-keepAsks)), micros(a.At))
	if err != nil {
		return fmt.Errorf("forget old requests to sign in: %w", err)
	}
	code := ""
	if a.Code != "" {
		code = tx.codeOf(a.Hash, a.Code)
	}
	_, err = tx.exec(`
		INSERT INTO signin_links (hash, colleague, who, net, browser, code, many, next, asked_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, a.Hash, a.Colleague, tx.blindAddress(a.Address), tx.blindNet(a.Net),
		a.Browser, code, a.Many, a.Next, micros(a.At), micros(a.Until))
	if err != nil {
		return fmt.Errorf("add request to sign in: %w", err)
	}
	return nil
}

func (r Reader) blindAddress(address string) string {
	return r.box.Blind("signin_links.who", []byte(address))
}

func (r Reader) blindNet(net string) string { return r.box.Blind("signin_links.net", []byte(net)) }

func (r Reader) codeOf(hash, code string) string {
	return r.box.Blind("signin_links.code:"+hash, []byte(code))
}

// CountSignInAsks counts the requests since a moment that are like one that is
// being made. A browser that a colleague has used before is counted by itself, so
// that no stranger can use up what its owner may ask for. Whoever else counts
// waits until the transaction ends, so that a limit holds.
func (tx *Tx) CountSignInAsks(a SignInAsk, since time.Time) (n SignInAsks, err error) {
	if err := tx.Raise("sign-ins asked"); err != nil {
		return n, err
	}
	err = tx.row(`
		SELECT COALESCE(SUM(CASE WHEN who = $1 AND colleague <> '' AND (browser = $4
		         OR NOT EXISTS (SELECT 1 FROM signin_browsers b WHERE b.colleague = $5 AND b.browser = $4)) THEN 1 ELSE 0 END), 0),
		       COALESCE(SUM(CASE WHEN net = $2 THEN 1 ELSE 0 END), 0),
		       COALESCE(SUM(CASE WHEN colleague <> '' THEN 1 ELSE 0 END), 0)
		  FROM signin_links WHERE asked_at > $3 AND browser <> ''`,
		tx.blindAddress(a.Address), tx.blindNet(a.Net), micros(since), a.Browser, a.Colleague).Scan(&n.Mailed, &n.FromNet, &n.All)
	if err != nil {
		return n, fmt.Errorf("count requests to sign in: %w", err)
	}
	return n, nil
}

// OweNobody takes as long as OweMessage and owes nothing, so that the time an
// answer takes does not tell whether somebody is on file.
func (tx *Tx) OweNobody() error {
	return errors.Join(
		tx.later(`UPDATE messages SET reason = reason WHERE id = $1`, newID()),
		tx.later(`UPDATE jobs SET lane = lane WHERE id = $1`, newID()),
	)
}

// SignInLink is what a link stands for.
type SignInLink struct {
	Colleague, Browser, Next string
	Live                     bool // neither used up nor too old
}

// SignInLink returns what a link stands for at a moment, by the hash of what is
// in it. It returns NotFound for one that is not on file.
func (r Reader) SignInLink(hash string, at time.Time) (l SignInLink, err error) {
	err = r.row(`SELECT colleague, browser, next, expires_at > $2 AND (used_at = 0 OR many) FROM signin_links WHERE hash = $1 AND colleague <> ''`,
		hash, micros(at)).Scan(&l.Colleague, &l.Browser, &l.Next, &l.Live)
	return l, absent(err, "sign-in link", hash)
}

// UseSignInLink uses a link up in the browser that asked for it, and returns
// whose it is and which page was wanted. It returns Gone if it is not on file,
// used up, too old, or was asked for in another browser: one of two callers at
// once is first.
func (tx *Tx) UseSignInLink(hash, browser string, at time.Time) (colleague, next string, err error) {
	err = tx.row(`
		UPDATE signin_links SET used_at = $3
		 WHERE hash = $1 AND colleague <> '' AND browser IN ('', $2) AND expires_at > $3 AND (used_at = 0 OR many)
		RETURNING colleague, next`, hash, browser, micros(at)).Scan(&colleague, &next)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.moved_on"), Cause: fmt.Errorf("use sign-in link: %w", err)}
	}
	return colleague, next, err
}

// TrySignInCode takes a typed code as one try at every request of a browser that
// may still be answered. It returns the hash of the link that the code stands for,
// or "" where it stands for none, and whether there was a request to try it at.
// Five tries at a request, and twenty a day about an address, are the most: then
// only the link helps.
func (tx *Tx) TrySignInCode(browser, typed string, at time.Time) (hash string, tried bool, err error) {
	err = tx.each(func(rows *sql.Rows) error {
		tried = true
		var link, code string
		err := rows.Scan(&link, &code)
		if subtle.ConstantTimeCompare([]byte(tx.codeOf(link, typed)), []byte(code)) == 1 {
			hash = link
		}
		return err
	}, `UPDATE signin_links SET tries = tries + 1
		 WHERE browser = $1 AND browser <> '' AND used_at = 0 AND expires_at > $2 AND tries < $3 AND code <> ''
		   AND (SELECT SUM(day.tries) FROM signin_links day WHERE day.who = signin_links.who AND day.asked_at > $4) < $5
		RETURNING hash, code`, browser, micros(at), codesPerAsk, micros(at.Add(-keepAsks)), codesPerDay)
	if err != nil {
		return "", tried, fmt.Errorf("try code to sign in: %w", err)
	}
	return hash, tried, nil
}

// SignIn is one browser in which a colleague is signed in.
type SignIn struct {
	Hash      string // of what is in the cookie
	ID        string
	Colleague string // name
	Device    string
	Data      []byte // sealed at rest
	BeganAt   time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// NewSignInID makes the id of a sign-in before its row.
func NewSignInID() string { return newID() }

// AddSignIn files a sign-in and forgets those that ended, or were not seen since
// a moment.
func (tx *Tx) AddSignIn(s SignIn, unseen time.Time) error {
	err := tx.later(`DELETE FROM sign_ins WHERE expires_at < $1 OR seen_at < $2`, micros(s.BeganAt), micros(unseen))
	if err != nil {
		return fmt.Errorf("forget old sign-ins: %w", err)
	}
	data, err := tx.sealBytes("sign_ins.data:"+s.Hash, s.Data)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO sign_ins (hash, id, colleague, device, data_sealed, began_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $6, $7)`,
		s.Hash, s.ID, s.Colleague, s.Device, data, micros(s.BeganAt), micros(s.ExpiresAt))
	if err != nil {
		return fmt.Errorf("add sign-in: %w", err)
	}
	return nil
}

// SignIn returns the sign-in of a cookie's hash, if it has not ended and was seen
// since a moment, and whether there is one.
func (r Reader) SignIn(hash string, now, unseen time.Time) (SignIn, bool, error) {
	list, err := r.signIns(`WHERE hash = $1 AND expires_at > $2 AND seen_at >= $3`, hash, micros(now), micros(unseen))
	if err != nil || len(list) == 0 {
		return SignIn{}, false, err
	}
	return list[0], true, nil
}

// SignInsOf lists where a colleague is signed in, the one seen last first.
func (r Reader) SignInsOf(colleague string, now, unseen time.Time) ([]SignIn, error) {
	return r.signIns(`WHERE colleague = $1 AND expires_at > $2 AND seen_at >= $3 ORDER BY seen_at DESC, id DESC`, colleague, micros(now), micros(unseen))
}

func (r Reader) signIns(where string, args ...any) (list []SignIn, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var s SignIn
		var data []byte
		var began, seen, expires int64
		if err := rows.Scan(&s.Hash, &s.ID, &s.Colleague, &s.Device, &data, &began, &seen, &expires); err != nil {
			return err
		}
		s.BeganAt, s.SeenAt, s.ExpiresAt = moment(began), moment(seen), moment(expires)
		var err error
		s.Data, err = r.openBytes("sign_ins.data:"+s.Hash, data)
		list = append(list, s)
		return err
	}, `SELECT hash, id, colleague, device, data_sealed, began_at, seen_at, expires_at FROM sign_ins `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("list sign-ins: %w", err)
	}
	return list, nil
}

// KeepSignIn stores what a sign-in holds. One that has ended stays ended.
func (tx *Tx) KeepSignIn(hash string, data []byte) error {
	sealed, err := tx.sealBytes("sign_ins.data:"+hash, data)
	if err != nil {
		return err
	}
	_, err = tx.exec(`UPDATE sign_ins SET data_sealed = $2 WHERE hash = $1`, hash, sealed)
	return err
}

// SeeSignIn notes that a colleague was at the desk.
func (tx *Tx) SeeSignIn(hash string, at time.Time) error {
	_, err := tx.exec(`UPDATE sign_ins SET seen_at = $2 WHERE hash = $1 AND seen_at < $2`, hash, micros(at))
	return err
}

// EndSignIn ends the sign-in of a cookie's hash and returns it; the zero SignIn
// if there was none.
func (tx *Tx) EndSignIn(hash string) (s SignIn, err error) {
	err = tx.row(`DELETE FROM sign_ins WHERE hash = $1 RETURNING id, colleague`, hash).Scan(&s.ID, &s.Colleague)
	if errors.Is(err, sql.ErrNoRows) {
		return SignIn{}, nil
	}
	return s, err
}

// EndSignInOf ends one sign-in of a colleague, by its id. It returns NotFound if
// they have none of that id.
func (tx *Tx) EndSignInOf(colleague, id string) error {
	var ended string
	err := tx.row(`DELETE FROM sign_ins WHERE colleague = $1 AND id = $2 RETURNING id`, colleague, id).Scan(&ended)
	return absent(err, "sign-in", id)
}

// EndSignIns ends every sign-in of a colleague but one ("" is none), with the
// links that would make new ones, and says how many sign-ins that were.
func (tx *Tx) EndSignIns(colleague, but string) (int64, error) {
	if _, err := tx.exec(`DELETE FROM signin_links WHERE colleague = $1 AND used_at = 0`, colleague); err != nil {
		return 0, fmt.Errorf("end sign-in links of %s: %w", colleague, err)
	}
	n, err := tx.exec(`DELETE FROM sign_ins WHERE colleague = $1 AND id <> $2`, colleague, but)
	if err != nil {
		return 0, fmt.Errorf("end sign-ins of %s: %w", colleague, err)
	}
	return n, nil
}

// NewBrowser notes that a colleague signs in in a browser. It says whether they
// never did there, but did in another one.
func (tx *Tx) NewBrowser(colleague, browser string, at time.Time) (bool, error) {
	n, err := tx.exec(`INSERT INTO signin_browsers (colleague, browser, first_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, colleague, browser, micros(at))
	if err != nil || n == 0 {
		return false, err
	}
	var others int
	err = tx.row(`SELECT count(*) FROM signin_browsers WHERE colleague = $1 AND browser <> $2`, colleague, browser).Scan(&others)
	return others > 0, err
}
