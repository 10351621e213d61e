package say

import "math"

const (
	kb = 1 << 10
	mb = 1 << 20
)

// MB prints an amount of memory: "35.2 MB", "1 024 MB".
func MB[N Figure](bytes N) string { return InMB(bytes) + " MB" }

// InMB is MB without its unit, for a column that has MB in its head.
func InMB[N Figure](bytes N) string { return Number(float64(bytes) / mb) }

// MBUp prints an amount that is needed: never less than it is, so that giving as much is enough.
func MBUp[N Figure](bytes N) string {
	v := float64(bytes) / mb
	ten := math.Pow10(places(v))
	return Number(math.Ceil(v*ten)/ten) + " MB"
}

// MBLess prints what there is beside what is needed, which is more. If both would read alike it is rounded down, with
// one more place: "168 MB" beside 169 MB, but "168.2 MB" beside 168.4 MB.
func MBLess[N Figure](has, needs N) string {
	if MB(has) != MB(needs) {
		return MB(has)
	}
	v := float64(has) / mb
	n := places(v) + 1
	ten := math.Pow10(n)
	return trimZeros(Fixed(math.Floor(v*ten)/ten, n)) + " MB"
}

// Bytes prints a small amount in the unit that fits: "64 B", "16.1 KB", "1.2 MB". A part of a byte is rounded.
func Bytes[N Figure](bytes N) string {
	v := float64(bytes)
	if !finite(v) {
		return Unknown
	}
	size, unit := unitOf(v)
	return inUnit(v, size, v) + " " + unit
}

// Range prints both bounds in the unit, and with the places, of the larger one: "15.9 to 16.4 KB".
func Range(low, high float64) string {
	if !finite(low) || !finite(high) {
		return Unknown
	}
	most := math.Max(math.Abs(low), math.Abs(high))
	size, unit := unitOf(most)
	return inUnit(low, size, most) + " to " + inUnit(high, size, most) + " " + unit
}

// inUnit prints bytes in units of size, with the places that suit an amount of like.
func inUnit(bytes, size, like float64) string {
	if size == 1 {
		return Fixed(bytes, 0)
	}
	return trimZeros(Fixed(bytes/size, places(like/size)))
}

func unitOf(bytes float64) (size float64, unit string) {
	switch abs := math.Abs(bytes); {
	case abs < 999.5:
		return 1, "B"
	case abs < 999.5*kb:
		return kb, "KB"
	}
	return mb, "MB"
}
