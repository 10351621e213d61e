package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"workermem/calibrate"
	"workermem/calibrate/say"
	"workermem/calibrate/server"
	"workermem/loadgen"
	"workermem/report"
	"workermem/sampler"
)

func newDoctorCmd(env Env) *cobra.Command {
	var format formatFlag
	var endOrphans bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what can be measured here, what can't, and what to do about it",
		Long: "doctor tries what a measurement needs (reading memory, limits, load, files), and lists the servers that it finds.\n" +
			"It starts no app and changes nothing; it only asks servers for their versions. With --end-orphans it ends the apps\n" +
			"of earlier runs that live on.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if endOrphans {
				if err := endAll(env, server.FindOrphans()); err != nil {
					return err
				}
			}
			checkup, err := examine(cmd.Context(), env)
			if err != nil {
				return err
			}
			outcome := calibrate.Kind(0)
			if !checkup.Works {
				outcome = calibrate.KindTool
			}
			return format.showAs(env, report.Checkup(checkup), exitWith(outcome))
		},
	}
	cmd.Flags().BoolVar(&endOrphans, "end-orphans", false, "end the apps of earlier runs whose calibrate and guard were killed")
	format.register(cmd.Flags())
	return cmd
}

// examine looks at the machine first, while nothing else of ours runs, and then for servers.
func examine(ctx context.Context, env Env) (calibrate.Checkup, error) {
	if env.Foreign != "" {
		return foreignCheckup(env), nil
	}
	child, endChild := startIdle(nil)
	defer endChild()
	stranger, endStranger := startIdle(asNobody()) // takes root
	defer endStranger()
	host, findings := sampler.Doctor{
		Roots: sampler.Here(), Root: "/", Dir: env.Dir,
		Child: child, Stranger: stranger, Clients: loadgen.MostClients, Backlog: server.MostBacklog(), CI: ciVariables(env),
	}.Examine()
	findings = append(addOwnGroup(findings, server.GroupPossible()), orphaned(findings[len(findings)-1].Area))
	servers, missing := server.Installed(ctx, env.Getenv("PATH"), serverFolders(env))
	if err := context.Cause(ctx); err != nil { // what was asked last has not answered
		return calibrate.Checkup{}, &calibrate.Failure{Kind: calibrate.KindInterrupted, What: "interrupted", Why: err.Error(),
			Try: "run it again; nothing was changed", Err: err}
	}
	return calibrate.NewCheckup(toolInfo(), host, findings, servers, missing), nil
}

// addOwnGroup puts what came of making a cgroup for an app after what is said of cgroups, in the same area.
func addOwnGroup(findings []calibrate.Finding, impossible error) []calibrate.Finding {
	at := slices.IndexFunc(findings, func(f calibrate.Finding) bool { return f.Name == "cgroups" })
	own := calibrate.Finding{Area: findings[at].Area, Name: "own-cgroup", State: calibrate.StateOK, Text: "the app can have a memory cgroup of its own"}
	if impossible != nil {
		own.State, own.Text = calibrate.StateLimited, fmt.Sprintf("the app can't have a memory cgroup of its own: %v", impossible)
		own.Try = "run calibrate as root, or in a group of its own: systemd-run --user --scope -p Delegate=yes calibrate run ..."
	}
	return slices.Insert(findings, at+1, own)
}

// orphaned says whether apps of earlier runs live on.
func orphaned(area string) calibrate.Finding {
	f := calibrate.Finding{Area: area, Name: "orphans", State: calibrate.StateOK, Text: "no app of an earlier run lives on"}
	var all []string
	for _, o := range server.FindOrphans() {
		all = append(all, o.String())
	}
	if len(all) > 0 {
		f.State, f.Text, f.Try = calibrate.StateLimited, server.Orphaned+strings.Join(all, "; "), "calibrate doctor --end-orphans"
	}
	return f
}

// endAll ends them. One that can't be ended keeps none of the others alive.
func endAll[O interface {
	fmt.Stringer
	End() (left int)
}](env Env, orphans []O) error {
	var living int
	var names []string
	for _, o := range orphans {
		if left := o.End(); left > 0 {
			living, names = living+left, append(names, o.String())
			continue
		}
		note(env, "ended an app of an earlier run: %s", o)
	}
	if living == 0 {
		return nil
	}
	return &calibrate.Failure{Kind: calibrate.KindTool, What: "an app of an earlier run could not be ended: " + strings.Join(names, "; "),
		Why: "what lives on: " + say.Plural(living, "process"), Try: "end them as their user, or as root"}
}

// ciVariables are those by which the CIs that people use say that they are one, as far as they are set.
func ciVariables(env Env) []string {
	var set []string
	for _, name := range []string{"CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "BUILDKITE", "CIRCLECI", "TF_BUILD", "TEAMCITY_VERSION"} {
		if env.Getenv(name) != "" {
			set = append(set, name)
		}
	}
	return set
}

// serverFolders are where servers are kept beside the PATH: the virtual environment, and those that projects have.
func serverFolders(env Env) []string {
	var folders []string
	if venv := env.Getenv("VIRTUAL_ENV"); venv != "" {
		folders = append(folders, filepath.Join(venv, "bin"))
	}
	return append(folders, filepath.Join(env.Dir, ".venv", "bin"), filepath.Join(env.Dir, "venv", "bin"))
}

const idleCommand = "__idle"

// newIdleCmd is a process to look at. It ends when its starter does, whose end of the pipe is then closed.
func newIdleCmd(env Env) *cobra.Command {
	return &cobra.Command{
		Use: idleCommand, Hidden: true, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.Copy(io.Discard, env.Stdin)
			return err
		},
	}
}

// startIdle starts one, as another user if that is asked for; pid 0 if that can't be done. It has no
// environment: in /proc/PID/environ its user could read ours, with the secrets in it.
func startIdle(as *syscall.SysProcAttr) (pid int, end func()) {
	cmd := &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{"calibrate", idleCommand}, // works also if the binary has been replaced meanwhile
		Env:         []string{},
		SysProcAttr: as,
	}
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return 0, func() {}
	}
	return cmd.Process.Pid, func() {
		_ = stdin.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}
