package sampler

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/say"
)

// writable says whether a run could be kept in .calibrate, without making it.
func (d Doctor) writable() calibrate.Finding {
	folder, err := d.nearest()
	if err == nil {
		err = linux.MayWriteIn(folder)
	}
	if err != nil {
		return limited(tryFolder(err), "runs can't be kept in ./.calibrate: %s", reason(err))
	}
	return fine("runs can be kept in ./.calibrate")
}

var (
	errNotFolder = errors.New("it isn't a folder")
	errGone      = errors.New("this folder is gone")
)

func tryFolder(err error) string {
	if errors.Is(err, errGone) {
		return "cd to one that exists"
	}
	return "calibrate run --out FOLDER, with one that can be written"
}

// nearest is the folder in which the first thing would be made: .calibrate/runs, or what there is of it.
func (d Doctor) nearest() (string, error) {
	if d.gone() {
		return "", errGone
	}
	for _, folder := range []string{filepath.Join(d.Dir, ".calibrate", "runs"), filepath.Join(d.Dir, ".calibrate"), d.Dir} {
		if _, err := os.Lstat(folder); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		info, err := os.Stat(folder) // of a link, what it points to
		if err == nil && !info.IsDir() {
			err = errNotFolder
		}
		return folder, err
	}
	return "", errGone
}

// gone says whether the working folder has been removed. It can still be looked at by then, as ".", and its disk too:
// getcwd(2) alone says so.
func (d Doctor) gone() bool {
	_, err := os.Getwd()
	return !filepath.IsAbs(d.Dir) && errors.Is(err, fs.ErrNotExist)
}

// littleSpace is little because the app's own log comes on top, and nobody knows how much that will be.
const littleSpace = 100 << 20

// space compares what is free for this user with what a run's journals take.
func (d Doctor) space() calibrate.Finding {
	folder, err := d.nearest()
	var free int64
	if err == nil {
		free, err = calibrate.FreeIn(folder)
	}
	if err != nil {
		return limited(tryFolder(err), "the free space on the disk isn't known: %s", reason(err))
	}
	return saySpace(free)
}

func saySpace(free int64) calibrate.Finding {
	hour := say.MB(calibrate.JournalBytes(time.Hour))
	switch {
	case free == math.MaxInt64:
		return fine("the disk doesn't say how much is free; a run takes %s an hour beside the app's log", hour)
	case free < littleSpace:
		return limited("free some, or calibrate run --out FOLDER on another disk",
			"%s free on disk; a run takes %s an hour beside the app's log", say.MB(free), hour)
	}
	return fine("%s free on disk; a run takes %s an hour beside the app's log", say.MB(free), hour)
}
