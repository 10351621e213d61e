package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/knob"
	"workermem/calibrate/say"
)

// hosts is a list of boxes: "1c/512M,2c/1G". Given again it goes on.
type hosts []knob.Box

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
	return calibrate.Usage(likeHosts, "%s are not hosts", firstFew(bad))
}

const likeHosts = "write them like 2c/512M,8c/16G or 0.25c/512M: cores, at most 65536, and memory"

func parseBox(text string) (b knob.Box, ok bool) {
	cores, memory, found := strings.Cut(strings.TrimSpace(text), "/")
	number, isCores := strings.CutSuffix(strings.ToLower(cores), "c")
	var badCores, badMemory error
	b.CPUs, badCores = knob.Cores(number)
	isCores = isCores || strings.HasSuffix(number, "m") // 250m/512Mi, as Kubernetes has them
	b.MemoryBytes, badMemory = knob.Size(memory)
	beyond := slices.ContainsFunc(knob.Of(&b), knob.Knob.Outside)
	return b, found && isCores && badCores == nil && badMemory == nil && b.CPUs > 0 && !beyond
}

// firstFew names the first few.
func firstFew(all []string) string {
	const few = 5
	if len(all) <= few {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %s more", strings.Join(all[:few], ", "), say.Count(len(all)-few))
}
