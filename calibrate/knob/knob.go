// Package knob declares what a user may set of a measurement and of a sizing, each once.
//
// A knob is a field of a struct, with tags:
//
//	flag     name of the option
//	kind     what the value is: see valueOf
//	default  its value where none is given, as it would be typed; none is zero
//	of       the values of a choice
//	least    bounds of a number, as they would be typed; the least is zero if none is said
//	most
//	zero     "refused" if it can't be given, though it stands for none where nothing is given
//	takes    what it takes, in words, for whom the bounds refused
//	help     what it does; a command fills in what stands in braces
//	said     how a report says it: {} is the value, and a noun behind a count stands in the singular
//	json     its key under "plan" in result.json
//
// The command line makes its options of them, result.json keeps the same structs, and the sizing's question has the
// Wishes among its fields. A new wish is a field here, and its use.
package knob

import (
	"fmt"
	"reflect"
	"strings"
)

// Load is what is sent. All zero: capacity is sought, and the soak goes at a share of it.
type Load struct {
	Rate            float64 `json:"rate_per_second,omitempty" flag:"rate" kind:"rate" most:"100000" takes:"at most 100000 requests a second" help:"requests a second, open loop (default: {load})"`
	Clients         int     `json:"clients,omitempty" flag:"concurrency" kind:"count" zero:"refused" most:"4096" takes:"a number of clients from 1 to 4096" help:"clients of a closed loop; with --rate, the most requests at once"`
	Requests        int64   `json:"requests,omitempty" flag:"requests" kind:"count" zero:"refused" takes:"a number of requests, 1 or more" help:"end the {phase} after this many requests"`
	DurationSeconds float64 `json:"duration_seconds,omitempty" flag:"duration" kind:"duration" zero:"refused" takes:"a time such as 60s or 5m" help:"end the {phase} after this long (default: {length})"`
}

// Box is the host that is sized for. What is zero is the host's own, or not known.
type Box struct {
	MemoryBytes    int64   `json:"memory_bytes" flag:"memory" kind:"size" most:"1048576T" takes:"at most 1048576T, more than any host has" help:"size for this much memory (default: {before}this machine's limit or total)"`
	CPUs           float64 `json:"cpus" flag:"cpus" kind:"cores" zero:"refused" least:"0.001" most:"65536" takes:"a number of cores such as 2, 0.25 or 250m, at most 65536" help:"size for this many cores, or parts of one: 2, 0.25, 250m (default: {before}this machine's)"`
	Reserve        `flag:"reserve" kind:"reserve" default:"20%" help:"memory kept back for the system and others: 20%, 512M, 10%+512M"`
	ProductionRate float64 `json:"production_rate_per_second" flag:"production-rate" kind:"rate" help:"requests a second expected in production, all workers together"`
	P99Seconds     float64 `json:"p99_seconds,omitempty" flag:"p99" kind:"duration" zero:"refused" takes:"a time such as 250ms" help:"with --production-rate: how long 99 of 100 requests may take at most"`
	RestartSeconds float64 `json:"restart_every_seconds,omitempty" flag:"restart-every" kind:"duration" default:"24h" zero:"refused" takes:"a time such as 24h or 90m" help:"how often the whole server is restarted; sizes what creeps and no recycling gives back"`
}

// Reserve is memory kept back: a share of all, and an amount beside it.
type Reserve struct {
	ReserveRatio float64 `json:"reserve_ratio"`
	ReserveBytes int64   `json:"reserve_bytes"`
}

// Wishes are what a sizing is to keep to, beside the box. Fewer workers than the minimum are no answer, even if the cores
// ask for fewer; nor are more than the maximum, of which 0 is none.
//
// Prefer says which of the thread choices to take. Of equals it is the one that takes less memory, then the one with
// fewer threads.
//
//	""         what serves enough for the least memory; the threads that were measured where nobody knows what is served
//	"workers"  the choice with the most workers
//	"threads"  the one with the most requests at once, workers x threads
//	"memory"   the one that takes the least memory, of those to which memory grants all the workers that the cores
//	           ask for; if it does so to none, the one with the most requests at once
type Wishes struct {
	MinWorkers int    `json:"min_workers,omitempty" flag:"min-workers" kind:"count" most:"1048576" takes:"a number of workers up to 1048576, or 0 for no bound" said:"at least {} worker" help:"no fewer workers than this, or none at all"`
	MaxWorkers int    `json:"max_workers,omitempty" flag:"max-workers" kind:"count" most:"1048576" takes:"a number of workers up to 1048576, or 0 for no bound" said:"at most {} worker" help:"no more workers than this"`
	Prefer     string `json:"prefer,omitempty" flag:"prefer" kind:"choice" of:"workers|threads|memory" said:"{} preferred" help:"which thread count to take: of the most workers, of the most requests at once\n(threads), or of the least memory for the workers that the cores ask for"`
}

