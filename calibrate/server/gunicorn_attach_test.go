package server

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/server/servertest"
)

func TestAttachKnowsGunicornByItsCommandLine(t *testing.T) {
	const python = "/venv/bin/python3 /venv/bin/gunicorn "
	for name, c := range map[string]struct {
		args    string
		environ string
		config  bool
		threads int // asked for
		want    calibrate.TargetInfo
		warns   bool
	}{
		"sync":               {args: python + "app:app", want: calibrate.TargetInfo{Server: "gunicorn", Threads: 1, HasThreads: true, CanRecycle: true}},
		"threads":            {args: python + "--threads 4 --preload app:app", want: calibrate.TargetInfo{Server: "gunicorn", Threads: 4, HasThreads: true, CanRecycle: true, Preload: true}},
		"threads elsewhere":  {args: python + "app:app", environ: "A=b\x00GUNICORN_CMD_ARGS=--threads 8", want: calibrate.TargetInfo{Server: "gunicorn", Threads: 8, HasThreads: true, CanRecycle: true}},
		"asynchronous":       {args: python + "-c conf.py -k uvicorn.workers.UvicornWorker app:app", want: calibrate.TargetInfo{Server: "gunicorn", CanRecycle: true}},
		"a config":           {args: python + "-c conf.py app:app", want: calibrate.TargetInfo{Server: "gunicorn", CanRecycle: true}, warns: true},
		"a config by name":   {args: python + "app:app", config: true, want: calibrate.TargetInfo{Server: "gunicorn", CanRecycle: true}, warns: true},
		"a config, and said": {args: python + "-c conf.py --threads 3 app:app", want: calibrate.TargetInfo{Server: "gunicorn", Threads: 3, HasThreads: true, CanRecycle: true}},
		"a config, and asked": {args: python + "-c conf.py app:app", threads: 6,
			want: calibrate.TargetInfo{Server: "gunicorn", Threads: 6, HasThreads: true, CanRecycle: true}},
		"its environment is hidden": {args: python + "app:app", environ: "hidden", want: calibrate.TargetInfo{Server: "gunicorn", CanRecycle: true}, warns: true},
		"a module":                  {args: "/venv/bin/python -m gunicorn --threads 2 app:app", want: calibrate.TargetInfo{Server: "gunicorn", Threads: 2, HasThreads: true, CanRecycle: true}},
		"another":                   {args: "cheroot app:app", want: calibrate.TargetInfo{Server: "command"}},
		"another, asked":            {args: "cheroot app:app", threads: 4, want: calibrate.TargetInfo{Server: "command", Threads: 4, HasThreads: true}},
	} {
		t.Run(name, func(t *testing.T) {
			fs := servertest.ProcWith(t, servertest.Proc{PID: 10, Parent: 1, Session: 10, Args: c.args}, servertest.Proc{PID: 11, Parent: 10, Session: 10, Args: c.args})
			home := t.TempDir()
			if err := os.Symlink(home, filepath.Join(fs.Proc, "10", "cwd")); err != nil {
				t.Fatal(err)
			}
			if c.config {
				servertest.Write(t, filepath.Join(home, "gunicorn.conf.py"), "raise SystemExit('must not be run')")
			}
			if c.environ != "hidden" {
				servertest.Write(t, filepath.Join(fs.Proc, "10", "environ"), c.environ)
			}
			r, err := attachIn(fs, AttachSpec{PID: 11, Threads: c.threads})
			if err != nil {
				t.Fatal(err)
			}
			got := calibrate.TargetInfo{Server: r.Info().Server, Threads: r.Info().Threads, HasThreads: r.Info().HasThreads, CanRecycle: r.Info().CanRecycle, Preload: r.Info().Preload}
			if got.Server != c.want.Server || got.Threads != c.want.Threads || got.HasThreads != c.want.HasThreads || got.CanRecycle != c.want.CanRecycle || got.Preload != c.want.Preload {
				t.Errorf("%+v, want %+v", got, c.want)
			}
			if warns := slices.ContainsFunc(r.Warnings(), func(w calibrate.Warning) bool { return w.Code == "threads-unknown" }); warns != c.warns {
				t.Errorf("warnings %+v", r.Warnings())
			}
			if c.want.Server == "gunicorn" && (r.Info().PID != 10 || r.Info().NamedPID != 11) {
				t.Errorf("pid %d for the named %d", r.Info().PID, r.Info().NamedPID)
			}
			if workers, err := r.Workers(); err != nil || c.want.Server == "gunicorn" && !slices.Equal(workers, []int{11}) {
				t.Errorf("workers %v, %v", workers, err)
			}
			if tree := r.Tree(); !slices.Equal(tree, []int{10, 11}) {
				t.Errorf("tree %v", tree)
			}
			if strings.Contains(strings.Join(r.Info().Command, " "), "GUNICORN_CMD_ARGS") {
				t.Error("the environment is in the command")
			}
		})
	}
}
