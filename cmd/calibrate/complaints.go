package main

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// complaints are all that is wrong with a command line, so that nobody has to mend it one mistake at a time.
type complaints []complaint

type complaint struct {
	*calibrate.Failure
	flag string // whose value is wrong, "" of what is wrong with several together
}

// add complains if something is bad.
func (c *complaints) add(bad bool, try, format string, args ...any) {
	if bad {
		*c = append(*c, complaint{Failure: calibrate.Usage(try, format, args...)})
	}
}

// sound says that none of the flags has a wrong value. What they say together is looked at only then: one mistake is worth
// one complaint.
func (c complaints) sound(flags ...string) bool {
	return !slices.ContainsFunc(c, func(one complaint) bool { return slices.Contains(flags, one.flag) })
}

// check complains of every flag that is wrong.
func (c *complaints) check(checks ...[]flagCheck) {
	for _, check := range slices.Concat(checks...) {
		c.add(check.bad && c.sound(strings.TrimPrefix(check.flag, "--")), "give "+check.try, "%s is not valid", check.flag)
	}
}

// err is all of them as one failure, nil if there are none.
func (c complaints) err(help string) error {
	switch len(c) {
	case 0:
		return nil
	case 1:
		return c[0].Failure
	}
	const few = 4 // more, each with its way out, don't fit a screen
	var text strings.Builder
	for _, one := range c {
		text.WriteString("\n" + one.What)
		if len(c) <= few {
			text.WriteString(" (" + one.Try + ")")
		}
	}
	return calibrate.Usage(help, "%s things are wrong with this command line:%s", say.Count(len(c)), text.String())
}

// collect notes a wrong value here and lets the flags after it be parsed.
func (c *complaints) collect(flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if _, list := f.Value.(pflag.SliceValue); !list { // of texts, none of which is wrong by itself
			f.Value = noted{f.Value, f, c}
		}
	})
}

// noted is a flag's value whose complaint waits for the others.
type noted struct {
	pflag.Value
	flag *pflag.Flag
	all  *complaints
}

func (n noted) Set(text string) error {
	err := n.Value.Set(text)
	if err == nil {
		return nil
	}
	failure := badValue(n.flag, text, err)
	if failure == nil {
		return err
	}
	*n.all = append(*n.all, complaint{failure, n.flag.Name})
	return nil
}
