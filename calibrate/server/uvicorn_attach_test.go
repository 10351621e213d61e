package server

import (
	"path/filepath"
	"slices"
	"testing"

	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

func TestAttachKnowsUvicornByItsCommandLine(t *testing.T) {
	const python = "/venv/bin/python3 /venv/bin/uvicorn "
	const spawn = "/venv/bin/python3 -c from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=7, pipe_handle=9) --multiprocessing-fork"
	tracker := servertest.Proc{PID: 11, Parent: 10, Session: 10, Args: "/venv/bin/python3 -c from multiprocessing.resource_tracker import main;main(6)"}
	for name, c := range map[string]struct {
		args    string
		below   []servertest.Proc
		environ string
		named   int
		workers []int
		limit   int
		warns   []string
	}{
		"alone":          {python + "a:b", nil, "A=b", 10, []int{10}, 0, []string{known.LimitEndsServer}},
		"supervised":     {python + "--workers 2 --limit-concurrency 50 a:b", []servertest.Proc{tracker, {PID: 12, Parent: 10, Session: 10, Args: spawn}, {PID: 13, Parent: 10, Session: 10, Args: spawn}}, "A=b", 13, []int{12, 13}, 49, nil},
		"a variable":     {python + "a:b", []servertest.Proc{tracker, {PID: 12, Parent: 10, Session: 10, Args: spawn}}, "UVICORN_LIMIT_CONCURRENCY=8\x00WEB_CONCURRENCY=1", 12, []int{12}, 7, nil},
		"a hidden one":   {python + "a:b", []servertest.Proc{tracker, {PID: 12, Parent: 10, Session: 10, Args: spawn}}, "hidden", 10, []int{12}, 0, []string{"limit-unknown"}},
		"a child of its": {python + "a:b", []servertest.Proc{{PID: 12, Parent: 10, Session: 10, Args: "convert image"}}, "A=b", 10, []int{10}, 0, []string{known.LimitEndsServer}},
	} {
		t.Run(name, func(t *testing.T) {
			fs := servertest.ProcWith(t, append([]servertest.Proc{{PID: 10, Parent: 1, Session: 10, Args: c.args}}, c.below...)...)
			if c.environ != "hidden" {
				servertest.Write(t, filepath.Join(fs.Proc, "10", "environ"), c.environ)
			}
			r, err := attachIn(fs, AttachSpec{PID: c.named})
			if err != nil {
				t.Fatal(err)
			}
			workers, _ := r.Workers()
			if !slices.Equal(workers, c.workers) || r.Info().PID != 10 || r.Info().Server != "uvicorn" {
				t.Errorf("workers %v, want %v; %+v", workers, c.workers, r.Info())
			}
			if r.Info().ConcurrencyLimit != c.limit || r.Info().ConcurrencyFlag == "" || r.Info().HasThreads {
				t.Errorf("limit %d of %q, want %d; threads %v", r.Info().ConcurrencyLimit, r.Info().ConcurrencyFlag, c.limit, r.Info().HasThreads)
			}
			var codes []string
			for _, w := range r.Warnings() {
				if w.Code != "other-cgroup" {
					codes = append(codes, w.Code)
				}
			}
			if !slices.Equal(codes, c.warns) {
				t.Errorf("warnings %q, want %q", codes, c.warns)
			}
			_, err = attachIn(fs, AttachSpec{PID: c.named, Threads: 4})
			servertest.Usage(t, err, "one event loop")
		})
	}
}
