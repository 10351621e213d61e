package sizing

import (
	"math"

	"workermem/calibrate/say"
)

func megabytes(bytes int64) float64 { return float64(bytes) / MiB }

func ceilBytes(x float64) int64 { return int64(clamp(math.Ceil(x), 0, mostBudget)) }

// What the sentences of this room are made of.

func mb(bytes int64) string           { return say.MB(bytes) }
func mbUp(bytes int64) string         { return say.MBUp(bytes) } // for what is needed
func perRequest(bytes float64) string { return say.Bytes(bytes) }
func percent(share float64) string    { return say.Percent(share) }
func interval(seconds float64) string { return say.Seconds(seconds) }
func requestRate(x float64) string    { return say.RequestRate(x) }
func grouped(n int) string            { return say.Count(n) }
func count(n int, noun string) string { return say.Plural(n, noun) }
