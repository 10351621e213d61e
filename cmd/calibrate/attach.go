package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/knob"
	"workermem/calibrate/run"
	"workermem/calibrate/server"
	"workermem/loadgen"
)

// attachFlags are the flags of `calibrate attach`, as written.
type attachFlags struct {
	pid       int
	pidFile   string
	accessLog string
	url       string
	threads   int
	loadFlags
	sizingFlags
	knob.Closeness
	outFlags
	configFlags

	settings settings
	given    []string // all that were given, for repeating the watch
	wrong    complaints
}

const attachExample = `  calibrate attach --pidfile /run/web.pid --access-log /var/log/web/access.log
  calibrate attach --pid 4711 --duration 30m
  calibrate attach --pid 4711 --url http://127.0.0.1:8000 --path /search --rate 20`

func newAttachCmd(env Env) *cobra.Command {
	var f attachFlags
	cmd := &cobra.Command{
		Use:   "attach --pid N",
		Short: "Watch a server that is already running, with or without load of its own",
		Long: "attach watches all workers of a running server, and sizes the box by what it saw. It changes nothing: it sends no\n" +
			"signal, runs nothing of the server, and leaves it running, however attach itself ends. It sends load only to the\n" +
			"--url that you give.\n\n" +
			"Growth is measured per request if the requests are counted: by the lines that --access-log gains, or by the load\n" +
			"that is sent. Otherwise it is measured over time, which says nothing of max-requests.",
		Example: attachExample,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.configured(env, cmd.Flags()); err != nil {
				return err
			}
			f.given = given(cmd.Flags())
			f.format.complain(env, &f.wrong)
			if err := f.check(cmd.Flags()); err != nil {
				return f.settings.explained(err)
			}
			return f.settings.explained(f.attach(cmd.Context(), env))
		},
	}
	f.register(cmd.Flags())
	f.wrong.collect(cmd.Flags())
	return cmd
}

func (f *attachFlags) register(flags *pflag.FlagSet) {
	flags.SortFlags = false
	about(aboutWatch, flags, f.watched)
	f.loadFlags.register(flags, "one client that sends one request after the other", "watch",
		"when the answer is good enough, 10m at most")
	f.sizingFlags.register(flags, "")
	about(aboutEffort, flags, func(flags *pflag.FlagSet) { knobs(flags, &f.Closeness) })
	f.format.exports = true
	f.outFlags.register(flags)
	f.configFlags.register(flags)
}

// configured takes from calibrate.yaml what the command line doesn't say: of the load only where there is to be one.
func (f *attachFlags) configured(env Env, flags *pflag.FlagSet) (err error) {
	if f.settings, err = f.configFlags.settings(env); err != nil {
		return err
	}
	subjects := []subject{aboutSizing, aboutEffort, aboutWarnings}
	if flags.Changed("url") {
		subjects = append(subjects, aboutRequests, aboutLoad)
	}
	return f.settings.take(flags, subjects...)
}

func (f *attachFlags) watched(flags *pflag.FlagSet) {
	flags.IntVar(&f.pid, "pid", 0, "process id of the server: its master, or a worker")
	flags.StringVar(&f.pidFile, "pidfile", "", "file that holds the process id")
	naming(flags, &f.accessLog, "access-log", "count the requests by the lines that this file gains; nothing of them is kept")
	flags.IntVar(&f.threads, "threads", 0, "threads of a worker (default: what the server's command line says)")
	naming(flags, &f.url, "url", "send load to this address, such as http://127.0.0.1:8000 (default: none is sent)")
}

// check refuses what contradicts itself. It also refuses flags of the load without a --url: whoever gave them expects load.
func (f *attachFlags) check(flags *pflag.FlagSet) error {
	const which = "calibrate attach --pid 4711, or --pidfile /run/web.pid"
	wrong, byPID, byFile := f.wrong, flags.Changed("pid"), flags.Changed("pidfile")
	wrong.add(byPID && byFile, "leave one out", "--pid and --pidfile both name a process")
	wrong.add(!byPID && !byFile, which, "no process to watch was named")
	name := loadFlag(flags)
	wrong.add(name != "" && !flags.Changed("url") && wrong.sound(name), "say where to send it: --url http://127.0.0.1:8000", "--%s is for load, and without --url none is sent", name)
	wrong.outside(&f.Load, &f.Closeness)
	wrong.check(f.requestFlags.checks(), []flagCheck{
		{f.threads < 0 || f.threads > mostThreads, "--threads", "a number of threads from 1 to " + strconv.Itoa(mostThreads)},
	})
	f.sizingFlags.check(&wrong)
	f.checkRate(&wrong)
	return wrong.err("calibrate attach --help lists the flags")
}

