package report

import (
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// kindsOf is what a creep consists of; "" if that is the workers' own heaps alone.
func kindsOf(c calibrate.Creep) string {
	var parts []string
	for _, g := range c.Kinds {
		amount := say.Bytes(g.BytesPerRequest)
		if c.By == calibrate.ByTime {
			amount = hourly(g.BytesPerSecond)
		}
		parts = append(parts, amount+" "+kindNames[g.Kind])
	}
	return strings.Join(parts, "; ")
}

var kindNames = map[calibrate.GrowthKind]string{
	calibrate.GrowsAnonymous: "of the workers' own (heap)",
	calibrate.GrowsShared:    "shared memory that the workers have mapped (MAP_SHARED, /dev/shm)",
	calibrate.GrowsFiles:     "files in memory that no worker has mapped (/dev/shm, tmpfs)",
	calibrate.GrowsKernel:    "the kernel's own (for files, sockets, mappings)",
	calibrate.GrowsBeside:    "beside the workers (master, helpers, locked files)",
}

// freedBy is who frees what creeps; "" if that is the workers' own heaps alone, which every reader knows.
func freedBy(c calibrate.Creep) string {
	if c.Harmless() {
		return "the kernel, where memory runs short, if it is of files on disk: 60 000 new files were seen to fit 60 MB. " +
			"Recycling does not; deleting files that are old (sessions, uploads) does"
	}
	var parts []string
	for _, g := range c.Kinds {
		if way := freedWays[freed{g.Kind, g.Stays}]; way != "" {
			parts = append(parts, way)
		}
	}
	return strings.Join(parts, "; ")
}

type freed struct {
	kind  calibrate.GrowthKind
	stays bool
}

var freedWays = map[freed]string{
	{calibrate.GrowsShared, false}: "shared memory goes with its worker, if nobody else has it and it has no name",
	{calibrate.GrowsFiles, false}:  "the app's end deletes the files",
	{calibrate.GrowsFiles, true}:   "no restart deletes the files: delete them when they are old, or keep them on disk",
	{calibrate.GrowsBeside, true}:  "a restart of the whole server frees what is beside the workers, and recycling does not",
}

// lastingSentence is what workers grow by that nothing recycles; "" if there is no such growth.
func lastingSentence(rec calibrate.Recommendation) string {
	l := rec.Sum.Lasting
	if l == nil {
		return ""
	}
	return "Sized for a restart of the whole server " + restartOf(*l) + ": until then each worker grows by " + lastingSum(*l) + "."
}

// lastingSum is 3 110 MB = 36 KB x 86 400 requests (24 h at 1 request/s a worker).
func lastingSum(l calibrate.Lasting) string {
	text := say.MB(l.Bytes) + " = " + say.Bytes(l.Slope) + " x " + say.Plural(l.Requests, "request")
	if l.Rate*l.RestartSeconds < float64(l.Requests)-1 {
		return text + ", which the run itself has shown"
	}
	return text + " (" + say.Seconds(l.RestartSeconds) + " at " + say.RequestRate(l.Rate) + when(l.Workers > 1 && l.RateBasis != calibrate.BasisMeasured, " each") +
		when(l.RateBasis == calibrate.BasisMeasured, ", the soak's: --production-rate for yours") + ")"
}

func restartOf(l calibrate.Lasting) string {
	if l.Rate == 0 {
		return "before it has served more"
	}
	return "every " + say.Seconds(l.RestartSeconds) + " (--restart-every)"
}

func lastingMB(l *calibrate.Lasting) string {
	if l == nil {
		return ""
	}
	return say.MB(l.Bytes)
}
