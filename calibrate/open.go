package calibrate

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"workermem/calibrate/say"
)

// A saved run may be anybody's, so its files are opened with care: none can keep its reader waiting, point elsewhere, or
// fill its memory.

// The most that is read of a run. A result has some tens of KB, and some hundred objects; a word of a command has 128 KB at most, and
// stands there three times. A page has a result and its charts. A journal gains 2 KB a second. A packed one has a tenth of its size: what comes to a hundred times as much was made to.
const (
	mostFile     = 8 << 20
	mostResult   = 2 << 20
	mostObjects  = 1 << 13
	mostValues   = 1 << 17
	longestText  = 1 << 20
	mostJournal  = 1 << 30
	mostLines    = 1 << 21
	mostDense    = 100 // lines a second, beside as many as there are in a burst
	mostBurst    = 1000
	longestEntry = 4 << 10
	mostDamaged  = 1000
	mostPacked   = 100
)

// openRegular opens a file. A pipe or a device might never end.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path) // first, because opening alone does something to some devices
	if err != nil {
		return nil, err
	}
	if err := regular(path, info); err != nil {
		return nil, err
	}
	return openAs(path, 0)
}

func regular(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	return nil
}

// openPart opens a file of a run's folder. A run has no links.
func openPart(folder, name string) (*os.File, error) {
	return OpenUnlinked(filepath.Join(folder, name))
}

// OpenUnlinked opens a regular file that is no link: one could point to what only its reader may read.
func OpenUnlinked(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, fmt.Errorf("%s is a link", path)
	}
	if err := regular(path, info); err != nil {
		return nil, err
	}
	return openAs(path, noFollow)
}

// openAs opens what was a regular file a moment ago, and is one for certain once it is open.
func openAs(path string, flag int) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|flag, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = regular(path, info)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// ReadRegular reads a file of so many bytes at most, which can't keep its reader waiting nor fill its memory.
func ReadRegular(path string, most int64) ([]byte, error) {
	file, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	return readAll(file, most)
}

// readAll reads a file and closes it.
func readAll(file *os.File, most int64) ([]byte, error) {
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	larger := fmt.Errorf("%s is larger than %s", file.Name(), say.MB(most))
	if info.Size() > most {
		return nil, larger
	}
	text, err := io.ReadAll(io.LimitReader(file, most+1)) // files of /proc have no size
	if err == nil && int64(len(text)) > most {
		return nil, larger
	}
	return text, err
}

// openJournal opens a journal, or one that somebody has packed with gzip to keep it.
func openJournal(folder, name string) (io.ReadCloser, error) {
	file, err := openPart(folder, name)
	if err == nil {
		return journal{&bounded{file, mostJournal}, file}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	packed, err := openPart(folder, name+".gz")
	if err != nil {
		return nil, err
	}
	info, err := packed.Stat()
	if err != nil {
		packed.Close()
		return nil, err
	}
	reader, err := gzip.NewReader(packed)
	if err != nil {
		packed.Close()
		return nil, err
	}
	return journal{&bounded{reader, min(mostJournal, (info.Size()+longestEntry)*mostPacked)}, packed}, nil
}

// badlyPacked says that what was packed is cut off or damaged there, which is no fault of the disk it is on.
func badlyPacked(err error) bool {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	return corrupt || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader)
}

// journal closes the file along with what reads it.
type journal struct {
	io.Reader
	io.Closer
}

// bounded reads so many bytes at most, and then as if the file were cut off there.
type bounded struct {
	from io.Reader
	left int64
}

func (b *bounded) Read(into []byte) (int, error) {
	if b.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := b.from.Read(into[:min(int64(len(into)), b.left)])
	b.left -= int64(n)
	return n, err
}

// tooMuch says what a result has more of than any run writes, before a decoder makes its structures of it: an object of two
// bytes can become hundreds.
func tooMuch(text []byte) string {
	if len(text) > mostResult {
		return say.MB(int64(len(text)))
	}
	objects, values, length, inText := 0, 0, 0, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case inText && c == '\\':
			i++
			length += 2
		case c == '"':
			inText, length = !inText, 0
		case inText:
			if length++; length > longestText {
				return "a text of more than " + say.MB(longestText)
			}
		case c == '{':
			objects++
		case c == ',':
			values++
		}
	}
	switch {
	case objects > mostObjects:
		return say.Plural(objects, "object")
	case values > mostValues:
		return say.Plural(values, "value")
	}
	return ""
}
