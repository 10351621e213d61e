package server

import (
	"bytes"
	"io"
	"os"
	"strconv"

	"workermem/calibrate/server/known"
)

const (
	logTail     = 64 << 10 // bytes of the log that are looked at
	longestLine = 400      // bytes shown of a log that is one endless line
)

// logEnd is the end of what an app has written: the lines in the last 64 KB of a file, from an offset on.
func logEnd(file *os.File, from int64) known.Log {
	if file == nil {
		return nil
	}
	// Opened again by its descriptor: the log is open for appending, perhaps not for reading.
	f, err := os.Open("/proc/self/fd/" + strconv.Itoa(int(file.Fd())))
	if err != nil {
		return nil
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil
	}
	if from > size { // the log was too long, and cut
		from = 0
	}
	start := max(from, size-logTail)
	data, _ := io.ReadAll(io.NewSectionReader(f, start, size-start))
	if start > from { // the first line is a fragment; a lone fragment is still better than nothing
		if _, whole, more := bytes.Cut(data, []byte("\n")); more && len(whole) > 0 {
			data = whole
		} else {
			data = data[max(len(data)-longestLine, 0):]
		}
	}
	return known.LogOf(data)
}
