package server

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate/server/servertest"
)

func TestLogEnd(t *testing.T) {
	log := servertest.LogFile(t)
	fmt.Fprint(log, "of an earlier app\n")
	from := size(t, log)
	if lines := logEnd(log, from); len(lines) != 0 {
		t.Errorf("%q", lines)
	}
	fmt.Fprint(log, "first\n\n  \nsecond \x1b[31mred\x1b[0m\r\nthird\x00\xff without end")
	if lines := logEnd(log, from); !slices.Equal(lines, []string{"first", "second red", "third? without end"}) {
		t.Errorf("%q", lines)
	}
	for n := range 100_000 {
		fmt.Fprintf(log, "line %d\n", n)
	}
	lines := logEnd(log, from)
	if len(lines) < 1000 || len(lines) > logTail/8 || lines[len(lines)-1] != "line 99999" || !strings.HasPrefix(lines[0], "line ") {
		t.Errorf("%d lines, %q to %q", len(lines), lines[0], lines[len(lines)-1])
	}
	short, endless := servertest.LogFile(t), servertest.LogFile(t)
	fmt.Fprint(short, strings.Repeat(strings.Repeat("x", 99)+"\n", 10))
	if lines := logEnd(short, 0); len(lines) != 10 {
		t.Errorf("%d of 10 lines", len(lines))
	}
	fmt.Fprint(endless, strings.Repeat("x", 2*logTail))
	if lines := logEnd(endless, 0); len(lines) != 1 || len(lines[0]) != longestLine {
		t.Errorf("an endless line gives %d lines", len(lines))
	}
	if logEnd(nil, 0) != nil {
		t.Error("no file has no lines")
	}
	os.Remove(log.Name())
	if len(logEnd(log, from)) == 0 {
		t.Error("a removed log can still be read")
	}
}

func size(t *testing.T, log *os.File) int64 {
	t.Helper()
	info, err := log.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
