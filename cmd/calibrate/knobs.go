package main

import (
	"strings"

	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/knob"
)

// subject is what a flag is about. Each flag says so itself, and whoever repeats a command line, or a part of it, goes by it.
type subject string

const (
	aboutApp      subject = "app"      // how it is started
	aboutRequests subject = "requests" // which are sent, and how
	aboutLoad     subject = "load"     // how many of them
	aboutWatch    subject = "watch"    // how long, and of what
	aboutSizing   subject = "sizing"   // the box, and what is wished for it
	aboutWorker   subject = "worker"   // whose memory is given by numbers
	aboutEffort   subject = "effort"   // how much is measured
	aboutProof    subject = "proof"    // what is proved, and how
	aboutCheck    subject = "check"    // what a run is held to: no part of what is measured
	aboutWarnings subject = "warnings" // which are shown
	aboutOutput   subject = "output"   // where the result goes: no part of what is measured
	aboutConfig   subject = "config"   // the file or the run that the rest is taken from: no part of it either
)

const subjectKey = "about"

// about registers flags, and notes what they are about.
func about(what subject, flags *pflag.FlagSet, register func(*pflag.FlagSet)) {
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	own.SortFlags = false
	register(own)
	own.VisitAll(func(f *pflag.Flag) { f.Annotations = map[string][]string{subjectKey: {string(what)}} })
	flags.AddFlagSet(own)
}

func subjectOf(f *pflag.Flag) subject {
	if what := f.Annotations[subjectKey]; len(what) > 0 {
		return subject(what[0])
	}
	return ""
}

// has says that one about it was given.
func has(flags *pflag.FlagSet, what subject) bool {
	given := false
	flags.Visit(func(f *pflag.Flag) { given = given || subjectOf(f) == what })
	return given
}

// knobs registers the knobs of a group, with their defaults. The words are pairs: what stands in braces in the
// help, and what is said in its place.
func knobs(flags *pflag.FlagSet, group any, words ...string) {
	knob.Reset(group)
	fill := strings.NewReplacer(words...)
	for _, k := range knob.Of(group) {
		f := flags.VarPF(k, k.Name, "", fill.Replace(k.Help))
		if k.Type() == "bool" {
			f.NoOptDefVal = "true"
		}
	}
}

// outside complains of every knob that is beyond its bounds.
func (c *complaints) outside(groups ...any) {
	for _, group := range groups {
		for _, k := range knob.Of(group) {
			if k.Outside() && c.sound(k.Name) {
				*c = append(*c, complaint{outside(k), k.Name})
			}
		}
	}
}

// outside is the complaint about a number that is beyond its bounds.
func outside(k knob.Knob) *calibrate.Failure {
	return calibrate.Usage("give "+k.Takes, "--%s %s is not valid", k.Name, k)
}
