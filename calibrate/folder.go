package calibrate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"workermem/calibrate/say"
)

// The files of a run's folder.
const (
	ResultFile  = "result.json"
	SamplesFile = "samples.jsonl"
	LoadFile    = "load.jsonl"
	LogFile     = "app.log"
)

// Folder is a run's folder while it is being measured. Samples and buckets are appended with one write a line, so
// that a killed run leaves whole lines behind, but for the last. It is safe for one writer of each kind.
type Folder struct {
	Path    string
	Log     *AppLog      // the app's stdout and stderr
	looked  atomic.Int64 // when the disk was, in seconds
	samples *os.File
	buckets *os.File
}

var _ Journal = (*Folder)(nil)

// CreateFolder makes the folder and opens its files. A folder that holds anything is refused (fs.ErrExist): nothing
// measured is ever written over, and nothing of the user's is taken for a run.
func CreateFolder(path string) (*Folder, error) {
	switch entries, err := os.ReadDir(path); {
	case len(entries) > 0:
		return nil, fmt.Errorf("%s is not empty: %w", path, fs.ErrExist)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, err
	}
	log, err := OpenAppLog(filepath.Join(path, LogFile))
	if err != nil {
		return nil, err
	}
	f := &Folder{Path: path, Log: log}
	for name, file := range map[string]**os.File{SamplesFile: &f.samples, LoadFile: &f.buckets} {
		opened, err := os.OpenFile(filepath.Join(path, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			f.Close()
			return nil, err
		}
		*file = opened
	}
	// The lock tells a reader that this run is still going on; the kernel drops it with the process.
	if err := syscall.Flock(int(f.samples.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s is in use by another run: %w", path, err)
	}
	return f, nil
}

// leastFree is the free space under which a run ends: enough to save what it has, and to leave something to others.
const leastFree = 32 << 20

// DiskFull says that a run has ended because there is too little free space. It is an ENOSPC before the disk is full.
type DiskFull struct{ Free int64 }

func (d DiskFull) Error() string {
	return fmt.Sprintf("%s are free on its disk, and %s are to be left", say.MB(d.Free), say.MB(leastFree))
}

func (d DiskFull) Unwrap() error { return syscall.ENOSPC }

// Sample appends one reading.
func (f *Folder) Sample(s Sample) error { return errors.Join(f.roomy(), appendLine(f.samples, s)) }

// Bucket appends one second of traffic.
func (f *Folder) Bucket(b Bucket) error { return errors.Join(f.roomy(), appendLine(f.buckets, b)) }

// roomy looks at the disk once a second: others may fill it, the app first of all.
func (f *Folder) roomy() error {
	if now := time.Now().Unix(); f.looked.Swap(now) == now {
		return nil
	}
	if left, err := free(f.samples); err == nil && left < leastFree { // else the next write tells
		return DiskFull{left}
	}
	return nil
}

func appendLine(w io.Writer, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// Save writes result.json: a temporary file, then a rename, so that a reader never sees half of it.
func (f *Folder) Save(r Result) error {
	text, err := json.MarshalIndent(r.Whole(), "", "  ")
	if err != nil {
		return err
	}
	temporary := filepath.Join(f.Path, "."+ResultFile+".new")
	if err := os.WriteFile(temporary, append(text, '\n'), 0o600); err != nil {
		_ = os.Remove(temporary) // the disk is full, most likely: half a file helps nobody
		return err
	}
	return os.Rename(temporary, filepath.Join(f.Path, ResultFile))
}

// Close closes the folder's files. The folder stays.
func (f *Folder) Close() {
	for _, file := range []*os.File{f.samples, f.buckets} {
		if file != nil {
			_ = file.Close() // every line was written whole already; nothing is buffered here
		}
	}
	_ = f.Log.Close()
}
