package server

import (
	"errors"
	"testing"
	"time"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/known"
)

// What makes waiting for a first answer pointless, and what doesn't.
func TestBootWatch(t *testing.T) {
	began := time.Unix(1000, 0)
	type seen struct {
		workers []linux.Process
		sure    bool
	}
	worker := func(pid int) seen { return seen{[]linux.Process{{PID: pid, Start: int64(pid)}}, true} }
	guess := func(pid int) seen { return seen{[]linux.Process{{PID: pid, Start: int64(pid)}}, false} }
	none, unknown := seen{sure: true}, seen{}
	type look struct {
		after time.Duration
		seen
	}
	for name, c := range map[string]struct {
		looks []look
		want  error
	}{
		"no worker yet":      {[]look{{0, none}, {time.Minute, none}}, nil},
		"a worker, slow":     {[]look{{0, none}, {time.Second, worker(1)}, {time.Minute, worker(1)}}, nil},
		"one is replaced":    {[]look{{0, worker(1)}, {time.Second, none}, {2 * time.Second, worker(2)}, {3 * time.Second, none}}, nil},
		"none is left":       {[]look{{0, worker(1)}, {time.Second, none}, {2 * time.Second, none}}, errNoWorker},
		"a title hides it":   {[]look{{0, worker(1)}, {time.Second, guess(1)}, {time.Minute, guess(1)}, {time.Hour, unknown}}, nil},
		"hidden, then gone":  {[]look{{0, worker(1)}, {time.Minute, guess(1)}, {time.Minute + time.Second, none}, {time.Minute + 2*time.Second, none}}, errNoWorker},
		"guesses":            {[]look{{0, guess(1)}, {1, guess(2)}, {2, guess(3)}, {3, guess(4)}, {time.Minute, none}}, nil},
		"again and again":    {[]look{{0, worker(1)}, {1, worker(2)}, {2, worker(3)}, {3, worker(4)}}, errCrashLoop},
		"again, but not yet": {[]look{{0, worker(1)}, {1, worker(2)}, {2, worker(3)}, {3, worker(3)}}, nil},
	} {
		b := bootWatch{loop: 4, seen: map[linux.Identity]bool{}}
		var got error
		for _, l := range c.looks {
			got = b.judge(l.workers, l.sure, known.BootLog{}, began.Add(l.after))
		}
		if !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// What the log says counts as what was seen does.
func TestBootWatchByTheLog(t *testing.T) {
	for _, c := range []struct {
		log  known.BootLog
		want error
	}{
		{known.BootLog{}, nil},
		{known.BootLog{Started: 3, NotLoaded: 3}, nil},
		{known.BootLog{Started: 4}, errCrashLoop},
		{known.BootLog{NotLoaded: 4}, errNotLoaded},
		{known.BootLog{Timeout: "--timeout"}, errWorkerTimeout},
	} {
		b := bootWatch{loop: 4, seen: map[linux.Identity]bool{}}
		if got := b.judge(nil, true, c.log, b.alive); !errors.Is(got, c.want) {
			t.Errorf("%+v: %v, want %v", c.log, got, c.want)
		}
	}
}
