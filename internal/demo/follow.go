package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"

	"postroom/internal/app"
	"postroom/internal/live"
)

// absolute is where a folder is wherever the settings lie; "" stays what it is.
func absolute(folder string) (string, error) {
	if folder == "" {
		return "", nil
	}
	path, err := filepath.Abs(folder)
	if err != nil {
		return "", fmt.Errorf("find the folder of programmes: %w", err)
	}
	return path, nil
}

// sampleProgrammes are those that the demo's coordinator looks after. Whoever names
// none looks after all that nobody else does.
var sampleProgrammes = regexp.MustCompile(`(?m)^ +programmes: \[.*\]\n`)

// withProgrammes are settings with a folder of programmes; "" is the sample ones.
func withProgrammes(settings, folder string) string {
	if folder == "" {
		return settings
	}
	written, _ := json.Marshal(strings.ReplaceAll(folder, "${", "$ {")) // JSON is YAML; texts always marshal
	return sampleProgrammes.ReplaceAllString(settings, "") + "programmes: " + string(written) + "\n"
}

// following keeps the pages like the files of a folder. Nil follows nothing.
type following struct {
	room   *app.Room
	folder string
	pages  *live.Pages
	log    *slog.Logger
}

// follow begins to follow the folder of programmes, if there is one.
func (o Options) follow(ctx context.Context, room *app.Room) (*following, error) {
	if o.Programmes == "" {
		return nil, nil
	}
	pages, err := live.New(ctx, live.Options{})
	if err != nil {
		return nil, err
	}
	if o.Changes == nil {
		o.Changes = o.Log
	}
	return &following{room, o.Programmes, pages, o.Changes}, nil
}

// around has pages follow the files.
func (f *following) around(pages http.Handler) http.Handler {
	if f == nil {
		return pages
	}
	mux := http.NewServeMux()
	mux.Handle("/desk/", pages) // where somebody may be typing an answer
	mux.Handle("/deed/", pages)
	mux.Handle("/", f.pages.Around(pages))
	return mux
}

// run reads the folder anew whenever it changes, until ctx ends. With a mistake in
// it the forms stay as they were, and the pages say so.
func (f *following) run(ctx context.Context) {
	if f == nil {
		return
	}
	live.Watch(ctx, []string{f.folder}, func(ctx context.Context) {
		err := f.room.Reread(ctx)
		if err != nil {
			f.log.WarnContext(ctx, "the programmes stay as they were, because of mistakes", "folder", f.folder, "err", err)
		} else {
			f.log.InfoContext(ctx, "the programmes were read anew", "folder", f.folder)
		}
		f.pages.Turn(err)
	})
}
