// Package sizing turns one measured worker and one memory budget into a number of workers, threads and
// max-requests, and shows the sum behind each. It is arithmetic: no input, no output, no clock.
//
// The steps of Decide:
//
//  1. Workers by CPU, of each thread choice: the fewest that serve the wanted rate by calibrate.MostUsed of what they can, and
//     soon enough; without such a rate those that serve within calibrate.Alike of the most that any of them do. Where nobody
//     knows what is served: the seeds' (2 x cpus + 1) / threads, rounded down, at least 1.
//  2. Workers by memory: the most for which the measured law stays within the budget.
//  3. The lesser of both; two where two fit.
//  4. With creep, each worker's share of what is left of the budget says how old it may get: its max-requests,
//     and what recycling costs. Where that passes 1 %, workers give way that would bring less than they cost; or where
//     nobody knows what they bring, those beyond one a core.
//  5. Of the thread choices the one that takes the least memory. Where nobody knows what is served, it is the measured one.
//  6. The neighbours of that choice as candidates, each with its total, and with what it serves.
//  7. Where nothing that fits serves what is wanted: the least box that would.
//
// Formulas puts the rules of the field beside it.
//
// Units are bytes, seconds and requests; MB in a sentence means MiB, as in the seeds. Odd input never panics and
// never comes out as NaN, infinite or negative; what it is taken for is said at Question and Workers.
package sizing
