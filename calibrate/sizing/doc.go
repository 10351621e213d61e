// Package sizing turns one measured worker and one memory budget into a number of workers, threads and
// max-requests, and shows the sum behind each. It is arithmetic: no input, no output, no clock.
//
// The steps of Decide:
//
//  1. Workers by CPU: the seeds' (2 x cpus + 1) / threads, rounded down, at least 1.
//  2. Workers by memory: the most for which the measured law stays within the budget.
//  3. The lesser of both; two where two fit.
//  4. With creep, each worker's share of what is left of the budget says how old it may get: its max-requests,
//     and what recycling costs. Workers beyond one a core give way where that cost passes 1 %.
//  5. The neighbours of that choice as candidates, each with its total.
//
// Formulas puts the rules of the field beside it.
//
// Units are bytes, seconds and requests; MB in a sentence means MiB, as in the seeds. Odd input never panics and
// never comes out as NaN, infinite or negative; what it is taken for is said at Question and Workers.
package sizing
