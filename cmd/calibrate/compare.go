package main

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/gate"
	"workermem/calibrate/run"
	"workermem/calibrate/say"
	"workermem/report"
	"workermem/sampler"
)

// compareFlags are the flags of `calibrate compare`, as written.
type compareFlags struct {
	versionFlags
	compared
	limits limitList
	ci     ciFlags
	loadFlags
	appFlags
	outFlags
	configFlags

	own      *pflag.FlagSet
	settings settings
	wrong    complaints
}

// compared is how two versions are compared.
type compared struct {
	Pairs int  `flag:"pairs" kind:"count" zero:"refused" most:"1000" takes:"a number of pairs from 1 to 1000" help:"compare so many pairs, and by the interval of their differences (6 at least for one)"`
	Self  bool `flag:"self" kind:"switch" help:"compare the app with itself: what limits this machine can hold (3 pairs, or --pairs)"`
}

// selfPairs show how far runs of one app are apart.
const selfPairs = 3

const compareExample = `  calibrate compare --base-ref origin/main --setup 'pip install -r requirements.txt' -- gunicorn --threads 4 app:app
  calibrate compare --base ../main --head . --limit 'peak <= +3% or +2MB' -- gunicorn app:app
  calibrate compare --base-command 'gunicorn --threads 2 app:app' -- gunicorn --threads 4 app:app
  calibrate compare --self -- gunicorn app:app
  calibrate compare 20261121-093000-1f2e latest`

func newCompareCmd(env Env) *cobra.Command {
	var f compareFlags
	f.format.exports = true
	cmd := &cobra.Command{
		Use:   "compare [flags] (-- COMMAND... | BASE HEAD)",
		Short: "Run two versions in turn, and say whether a change is real and matters: for CI",
		Long: "compare runs an app in two versions, base and head, in turn on this machine: two checkouts, a git ref beside this\n" +
			"checkout, or two commands. Each run is a fresh start of some 25 s, and gets the same requests at the same rate. If\n" +
			"after one pair nothing is past half of its limit, that is all. Else fresh pairs follow, five at most, until the same\n" +
			"limit has failed in three of them, or none can any more. BASE and HEAD are two saved runs.\n\n" +
			"A limit is a change: 'peak <= +5% or +4MB', of which both must be exceeded. Without one they are\n" +
			calibrate.UsualDifferences().String() + ".\n\n" +
			"Exit codes: 0 no regression; 11 a regression; 4 something can't be told; 3 the app failed; 2 wrong usage.",
		Example: compareExample,
		Args:    namesRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.own = cmd.Flags()
			saved, command, err := savedAndCommand(cmd.ArgsLenAtDash(), args)
			if err != nil {
				return err
			}
			if err := f.configured(env); err != nil {
				return err
			}
			if len(saved) > 0 {
				return f.settings.explained(f.compareSaved(env, saved))
			}
			err = f.compare(cmd.Context(), env, command)
			return f.settings.explained(err)
		},
	}
	f.register(cmd.Flags())
	f.wrong.collect(cmd.Flags())
	return cmd
}

// savedAndCommand parts (-- COMMAND... | BASE HEAD).
func savedAndCommand(dash int, args []string) (saved, command []string, err error) {
	saved = args
	if dash >= 0 {
		saved, command = args[:dash], args[dash:]
	}
	switch {
	case len(saved) != 0 && len(saved) != 2:
		return nil, nil, calibrate.Usage("name base and head, or give -- COMMAND", "%s named", say.Plural(len(saved), "saved run")+map[bool]string{true: " is", false: " are"}[len(saved) == 1])
	case len(saved) == 2 && len(command) > 0:
		return nil, nil, calibrate.Usage("leave one of them out", "two saved runs are compared as they are, and COMMAND would be measured")
	}
	return saved, command, nil
}

func (f *compareFlags) register(flags *pflag.FlagSet) {
	flags.SortFlags = false
	about(aboutCheck, flags, func(flags *pflag.FlagSet) {
		f.versionFlags.register(flags)
		flags.Var(&f.limits, "limit", "the most that may change, such as 'peak <= +5%' (repeat it for several; default: see above)")
		knobs(flags, &f.compared)
	})
	about(aboutOutput, flags, f.ci.register)
	f.loadFlags.register(flags, "50 % of what the base serves, or of the head if that serves less", "soak", "12s, longer if the app serves few")
	about(aboutApp, flags, f.appFlags.register)
	f.outFlags.register(flags)
	f.configFlags.register(flags)
}

