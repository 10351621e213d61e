package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/say"
	"workermem/calibrate/server"
	"workermem/calibrate/server/cli"
)

// versionFlags say which two versions of an app are compared.
type versionFlags struct {
	base, head, baseRef, baseCommand, setup string
}

func (f *versionFlags) register(flags *pflag.FlagSet) {
	naming(flags, &f.base, "base", "folder that the base is started in, a checkout of it")
	naming(flags, &f.head, "head", "folder that the head is started in (default: this one)")
	naming(flags, &f.baseRef, "base-ref", "git ref of the base: a worktree of it is made, and removed at the end")
	naming(flags, &f.baseCommand, "base-command", "command of the base, if it isn't COMMAND")
	flags.StringVar(&f.setup, "setup", "", "shell command to run in that worktree first, such as 'pip install -r requirements.txt'")
}

// given names one that was, "" if none was.
func (f *versionFlags) given() string {
	for _, one := range []struct{ value, flag string }{{f.base, "--base"}, {f.head, "--head"}, {f.baseRef, "--base-ref"}, {f.baseCommand, "--base-command"}} {
		if one.value != "" {
			return one.flag
		}
	}
	return ""
}

func (f *versionFlags) check(w *complaints, self bool) {
	w.add(f.base != "" && f.baseRef != "", "leave one out", "--base with --base-ref names two bases")
	ours := f.base + f.baseRef + f.baseCommand
	w.add(self && ours != "", "leave one out", "--self with %s: the app is compared with itself", f.given())
	_, plain := cli.Plain(f.baseCommand)
	// It isn't said again: what only a shell takes apart may be anything, and a secret in it would be in CI's log.
	w.add(f.baseCommand != "" && !plain, "put it into a script, or name the program and its options alone", "--base-command is no plain command: NAME=VALUE, |, ; and the like are for a shell")
}

// versioned is one of the two, ready to start.
type versioned struct {
	calibrate.Version
	dir     string // absolute
	command []string
	keeper  *server.Script // takes its worktree away, nil if it has none
}

// versions finds both. The base may need a worktree, which the caller removes.
func (f *versionFlags) versions(ctx context.Context, env Env, command []string, self bool) (base, head versioned, err error) {
	if !self && f.base+f.baseRef+f.baseCommand == "" {
		return base, head, calibrate.Usage("name it: --base-ref origin/main, --base FOLDER or --base-command COMMAND; --self compares the app with itself", "there is no base to compare with")
	}
	baseCommand := command
	if f.baseCommand != "" {
		baseCommand, _ = cli.Plain(f.baseCommand)
	}
	if head, err = versionIn(env, f.head, command); err != nil {
		return base, head, err
	}
	if f.baseRef != "" {
		base, err = worktreeOf(ctx, env, f.baseRef, head.dir)
		base.command = reaching(baseCommand, base.dir, head.dir)
		base.Command = calibrate.Redact(base.command)
		return base, head, err
	}
	folder := f.base
	if folder == "" {
		folder = f.head
	}
	base, err = versionIn(env, folder, baseCommand)
	if err == nil && !self && base.sameAs(head) {
		return base, head, calibrate.Usage("name another base; --self compares the app with itself", "base and head are the same command in the same folder")
	}
	return base, head, err
}

func (v versioned) sameAs(other versioned) bool {
	return sameFile(v.dir, other.dir) && slices.Equal(v.command, other.command)
}

// versionIn is a command in a folder, "" for this one.
func versionIn(env Env, folder string, command []string) (v versioned, err error) {
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(env.Dir, folder)
	}
	if v.dir, err = filepath.Abs(folder); err != nil {
		return v, err
	}
	if info, err := os.Stat(v.dir); err != nil || !info.IsDir() {
		return v, calibrate.Usage("name a checkout", "%s is no folder", folder)
	}
	here, err := filepath.Abs(env.Dir)
	if err != nil {
		return v, err
	}
	v.command = reaching(command, v.dir, here)
	v.Version = calibrate.Version{Command: calibrate.Redact(v.command), Folder: relative(env, v.dir)}
	return v, nil
}

// reaching is a command whose program a folder need not have: a checkout has no virtual environment of its own.
func reaching(command []string, dir, here string) []string {
	if len(command) == 0 || !strings.Contains(command[0], "/") || filepath.IsAbs(command[0]) {
		return command
	}
	if _, err := os.Stat(filepath.Join(dir, command[0])); err == nil {
		return command
	}
	return append([]string{filepath.Join(here, command[0])}, command[1:]...)
}

