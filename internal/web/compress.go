package web

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"sync"
)

// compressed answers with a smaller page to whoever can read one. It is for pages
// that are the same for everybody: a page that shows something secret beside what
// the asker chose would tell the secret by its length, try by try (BREACH). So the
// pages behind a link with a token, what answers a POST, and the desk are sent as
// they are. A ticket is no secret: everybody who asks gets one.
func compressed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Encoding")
		if !readsGzip(r) {
			next.ServeHTTP(w, r)
			return
		}
		z := &zipper{ResponseWriter: w}
		defer z.close()
		next.ServeHTTP(z, r)
	})
}

// readsGzip says whether a browser reads gzip. One that refuses it says q=0.
func readsGzip(r *http.Request) bool {
	for each := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.ReplaceAll(each, " ", ""), ";")
		if strings.EqualFold(name, "gzip") {
			return !strings.HasPrefix(quality, "q=0") || strings.Trim(quality, "q=0.") != ""
		}
	}
	return false
}

// zippers are writers that can be used again: a new one takes much memory.
var zippers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// zipper compresses what is written to it.
type zipper struct {
	http.ResponseWriter
	zip *gzip.Writer
}

// WriteHeader begins to compress, unless nothing follows.
func (z *zipper) WriteHeader(status int) {
	if z.zip == nil && status != http.StatusNoContent && status != http.StatusNotModified && status >= http.StatusOK {
		z.zip = zippers.Get().(*gzip.Writer)
		z.zip.Reset(z.ResponseWriter)
		z.Header().Set("Content-Encoding", "gzip")
		z.Header().Del("Content-Length")
	}
	z.ResponseWriter.WriteHeader(status)
}

// Write compresses.
func (z *zipper) Write(p []byte) (int, error) {
	if z.zip == nil {
		z.WriteHeader(http.StatusOK)
	}
	return z.zip.Write(p)
}

// Unwrap lets http.ResponseController find the writer beneath.
func (z *zipper) Unwrap() http.ResponseWriter { return z.ResponseWriter }

func (z *zipper) close() {
	if z.zip == nil {
		return
	}
	_ = z.zip.Close() // the reader went away, perhaps
	zippers.Put(z.zip)
	z.zip = nil
}

// squeeze compresses a file as far as it goes, once and for all. It returns nil where
// that makes it no smaller.
func squeeze(data []byte) []byte {
	var small bytes.Buffer
	zip, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
	if err != nil {
		return nil // the level is one of the package's
	}
	_, _ = zip.Write(data) // memory takes everything
	_ = zip.Close()
	if small.Len() >= len(data) {
		return nil
	}
	return small.Bytes()
}
