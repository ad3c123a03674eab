//go:build linux || darwin

package app

import "syscall"

// freeOn returns how many bytes may still be written to the disk on which a
// folder is.
func freeOn(folder string) (bytes int64, known bool) {
	var at syscall.Statfs_t
	if err := syscall.Statfs(folder, &at); err != nil {
		return 0, false
	}
	return int64(at.Bavail) * int64(at.Bsize), true
}
