package mailbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

const (
	mostAtOnce = 100      // letters of one command, and of one batch
	mostBytes  = 16 << 20 // of one command, but for a single letter
	mostFound  = 10_000   // UIDs taken from one search
	startText  = 64 << 10 // of a letter that is too large to be read whole
	mostHeader = 1 << 20  // of such a letter, or of one that cannot be read
)

// meta is what is asked about a letter before it is fetched.
type meta struct {
	uid  uint32
	size int64     // as the server counts it; 0 if it did not say
	at   time.Time // when the server got it; zero if it did not say
}

// fetched is a letter as it is kept: whole, or its start.
type fetched struct {
	meta
	raw []byte
}

// search returns the UIDs that fit, in order, the first mostFound of them.
func (c *conn) search(ctx context.Context, criteria *imap.SearchCriteria) (uids []uint32, err error) {
	var data *imap.SearchData
	err = c.do(ctx, 0, func() (err error) {
		data, err = c.UIDSearch(criteria, nil).Wait()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	set, _ := data.All.(imap.UIDSet)
	return numbers(set), nil
}

// numbers lists a set in order. It never lists a range as long as a server
// can write one: 1:4294967295 fits on a line.
func numbers(set imap.UIDSet) (uids []uint32) {
	set = slices.Clone(set)
	slices.SortFunc(set, func(a, b imap.UIDRange) int { return cmp.Compare(a.Start, b.Start) })
	next := uint64(1)
	for _, r := range set {
		for next = max(next, uint64(r.Start)); next <= uint64(r.Stop); next++ {
			if len(uids) == mostFound {
				return uids
			}
			uids = append(uids, uint32(next))
		}
	}
	return uids
}

// from is every letter from a UID on.
func from(uid uint32) []imap.UIDSet { return []imap.UIDSet{{{Start: imap.UID(uid), Stop: 0}}} }

func between(first, last uint32) []imap.UIDSet {
	return []imap.UIDSet{{{Start: imap.UID(first), Stop: imap.UID(last)}}}
}

func setOf(uids []uint32) (set imap.UIDSet) {
	for _, uid := range uids {
		set.AddNum(imap.UID(uid))
	}
	return set
}

// next returns the UID that the next letter will have at least.
func (c *conn) next(ctx context.Context, data *imap.SelectData) (uint32, error) {
	if data.UIDNext != 0 || data.NumMessages == 0 {
		return max(uint32(data.UIDNext), 1), nil
	}
	var found *imap.SearchData // "*" is the last letter, whatever comes before
	err := c.do(ctx, 0, func() (err error) {
		found, err = c.UIDSearch(&imap.SearchCriteria{UID: from(math.MaxUint32)}, nil).Wait()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("find the last letter: %w", err)
	}
	set, _ := found.All.(imap.UIDSet)
	uids := numbers(set)
	if len(uids) == 0 {
		return 1, nil
	}
	return uids[len(uids)-1] + 1, nil
}

// metas asks about letters. Those that are gone are left out.
func (c *conn) metas(ctx context.Context, uids []uint32) (list []meta, err error) {
	err = c.fetch(ctx, uids, &imap.FetchOptions{UID: true, InternalDate: true, RFC822Size: true}, volume{}, func(m meta, _ []byte) {
		list = append(list, m)
	})
	slices.SortFunc(list, func(a, b meta) int { return cmp.Compare(a.uid, b.uid) })
	return list, err
}

// whole fetches letters as they are.
func (c *conn) whole(ctx context.Context, metas []meta, most int64) (list []fetched, err error) {
	options := &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}}
	uids, known, v := make([]uint32, len(metas)), make(map[uint32]meta), volume{each: most}
	for i, m := range metas {
		uids[i], known[m.uid] = m.uid, m
		v.all += m.size
	}
	err = c.fetch(ctx, uids, options, v, func(m meta, raw []byte) {
		if raw != nil {
			m.at = known[m.uid].at // its size is that of what came: servers miscount (Exchange does)
			list = append(list, fetched{m, raw})
		}
	})
	slices.SortFunc(list, func(a, b fetched) int { return cmp.Compare(a.uid, b.uid) })
	return list, err
}

// start fetches the header of a letter and, with text, what comes first below.
func (c *conn) start(ctx context.Context, m meta, text bool) (list []fetched, err error) {
	sections := []*imap.FetchItemBodySection{{Peek: true, Specifier: imap.PartSpecifierHeader}}
	if text {
		sections = append(sections, &imap.FetchItemBodySection{Peek: true, Specifier: imap.PartSpecifierText, Partial: &imap.SectionPartial{Size: startText}})
	}
	err = c.fetch(ctx, []uint32{m.uid}, &imap.FetchOptions{UID: true, BodySection: sections}, volume{all: mostHeader, each: mostHeader}, func(_ meta, raw []byte) {
		if raw != nil {
			m.size = max(m.size, int64(len(raw))+1) // it is known not to be all
			list = append(list, fetched{m, raw})
		}
	})
	return list, err
}

// volume is how many bytes a fetch is about: in all as the server counts them,
// and of each part of a letter at the most.
type volume struct{ all, each int64 }

// fetch runs one FETCH and gives every letter told of to take. A server that
// sends far more than it announced gets no memory for it. What is sent has to
// be read to its end, or the library reads no further; but a letter that broke
// off must not be touched again, because the library reads on by itself.
func (c *conn) fetch(ctx context.Context, uids []uint32, options *imap.FetchOptions, v volume, take func(meta, []byte)) error {
	err := c.act(ctx, "imap: fetch", v.all, func() error {
		command := c.Fetch(setOf(uids), options)
		got := int64(0)
		for data := command.Next(); data != nil; data = command.Next() {
			m, raw, err := readLetter(data, v.each)
			if err != nil {
				c.cut()
				return fmt.Errorf("letter %d: %w", m.uid, err)
			}
			if got += int64(len(raw)); got > 2*mostBytes+v.each {
				c.cut()
				return errors.Join(errors.New("the letters are larger than was said"), command.Close())
			}
			if m.uid != 0 {
				take(m, raw)
			}
		}
		return command.Close()
	})
	if err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	return nil
}

// readLetter reads what the server tells about one letter, to the end or to
// where it breaks off.
func readLetter(data *imapclient.FetchMessageData, most int64) (m meta, raw []byte, err error) {
	var parts [2][]byte
	for item := data.Next(); item != nil; item = data.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			m.uid = uint32(item.UID)
		case imapclient.FetchItemDataRFC822Size:
			m.size = item.Size
		case imapclient.FetchItemDataInternalDate:
			m.at = item.Time
		case imapclient.FetchItemDataBodySection:
			part, size, err := readPart(item.Literal, most)
			if err != nil {
				return m, nil, err
			}
			m.size += size
			if item.Section.Specifier == imap.PartSpecifierText {
				parts[1] = part
			} else {
				parts[0] = part
			}
		}
	}
	if parts[0] != nil {
		raw = append(parts[0], parts[1]...)
	}
	return m, raw, nil
}

// readPart reads a literal, at most so many bytes of it; the library throws
// the rest away. One that ends early is a lost connection: it must not pass
// for a whole letter. There may be none (NIL), which is nil.
func readPart(literal imap.LiteralReader, most int64) (part []byte, size int64, err error) {
	if literal == nil {
		return nil, 0, nil
	}
	part = make([]byte, min(literal.Size(), most))
	if _, err := io.ReadFull(literal, part); err != nil {
		return nil, 0, err
	}
	return part, literal.Size(), nil
}
