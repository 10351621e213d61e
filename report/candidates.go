package report

import (
	"math"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// What holds the candidates that a table has no room for.
const (
	inResult = "result.json"
	inJSON   = "--json"
)

func candidatesSection(r calibrate.Result, whole string) []Block {
	if len(r.Candidates) == 0 {
		return nil
	}
	return section(Heading{Name: "Candidates"}, candidateBars(r), candidateTable(r.Candidates, maxRequests(r), whole))
}

// candidateTable has one row a choice of workers and threads, the recommended one marked.
func candidateTable(candidates []calibrate.Candidate, requests, whole string) Table {
	served := slices.ContainsFunc(candidates, func(c calibrate.Candidate) bool { return c.Rate > 0 })
	boundKeep := 3
	if served {
		boundKeep = 6
	}
	t := Table{Of: "candidate", Whole: whole, Columns: []Column{
		{Head: "workers", Keep: 9}, {Head: "threads", Keep: 9}, servesColumn, {Head: usedHead, Keep: 7}, {Head: p99Head, Keep: 7},
		{Head: "total", Unit: "MB", Keep: 8}, {Head: "of budget", Keep: 3},
		{Head: "requests at once", Keep: 2}, {Head: "fits", Left: true, Keep: 7}, {Head: "bound by", Left: true, Keep: boundKeep},
		{Head: "basis", Left: true, Keep: 1}, {Head: "max-requests", Keep: 5},
	}}
	rank := ranks(candidates)
	for i, c := range candidates {
		t.Rows = append(t.Rows, Row{Mark: recommended(c.Recommended), Rank: rank[i], Cells: []string{
			say.Count(c.Workers), orDash(c.Threads), rateCell(c.Rate), percentCell(c.UsedRatio), waitCell(c.P99), mbCell(c.TotalBytes), percentCell(c.BudgetRatio),
			orDash(c.Concurrency), yesNo(c.Fits), boundCell(c, served), orElse(string(c.Basis), "-"), recycleCell(c, requests),
		}})
	}
	atRate := slices.ContainsFunc(candidates, func(c calibrate.Candidate) bool { return c.UsedRatio > 0 })
	return t.without(func(c Column) bool {
		return c == servesColumn && !served || (c.Head == usedHead || c.Head == p99Head) && !atRate
	})
}

// boundCell is what keeps a candidate from serving more, or where nobody knows that, what stands against one worker more.
func boundCell(c calibrate.Candidate, served bool) string {
	if served {
		return orElse(string(c.RateBy), "-")
	}
	return orElse(string(c.BoundBy), "-")
}

// servesColumn is what so many serve at most.
var servesColumn = Column{Head: "serves", Unit: "a second", Keep: 8}

// Heads of what is known at a production rate alone.
const (
	usedHead = "in use"
	p99Head  = "p99"
)

func rateCell(perSecond float64) string {
	if perSecond <= 0 {
		return "-"
	}
	return say.Number(perSecond)
}

// waitCell is a time of which 0 says that it isn't known.
func waitCell(seconds float64) string {
	if seconds <= 0 {
		return "-"
	}
	return say.Seconds(seconds)
}

func recommended(is bool) Mark {
	if is {
		return Good
	}
	return Plain
}

// recycleCell is what the answer says of no limit at all, where a candidate has none.
func recycleCell(c calibrate.Candidate, requests string) string {
	switch {
	case c.MaxRequests > 0:
		return say.Count(c.MaxRequests)
	case c.Fits && requests == unlimitedWord:
		return requests
	}
	return "-"
}

// ranks say which candidates are worth a look: the recommended one; the one that fits and serves the most; for every number of
// threads the largest that fits and the smallest that doesn't; then those nearest to the recommended one.
func ranks(all []calibrate.Candidate) []float64 {
	var best calibrate.Candidate
	fastest := fastestOf(all)
	largest, smallest := map[int]int{}, map[int]int{} // workers by threads: the most that fit, the fewest that don't
	for _, c := range all {
		if c.Recommended {
			best = c
		}
		if n := smallest[c.Threads]; c.Fits {
			largest[c.Threads] = max(largest[c.Threads], c.Workers)
		} else if n == 0 || c.Workers < n {
			smallest[c.Threads] = c.Workers
		}
	}
	rank := make([]float64, len(all))
	for i, c := range all {
		rank[i] = distance(c, best)
		switch {
		case c.Recommended:
			rank[i] = -2
		case i == fastest:
			rank[i] = -1
		case c.Fits && largest[c.Threads] == c.Workers:
		case !c.Fits && smallest[c.Threads] == c.Workers:
			rank[i]++
		default:
			rank[i] += 2
		}
	}
	return rank
}

// fastestOf is the candidate that fits and serves the most, the first of equals; -1 where nobody knows what they serve.
func fastestOf(all []calibrate.Candidate) int {
	fastest, most := -1, 0.0
	for i, c := range all {
		if c.Fits && c.Rate > most {
			fastest, most = i, c.Rate
		}
	}
	return fastest
}

// distance is below 1, so that it only orders candidates of one kind.
func distance(a, b calibrate.Candidate) float64 {
	d := math.Abs(float64(a.Workers-b.Workers)) + math.Abs(float64(a.Threads-b.Threads))
	return d / (d + 1)
}
