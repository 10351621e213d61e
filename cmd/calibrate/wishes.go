package main

import (
	"github.com/spf13/pflag"

	"workermem/calibrate"
	"workermem/calibrate/sizing"
)

// wishes are what a sizing is to keep to, beside the box.
type wishes struct {
	minWorkers, maxWorkers int
	prefer                 preference
}

const mostWorkers = 1 << 20

func (w *wishes) register(flags *pflag.FlagSet) {
	flags.IntVar(&w.minWorkers, "min-workers", 0, "no fewer workers than this, or none at all")
	flags.IntVar(&w.maxWorkers, "max-workers", 0, "no more workers than this")
	flags.Var(&w.prefer, "prefer", "which thread count to take: of the most workers, of the most requests at once\n"+
		"(threads), or of the least memory for the workers that the cores ask for")
}

// check complains of bounds that nothing can keep to.
func (w wishes) check(c *complaints) {
	const try = "a number of workers up to 1048576, or 0 for no bound"
	c.add(w.minWorkers < 0 || w.minWorkers > mostWorkers, try, "--min-workers %d can't be taken", w.minWorkers)
	c.add(w.maxWorkers < 0 || w.maxWorkers > mostWorkers, try, "--max-workers %d can't be taken", w.maxWorkers)
	c.add(w.maxWorkers > 0 && w.maxWorkers < w.minWorkers, "raise one, or lower the other",
		"--max-workers %d is less than --min-workers %d", w.maxWorkers, w.minWorkers)
}

// preference is one of the three that sizing knows.
type preference string

func (p *preference) String() string { return string(*p) }
func (p *preference) Type() string   { return "workers|threads|memory" }
func (p *preference) Set(text string) error {
	switch text {
	case "", sizing.PreferWorkers, sizing.PreferThreads, sizing.PreferMemory:
		*p = preference(text)
		return nil
	}
	return calibrate.Usage("write workers, threads or memory", "%q is nothing to prefer", text)
}
