package calibrate

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"workermem/calibrate/say"
)

// What is kept of an app's log: its head, which says how it started, and its end. Nothing is cut from one that takes no more than
// longestLog.
const (
	longestLog = 8 << 20
	logHead    = 1 << 20
	logTail    = 1 << 20
)

// How often the log is looked at: a program that prints as fast as it can was seen to print 2 GB a second, and most print next to
// nothing. Each look wakes the tool up.
const (
	logLook    = 250 * time.Millisecond
	logHurry   = 20 * time.Millisecond
	logHurries = 1 << 20 // bytes between two looks from which on the next is soon
)

// logCut stands where something was cut.
const logCut = "\n[calibrate cut the middle of this log, which is too long]\n"

// AppLog is the file that an app prints to, which can't fill the disk. The app has the file itself, and no pipe: it prints as it
// does in production, and isn't held up by the tool. So the middle is taken out of the file while it grows, and offsets into it stay.
type AppLog struct {
	*os.File
	keep  int64 // where the cut begins
	freed int64 // where it ends; 0: there is none
	punch func(file *os.File, from, to int64) error
	stop  func()
}

// OpenLog makes the file of a log, and watches it until it is closed.
func (p *Private) OpenLog(name string) (*AppLog, error) {
	file, err := p.Create(name)
	if err != nil {
		return nil, err
	}
	l := unwatchedLog(file)
	l.watch()
	return l, nil
}

func unwatchedLog(file *os.File) *AppLog {
	return &AppLog{File: file, keep: logHead, punch: punch, stop: func() {}}
}

func (l *AppLog) watch() {
	ended := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		defer Caught()
		next := time.NewTimer(logLook)
		defer next.Stop()
		last := int64(0)
		for {
			select {
			case <-ended:
				return
			case <-next.C:
				size, _ := l.trim() // what can't be trimmed ends at the floor of free space
				if next.Reset(logLook); size-last >= logHurries {
					next.Reset(logHurry)
				}
				last = size
			}
		}
	})
	l.stop = sync.OnceFunc(func() { close(ended); watch.Wait() })
}

// trim takes the middle out of the log, if it is too long. size is how long it was.
func (l *AppLog) trim() (size int64, err error) {
	info, err := l.Stat()
	if err != nil {
		return 0, err
	}
	size = info.Size()
	if size < l.freed { // somebody else has cut it
		l.freed = 0
	}
	if size-max(l.freed-l.keep, 0) <= longestLog {
		return size, nil
	}
	if l.freed == 0 {
		if err := l.mark(); err != nil {
			return size, err
		}
	}
	if err := l.punch(l.File, l.keep+int64(len(logCut)), size-logTail); errors.Is(err, errors.ErrUnsupported) { // as on NFS before 4.2
		return size, l.move(size - logTail)
	} else if err != nil {
		return size, err
	}
	l.freed = size - logTail
	return size, nil
}

// mark writes where the cut begins: a run that is killed leaves the file as it is.
func (l *AppLog) mark() error {
	file, err := l.within()
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteAt([]byte(logCut), l.keep)
	return err
}

// move puts the end of the log where the cut begins, and cuts the file off behind it. It is copied before anything is cut, so that
// a run that is killed loses nothing of it, and as far as the app has come by then: only what it prints in the instant between the
// last read and the cut is lost.
func (l *AppLog) move(from int64) error {
	file, err := l.within()
	if err != nil {
		return err
	}
	defer file.Close()
	to := l.keep + int64(len(logCut))
	moved, err := io.Copy(io.NewOffsetWriter(file, to), io.NewSectionReader(l.File, from, longestLog/2))
	if err != nil {
		return err
	}
	return l.Truncate(to + moved)
}

// within opens the log to write anywhere in it: the file of the app only appends.
func (l *AppLog) within() (*os.File, error) {
	return os.OpenFile("/proc/self/fd/"+strconv.Itoa(int(l.Fd())), os.O_WRONLY, 0)
}

// Close joins what was kept, with the length of the cut in between.
func (l *AppLog) Close() error {
	l.stop()
	return errors.Join(l.join(), l.File.Close())
}

func (l *AppLog) join() error {
	if _, err := l.trim(); err != nil || l.freed == 0 {
		return err
	}
	info, err := l.Stat()
	if err != nil {
		return err
	}
	from := max(l.freed, info.Size()-(longestLog-logHead))
	last, err := io.ReadAll(io.NewSectionReader(l.File, from, longestLog))
	if err != nil {
		return err
	}
	if err := l.Truncate(l.keep); err != nil {
		return err
	}
	_, err = fmt.Fprintf(l.File, "\n[calibrate cut %s here: the log was too long]\n%s", say.MB(info.Size()-l.keep-int64(len(last))), last)
	return err
}