// loadFlag is a flag that was given and says what load is sent; how long it lasts is the watch's business.
func loadFlag(flags *pflag.FlagSet) (name string) {
	flags.Visit(func(f *pflag.Flag) {
		if what := subjectOf(f); name == "" && (what == aboutRequests || what == aboutLoad) && f.Name != "duration" {
			name = f.Name
		}
	})
	return name
}

// attach checks everything and opens everything before it watches.
func (f *attachFlags) attach(ctx context.Context, env Env) error {
	rig, notes, err := f.rig(ctx, env)
	if err != nil {
		return err
	}
	server, err := f.server()
	if err != nil {
		return err
	}
	if f.accessLog != "" {
		log, err := loadgen.FollowAccessLog(f.accessLog)
		if err != nil {
			return err
		}
		defer log.Close()
		rig.Counter = log
	}
	folder, id, err := openRun(env, f.out)
	if err != nil {
		return err
	}
	defer folder.Close()
	rig.Target, rig.Journal = server, folder
	note(env, "%s", announced(server.Info(), rig))
	result, err := measure(ctx, env, run.Attach, f.plan(), rig, calibrate.Result{ID: id, Target: server.Info(), Warnings: notes})
	if err != nil {
		return f.endedEarly(env, folder.Path, result, err)
	}
	return f.show(env, folder.Path, result)
}

// rig has the load, if there is any, and what is to be noted about it.
func (f *attachFlags) rig(ctx context.Context, env Env) (calibrate.Rig, []calibrate.Warning, error) {
	if f.url == "" {
		return calibrate.Rig{}, nil, nil
	}
	targets, load, err := f.loader(ctx, env)
	if err != nil {
		return calibrate.Rig{}, nil, err
	}
	return calibrate.Rig{Load: load}, targets.Warnings(), nil
}

func (f *attachFlags) server() (*server.Attached, error) {
	pid := f.pid
	if f.pidFile != "" {
		var err error
		if pid, err = server.PIDFile(f.pidFile); err != nil {
			return nil, err
		}
	}
	return server.Attach(server.AttachSpec{PID: pid, URL: f.url, Threads: f.threads, AllowRemote: f.allowRemote, AccessLog: f.accessLog})
}

func (f *attachFlags) plan() calibrate.Plan {
	return calibrate.Plan{PlanInfo: calibrate.PlanInfo{
		Load: f.Load, Box: f.Box, Wishes: f.Wishes, Closeness: f.Closeness, Effort: knob.Effort{SoakSeconds: run.DefaultWatch.Seconds()},
		Silenced: f.silence, Flags: f.given, Config: f.settings.taken,
	}}
}

// announced says what is about to be watched, and what is done to it.
func announced(info calibrate.TargetInfo, rig calibrate.Rig) string {
	text := fmt.Sprintf("watching process %d, %s", info.PID, info.Server)
	if info.ServerVersion != "" {
		text += " " + info.ServerVersion
	}
	if info.NamedPID > 0 {
		text += fmt.Sprintf(" (process %d is a worker of it)", info.NamedPID)
	}
	if rig.Load != nil {
		text += "; load goes to " + info.URL
	} else {
		text += "; no load is sent"
	}
	switch {
	case rig.Counter != nil:
		text += "; requests are counted by the access log"
	case rig.Load == nil:
		text += "; nothing counts the requests, so growth is measured over time"
	}
	return text
}

// endedEarly shows what was seen of a watch that the user ended: it is as good as a shorter one.
func (f *attachFlags) endedEarly(env Env, path string, result calibrate.Result, err error) error {
	err = ended(env, path, err)
	var failure *calibrate.Failure
	if errors.As(err, &failure) && failure.Kind == calibrate.KindInterrupted {
		return f.format.showAs(env, f.document(env, path, result), err)
	}
	return err
}
