package live

import (
	"context"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"time"
)

// every is how often files are looked at. Files are looked at, and not what the
// system tells of them, because it tells nothing of folders on other machines or
// shared with a container, and editors save in ways that are told in ways of their own.
const every = 250 * time.Millisecond

// most bounds how many files are looked at, for whoever names the wrong folder.
const most = 5000

// print is what a file shows of itself without being read.
type print struct {
	at   time.Time
	size int64
}

// Watch calls changed when files below the folders have changed and then stayed as
// they are for a moment, until ctx ends. A folder may come later, or go.
func Watch(ctx context.Context, folders []string, changed func(context.Context)) {
	seen := prints(folders)
	latest := seen
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := prints(folders)
		settled := maps.Equal(now, latest)
		latest = now
		if settled && !maps.Equal(now, seen) {
			seen = now
			changed(ctx)
		}
	}
}

// prints looks at the files that pages and forms are made from.
func prints(folders []string) map[string]print {
	found := make(map[string]print)
	for _, folder := range folders {
		_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error { // what cannot be read is not there
			if err != nil || len(found) > most {
				return filepath.SkipDir
			}
			if d.IsDir() {
				if name := d.Name(); path != folder && name[0] == '.' {
					return filepath.SkipDir
				}
				return nil
			}
			if !slices.Contains([]string{".yaml", ".yml", ".html", ".css", ".js", ".svg", ".png", ".md"}, filepath.Ext(path)) {
				return nil
			}
			if info, err := d.Info(); err == nil {
				found[path] = print{info.ModTime(), info.Size()}
			}
			return nil
		})
	}
	return found
}
