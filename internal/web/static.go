package web

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// Assets are the files in static. The address of each holds a hash of what is
// in it: a browser may keep it for a year, and a new version has a new address.
type Assets struct {
	byName    map[string]string // postroom.css to /static/postroom.1f2e3d4c.css
	byAddress map[string][]byte
	squeezed  map[string][]byte // the same, compressed, where that is smaller
}

func LoadAssets(fsys fs.FS) (*Assets, error) {
	files, err := fs.Glob(fsys, "static/*")
	if err != nil {
		return nil, fmt.Errorf("list static files: %w", err)
	}
	a := &Assets{byName: make(map[string]string), byAddress: make(map[string][]byte), squeezed: make(map[string][]byte)}
	for _, file := range files {
		data, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("read static file: %w", err)
		}
		name, ext := path.Base(file), path.Ext(file)
		a.add(strings.TrimSuffix(name, ext), ext, data)
	}
	return a, nil
}

// address returns where a file is to be had.
func (a *Assets) address(name string) (string, error) {
	address, ok := a.byName[name]
	if !ok {
		return "", fmt.Errorf("there is no file static/%s", name)
	}
	return address, nil
}

// static answers with one file.
func (s *Server) static(w http.ResponseWriter, r *http.Request) error {
	data, ok := s.assets.byAddress[r.URL.Path]
	if !ok {
		return &postroom.Error{Kind: postroom.NotFound}
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Vary", "Accept-Encoding")
	if small, ok := s.assets.squeezed[r.URL.Path]; ok && readsGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		data = small
	}
	http.ServeContent(w, r, r.URL.Path, time.Time{}, bytes.NewReader(data))
	return nil
}
