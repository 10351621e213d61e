package report

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"workermem/calibrate"
	"workermem/calibrate/say"
	"workermem/calibrate/server"
)

func status(phase string, elapsed time.Duration) calibrate.Status {
	return calibrate.Status{
		Phase: phase, Step: 6, Steps: 10, Elapsed: elapsed, Left: 40 * time.Second, Requests: 2940, RSS: 61 * mb, Peak: 71 * mb,
		Estimate: "creep 15.2 to 17 KB a request", Waiting: "waiting for a narrower interval",
	}
}

func TestProgressOnATerminal(t *testing.T) {
	var b bytes.Buffer
	p := NewProgress(&b, true, func() int { return 60 })
	p.Show(status("soak", 42*time.Second))
	want := "\r\x1b[2K0:42 soak 6/10  0:40 left  creep 15.2 to 17 KB a request"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	b.Reset()
	p.Show(status("soak", 42*time.Second)) // nothing new, nothing drawn
	if b.Len() > 0 {
		t.Errorf("drawn again: %q", b.String())
	}
	p.Done()
	if b.String() != "\r\x1b[2K" {
		t.Errorf("left behind: %q", b.String())
	}
	b.Reset()
	p.Done()
	if b.Len() > 0 {
		t.Errorf("cleared twice: %q", b.String())
	}
}

func TestProgressNeverWraps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b bytes.Buffer
		width := rapid.IntRange(1, 200).Draw(t, "width")
		p := NewProgress(&b, true, func() int { return width })
		s := status(rapid.SampledFrom(hostile).Draw(t, "phase"), time.Duration(rapid.Int64().Draw(t, "elapsed")))
		s.Estimate = rapid.SampledFrom(hostile).Draw(t, "estimate")
		s.Requests = rapid.Int64().Draw(t, "requests")
		p.Show(s)
		line := strings.TrimPrefix(b.String(), eraseLine)
		if columns(line) >= width || say.Line(line) != line {
			t.Fatalf("width %d: %q", width, line)
		}
	})
}

// The width is asked each time: a terminal may be made smaller while the run goes on.
func TestProgressFollowsTheWidth(t *testing.T) {
	var b bytes.Buffer
	width := 120
	p := NewProgress(&b, true, func() int { return width })
	p.Show(status("soak", time.Second))
	b.Reset()
	width = 20
	p.Show(status("soak", time.Second))
	if line := strings.TrimPrefix(b.String(), eraseLine); line != "0:01 soak 6/10" {
		t.Errorf("%q", line)
	}
}

func TestProgressInPlainLines(t *testing.T) {
	var b bytes.Buffer
	p := NewProgress(&b, false, nil)
	for tenth := 0; tenth <= 120; tenth++ { // 12 s, ten times a second
		elapsed := time.Duration(tenth) * 100 * time.Millisecond
		phase := "boot"
		if elapsed >= 7*time.Second {
			phase = "soak"
		}
		p.Show(calibrate.Status{Phase: phase, Step: 1, Steps: 2, Left: 20*time.Second - elapsed, Elapsed: elapsed, Requests: int64(tenth), RSS: 61 * mb})
	}
	p.Done()
	want := strings.Join([]string{
		"0:00 boot 1/2: about 0:20 left, RSS 61 MB",
		"0:05 boot 1/2: about 0:15 left, 50 requests, RSS 61 MB",
		"0:07 soak 1/2: about 0:13 left, 70 requests, RSS 61 MB", // the change of phase, one line
		"0:12 soak 1/2: about 0:08 left, 120 requests, RSS 61 MB",
		"",
	}, "\n")
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
}

func TestFailure(t *testing.T) {
	var log []string
	for i := range 60 {
		log = append(log, fmt.Sprintf("    line %d", i))
	}
	log = append(log, "\x1b[31mModuleNotFoundError\x1b[0m: No module named "+strings.Repeat("x", 400)+"THE END")
	f := &calibrate.Failure{
		Kind: calibrate.KindApp, Phase: "boot", What: "gunicorn ended before it answered", Why: "exit status 3",
		Try: "start it by hand: gunicorn app:app", Log: log,
	}
	var b bytes.Buffer
	if err := Failure(&b, f, false); err != nil {
		t.Fatal(err)
	}
	golden(t, "failure.txt", b.String())
	fits(t, b.String(), 80)
	b.Reset()
	if err := Failure(&b, f, true); err != nil {
		t.Fatal(err)
	}
	golden(t, "failure.ansi", b.String())
}

func TestFailureIsOneScreen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		long := append([]string{strings.Repeat("what\n", 50), strings.Repeat("why ", 900)}, hostile...)
		draw := func(label string) string { return rapid.SampledFrom(long).Draw(t, label) }
		f := &calibrate.Failure{Phase: draw("phase"), What: draw("what"), Why: draw("why"), Try: draw("try"), Err: errors.New(draw("err"))}
		f.Log = rapid.SliceOf(rapid.SampledFrom(hostile)).Draw(t, "log")
		var b bytes.Buffer
		if err := Failure(&b, f, rapid.Bool().Draw(t, "color")); err != nil {
			t.Fatal(err)
		}
		fits(t, b.String(), 80)
		if n := strings.Count(b.String(), "\n"); n > screen {
			t.Fatalf("%d lines:\n%s", n, b.String())
		}
	})
}

func TestFailureSpeaksInEveryCase(t *testing.T) {
	for _, c := range []struct {
		failure *calibrate.Failure
		want    string
	}{
		{nil, ""},
		{&calibrate.Failure{What: "x"}, "error: x\n"},
		{&calibrate.Failure{What: "x", Why: "y", Err: errors.New("z")}, "error: x\nwhy:   y\n"},
		{&calibrate.Failure{What: "x: y", Err: errors.New("y")}, "error: x: y\n"},
		{&calibrate.Failure{What: "a is wrong\nb is wrong", Try: "c"}, "error: a is wrong\n       b is wrong\ntry:   c\n"},
	} {
		var b bytes.Buffer
		if err := Failure(&b, c.failure, false); err != nil || b.String() != c.want {
			t.Errorf("%v: %q, want %q", c.failure, b.String(), c.want)
		}
	}
}

// broken is a full disk, or a reader that went away.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestEveryRendererReportsABrokenWriter(t *testing.T) {
	r := recorded(t)["creeping"]
	for name, err := range map[string]error{
		"text": Render(broken{}, Run(r, server.Known()), "text", Options{}), "markdown": Render(broken{}, Run(r, server.Known()), "markdown", Options{}),
		"json": Render(broken{}, Run(r, server.Known()), "json", Options{}), "failure": Failure(broken{}, &calibrate.Failure{What: "x"}, false),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	NewProgress(broken{}, true, nil).Show(status("soak", 0)) // must not stop a measurement
}
