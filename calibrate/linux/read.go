package linux

import (
	"errors"
	"strconv"

	"golang.org/x/sys/unix"
)

// numbers lists the entries of a folder that are numbers.
func (fs FS) numbers(parts ...string) ([]int, error) {
	fd, err := fs.open(unix.O_DIRECTORY, parts)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var all []int
	buf := make([]byte, 8192)
	for {
		n, err := Retry(func() (int, error) { return unix.ReadDirent(fd, buf) })
		if err != nil || n <= 0 {
			return all, err
		}
		_, _, names := unix.ParseDirent(buf[:n], -1, nil)
		for _, name := range names {
			if number, err := strconv.Atoi(name); err == nil {
				all = append(all, number)
			}
		}
	}
}

func (fs FS) exists(parts ...string) bool {
	var st unix.Stat_t
	return unix.Stat(fs.ProcPath(parts...), &st) == nil
}

// read fills buf from the start of a file, in one call.
func (fs FS) read(buf []byte, parts ...string) ([]byte, error) {
	fd, err := fs.open(0, parts)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	n, err := Retry(func() (int, error) { return unix.Read(fd, buf) })
	if err != nil {
		return nil, err
	}
	return buf[:n], nil
}

// readAll reads a file to its end: a read of a seq_file returns no more than a page.
func (fs FS) readAll(parts ...string) ([]byte, error) {
	fd, err := fs.open(0, parts)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	return ReadAll(fd, 512)
}

// ReadAll reads a descriptor to its end. procfs gives no size beforehand: size is what to begin with.
func ReadAll(fd, size int) ([]byte, error) {
	data := make([]byte, 0, size)
	for {
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
		n, err := Retry(func() (int, error) { return unix.Read(fd, data[len(data):cap(data)]) })
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return data, nil
		}
		data = data[:len(data)+n]
	}
}

// open uses the bare system call: os.Open also tries to register the file with the poller.
func (fs FS) open(flags int, parts []string) (int, error) {
	return Retry(func() (int, error) {
		return unix.Open(fs.ProcPath(parts...), unix.O_RDONLY|unix.O_CLOEXEC|flags, 0)
	})
}

// Retry repeats a system call that a signal cut short; the Go runtime sends itself many.
func Retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}
