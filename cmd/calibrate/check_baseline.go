package main

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/gate"
	"workermem/calibrate/say"
	"workermem/cmd/calibrate/config"
	"workermem/report"
)

// baselineFlags say which baseline a run is held against, and whether it becomes the next one.
type baselineFlags struct {
	file          string
	update, force bool

	usual  string              // where it is if none is named, "" for the usual name
	have   *calibrate.Baseline // nil: there is none
	usuals bool                // no limit against the baseline is given: later runs are held to those that are usual
}

func (f *baselineFlags) register(flags *pflag.FlagSet) {
	naming(flags, &f.file, "baseline", "the baseline's file (default: "+calibrate.BaselineFile+", if it is there)")
	flags.BoolVar(&f.update, "update-baseline", false, "make the run the baseline, unless it fails, or lacks what a limit is held against")
	flags.BoolVar(&f.force, "force", false, "with --update-baseline: in spite of that")
}

func (f *baselineFlags) path(env Env) string {
	if f.file != "" {
		return f.file
	}
	path := cmp.Or(f.usual, calibrate.BaselineFile)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(env.Dir, path)
}

// read finds the baseline. One that is named must be there, unless it is to be written; and what is there must be one, unless it is to be
// written whatever it is. A place that can't be written to is refused before anything is measured.
func (f *baselineFlags) read(env Env, w *complaints) {
	text, err := config.Bounded(f.path(env))
	if f.update && (err == nil || errors.Is(err, fs.ErrNotExist)) {
		cant := calibrate.CanWrite(f.path(env))
		w.add(cant != nil, "name a file that can be written, with --baseline", "the baseline can't be written: %v", cant)
	}
	if errors.Is(err, fs.ErrNotExist) && (f.file == "" || f.update) {
		return
	}
	if err != nil {
		w.add(true, "name a file that calibrate check --update-baseline wrote", "the baseline %s can't be read: %v", f.path(env), err)
		return
	}
	b, err := calibrate.ParseBaseline(text)
	switch {
	case err == nil:
		f.have = &b
	case f.update && f.force:
		note(env, "the baseline %s can't be read, so nothing is held against it: %v", f.path(env), err)
	default:
		w.add(true, "name a file that calibrate check --update-baseline wrote; --update-baseline --force writes this one anew", "the baseline %s can't be read: %v", f.path(env), err)
	}
}

// updated writes the run as the baseline if that was asked for, and exits as the check says. What is relative to the former
// baseline doesn't count then, but stands in its way if it is a regression, or if the new one lacks what later runs are held to.
func (f *baselineFlags) updated(env Env, c calibrate.Check, r calibrate.Result, later gate.Against) error {
	if !f.update {
		return exitWith(c.ExitCode)
	}
	failed := c.ExitCode != 0 && c.ExitCode != calibrate.KindInconclusive
	switch {
	case c.Untrusted:
		note(env, "the baseline was not written: the run can't be relied on")
		return exitWith(c.ExitCode)
	case failed && !f.force:
		note(env, "the baseline was not written, because the check failed; --force writes it all the same")
		return exitWith(c.ExitCode)
	}
	b, left := gate.Baseline(r, later.Limits.Metrics()...)
	if without := later.Missed(left); len(without) > 0 && !f.force {
		for _, l := range without {
			note(env, "the baseline was not written, for it would be without %s, which %s: %s; --force writes it all the same", strings.Join(l.Metrics, ", "), f.holding(), whyLeftOut(c, l.Reason))
		}
		return exitWith(calibrate.KindInconclusive)
	}
	if err := f.write(env, b); err != nil {
		return err
	}
	for _, l := range left {
		note(env, "it is without %s: %s", strings.Join(l.Metrics, ", "), whyLeftOut(c, l.Reason))
	}
	switch {
	case c.OnlyAgainstBaseline():
		return nil
	case c.ExitCode == calibrate.KindRegression: // which went before what isn't known, and counts no more
		return exitWith(calibrate.KindInconclusive)
	}
	return exitWith(c.ExitCode)
}

// holding says what holds later runs to a figure of the baseline.
func (f *baselineFlags) holding() string {
	if f.usuals {
		return "later checks hold unless you give a limit against the baseline (--limit 'peak <= +5%')"
	}
	return "a limit is held against"
}

// whyLeftOut is why a figure of the run is in no baseline, and what helps.
func whyLeftOut(c calibrate.Check, reason calibrate.LimitReason) string {
	switch reason {
	case calibrate.LimitNoise:
		return report.NoiseSentence(c.Noise)
	case calibrate.LimitUnsettled:
		return "whether memory creeps isn't known yet; measure longer"
	case calibrate.LimitNotMeasured:
		return "the run has no figure of that; calibrate explain METRIC says what it takes"
	}
	return "the run was cut short before what that follows from; measure again"
}

func (f *baselineFlags) write(env Env, b calibrate.Baseline) error {
	path := f.path(env)
	if err := calibrate.WriteWhole(path, b, 0o644); err != nil {
		return &calibrate.Failure{Kind: calibrate.KindTool, What: "the baseline can't be written", Why: err.Error(), Try: cmp.Or(calibrate.TryDisk(err), "name a file that can be written, with --baseline"), Err: err}
	}
	note(env, "wrote %s: %s of run %s; commit it", shown(env, path), say.Plural(len(b.Metrics), "metric"), b.Run)
	return nil
}
