package loadgen

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"

	"workermem/calibrate"
)

// AccessLog counts the requests that a running server serves, by the lines that its access log gains. A line is counted,
// told from others by its form, and forgotten: nothing of it is kept, so that no address and no secret can reach a report.
//
// If the log is rotated by renaming it, the old file is followed beside the new one, because the server goes on writing to
// it until somebody tells it to open another. A file that has shrunk was truncated, and is read from its start.
type AccessLog struct {
	path string

	mu    sync.Mutex
	files []*followed // the last is the one at path
	lines int64
	buf   []byte
	forms *forms
}

// followed is one file of a log.
type followed struct {
	*os.File
	info   os.FileInfo
	offset int64
	begun  []byte // of a line whose end isn't there yet
}

// mostFollowed: a rotation comes once a day or by size, and its old file is quiet within seconds.
const mostFollowed = 2

// FollowAccessLog follows a log from its present end. It returns a *calibrate.Failure of KindUsage if the path isn't
// a regular file that can be read: a pipe's lines would be taken away from whoever reads them.
func FollowAccessLog(path string) (*AccessLog, error) {
	const try = "name the file that the server, or the proxy before it, adds a line to for every request"
	file, err := openLog(path)
	var notRegular *calibrate.Failure
	switch {
	case errors.As(err, &notRegular):
		return nil, notRegular
	case err != nil:
		return nil, calibrate.Usage(try, "the access log can't be read: %s", err)
	}
	file.offset = file.info.Size()
	return &AccessLog{path: path, files: []*followed{file}, buf: make([]byte, 64<<10), forms: newForms()}, nil
}

// openLog doesn't wait for the writer of a pipe.
func openLog(path string) (*followed, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = calibrate.Usage("let the server write its access log to a file", "the access log %s is not a regular file", path)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &followed{File: file, info: info}, nil
}

// Answered counts the lines that came since FollowAccessLog. Safe to call at any time.
func (l *AccessLog) Answered() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rotate()
	for _, f := range l.files {
		l.lines += f.newLines(l.buf, l.forms)
	}
	if len(l.files) > 0 {
		l.forms.read()
	}
	return l.lines
}

// rotate looks whether another file stands at the path by now. While there is none, the old one is all there is.
func (l *AccessLog) rotate() {
	if len(l.files) == 0 {
		return // closed
	}
	now, err := os.Stat(l.path)
	if err != nil || os.SameFile(now, l.files[len(l.files)-1].info) {
		return
	}
	next, err := openLog(l.path)
	if err != nil {
		return
	}
	l.files = append(l.files, next)
	if len(l.files) > mostFollowed {
		l.lines += l.files[0].newLines(l.buf, l.forms)
		l.files[0].Close()
		l.files = l.files[1:]
	}
}

// Seen is what the lines were like.
func (l *AccessLog) Seen() calibrate.LogSeen {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.forms.seen()
}

// longestLine: of a longer one the rest is no part of its form.
const longestLine = 8 << 10

// newLines counts the line ends since the last reading.
func (f *followed) newLines(buf []byte, forms *forms) int64 {
	if info, err := f.Stat(); err == nil && info.Size() < f.offset {
		f.offset, f.begun = 0, nil
	}
	var lines int64
	for {
		n, err := f.ReadAt(buf, f.offset)
		lines += int64(bytes.Count(buf[:n], []byte{'\n'}))
		f.offset += int64(n)
		f.tell(buf[:n], forms)
		if err != nil || n == 0 { // io.EOF, mostly; what else goes wrong shows as a count that stands still
			return lines
		}
	}
}

// tell gives whole lines to forms.
func (f *followed) tell(text []byte, forms *forms) {
	for {
		line, rest, whole := bytes.Cut(text, []byte{'\n'})
		if room := longestLine - len(f.begun); room > 0 {
			f.begun = append(f.begun, line[:min(room, len(line))]...)
		}
		if !whole {
			return
		}
		forms.add(f.begun)
		f.begun, text = f.begun[:0], rest
	}
}

// Close ends the following; the count stays as it is.
func (l *AccessLog) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, f := range l.files {
		errs = append(errs, f.Close())
	}
	l.files = nil
	return errors.Join(errs...)
}

var _ io.Closer = (*AccessLog)(nil)
