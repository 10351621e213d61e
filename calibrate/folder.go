package calibrate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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
	*Private
	Log     *AppLog      // the app's stdout and stderr
	looked  atomic.Int64 // when the disk was, in seconds
	samples *os.File
	buckets *os.File
}

var _ Journal = (*Folder)(nil)

// CreateFolder makes the folder and opens its files. Its errors are those of MakePrivate.
func CreateFolder(path string) (*Folder, error) {
	place, err := MakePrivate(path)
	return folderIn(place, err)
}

// CreateFolder makes a run's folder in this one.
func (p *Private) CreateFolder(name string) (*Folder, error) {
	place, err := p.sub(name)
	return folderIn(place, err)
}

func folderIn(place *Private, err error) (*Folder, error) {
	if err != nil {
		return nil, err
	}
	f := &Folder{Private: place}
	if err := f.open(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (f *Folder) open() (err error) {
	if f.samples, err = f.Create(SamplesFile); err != nil {
		return err
	}
	if f.buckets, err = f.Create(LoadFile); err != nil {
		return err
	}
	// The lock tells a reader that this run is still going on; the kernel drops it with the process.
	if err := lock(f.samples); err != nil {
		return fmt.Errorf("%s is in use by another run: %w", f.Path, err)
	}
	f.Log, err = f.OpenLog(LogFile)
	return err
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
func (f *Folder) Sample(s Sample) error { return errors.Join(f.usable(), appendLine(f.samples, s)) }

// Bucket appends one second of traffic.
func (f *Folder) Bucket(b Bucket) error { return errors.Join(f.usable(), appendLine(f.buckets, b)) }

// usable looks at the folder and its disk once a second: others may fill it, the app first of all, and a deleted file can be
// written to until the run ends.
func (f *Folder) usable() error {
	if now := time.Now().Unix(); f.looked.Swap(now) == now {
		return nil
	}
	if _, err := f.root.Lstat(SamplesFile); err != nil {
		return named(f.root, err)
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

// Save writes result.json, which is whole at every moment.
func (f *Folder) Save(r Result) error { return f.Write(ResultFile, r.Whole()) }

// Close closes the folder's files. The folder stays.
func (f *Folder) Close() {
	for _, file := range []*os.File{f.samples, f.buckets} {
		if file != nil {
			_ = file.Close() // every line was written whole already; nothing is buffered here
		}
	}
	if f.Log != nil {
		_ = f.Log.Close()
	}
	f.Private.Close()
}
