package linux

import "strconv"

// File is a descriptor of a file of the kernel's. os.Open also tries to register what it opens with the poller, and allocates more.
type File int

// ReadAll reads from where the file stands to its end. procfs gives no size beforehand: size is what to begin with.
func (f File) ReadAll(size int) ([]byte, error) {
	data := make([]byte, 0, size)
	for {
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
		n, err := f.Read(data[len(data):cap(data)])
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return data, nil
		}
		data = data[:len(data)+n]
	}
}

// open opens a file below /proc.
func (fs FS) open(parts ...string) (File, error) { return open(fs.ProcPath(parts...), forReading) }

// read fills buf from the start of a file, in one call.
func (fs FS) read(buf []byte, parts ...string) ([]byte, error) {
	file, err := fs.open(parts...)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	n, err := file.Read(buf)
	if err != nil {
		return nil, err
	}
	return buf[:n], nil
}

// readAll reads a file to its end: a read of a seq_file returns no more than a page.
func (fs FS) readAll(parts ...string) ([]byte, error) {
	file, err := fs.open(parts...)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return file.ReadAll(512)
}

// numbers lists the entries of a folder that are numbers.
func (fs FS) numbers(parts ...string) ([]int, error) {
	folder, err := open(fs.ProcPath(parts...), toList)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	var all []int
	buf := make([]byte, 8192)
	for {
		names, more, err := folder.names(buf)
		if err != nil || !more {
			return all, err
		}
		for _, name := range names {
			if number, err := strconv.Atoi(name); err == nil {
				all = append(all, number)
			}
		}
	}
}
