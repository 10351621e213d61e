package config

import (
	"os"
	"path/filepath"

	"workermem/calibrate"
)

// Find is the file that holds in a folder, "" if there is none: in it, or above it up to the repository's root, or up to the
// home folder. Outside of both it is only looked for in the folder itself, for anybody may write a file into /tmp.
func Find(folder, home string) string {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return ""
	}
	top := ceiling(folder, home)
	for {
		path := filepath.Join(folder, Name)
		if _, err := os.Lstat(path); err == nil {
			return path
		}
		if folder == top || folder == filepath.Dir(folder) {
			return ""
		}
		folder = filepath.Dir(folder)
	}
}

// ceiling is the last folder to look in.
func ceiling(folder, home string) string {
	for at := folder; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil || at == home {
			return at
		}
		if at == filepath.Dir(at) {
			return folder
		}
	}
}

// mostBytes is more than anybody writes by hand.
const mostBytes = 1 << 20

// Bounded reads a file that a person wrote, and nothing else.
func Bounded(path string) ([]byte, error) { return calibrate.ReadRegular(path, mostBytes) }
