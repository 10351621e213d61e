package known

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
)

const (
	logTail  = 64 << 10 // bytes of the log that are looked at
	LogLines = 15       // lines that a failure shows

	longestLine = 400 // bytes shown of a log that is one endless line
)

// Tail is the end of what an app has written: the lines in the last 64 KB of a file, from an offset on.
func Tail(file *os.File, from int64) []string {
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
	start := max(from, size-logTail)
	data, _ := io.ReadAll(io.NewSectionReader(f, start, size-start))
	if start > from { // the first line is a fragment; a lone fragment is still better than nothing
		if _, whole, more := bytes.Cut(data, []byte("\n")); more && len(whole) > 0 {
			data = whole
		} else {
			data = data[max(len(data)-longestLine, 0):]
		}
	}
	return SplitLog(data)
}

// SplitLog makes lines that can be shown on a terminal: no control characters, no empty lines.
func SplitLog(data []byte) []string {
	var lines []string
	for line := range strings.Lines(strings.ToValidUTF8(string(data), "?")) {
		if line = strings.TrimRight(clean(line), " \t"); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

func clean(line string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, escapes.ReplaceAllString(line, ""))
}

func LastLines(lines []string, n int) []string {
	return lines[max(0, len(lines)-n):]
}
