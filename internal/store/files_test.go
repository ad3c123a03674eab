package store

import (
	"bytes"
	"testing"
	"time"

	"postroom/internal/postroom"
)

func kept(t testing.TB, s *Store, holder, content string) (f File) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		f, err = tx.AddFile(File{Holder: holder, Field: "photo", Type: "image/png", CreatedAt: monday, FileFacts: FileFacts{Name: secretData}}, []byte(content))
		return err
	})
	return f
}

func TestAFileIsSealedAndTheSameFileComesOnce(t *testing.T) {
	t.Parallel()
	onEachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		first, again, other := kept(t, s, "page", secretRaw), kept(t, s, "page", secretRaw), kept(t, s, "else", secretRaw)
		if first.ID != again.ID || again.Name != secretData || again.Size != len(secretRaw) || other.ID == first.ID {
			t.Errorf("first %+v, again %+v, on another page %+v", first, again, other)
		}
		var facts, sealed []byte
		if err := s.read.QueryRow(`SELECT facts_sealed, sealed FROM files WHERE holder = 'page'`).Scan(&facts, &sealed); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(sealed, []byte(secretRaw)) || bytes.Contains(facts, []byte(secretData)) {
			t.Error("it is not sealed")
		}
		if n := got(s.Read(t.Context()).UnsentFiles())(t); n != int64(2*len(secretRaw)) {
			t.Errorf("%d bytes wait to be sent", n)
		}
	})
}

func TestAFileGoesWithWhatItCameWith(t *testing.T) {
	t.Parallel()
	onEachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		sub, _ := accept(t, s, entry(contactFor(t, s, "ann")))
		f := kept(t, s, "page", secretRaw)
		if _, _, err := s.Read(t.Context()).FileOf(sub.ID, f.ID); postroom.KindOf(err) != postroom.NotFound {
			t.Errorf("before it was sent: %v", err)
		}
		for range 2 {
			write(t, s, func(tx *Tx) error { return tx.SendFile(sub.ID, f.ID) })
		}
		write(t, s, func(tx *Tx) error { return tx.TakeFileAway("page", f.ID) })
		write(t, s, func(tx *Tx) error { _, err := tx.PurgeDrafts(monday.Add(99 * DraftLife)); return err })
		_, content, err := s.Read(t.Context()).FileOf(sub.ID, f.ID)
		if err != nil || string(content) != secretRaw {
			t.Errorf("%q, %v", content, err)
		}
		write(t, s, func(tx *Tx) error { return tx.dropFiles(sub.ID) })
		if n := count(t, s, `SELECT count(*) FROM files`) + count(t, s, `SELECT count(*) FROM submission_files`); n != 0 {
			t.Errorf("%d rows are left", n)
		}
		err = s.Write(t.Context(), func(tx *Tx) error { return tx.SendFile(sub.ID, f.ID) })
		if postroom.KindOf(err) != postroom.Gone {
			t.Errorf("sending what is gone: %v", err)
		}
	})
}

func TestWhatNobodySentIsPurged(t *testing.T) {
	t.Parallel()
	onEachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		kept(t, s, "page", "a")
		kept(t, s, "draft", "b")
		begun(t, s, "draft")
		for _, c := range []struct {
			after time.Duration
			left  int
		}{{FileLife - time.Second, 2}, {FileLife, 1}, {DraftLife - time.Second, 1}, {DraftLife, 0}} {
			write(t, s, func(tx *Tx) error { _, err := tx.PurgeDrafts(monday.Add(c.after)); return err })
			if n := count(t, s, `SELECT count(*) FROM files`); n != c.left {
				t.Errorf("after %v there are %d files, want %d", c.after, n, c.left)
			}
		}
		f := kept(t, s, "page", "c")
		write(t, s, func(tx *Tx) error { return tx.TakeFileAway("other", f.ID) })
		if list := got(s.Read(t.Context()).FilesOf("page"))(t); len(list) != 1 {
			t.Errorf("somebody else took it away: %v", list)
		}
		write(t, s, func(tx *Tx) error { return tx.TakeFileAway("page", f.ID) })
		if list := got(s.Read(t.Context()).FilesOf("page"))(t); len(list) != 0 {
			t.Errorf("it is still there: %v", list)
		}
	})
}