// worktreeOf checks a ref out into a temporary folder. The part of it that corresponds to the folder that the head is in is the
// version's.
func worktreeOf(ctx context.Context, env Env, ref, head string) (v versioned, err error) {
	prefix, err := git(ctx, head, "rev-parse", "--show-prefix")
	if err != nil {
		return v, calibrate.Usage("give --base FOLDER", "--base-ref needs a git repository: %s", err)
	}
	commit, err := git(ctx, head, "rev-parse", "--verify", "--quiet", "--end-of-options", ref+"^{commit}")
	if err != nil {
		return v, calibrate.Usage("fetch it first (in CI: fetch-depth: 0), or name another", "--base-ref %s: there is no such commit", ref)
	}
	parent, err := os.MkdirTemp("", "calibrate-base-")
	if err != nil {
		return v, err
	}
	if v.keeper, err = server.StartKeeper(keepersGrace, keeping, head, parent); err != nil {
		_ = os.Remove(parent)
		return v, err
	}
	worktree := filepath.Join(parent, "base")
	if err := scripted(ctx, `git -C "$1" worktree add --detach --quiet "$2" "$3"`, head, worktree, commit); err != nil {
		v.remove()
		if ctx.Err() != nil {
			return v, interruptedIn(ctx, "interrupted while the base's worktree was made")
		}
		return v, calibrate.Usage("give --base FOLDER", "the worktree of %s can't be made: %s", ref, err)
	}
	v.dir = filepath.Join(worktree, prefix)
	if _, err := os.Stat(v.dir); err != nil {
		v.remove()
		return v, calibrate.Usage("give --base FOLDER", "%s has no folder %s", ref, filepath.Clean(prefix))
	}
	v.Version = calibrate.Version{Folder: "(worktree)", Ref: ref, Commit: commit}
	note(env, "base: %s, commit %s, in a worktree", ref, commit[:min(len(commit), 12)])
	return v, nil
}

// keeping waits, and takes the worktree below $2 out of the repository $1 when it is to end. It runs under a guard: the user's
// repository is to hear no more of the worktree, also if calibrate is killed. Those that may still write to the worktree are ended in
// its first moment.
const keeping = `trap 'sleep 0.2; mv "$2/base" "$2/gone"; git -C "$1" worktree remove --force --force "$2/base"; rm -rf "$2"; exit' TERM
while :; do sleep 3600 & wait; done`

// keepersGrace is for a worktree of a great many files, which its setup may have made.
const keepersGrace = time.Minute

// remove takes the worktree away, also after an interrupt.
func (v versioned) remove() {
	if v.keeper != nil {
		v.keeper.Stop(keepersGrace)
	}
}

// scripted runs a script to its end. What it says is the reason if it fails.
func scripted(ctx context.Context, text string, args ...string) error {
	var said bytes.Buffer
	s, err := server.StartScript(&said, text, args...)
	if err != nil {
		return err
	}
	if err = s.Wait(ctx); err != nil && said.Len() > 0 {
		return errors.New(strings.TrimSpace(said.String()))
	}
	return err
}

func git(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	cmd.SysProcAttr = inOwnGroup() // a Ctrl-C is ours to hear
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		if text := strings.TrimSpace(said.String()); text != "" {
			return "", fmt.Errorf("%s", text)
		}
		return "", err
	}
	return strings.TrimSpace(out.String()), nil
}

func interruptedIn(ctx context.Context, what string) error {
	cause := context.Cause(ctx)
	return &calibrate.Failure{Kind: calibrate.KindInterrupted, What: what, Why: cause.Error(), Try: "nothing was measured; run it again", Err: cause}
}

// setUp runs a shell command in the base's worktree. Its words go to stderr.
func (v versioned) setUp(ctx context.Context, env Env, command string) error {
	if command == "" || v.keeper == nil {
		return nil
	}
	said := calibrate.RedactText(say.Plain(command)) // for CI's log
	note(env, "base: %s", said)
	s, err := server.StartScript(env.Stderr, `cd "$1" && exec sh -c "$2"`, v.dir, command)
	if err == nil {
		err = s.Wait(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return interruptedIn(ctx, "interrupted in the base's setup")
	case err != nil:
		return &calibrate.Failure{Kind: calibrate.KindApp, What: "the base's setup failed", Why: err.Error(), Try: "run it by hand in a checkout of " + v.Ref + ": " + said, Err: err}
	}
	return nil
}
