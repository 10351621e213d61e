package report

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// The kinds that suit any server: its environment, and the box it runs in.

func emitEnv(d *draft) {
	all := d.environment()
	isMemory := func(s calibrate.Setting) bool { return s.IsMemory } // by the server's own name
	if memory := d.run.Recommendation.WorkerMemoryMB; memory > 0 && !slices.ContainsFunc(all, isMemory) {
		all = append(all, calibrate.Setting{Name: "WORKER_MEMORY_MB", Value: strconv.Itoa(memory)})
	}
	for _, s := range all {
		d.line("%s=%s", s.Name, say.Shell(s.Value))
	}
}

// stopsThreads is what a bound of CPU time does, by whatever name.
const stopsThreads = "stops all threads of all workers for the rest of its period of 100 ms (CFS bandwidth control), so requests wait though cores are free."

func emitSystemd(d *draft) {
	d.noteMemory("MemoryMax")
	high := highMB(d.run)
	if high > 0 {
		d.note("MemoryHigh is nine tenths of that, or the sum if that is more, so it slows nothing that was measured. Beyond it the kernel drops the cache of files and slows the workers down, which is seen before one is killed.")
	} else {
		d.note("No MemoryHigh: the sum leaves no room below MemoryMax for it.")
	}
	d.note("No TasksMax: how many threads the app starts was not counted.")
	d.note("No CPUQuota: a quota that is used up " + stopsThreads + " No CPUWeight: it matters only beside others.")
	d.note("OOMPolicy=continue (from systemd 243): the server replaces a worker that the kernel kills, instead of systemd ending them all. " +
		"Restart=always, because a server that ends at a limit ends with status 0.")
	env := d.environment()
	d.line("[Service]")
	if high > 0 {
		d.line("MemoryHigh=%dM", high)
	}
	d.line("MemoryMax=%dM", limitMB(d.run))
	d.line("MemorySwapMax=0")
	d.line("OOMPolicy=continue")
	d.line("Restart=always")
	d.line("RestartSec=1")
	for _, s := range env {
		d.line(`Environment="%s=%s"`, s.Name, s.Value)
	}
}

// highMB is where systemd slows an app down: above the sum, and below the limit; 0 if there is no room between them.
func highMB(r calibrate.Result) int64 {
	high := max(limitMB(r)*9/10, totalMB(r))
	if high >= limitMB(r) {
		return 0
	}
	return high
}

func emitProcfile(d *draft) {
	env, words := d.started(onALine)
	for i, s := range env {
		env[i].Value = say.Shell(s.Value)
	}
	line := say.Shell(words...)
	for _, s := range slices.Backward(env) {
		line = s.Name + "=" + s.Value + " " + line
	}
	if len(env) > 0 {
		line = "env " + line
	}
	d.line("web: %s", line)
}

func emitDockerfile(d *draft) {
	env, words := d.started(utf8.ValidString)
	for _, s := range env {
		d.line("ENV %s=%s", s.Name, say.Shell(s.Value))
	}
	d.line("CMD %s", execForm(words))
}

// execForm is Docker's: a JSON list, which no shell reads.
func execForm(words []string) []byte {
	text, _ := json.Marshal(words) // of texts nothing fails
	return unsteering(text)
}

// longestLine is what Docker reads of a Dockerfile's line, less its instruction (bufio.MaxScanTokenSize).
const longestLine = 64<<10 - len("CMD \n")

// noCommand stands for one that isn't known, or not all of it.
const noCommand = "COMMAND"

// onALine says that a word can stand in a Procfile, whose lines are read by /bin/sh: it has no escapes for the rest.
func onALine(word string) bool { return say.Line(word) == word }

// started is what starts the app as it is recommended, and the variables that it needs. It notes what the reader must know. holds
// says which words the file can hold.
func (d *draft) started(holds func(word string) bool) (env []calibrate.Setting, words []string) {
	typed := d.measured.Typed(wanted(d.run), d.run.Target)
	if typed.Place == calibrate.WholeCommand && len(typed.Words) > 0 {
		return nil, d.command(typed.Words, holds)
	}
	words = d.command(d.run.Target.Command, holds)
	switch {
	case len(typed.Words) == 0:
		return d.environment(), words
	case typed.Place == calibrate.AfterCommand:
		return nil, append(words, typed.Words...)
	}
	for _, word := range typed.Words {
		name, value, _ := strings.Cut(word, "=")
		env = append(env, calibrate.Setting{Name: name, Value: value})
	}
	return env, words
}

// command is one as it was given, if all of it is known, and a platform can start it so.
func (d *draft) command(given []string, holds func(word string) bool) []string {
	given = calibrate.Redact(given)
	odd := func(word string) bool {
		return strings.Contains(word, calibrate.Redacted) || strings.ContainsAny(word, "{}") || !holds(word)
	}
	if len(given) == 0 || len(execForm(given)) >= longestLine || attached(d.run) || d.run.Truth != nil || slices.ContainsFunc(given, odd) {
		d.note("%s is yours: the run doesn't have it, or only with what may be secret left out, or this file can't hold it.", noCommand)
		return []string{noCommand}
	}
	d.note("The command is the one that was measured: it has to listen where the platform asks.")
	return given
}

