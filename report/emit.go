package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// emitter writes the configuration of one kind: what to set, and notes on what the reader must know to paste it.
type emitter struct {
	calibrate.File
	write  func(*draft)
	server bool // it is a server's own; else it suits any
}

// boxes are the kinds that suit any server: its environment, and what it runs in.
var boxes = []emitter{
	{File: calibrate.File{For: "env", Name: "environment, for a shell or EnvironmentFile=",
		Without: "everything else; docker run --env-file would keep the quotes: --for docker"}, write: emitEnv},
	{File: calibrate.File{For: "systemd", Name: "drop-in /etc/systemd/system/NAME.service.d/calibrate.conf",
		Without: "the command, the user, TasksMax, CPUQuota"}, write: emitSystemd},
	{File: calibrate.File{For: "procfile", Name: "Procfile", Without: "the platform's port (often $PORT), other processes, memory: the platform limits that"}, write: emitProcfile},
	{File: calibrate.File{For: "dockerfile", Name: "lines for a Dockerfile", Without: "all else of the image; a limit of memory, which --for docker has"}, write: emitDockerfile},
	{File: calibrate.File{For: "docker", Name: "options for docker run", Without: "ports, volumes, CPUs"}, write: emitDocker},
	{File: calibrate.File{For: "compose", Name: "for compose.yaml", Without: "the image, ports, volumes, CPUs"}, write: emitCompose},
	{File: calibrate.File{For: "kubernetes", Name: "patch of a Deployment", Without: "the image, probes, replicas, a limit of CPU"}, write: emitKubernetes},
}

// emitters are those of the servers, each kind once, and then those that suit any.
func emitters(servers calibrate.Servers) []emitter {
	var all []emitter
	for _, s := range servers {
		file := s.File()
		same := func(e emitter) bool { return e.For == file.For }
		if file.For != "" && !slices.ContainsFunc(all, same) {
			all = append(all, emitter{file, func(d *draft) { d.lines(s.Configuration(wanted(d.run), d.run.Target)) }, true})
		}
	}
	return append(all, boxes...)
}

// EmitKinds are the configurations that [Emit] can write.
func EmitKinds(servers calibrate.Servers) []string {
	var kinds []string
	for _, e := range emitters(servers) {
		kinds = append(kinds, e.For)
	}
	return kinds
}

// Emit writes the recommendation as the configuration of one kind, or of a server of that name; "" is that of the server
// that was measured. It writes nothing, and fails, if the kind isn't known or the run recommends nothing.
func Emit(w io.Writer, r calibrate.Result, kind string, servers calibrate.Servers) error {
	e, err := emitterFor(r, kind, servers)
	failure := nothingToEmit(r)
	switch {
	case failure != nil && (err == nil || kind == ""): // no other --for would help
		return failure
	case err != nil:
		return err
	}
	measured := servers.Named(r.Target.Server)
	foreign := e.server && e.For != measured.File().For
	if foreign {
		r.Target.ConcurrencyFlag, r.Beside = "", nil // an option of another server, and its processes
	}
	d := draft{run: r, measured: measured}
	d.head(e.File, foreign)
	e.write(&d)
	_, err = io.WriteString(w, d.buf.String())
	return err
}

func emitterFor(r calibrate.Result, kind string, servers calibrate.Servers) (emitter, error) {
	named := orElse(kind, r.Target.Server)
	ofServer := servers.Named(named).File().For
	all := emitters(servers)
	at := slices.IndexFunc(all, func(e emitter) bool { return e.For == kind || e.For == ofServer })
	if at >= 0 {
		return all[at], nil
	}
	try := "--for " + strings.Join(EmitKinds(servers), ", ")
	if kind != "" {
		return emitter{}, calibrate.Usage(try, "--for: %q is nothing that calibrate can write", kind)
	}
	return emitter{}, calibrate.Usage(try, "which configuration to write can't be told: the run measured %s", serverNamed(r.Target, servers.Named(named)))
}

