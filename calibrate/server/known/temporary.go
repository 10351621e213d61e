package known

import (
	"os"
	"path/filepath"
)

// Temporary is a file or a folder for one run alone. It is removed with all that is in it when the run ends.
type Temporary struct {
	Path  string            // with placeholders; "" for none
	Files map[string]string // names and texts that are written into it before the start; nil if Path is a file of the server's
}

// TemporaryFile is the path of a file that the server writes, such as its pid file. It is called calibrate-NAME; {port} in
// the name keeps two runs apart.
func (l *Launch) TemporaryFile(name string) (path string) {
	l.temporary = Temporary{Path: temporaryPath(name)}
	return l.temporary.Path
}

// TemporaryFolder is the path of a folder, called calibrate-NAME, that has files in it when the server starts. It may be
// empty: the server has a place for its own files then.
func (l *Launch) TemporaryFolder(name string, files map[string]string) (path string) {
	if files == nil {
		files = map[string]string{}
	}
	l.temporary = Temporary{Path: temporaryPath(name), Files: files}
	return l.temporary.Path
}

func temporaryPath(name string) string { return filepath.Join(os.TempDir(), "calibrate-"+name) }

// Temporary is the last file or folder that was asked for. There is one a run.
func (l *Launch) Temporary() Temporary { return l.temporary }