func emitDocker(d *draft) {
	d.noteMemory("--memory")
	d.note("--memory-swap of the same size leaves no swap: docker's default is as much again.")
	env := d.environment()
	d.line("docker run --memory=%dm --memory-swap=%dm --restart=unless-stopped \\", limitMB(d.run), limitMB(d.run))
	for _, s := range env {
		d.line("  --env %s \\", say.Shell(s.Name+"="+s.Value))
	}
	d.line("  IMAGE")
}

func emitCompose(d *draft) {
	d.noteMemory("mem_limit")
	d.note("mem_reservation is the sum. memswap_limit of the limit's size leaves no swap. NAME is your service.")
	env := d.environment()
	d.line("services:")
	d.line("  NAME:")
	d.line("    mem_limit: %dm", limitMB(d.run))
	d.line("    memswap_limit: %dm", limitMB(d.run))
	d.line("    mem_reservation: %dm", totalMB(d.run))
	d.line("    restart: unless-stopped")
	d.line("    environment:")
	for _, s := range env {
		d.line("      %s: %s", s.Name, strconv.Quote(s.Value))
	}
}

func emitKubernetes(d *draft) {
	d.note("kubectl patch deployment DEPLOYMENT --patch-file FILE; NAME is your container.")
	d.noteMemory("The limit")
	d.note("The request of memory is the sum. Probes count towards a request limit as any request does.")
	cpu := d.noteCPU()
	env := d.environment()
	d.line("spec:")
	d.line("  template:")
	d.line("    spec:")
	d.line("      containers:")
	d.line("        - name: NAME")
	d.line("          resources:")
	d.line("            requests:")
	if cpu > 0 {
		d.line("              cpu: %dm", cpu)
	}
	d.line("              memory: %dMi", totalMB(d.run))
	d.line("            limits:")
	d.line("              memory: %dMi", limitMB(d.run))
	d.line("          env:")
	for _, s := range env {
		d.line("            - name: %s", s.Name)
		d.line("              value: %s", strconv.Quote(s.Value))
	}
}

// noteMemory says what the limit is, and what it isn't.
func (d *draft) noteMemory(name string) {
	d.note("%s is the budget that was sized for: %s. The kernel also counts the cache of files that were read, which the sum leaves out.",
		name, budgetOf(d.run))
}

// noteCPU says what the workers ask for of the cores, in thousandths of one, or why that is left out, and why there is no limit.
func (d *draft) noteCPU() int64 {
	milli := cpuRequest(d.run)
	rate, cost, most := d.run.Plan.ProductionRate, chosenCost(d.run), mostServed(d.run)
	switch {
	case milli > 0 && rate > most:
		d.note("The request of CPU is what a request costs x the most that one replica serves: %s x %s, rounded up. For %s there are to be %s.",
			say.CPU(cost), say.RequestRate(most), wantedOf(rate, 0), say.Plural(int64(math.Ceil(rate/most/calibrate.MostUsed)), "replica"))
	case milli > 0:
		d.note("The request of CPU is what a request costs x the rate: %s x %s, rounded up. It is for one replica that gets all of that rate: divide it by the replicas.",
			say.CPU(cost), say.RequestRate(rate))
	case cost > 0 && d.run.Speed.Doubt == "":
		d.note("No request of CPU: it is %s x the requests a second, %sm for each of them. A run with --production-rate has it here.", say.CPU(cost), say.Number(1000*cost))
	default:
		d.note("No request of CPU: %s.", cpuUnknown(d.run))
	}
	d.note("No limit of CPU: one that is used up " + stopsThreads)
	return milli
}

// cpuRequest is the CPU time that the production rate takes, or as much of it as is served, in thousandths of a core, rounded up; 0
// where it isn't known.
func cpuRequest(r calibrate.Result) int64 {
	if r.Speed == nil || r.Speed.Doubt != "" || r.Plan.ProductionRate <= 0 {
		return 0
	}
	return int64(math.Ceil(1000*chosenCost(r)*min(r.Plan.ProductionRate, mostServed(r)) - 1e-9))
}

// environment notes who reads the variables, and returns them.
func (d *draft) environment() []calibrate.Setting {
	env, notes := d.measured.Environment(wanted(d.run), d.run.Target)
	d.lines(notes)
	return env
}

// limitMB is the budget in whole MB, rounded down, but never less than the sum.
func limitMB(r calibrate.Result) int64 {
	return max(r.Recommendation.BudgetBytes/mb, totalMB(r))
}

// totalMB is the sum in whole MB, rounded up.
func totalMB(r calibrate.Result) int64 { return (r.Recommendation.TotalBytes + mb - 1) / mb }
