package linux

import (
	"errors"

	"golang.org/x/sys/unix"
)

// How a file is opened.
const (
	forReading = unix.O_RDONLY
	toList     = unix.O_DIRECTORY
	toHold     = unix.O_PATH | unix.O_DIRECTORY
)

func open(path string, how int) (File, error) {
	fd, err := retry(func() (int, error) { return unix.Open(path, unix.O_CLOEXEC|how, 0) })
	return File(fd), err
}

// OpenFolder holds a folder, and reads nothing of it: whatever becomes of its path, what is opened in it is in this one.
func OpenFolder(path string) (File, error) { return open(path, toHold) }

// Open opens a file of a folder, for reading or for writing: os.O_RDONLY, os.O_WRONLY.
func (f File) Open(name string, how int) (File, error) {
	fd, err := retry(func() (int, error) { return unix.Openat(int(f), name, unix.O_CLOEXEC|how, 0) })
	return File(fd), err
}

// Read reads on from where the file stands.
func (f File) Read(buf []byte) (int, error) {
	return retry(func() (int, error) { return unix.Read(int(f), buf) })
}

// ReadAt reads from a place, in one call. It allocates nothing: it runs at every sample.
func (f File) ReadAt(buf []byte, at int64) (n int, err error) {
	for {
		if n, err = unix.Pread(int(f), buf, at); !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// Write writes a text in one call.
func (f File) Write(text []byte) (int, error) {
	return retry(func() (int, error) { return unix.Write(int(f), text) })
}

// Owner is the user of what is open, -1 where that isn't known.
func (f File) Owner() int {
	var st unix.Stat_t
	if unix.Fstatat(int(f), "", &st, unix.AT_EMPTY_PATH) != nil {
		return -1
	}
	return int(st.Uid)
}

// Close gives the descriptor back.
func (f File) Close() error { return unix.Close(int(f)) }

// names are some entries of a folder, and more is false after the last.
func (f File) names(buf []byte) (names []string, more bool, err error) {
	n, err := retry(func() (int, error) { return unix.ReadDirent(int(f), buf) })
	if err != nil || n <= 0 {
		return nil, false, err
	}
	_, _, names = unix.ParseDirent(buf[:n], -1, nil)
	return names, true, nil
}

// OwnerOf is the user of a file, -1 where that isn't known.
func OwnerOf(path string) int {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return -1
	}
	return int(st.Uid)
}

// Attribute is an extended attribute of a file, "" if it has none (xattr(7)).
func Attribute(path, name string) string {
	var value [64]byte
	n, err := unix.Getxattr(path, name, value[:])
	if err != nil {
		return ""
	}
	return string(value[:n])
}

// MayExecute is why this process may not execute a file, by its real user (access(2)).
func MayExecute(path string) error { return unix.Access(path, unix.X_OK) }

// MayWriteIn is why this process can't make files in a folder, by the user that it acts as.
func MayWriteIn(folder string) error {
	return unix.Faccessat(unix.AT_FDCWD, folder, unix.W_OK|unix.X_OK, unix.AT_EACCESS)
}

// link is what a link of procfs points to, "" if there is none. One that is longer than a socket's is cut.
func link(path string) string {
	var buf [64]byte
	n, err := unix.Readlink(path, buf[:])
	if err != nil {
		return ""
	}
	return string(buf[:n])
}

// retry repeats a system call that a signal cut short; the Go runtime sends itself many.
func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}