// nothingToEmit says why there is nothing to set, nil where there is. What would be set on doubtful grounds is left to
// the report, which shows the doubt.
func nothingToEmit(r calibrate.Result) *calibrate.Failure {
	a, outcome := answerOf(r), r.Outcome()
	if a.Verdict == "" && (outcome == 0 || outcome == calibrate.KindNothingFits) { // what comes nearest can be set, too
		return nil
	}
	f := &calibrate.Failure{Kind: outcome, What: "this run recommends nothing that could be set", Why: orElse(a.Why, "too little was measured"),
		Try: "measure again: calibrate run -- COMMAND"}
	switch {
	case outcome == 0:
		f.Kind = calibrate.KindInconclusive
	case outcome == calibrate.KindNothingFits:
		f.Try = refusalTry(r)
	case a.Verdict == "":
		f.Why = orElse(recyclingReason(r), doubt(r))
	}
	return f
}

// draft is a configuration as it is written.
type draft struct {
	buf      strings.Builder
	run      calibrate.Result
	measured calibrate.KnownServer
}

// noteWidth keeps comments readable in an editor beside other things.
const noteWidth = 100

// inert is a comment without what has a meaning there. A backslash at a line's end would continue the line in Apache's
// configuration, in systemd's units and in a shell. In the second line of a file Python takes "coding: NAME" for how all of it is
// encoded (PEP 263): by utf-7, letters of a comment are the end of its line.
var inert = strings.NewReplacer(`\`, "?", "coding:", "coding?", "coding=", "coding?")

// note writes a comment. All formats here begin it by "#".
func (d *draft) note(format string, args ...any) {
	text := inert.Replace(say.Line(fmt.Sprintf(format, args...)))
	for _, line := range wrap(text, noteWidth-len("# ")) {
		d.line("# %s", line)
	}
}

func (d *draft) line(format string, args ...any) { fmt.Fprintf(&d.buf, format+"\n", args...) }

// head says what this is, which run it rests on, the sum, and what the reader has to add.
func (d *draft) head(file calibrate.File, foreign bool) {
	r := d.run
	d.note("%s", file.Name)
	d.note("From calibrate run %s of %s, measured on %s.", orElse(r.ID, say.Unknown), dateOf(r), serverNamed(r.Target, d.measured))
	d.note("%s", emittedSum(r))
	if reason := chosenBecause(r); reason != "" {
		d.note("Workers and threads: %s.", reason)
	}
	if r.Recommendation.MaxRequests > 0 {
		d.note("Max-requests: %s", lifeSum(r.Recommendation)+jitterSentence(r.Recommendation))
	}
	if reason := wantedReason(r); r.Recommendation.Sum.Unmet && reason != "" {
		d.note("But %s.", reason)
	}
	if safety := threadSafety(r); safety != "" {
		d.note("But %s.", safety)
	}
	if foreign {
		d.note("It was not measured on %s, where a worker takes another amount of memory: measure that before you rely on it.", file.For)
	}
	d.note("Not in it: %s.", file.Without)
}

// emittedSum is workers x memory within the budget, creep until the worker is recycled included.
func emittedSum(r calibrate.Result) string {
	rec, shared := r.Recommendation, r.Recommendation.Sum.SharedBytes
	return fmt.Sprintf("Sum: %s x %s%s = %s <= %s budget. 1 MB is 2^20 bytes.", say.Plural(rec.Workers, "worker"),
		knownMB((rec.TotalBytes-shared)/int64(rec.Workers)), when(shared > 0, " + %s shared", knownMB(shared)), knownMB(rec.TotalBytes), knownMB(rec.BudgetBytes))
}

func dateOf(r calibrate.Result) string {
	if r.StartedAt.IsZero() {
		return say.Unknown
	}
	return r.StartedAt.UTC().Format("2006-01-02 15:04 UTC")
}

// serverNamed is the server that was measured, as far as calibrate knows it.
func serverNamed(t calibrate.TargetInfo, known calibrate.KnownServer) string {
	if !known.Known() {
		return "a server that calibrate does not know"
	}
	return serverOf(t)
}
