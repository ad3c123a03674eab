package app

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"postroom/internal/config"
	"postroom/internal/link"
	"postroom/internal/seal"
)

// secret is one key as it is used: the same secret seals and signs, each
// through a derivation of its own.
type secret struct {
	id    string
	bytes []byte
}

// secrets returns the organisation's keys, the current one first, and makes
// the key file on the first start of a post room that has none.
func secrets(cfg config.Config) ([]secret, error) {
	if cfg.KeySource() == config.KeysFromFile {
		return keyFile(cfg.KeyFile())
	}
	var keys []secret
	for _, k := range cfg.Keys {
		keys = append(keys, secret{id: k.ID, bytes: []byte(k.Secret.Reveal())})
	}
	return keys, nil
}

// keyFile reads the key file, or makes it. It is linked into place only when
// it is whole and on the disk, because everything sealed depends on it.
func keyFile(path string) ([]secret, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKeyFile(path); err != nil {
			return nil, fmt.Errorf("make key file %s: %w", path, err)
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	return []secret{{id: "file", bytes: []byte(strings.TrimSpace(string(text)))}}, nil
}

func makeKeyFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	key := make([]byte, 32)
	rand.Read(key)
	f, err := os.CreateTemp(filepath.Dir(path), ".postroom-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err // ErrExist: another process made it first, and its key counts
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func sealKeys(keys []secret) (list []seal.Key) {
	for _, k := range keys {
		list = append(list, seal.Key{ID: k.id, Secret: k.bytes})
	}
	return list
}

func linkKeys(keys []secret) (list []link.Key) {
	for _, k := range keys {
		list = append(list, link.Key{ID: k.id, Secret: k.bytes})
	}
	return list
}
