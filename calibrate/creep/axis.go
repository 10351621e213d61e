package creep

import "workermem/calibrate"

// axis is what growth is measured over: the requests served, or time if nothing counts them.
type axis struct {
	clock bool
	each  string  // what texts give a slope by: "a request"
	unit  float64 // requests or seconds in that

	// The limits of the verdict are growth over so many requests or seconds.
	many       float64
	creepShare float64 // of RSS: less isn't worth a recycle
	creepBytes float64 // less may be a few rare steps of an allocator
	flatShare  float64 // of RSS: a worker that grows by less needs no recycling
	flatBytes  float64 // the same for a small worker, whose share no reading resolves

	creepGrowth float64 // bytes over the whole series: less is arenas
	slowing     float64 // growth whose second half is less than this share of the first may yet stop
}

// byRequest: creeping is beyond 2 % of RSS per 10 000 requests, 250 B a request, and 1.25 MB in all (five arenas of Python or
// pages of V8; with 0.5 MB there are thrice the false alarms over 30 s); flat is below 5 % of RSS per 10 000 requests.
var byRequest = axis{each: "a request", unit: 1, many: 10_000,
	creepShare: 0.02, creepBytes: 250 * 10_000, flatShare: 0.05, creepGrowth: 1.25 * calibrate.MiB, slowing: slowing}

// byFewRequests is byRequest for a series of seconds, as a quick run has. What settles over a minute or two hardly slows down
// in it, so growth must be as steady as a leak's to be called one.
var byFewRequests = func() axis {
	a := byRequest
	a.slowing = steady
	return a
}()

// byScarceRequests is byRequest for a soak that an app of few requests a second has ended in time. By TestBench, seeds 2026 and 77:
// 14 requests/s over 65 s call 0.24 and 0.16 % of the workers without a leak creeping by byRequest, 0.11 and 0.07 % by this, as
// 10 requests/s over 120 s did with 0.11 and 0.11 %; of the leaks 43 and 42, 40 and 38, 55 and 54 % are found.
var byScarceRequests = func() axis {
	a := byRequest
	a.slowing, a.creepGrowth = 0.7, 2*calibrate.MiB
	return a
}()

// byTime: creeping is beyond 4 % of RSS an hour, 6 MB an hour, and 2 MB in all, which is 120 MB an hour in a watch of one
// minute and 12 MB an hour in one of ten; flat is below 10 % of RSS an hour, or 6 MB where that is more.
//
// By TestBench -bench-by-time, at 100 requests a second: called creeping are 0.07 % of the workers without a leak after
// 60 s (of no family more than 0.4 %) and none of 9000 after 300 s; at 5 requests a second 0.33 % and 0.03 %. With 0.5 MB
// in all it were 0.31 % after 60 s, and 0.8 % of those that settle as a logarithm. A leak of 5 KB at 5 requests a second
// (90 MB an hour) is found by 67 % of the watches of 300 s and 90 % of those of 600 s. 58 % of the workers without a leak
// are called flat after 300 s, 80 % after 600 s.
var byTime = axis{clock: true, each: "an hour", unit: 3600, many: 3600,
	creepShare: 0.04, creepBytes: 6 * calibrate.MiB, flatShare: 0.10, flatBytes: 6 * calibrate.MiB, creepGrowth: 2 * calibrate.MiB, slowing: slowing}

// limits are the slopes that decide, in bytes a request or a second.
type limits struct {
	creeping float64 // low end above it: creeping
	flat     float64 // high end below it: flat
	slowing  float64 // second half of the growth below this share of the first: warming
}

// limits for a worker of rss bytes, observed over so many requests or seconds. However small the worker, they leave no
// slope between them that would stay inconclusive for ever.
func (a axis) limits(rss, length float64) limits {
	flat := max(a.flatShare*rss, a.flatBytes) / a.many
	return limits{
		creeping: max(min(a.creepBytes/a.many, flat), a.creepShare*rss/a.many, a.creepGrowth/length),
		flat:     flat,
		slowing:  a.slowing,
	}
}

// rate writes a slope: "16.0 KB a request".
func (a axis) rate(slope float64) string { return bytes(slope*a.unit) + " " + a.each }
