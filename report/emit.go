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
	kind    string
	servers []string // whose settings they are, as [calibrate.TargetInfo] names them; none for a kind that suits any
	file    string   // what it is, or where it goes
	without string   // what is not in it, for the reader to add
	write   func(*draft, calibrate.Result)
}

var emitters = []emitter{
	{"gunicorn", []string{"gunicorn"}, "gunicorn.conf.py", "the address, timeouts, logs", emitGunicorn},
	{"uvicorn", []string{"uvicorn"}, "options for uvicorn", "the app, the address, timeouts, logs", emitUvicorn},
	{"hypercorn", []string{"hypercorn"}, "options for hypercorn", "the app, the address, timeouts, logs", emitHypercorn},
	{"granian", []string{"granian"}, "options for granian", "the interface, the app, the address, timeouts, logs", emitGranian},
	{"uwsgi", []string{"uwsgi"}, "uwsgi.ini", "the socket, the plugin, the app, harakiri, logs", emitUWSGI},
	{"mod_wsgi", []string{"mod_wsgi", "apache2", "httpd", "mod_wsgi-express"}, "for Apache's configuration", "the script, python-home, user and group", emitModWSGI},
	{"puma", []string{"puma"}, "puma.rb", "the address, hooks", emitPuma},
	{"now-lms", []string{"lmsctl"}, "environment of NOW LMS", "the port, the database", emitNowLMS},
	{"pypnm", []string{"pypnm"}, "pypnm-serve.env", "the address", emitPyPNM},
	{"env", nil, "environment, for a shell or EnvironmentFile=", "everything else; docker run --env-file would keep the quotes: --for docker", emitEnv},
	{"systemd", nil, "drop-in /etc/systemd/system/NAME.service.d/calibrate.conf", "the command, the user, MemoryHigh, TasksMax", emitSystemd},
	{"docker", nil, "options for docker run", "ports, volumes, CPUs", emitDocker},
	{"compose", nil, "for compose.yaml", "the image, ports, volumes, CPUs", emitCompose},
	{"kubernetes", nil, "patch of a Deployment", "the image, probes, replicas, CPUs", emitKubernetes},
}

// EmitKinds are the configurations that [Emit] can write.
func EmitKinds() []string {
	kinds := make([]string, len(emitters))
	for i, e := range emitters {
		kinds[i] = e.kind
	}
	return kinds
}

// Emit writes the recommendation as the configuration of one kind; "" is that of the server that was measured. It
// writes nothing, and fails, where the kind isn't known or the run recommends nothing.
func Emit(w io.Writer, r calibrate.Result, kind string) error {
	e, err := emitterFor(r, kind)
	if err != nil {
		return err
	}
	if failure := nothingToEmit(r); failure != nil {
		return failure
	}
	if e.foreignTo(r) {
		r.Target.ConcurrencyFlag = "" // an option of another server
	}
	var d draft
	d.head(r, e)
	e.write(&d, r)
	_, err = io.WriteString(w, d.buf.String())
	return err
}

// foreignTo says whether the settings are for another server than the one that was measured.
func (e emitter) foreignTo(r calibrate.Result) bool {
	return len(e.servers) > 0 && !slices.Contains(e.servers, r.Target.Server)
}

func emitterFor(r calibrate.Result, kind string) (emitter, error) {
	try := "--for " + strings.Join(EmitKinds(), ", ")
	at := slices.IndexFunc(emitters, func(e emitter) bool {
		return e.kind == kind || kind == "" && slices.Contains(e.servers, r.Target.Server)
	})
	switch {
	case at >= 0:
		return emitters[at], nil
	case kind != "":
		return emitter{}, calibrate.Usage(try, "--for: %q is nothing that calibrate can write", kind)
	}
	return emitter{}, calibrate.Usage(try, "which configuration to write can't be told: the run measured %s", serverNamed(r))
}

// nothingToEmit says why there is nothing to set, nil where there is. What would be set on doubtful grounds is left to
// the report, which shows the doubt.
func nothingToEmit(r calibrate.Result) *calibrate.Failure {
	a, outcome := answerOf(r), r.Outcome()
	if a.Verdict == "" && outcome == 0 {
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
		f.Why = orElse(r.Recommendation.MaxRequestsReason, doubt(r))
	}
	return f
}

// draft is a configuration as it is written.
type draft struct{ buf strings.Builder }

// noteWidth keeps comments readable in an editor beside other things.
const noteWidth = 100

// note writes a comment. All formats here begin it by "#". A backslash at a line's end would continue the line in
// Apache's configuration, in systemd's units and in a shell.
func (d *draft) note(format string, args ...any) {
	text := strings.ReplaceAll(fmt.Sprintf(format, args...), `\`, "?")
	for _, line := range wrap(text, noteWidth-len("# ")) {
		d.line("# %s", line)
	}
}

func (d *draft) line(format string, args ...any) { fmt.Fprintf(&d.buf, format+"\n", args...) }

// head says what this is, which run it rests on, the sum, and what the reader has to add.
func (d *draft) head(r calibrate.Result, e emitter) {
	d.note("%s", e.file)
	d.note("From calibrate run %s of %s, measured on %s.", orElse(r.ID, say.Unknown), dateOf(r), serverNamed(r))
	d.note("%s", emittedSum(r))
	if e.foreignTo(r) {
		d.note("It was not measured on %s, where a worker takes another amount of memory: measure that before you rely on it.", e.kind)
	}
	d.note("Not in it: %s.", e.without)
}

// emittedSum is workers x memory within the budget, creep until the worker is recycled included.
func emittedSum(r calibrate.Result) string {
	rec, shared := r.Recommendation, r.Law.SharedBytes
	sum := fmt.Sprintf("Sum: %s x %s", say.Plural(rec.Workers, "worker"), knownMB((rec.TotalBytes-shared)/int64(rec.Workers)))
	if shared > 0 {
		sum += " + " + knownMB(shared) + " shared"
	}
	return fmt.Sprintf("%s = %s <= %s budget. 1 MB is 2^20 bytes.", sum, knownMB(rec.TotalBytes), knownMB(rec.BudgetBytes))
}

func dateOf(r calibrate.Result) string {
	if r.StartedAt.IsZero() {
		return say.Unknown
	}
	return r.StartedAt.UTC().Format("2006-01-02 15:04 UTC")
}

// serverNamed is the server that was measured, as far as calibrate knows it.
func serverNamed(r calibrate.Result) string {
	if r.Target.Server == "" || r.Target.Server == "command" {
		return "a server that calibrate does not know"
	}
	return serverOf(r.Target)
}
