package server

import (
	"path/filepath"
	"slices"
	"testing"
)

func TestAttachKnowsUvicornByItsCommandLine(t *testing.T) {
	const python = "/venv/bin/python3 /venv/bin/uvicorn "
	const spawn = "/venv/bin/python3 -c from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=7, pipe_handle=9) --multiprocessing-fork"
	tracker := proc{11, 10, 10, "/venv/bin/python3 -c from multiprocessing.resource_tracker import main;main(6)"}
	for name, c := range map[string]struct {
		args    string
		below   []proc
		environ string
		named   int
		workers []int
		limit   int
		warns   []string
	}{
		"alone":          {python + "a:b", nil, "A=b", 10, []int{10}, 0, []string{EndsServer}},
		"supervised":     {python + "--workers 2 --limit-concurrency 50 a:b", []proc{tracker, {12, 10, 10, spawn}, {13, 10, 10, spawn}}, "A=b", 13, []int{12, 13}, 49, nil},
		"a variable":     {python + "a:b", []proc{tracker, {12, 10, 10, spawn}}, "UVICORN_LIMIT_CONCURRENCY=8\x00WEB_CONCURRENCY=1", 12, []int{12}, 7, nil},
		"a hidden one":   {python + "a:b", []proc{tracker, {12, 10, 10, spawn}}, "hidden", 10, []int{12}, 0, []string{"limit-unknown"}},
		"a child of its": {python + "a:b", []proc{{12, 10, 10, "convert image"}}, "A=b", 10, []int{10}, 0, []string{EndsServer}},
	} {
		t.Run(name, func(t *testing.T) {
			fs := procWith(t, append([]proc{{10, 1, 10, c.args}}, c.below...)...)
			if c.environ != "hidden" {
				write(t, filepath.Join(fs.Proc, "10", "environ"), c.environ)
			}
			r, err := attachIn(fs, AttachSpec{PID: c.named})
			if err != nil {
				t.Fatal(err)
			}
			workers, _ := r.Workers()
			if !slices.Equal(workers, c.workers) || r.info.PID != 10 || r.info.Server != "uvicorn" {
				t.Errorf("workers %v, want %v; %+v", workers, c.workers, r.info)
			}
			if r.info.ConcurrencyLimit != c.limit || r.info.ConcurrencyFlag == "" || r.info.HasThreads {
				t.Errorf("limit %d of %q, want %d; threads %v", r.info.ConcurrencyLimit, r.info.ConcurrencyFlag, c.limit, r.info.HasThreads)
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
			usage(t, err, "one event loop")
		})
	}
}