// configured takes from calibrate.yaml what the command line doesn't say.
func (f *compareFlags) configured(env Env) (err error) {
	if f.settings, err = f.configFlags.settings(env); err != nil {
		return err
	}
	if !f.own.Changed("setup") {
		f.setup = f.settings.Setup.Text
	}
	if !f.own.Changed("limit") {
		for _, l := range f.settings.Limits {
			if l.Relative() {
				f.limits.Limits = append(f.limits.Limits, l.Limit)
			}
		}
	}
	return f.settings.take(f.own, aboutApp, aboutWarnings, aboutRequests, aboutLoad)
}

// unmeasured says that the runs of a comparison have no figure for a limit. Saved runs may have one.
func (f *compareFlags) unmeasured(l calibrate.Limit) bool {
	return !run.Compares(l.Metric(), calibrate.Plan{PlanInfo: calibrate.PlanInfo{Load: f.Load}})
}

// leaveToCheck takes out the limits of calibrate.yaml, which are calibrate check's too, that the runs of a comparison have no figure for.
func (f *compareFlags) leaveToCheck(env Env) {
	f.limits.Limits = slices.DeleteFunc(f.limits.Limits, func(l calibrate.Limit) bool {
		if !f.unmeasured(l) {
			return false
		}
		note(env, "%s of %s is left to calibrate check: the short runs of a comparison don't measure that", l, f.settings.file.Path)
		return true
	})
}

// check reports all that is wrong with the command line at once; inTurn says that both versions will be run.
func (f *compareFlags) check(env Env, inTurn bool) error {
	w := &f.wrong
	f.format.complain(env, w)
	w.outside(&f.Load, &f.compared)
	w.check(f.requestFlags.checks(), f.appFlags.checks())
	for _, l := range f.limits.Limits {
		w.add(!l.Relative(), "write a change, such as "+l.Name+" <= +5%, or use calibrate check", "--limit %s: two versions are compared by what changes", l)
		w.add(inTurn && f.own.Changed("limit") && l.Relative() && f.unmeasured(l), "leave it to calibrate check, and give others with --limit", "--limit %s: the short runs of a comparison don't measure that", l)
	}
	w.add(f.DurationSeconds > 0 && f.Requests > 0, "one of them", "--duration with --requests")
	f.versionFlags.check(w, f.Self)
	w.add(f.own.Changed("setup") && f.baseRef == "", "leave it out, or name a --base-ref", "--setup prepares the worktree of --base-ref, and there is none")
	return w.err("calibrate compare --help lists the flags")
}

// hold gives a comparison its limits: those that were given or are usual, but for what calibrate.yaml ignores by now.
func (f *compareFlags) hold(c *calibrate.Comparison) {
	all := f.limits.Limits
	if len(all) == 0 {
		all = calibrate.UsualDifferences()
	}
	now := time.Now()
	c.Limits, c.Ignored = slices.Clone(all), []calibrate.Ignore{}
	for _, i := range f.settings.Ignore {
		if i.Expired(now) {
			continue
		}
		c.Ignored = append(c.Ignored, i.Ignore)
		c.Limits = slices.DeleteFunc(c.Limits, func(l calibrate.Limit) bool { return i.Excuses(l.Metric(), now) })
	}
}

// compare checks everything, opens everything, and only then starts something.
func (f *compareFlags) compare(ctx context.Context, env Env, typed []string) error {
	if err := needLinux(env, "calibrate compare -- COMMAND"); err != nil {
		return err
	}
	if err := f.check(env, true); err != nil {
		return err
	}
	f.leaveToCheck(env)
	command, err := f.settings.command(typed)
	if err != nil {
		return err
	}
	base, head, err := f.versions(ctx, env, command, f.Self)
	if err != nil {
		return f.failed(env, err)
	}
	defer base.remove()
	turns, err := f.turns(ctx, env, map[calibrate.Side]versioned{calibrate.SideBase: base, calibrate.SideHead: head})
	if err != nil {
		return f.failed(env, err)
	}
	defer turns.tidy()
	if err := f.prepare(ctx, env, turns, base, head); err != nil {
		return f.failed(env, err)
	}
	c := calibrate.Comparison{ID: turns.id, Tool: toolInfo(), Base: base.Version, Head: head.Version, Way: f.way(), Warnings: turns.targets.Warnings(), Silenced: f.silence}
	f.hold(&c)
	c.Host, _ = sampler.Host()
	c, err = run.Compare(ctx, c, f.pairs(), turns)
	turns.progress.Done()
	return f.shown(env, turns.folder.Path, c, err)
}