// The choices of Prefer.
const (
	PreferWorkers = "workers"
	PreferThreads = "threads"
	PreferMemory  = "memory"
)

// Closeness is how well the creep is to be known.
type Closeness struct {
	Precision float64 `json:"precision" flag:"precision" kind:"share" default:"20%" help:"how narrow the creep's interval must be, as a share of the creep"` // half-width, as a share of the slope
}

// Effort is how much is measured.
type Effort struct {
	Quick       bool    `json:"quick" flag:"quick" kind:"switch" help:"a short soak: sees strong creep only"`
	Sweep       bool    `json:"sweep,omitempty" flag:"sweep" kind:"switch" help:"really run the best few candidates, and choose by what they do (about two minutes more)"`
	Triage      bool    `json:"triage,omitempty" flag:"triage" kind:"switch" help:"if memory creeps, find out whether it is the allocator, threads or the app (about two minutes more)"`
	ByRoute     bool    `json:"by_route,omitempty" flag:"by-route" kind:"switch" default:"true" help:"if there are several routes, also load each alone (up to half a minute each)"`
	SoakSeconds float64 `json:"max_soak_seconds,omitempty" flag:"max-soak" kind:"duration" zero:"refused" least:"1s" takes:"a time such as 2m, a second at least" help:"give up on a verdict after this long (default: 2m, with --quick 15s; less if the app\nserves so few requests that the whole run would take longer than 2m)"`
}

// Knob is one of them, with its value in the struct that it was found in.
type Knob struct {
	Name, Help, Default string
	Key                 string // in JSON; "" for none
	Takes               string
	Value
	kind        string
	said        string
	least, most string
	field       reflect.Value
}

// Of are the knobs of a group, which is a pointer to a struct. Each reads and writes that struct.
func Of(group any) []Knob {
	var all []Knob
	of := reflect.ValueOf(group).Elem()
	for i := range of.NumField() {
		tag, field := of.Type().Field(i).Tag, of.Field(i)
		name, isKnob := tag.Lookup("flag")
		if !isKnob {
			continue
		}
		key, _, _ := strings.Cut(tag.Get("json"), ",")
		all = append(all, Knob{
			Name: name, Help: tag.Get("help"), Default: tag.Get("default"), Key: key,
			kind: tag.Get("kind"), Takes: tag.Get("takes"), least: tag.Get("least"), most: tag.Get("most"), said: tag.Get("said"), field: field,
			Value: valueOf(tag.Get("kind"), field.Addr().Interface(), tag.Get("of")),
		})
		if tag.Get("zero") == "refused" {
			last := &all[len(all)-1]
			last.Value = nonZero{last.Value, field, last.Takes}
		}
	}
	return all
}

// Reset gives every knob of the groups its default.
func Reset(groups ...any) {
	for _, group := range groups {
		for _, k := range Of(group) {
			k.field.SetZero()
			if k.Default == "" {
				continue
			}
			if err := k.Set(k.Default); err != nil {
				panic(fmt.Sprintf("the default of --%s: %v", k.Name, err)) // a mistake in a tag, which a test finds
			}
		}
	}
}

// Take copies from one group to another of the same type the knobs whose names are chosen.
func Take[T any](to, from *T, chosen func(name string) bool) {
	theirs := Of(from)
	for i, k := range Of(to) {
		if chosen(k.Name) {
			k.field.Set(theirs[i].field)
		}
	}
}

// Outside says that a number is beyond its bounds. Zero is none, and within.
func (k Knob) Outside() bool {
	if k.field.IsZero() || !k.field.CanInt() && !k.field.CanFloat() {
		return false
	}
	n := number(k.field)
	return n < k.bound(k.least) || k.most != "" && n > k.bound(k.most)
}

// Said is the value in the words of a report; "" for one that is zero.
func (k Knob) Said() string {
	if k.field.IsZero() {
		return ""
	}
	text := strings.Replace(k.said, "{}", k.String(), 1)
	if k.kind == "count" && k.String() != "1" {
		text += "s"
	}
	return text
}

// bound reads a bound as the knob itself reads a value.
func (k Knob) bound(text string) float64 {
	if text == "" {
		return 0
	}
	at := reflect.New(k.field.Type())
	if err := valueOf(k.kind, at.Interface(), "").Set(text); err != nil {
		panic(fmt.Sprintf("a bound of --%s: %v", k.Name, err))
	}
	return number(at.Elem())
}

func number(v reflect.Value) float64 {
	if v.CanInt() {
		return float64(v.Int())
	}
	return v.Float()
}
