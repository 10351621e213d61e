package say

import "strings"

// Plural counts things: "1 worker", "4 workers", "2 processes", "15 850 requests".
func Plural[N ~int | ~int64 | ~uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + pluralOf(noun)
}

func pluralOf(noun string) string {
	for _, end := range []string{"s", "x", "ch", "sh"} {
		if strings.HasSuffix(noun, end) {
			return noun + "es"
		}
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok && !strings.ContainsAny(noun[max(len(stem)-1, 0):len(stem)], "aeiou") {
		return stem + "ies"
	}
	return noun + "s"
}

// Times says how often: "once", "3 times".
func Times[N ~int | ~int64 | ~uint64](n N) string {
	if n == 1 {
		return "once"
	}
	return Count(n) + " times"
}

// Cores counts cores, and parts of one: "1 core", "0.25 cores".
func Cores(n float64) string {
	if n == 1 {
		return "1 core"
	}
	return CoreCount(n) + " cores"
}

// CoreCount is the same without its noun. A thousandth of a core is the least that schedulers hand out.
func CoreCount(n float64) string { return trimZeros(Fixed(n, 3)) }
