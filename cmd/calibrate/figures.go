package main

import (
	"strconv"
	"strings"

	"workermem/calibrate"
)

// The figures of a worker that nobody measured, as the flags of `calibrate size` take them.

// mbSize is a size of which a plain number is MB, as the guides' WORKER_MEMORY_MB has it: "209", "209M", "0.2G".
type mbSize int64

func (m *mbSize) String() string { return strconv.FormatInt(int64(*m), 10) }
func (m *mbSize) Type() string   { return "MB" }
func (m *mbSize) Set(text string) error {
	sized := text
	if _, unit := splitUnit(text); unit == "" {
		sized += "M"
	}
	var s size
	if s.Set(sized) != nil {
		return calibrate.Usage("write it like 209 (in MB), 209M or 0.2G", "%q is not a size", text)
	}
	*m = mbSize(s)
	return nil
}

// perRequest is bytes a request, 0 for none: "16.4K", "16.4KB/request", "900".
type perRequest float64

func (p *perRequest) String() string { return strconv.FormatFloat(float64(*p), 'g', -1, 64) }
func (p *perRequest) Type() string   { return "size/request" }
func (p *perRequest) Set(text string) error {
	amount := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(text), "/request"), "/req")
	number, unit := splitUnit(amount)
	factor, ok := map[string]float64{"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}[shortUnit(unit)]
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || !ok || !(value >= 0 && value*factor <= mostPart) {
		return calibrate.Usage("write it like 16.4K/request, or 0 for none", "%q is not a creep", text)
	}
	*p = perRequest(value * factor)
	return nil
}

// counts are thread counts to choose among: "1,4".
type counts []int

func (c *counts) String() string { return joinCounts(*c) }
func (c *counts) Type() string   { return "counts" }
func (c *counts) Set(text string) (err error) {
	*c, err = parseCounts(text, "write it like 4 or 1,4")
	return err
}