// prepare readies both, so that what is made at the first start alone (compiled code, a disk's cache) is there for all runs.
func (f *compareFlags) prepare(ctx context.Context, env Env, turns *turnTaker, base, head versioned) error {
	if err := base.setUp(ctx, env, f.setup); err != nil {
		return err
	}
	sides := []calibrate.Side{calibrate.SideBase, calibrate.SideHead}
	if base.dir == head.dir && slices.Equal(base.Command, head.Command) {
		sides = sides[:1]
	}
	for _, side := range sides {
		if err := turns.startOnce(ctx, side); err != nil {
			return err
		}
	}
	return nil
}

func (f *compareFlags) way() calibrate.CompareWay {
	switch {
	case f.Self:
		return calibrate.CompareSelf
	case f.Pairs > 0:
		return calibrate.CompareFixed
	}
	return calibrate.CompareGate
}

func (f *compareFlags) pairs() int {
	if f.Self && f.Pairs == 0 {
		return selfPairs
	}
	return f.Pairs
}

// compareSaved compares two runs as they were saved.
func (f *compareFlags) compareSaved(env Env, names []string) error {
	if err := f.check(env, false); err != nil {
		return err
	}
	if set := f.versionFlags.given(); set != "" || f.Self || f.Pairs > 0 {
		return calibrate.Usage("leave it out, or give -- COMMAND", "%s is for versions that are run, not for saved runs", orThese(set, f.Self))
	}
	c := calibrate.Comparison{Schema: calibrate.CompareSchema, ID: names[0] + ".." + names[1], Tool: toolInfo(), Way: calibrate.CompareSaved, Complete: true, Warnings: []calibrate.Warning{}, Silenced: f.silence}
	f.hold(&c)
	pair := calibrate.Pair{First: calibrate.SideBase}
	var prints []calibrate.Fingerprint
	var paths []string
	for i, side := range []calibrate.Side{calibrate.SideBase, calibrate.SideHead} {
		path, err := findRun(env, names[i])
		if err != nil {
			return err
		}
		m, err := calibrate.LoadFolder(path)
		if err != nil {
			return calibrate.Usage("name a folder or a result.json of calibrate run", "the run can't be read: %s", err)
		}
		m.Result = analyse.Today(m)
		*pair.Of(side) = analyse.OfVersion(m, c.Limits, shown(env, path))
		prints, paths = append(prints, m.Result.Fingerprint()), append(paths, path)
		v := calibrate.Version{Command: m.Result.Target.Command, Folder: shown(env, path)}
		if side == calibrate.SideBase {
			c.Base, c.Host = v, m.Result.Host
		} else {
			c.Head = v
		}
	}
	if id := pair.Base.Run; sameFile(paths[0], paths[1]) || id != "" && id == pair.Head.Run {
		return calibrate.Usage("measure the head, then compare; calibrate runs lists the runs", "base and head are one run, %s", shown(env, paths[0]))
	}
	c.Differs = prints[0].Differences(prints[1])
	c.Pairs = []calibrate.Pair{pair}
	return f.page(env, gate.Compare(c))
}

func orThese(set string, self bool) string {
	switch {
	case set != "":
		return set
	case self:
		return "--self"
	}
	return "--pairs"
}

// shown prints what a comparison came to, and where it is kept.
func (f *compareFlags) shown(env Env, folder string, c calibrate.Comparison, err error) error {
	if err != nil {
		err = f.failed(env, err)
		return cutShort(env, err, filepath.Join(folder, calibrate.CompareFile), "the comparison is kept in "+shown(env, folder), "what was measured is kept in "+shown(env, folder))
	}
	savedIn(env, folder, calibrate.CompareFile)
	return f.page(env, c)
}

// failed is an error that leaves no answer, and CI is told of it.
func (f *compareFlags) failed(env Env, err error) error {
	f.ci.tellFailure(env, &f.format, err)
	return err
}

func (f *compareFlags) page(env Env, c calibrate.Comparison) error {
	page := report.Compare(c, f.format.verbose)
	if err := f.format.render(env, page); err != nil {
		return err
	}
	f.ci.tell(env, &f.format, page)
	return f.format.finish(env, page, exitWith(c.ExitCode))
}
