package report

import (
	"strconv"

	"workermem/calibrate"
)

// The kinds that suit any server: its environment, and the box it runs in.

func emitEnv(d *draft, r calibrate.Result) {
	d.noteEnvironment(r)
	all := environment(r)
	if r.Recommendation.WorkerMemoryMB > 0 && r.Target.Server != "lmsctl" { // which has it under its own name
		all = append(all, setting{"WORKER_MEMORY_MB", strconv.Itoa(r.Recommendation.WorkerMemoryMB)})
	}
	for _, s := range all {
		d.line("%s=%s", s.name, quoteWord(s.value))
	}
}

func emitSystemd(d *draft, r calibrate.Result) {
	d.noteMemory(r, "MemoryMax")
	d.note("No MemoryHigh: it would slow the workers down long before the limit. No TasksMax: how many threads the app starts was not counted.")
	d.note("OOMPolicy=continue (from systemd 243): the server replaces a worker that the kernel kills, instead of systemd ending them all. " +
		"Restart=always, because a server that ends at a limit ends with status 0.")
	d.noteEnvironment(r)
	d.line("[Service]")
	d.line("MemoryMax=%dM", limitMB(r))
	d.line("MemorySwapMax=0")
	d.line("OOMPolicy=continue")
	d.line("Restart=always")
	d.line("RestartSec=1")
	for _, s := range environment(r) {
		d.line(`Environment="%s=%s"`, s.name, s.value)
	}
}

func emitDocker(d *draft, r calibrate.Result) {
	d.noteMemory(r, "--memory")
	d.note("--memory-swap of the same size leaves no swap: docker's default is as much again.")
	d.noteEnvironment(r)
	d.line("docker run --memory=%dm --memory-swap=%dm --restart=unless-stopped \\", limitMB(r), limitMB(r))
	for _, s := range environment(r) {
		d.line("  --env %s \\", quoteWord(s.name+"="+s.value))
	}
	d.line("  IMAGE")
}

func emitCompose(d *draft, r calibrate.Result) {
	d.noteMemory(r, "mem_limit")
	d.note("mem_reservation is the sum. memswap_limit of the limit's size leaves no swap. NAME is your service.")
	d.noteEnvironment(r)
	d.line("services:")
	d.line("  NAME:")
	d.line("    mem_limit: %dm", limitMB(r))
	d.line("    memswap_limit: %dm", limitMB(r))
	d.line("    mem_reservation: %dm", totalMB(r))
	d.line("    restart: unless-stopped")
	d.line("    environment:")
	for _, s := range environment(r) {
		d.line("      %s: %s", s.name, strconv.Quote(s.value))
	}
}

func emitKubernetes(d *draft, r calibrate.Result) {
	d.note("kubectl patch deployment DEPLOYMENT --patch-file FILE; NAME is your container.")
	d.noteMemory(r, "The limit")
	d.note("The request is the sum. Probes count towards a request limit as any request does.")
	d.noteEnvironment(r)
	d.line("spec:")
	d.line("  template:")
	d.line("    spec:")
	d.line("      containers:")
	d.line("        - name: NAME")
	d.line("          resources:")
	d.line("            requests:")
	d.line("              memory: %dMi", totalMB(r))
	d.line("            limits:")
	d.line("              memory: %dMi", limitMB(r))
	d.line("          env:")
	for _, s := range environment(r) {
		d.line("            - name: %s", s.name)
		d.line("              value: %s", strconv.Quote(s.value))
	}
}

// noteMemory says what the limit is, and what it isn't.
func (d *draft) noteMemory(r calibrate.Result, name string) {
	d.note("%s is the budget that was sized for: %s. The kernel also counts the cache of files that were read, which the sum leaves out.",
		name, orElse(r.Recommendation.BudgetSum, knownMB(r.Recommendation.BudgetBytes)))
}

// noteEnvironment says who reads the variables.
func (d *draft) noteEnvironment(r calibrate.Result) {
	switch r.Target.Server {
	case "gunicorn", "uwsgi", "puma":
		d.note("Options in the command line win over the environment: take them out there.")
		d.noteThreads(r, "threads")
	case "uvicorn":
		d.note("Options in the command line win over the environment: take them out there.")
		d.noteUvicornLimit(r)
		d.noteConcurrency(r)
		return
	case "granian":
		d.note("Options in the command line win over the environment: take them out there.")
		d.noteThreads(r, "blocking-threads")
		d.noteNoLimit(r, "granian", granianRecycling)
		return
	case "hypercorn":
		d.note("Hypercorn reads no environment: its start command has to, or give it %s.", options(settingsOfHypercorn(r)))
		d.noteHypercornLimit(r)
		return
	case "lmsctl", "pypnm":
		return
	default:
		d.note("The start command has to read these variables: which server that is, or whether it does, is not known.")
	}
	if r.Target.Server == "puma" {
		d.noteNoLimit(r, "puma", "puma_worker_killer, or a memory limit of the supervisor")
		return
	}
	d.noteLimit(r, "max-requests")
}

// limitMB is the budget in whole MB, rounded down, but never less than the sum.
func limitMB(r calibrate.Result) int64 {
	return max(r.Recommendation.BudgetBytes/mb, totalMB(r))
}

// totalMB is the sum in whole MB, rounded up.
func totalMB(r calibrate.Result) int64 { return (r.Recommendation.TotalBytes + mb - 1) / mb }
