package server

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"workermem/calibrate"
)

// writeFiles makes the folder of this run's own configuration. A folder of that name is what a killed run has left: the
// port in it is free now. The files may hold what the user's own file keeps from others; the folder may be passed
// through, because a server that drops root's rights looks for its socket there.
func (a *App) writeFiles() error {
	files := a.launch.Temporary().Files
	if files == nil {
		return nil
	}
	err := os.Mkdir(a.temporary, 0o711)
	if errors.Is(err, fs.ErrExist) {
		a.removeFiles()
		err = os.Mkdir(a.temporary, 0o711)
	}
	if err == nil {
		err = os.Chmod(a.temporary, 0o711) // whatever the umask
	}
	for name, text := range files {
		if err == nil {
			err = os.WriteFile(filepath.Join(a.temporary, name), []byte(text), 0o600)
		}
	}
	if err == nil {
		return nil
	}
	a.removeFiles()
	return &calibrate.Failure{Kind: calibrate.KindTool, Phase: calibrate.PhaseBoot, Err: err,
		What: "the configuration for the measurement could not be written", Why: err.Error(), Try: "TMPDIR=/a/folder/with/room calibrate run ..."}
}

func (a *App) removeFiles() {
	if a.temporary != "" {
		_ = os.RemoveAll(a.temporary)
	}
}
