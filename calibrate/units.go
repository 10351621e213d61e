package calibrate

import "math"

// MiB is what reports and settings call a MB.
const MiB = 1 << 20

// Hour in seconds.
const Hour = 3600

// Figure is a number that may be null in JSON: null if it is none.
func Figure(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// SomeFigure is null for 0, too.
func SomeFigure(x float64) *float64 {
	if x == 0 {
		return nil
	}
	return Figure(x)
}
