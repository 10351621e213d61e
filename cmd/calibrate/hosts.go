package main

import (
	"fmt"
	"strconv"
	"strings"

	"workermem/calibrate"
)

// box is a host to size for: its cores and its memory.
type box struct {
	cpus   int
	memory size
}

// hosts is a list of boxes: "1c/512M,2c/1G". Given again it goes on.
type hosts []box

func (h *hosts) String() string { return "" }
func (h *hosts) Type() string   { return "list" }
func (h *hosts) Set(text string) error {
	var bad []string
	for part := range strings.SplitSeq(text, ",") {
		if b, ok := parseBox(part); ok {
			*h = append(*h, b)
		} else {
			bad = append(bad, strconv.Quote(part))
		}
	}
	switch len(bad) {
	case 0:
		return nil
	case 1:
		return calibrate.Usage(likeHosts, "%s is not a host", bad[0])
	}
	return calibrate.Usage(likeHosts, "%s are not hosts", listed(bad))
}

const likeHosts = "write them like 2c/512M,8c/16G: whole cores, 1 to 65536, and memory"

func parseBox(text string) (b box, ok bool) {
	cores, memory, found := strings.Cut(strings.TrimSpace(text), "/")
	number, isCores := strings.CutSuffix(strings.ToLower(cores), "c")
	n, err := strconv.Atoi(number)
	if !found || !isCores || err != nil || n < 1 || n > mostCPUs || b.memory.Set(memory) != nil {
		return box{}, false
	}
	b.cpus = n
	return b, b.memory <= mostMemory
}

// listed names the first few.
func listed(all []string) string {
	const few = 5
	if len(all) <= few {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:few], ", "), len(all)-few)
}
