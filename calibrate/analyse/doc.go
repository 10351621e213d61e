// Package analyse turns what was recorded into a result: worker memory, creep, law, candidates, recommendation, doubts.
// It is pure: the same samples and load give the same result, for a run just measured and for one read back ([Load]), and a
// saved run is analysed again if the rules have changed since ([Today]).
package analyse
