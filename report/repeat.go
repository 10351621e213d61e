package report

import (
	"strconv"
	"strings"

	"workermem/calibrate"
)

// writeRepeat says how to measure the same again, and what of the command line isn't kept.
func writeRepeat(b *strings.Builder, r calibrate.Result) {
	command := repeatCommand(r)
	body := fenced(command)
	if command != "" && r.Truth == nil {
		body += "\nNot kept in the result, so add them if they were given: `--path`, `--targets`, `--header`, `--env`, `--threads`.\n"
	}
	writeSection(b, "How to repeat it", body)
}

// repeatCommand is the command line that measures the same again; "" where the app's own isn't known.
func repeatCommand(r calibrate.Result) string {
	if r.Truth != nil {
		return "calibrate demo"
	}
	if len(r.Target.Command) == 0 {
		return ""
	}
	flags := append(loadFlags(r), sizingFlags(r.Plan)...)
	return strings.Join(append(append([]string{"calibrate run"}, flags...), "--", shellQuote(r.Target.Command)), " ")
}

func loadFlags(r calibrate.Result) []string {
	var flags []string
	if r.Plan.LoadGiven && r.Load.RateAsked > 0 {
		flags = append(flags, "--rate "+number(r.Load.RateAsked))
	}
	if r.Plan.LoadGiven && r.Load.Clients > 0 {
		flags = append(flags, "--concurrency "+strconv.Itoa(r.Load.Clients))
	}
	if r.Plan.Quick {
		flags = append(flags, "--quick")
	}
	return flags
}

// sizingFlags are those that differ from what `calibrate run` takes by itself.
func sizingFlags(p calibrate.PlanInfo) []string {
	var flags []string
	if p.MemoryBytes > 0 {
		flags = append(flags, "--memory "+sizeFlag(p.MemoryBytes))
	}
	if p.CPUs > 0 {
		flags = append(flags, "--cpus "+strconv.Itoa(p.CPUs))
	}
	if p.ReserveRatio != defaultReserve || p.ReserveBytes > 0 {
		flags = append(flags, "--reserve "+reserveFlag(p))
	}
	if p.ProductionRate > 0 {
		flags = append(flags, "--production-rate "+number(p.ProductionRate))
	}
	return flags
}

const defaultReserve = 0.2

func reserveFlag(p calibrate.PlanInfo) string {
	if p.ReserveBytes <= 0 {
		return number(100*p.ReserveRatio) + "%"
	}
	if p.ReserveRatio <= 0 {
		return sizeFlag(p.ReserveBytes)
	}
	return number(100*p.ReserveRatio) + "%+" + sizeFlag(p.ReserveBytes)
}

// sizeFlag writes whole MB where that is exact, else bytes.
func sizeFlag(bytes int64) string {
	if bytes%mb == 0 {
		return strconv.FormatInt(bytes/mb, 10) + "M"
	}
	return strconv.FormatInt(bytes, 10)
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
