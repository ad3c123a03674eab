package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"postroom/internal/config"
	"postroom/internal/outbound"
	"postroom/internal/programme"
	"postroom/internal/proof"
	"postroom/templates"
)

// programmeFile is how a programme file is told from other YAML beside it.
var programmeFile = regexp.MustCompile(`(?m)^programme:`)

// programmeFolder is where programme files are written: the settings say it, or
// else it is programmes beside them. Forms can be written before there are any.
func (c *command) programmeFolder() string {
	if cfg, err := config.Load(c.config, c.getenv); err == nil && cfg.Programmes != "" {
		return cfg.Programmes
	}
	return filepath.Join(filepath.Dir(c.config), "programmes")
}

// filesIn reads the programme files of a folder by name. One that is not there has
// none.
func filesIn(folder string) (map[string][]byte, error) {
	files, err := programme.ReadFiles(os.DirFS(folder))
	if errors.Is(err, fs.ErrNotExist) {
		return map[string][]byte{}, nil
	}
	maps.DeleteFunc(files, func(_ string, data []byte) bool { return !programmeFile.Match(data) })
	return files, err
}

// readFiles judges files as serve would, but for the settings.
func readFiles(files map[string][]byte) (*programme.Set, error) {
	letters, err := outbound.ReadLetters(templates.FS)
	if err != nil {
		return nil, fmt.Errorf("read mails: %w", err)
	}
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		return nil, err
	}
	return programme.LoadFiles(files, programme.Options{Zone: zone, HasTemplate: letters.Has})
}

// checkFile judges one file beside its neighbours, which may have the lists that it
// names. Mistakes of the neighbours are theirs.
func checkFile(path string) (found, advice proof.Mistakes, err error) {
	folder, name := filepath.Split(path)
	files, err := filesIn(filepath.Clean(folder + "."))
	if err != nil {
		return nil, nil, err
	}
	if files[name], err = os.ReadFile(path); err != nil {
		return nil, nil, fmt.Errorf("read programme: %w", err)
	}
	set, err := readFiles(files)
	if mistakes, ok := errors.AsType[proof.Mistakes](err); ok {
		if found = placed(mistakes, name, path); len(found) > 0 {
			return found, nil, nil
		}
		for _, m := range mistakes {
			delete(files, m.File) // a neighbour's mistakes are no reason to say nothing of this one
		}
		set, err = readFiles(files)
	}
	if err != nil {
		return nil, nil, err
	}
	for _, p := range set.Programmes() {
		if p.File == name {
			advice = placed(programme.Advise(name, files[name], p), name, path)
		}
	}
	return nil, advice, nil
}

// placed keeps the mistakes of one file, under the path that was typed.
func placed(all proof.Mistakes, name, path string) (kept proof.Mistakes) {
	for _, m := range all {
		if m.File == name {
			m.File = path
			kept = append(kept, m)
		}
	}
	return kept
}

// pathsIn lists the programme files of a folder.
func pathsIn(folder string) ([]string, error) {
	files, err := filesIn(folder)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there is no programme file in %s; write one with: postroom form new NAME", folder)
	}
	var paths []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		paths = append(paths, filepath.Join(folder, name))
	}
	return paths, nil
}
