package known

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"workermem/calibrate"
)

// mostConfig is more than any configuration written by people.
const mostConfig = 4 << 20

// ReadRegular reads a file that can't keep its reader waiting, nor fill its memory.
func ReadRegular(file string) ([]byte, error) { return calibrate.ReadRegular(file, mostConfig) }

// FileExists is also for a link that leads nowhere.
func FileExists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// FilesLike are the paths in a folder that have a name or match a pattern of [path.Match]. A name without a star isn't
// looked for.
func FilesLike(folder, pattern string) []string {
	if !strings.Contains(pattern, "*") {
		return []string{filepath.Join(folder, pattern)}
	}
	entries, _ := os.ReadDir(folder)
	var files []string
	for _, e := range entries {
		if ok, _ := path.Match(pattern, e.Name()); ok {
			files = append(files, filepath.Join(folder, e.Name()))
		}
	}
	return files
}
