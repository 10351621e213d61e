package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/knob"
	"workermem/report"
)

// The exit codes; the other kinds of failure carry their own (calibrate.Kind).
const (
	exitTool        = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// Main runs one command line and returns its exit code.
func Main(ctx context.Context, env Env, args []string) (code int) {
	env.Stdout, env.Stderr = leavable{env.Stdout}, leavable{env.Stderr}
	defer func() {
		if cause := recover(); cause != nil {
			code = exitCode(env, crashed(args, cause, debug.Stack()))
		}
	}()
	if len(args) > 0 && args[0] == crashCommand { // it needs no more, and is there for as long as something is measured
		return exitCode(env, outliveCrash(env, args[1:]))
	}
	root := newRootCmd(env)
	root.SetArgs(args)
	return exitCode(env, root.ExecuteContext(ctx))
}

func newRootCmd(env Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "calibrate",
		Short: "Measure a web app's worker, then size the box: workers, threads, memory, max-requests",
		Long: "calibrate starts your app's own server with one worker, drives real load at it, reads the worker's memory\n" +
			"from the kernel, and says how many workers and threads fit, and when to recycle one.",
		Example:       "  calibrate demo\n  calibrate run -- gunicorn --threads 4 app:app\n  calibrate attach --pid 4711 --access-log access.log\n  calibrate report --markdown",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout) // before the command for completion is made, which takes it then
	root.SetErr(env.Stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(onLinux(env, newRunCmd(env), newDemoCmd(env), newAttachCmd(env), newProveCmd(env))...)
	root.AddCommand(newReportCmd(env), newRunsCmd(env), newSizeCmd(env), newCheckCmd(env), newCompareCmd(env), newEmitCmd(env), newDoctorCmd(env), newGuideCmd(env), newExplainCmd(env), newConfigCmd(env), newInitCmd(env), newSchemaCmd(env), newVersionCmd(env),
		newDemoAppCmd(), newIdleCmd(env))
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	argsAreUsage(root)
	return root
}

// argsAreUsage makes wrong usage of what a command and those below it say of their arguments, cobra's own words included.
func argsAreUsage(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			var failure *calibrate.Failure
			if err == nil || errors.As(err, &failure) {
				return err
			}
			first, _, _ := strings.Cut(err.Error(), "\n")
			return calibrate.Usage("calibrate --help lists the commands", "%s", first)
		}
	}
	for _, below := range cmd.Commands() {
		argsAreUsage(below)
	}
}

// flagError says which flag is wrong, and what a right value looks like if its type knows.
func flagError(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		if failure := badValue(invalid.GetFlag(), invalid.GetValue(), invalid.Unwrap()); failure != nil {
			return failure
		}
	}
	return calibrate.Usage(cmd.CommandPath()+" --help lists the flags", "%s", err)
}

// badValue is the complaint about a flag's value, nil if its type knows nothing to say.
func badValue(flag *pflag.Flag, value string, err error) *calibrate.Failure {
	var failure *calibrate.Failure
	if errors.As(err, &failure) {
		return calibrate.Usage(failure.Try, "--%s: %s", flag.Name, failure.What)
	}
	var malformed *knob.Malformed
	if errors.As(err, &malformed) {
		return calibrate.Usage(malformed.Try, "--%s: %s", flag.Name, malformed.What)
	}
	if try := likeThis[flag.Value.Type()]; try != "" {
		return calibrate.Usage("give "+try, "--%s: %q is not valid", flag.Name, value)
	}
	return nil
}

// likeThis says what the flags of pflag's own types take.
var likeThis = map[string]string{
	"int": "a whole number such as 4", "duration": "a time such as 30s or 5m",
}

// leavable is a stream whose reader may leave, as head does once it has its lines. What is written then is lost, and nothing else
// changes: least of all the exit code, which is the outcome's.
type leavable struct{ io.Writer }

func (l leavable) Write(p []byte) (int, error) {
	n, err := l.Writer.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		return len(p), nil
	}
	return n, err
}

// exitCode is the one place where an error is printed.
func exitCode(env Env, err error) int {
	if err == nil {
		return 0
	}
	var outcome outcomeError
	if errors.As(err, &outcome) {
		return int(outcome)
	}
	var failure *calibrate.Failure
	if !errors.As(err, &failure) {
		failure = plainFailure(err)
	}
	_ = report.Failure(env.Stderr, failure, env.Terminal && env.Color) // where it can't be written, the exit code still says it
	return int(failure.Kind)
}

// plainFailure makes the tool's own failure of an error that nobody has made one of.
func plainFailure(err error) *calibrate.Failure {
	try := "run it again; if it stays, report it with the command and this message"
	if errors.Is(err, syscall.ENOSPC) {
		try = "free some space"
	}
	return &calibrate.Failure{Kind: calibrate.KindTool, What: err.Error(), Try: try, Err: err}
}

// outcomeError carries the exit code of a run whose report says everything already.
type outcomeError calibrate.Kind

// exitWith is nil for an outcome of 0.
func exitWith(outcome calibrate.Kind) error {
	if outcome == 0 {
		return nil
	}
	return outcomeError(outcome)
}

func (e outcomeError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }
