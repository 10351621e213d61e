// Package gate judges a run: by limits, by a baseline, and by what is deployed; and two versions that were run in turn. It is pure: no input, no output, no clock.
//
// The steps of Check:
//
//  1. A run that is partial, or whose figures can't be relied on, is judged by nothing.
//  2. Each figure is held to its bound by its interval: beyond it as a whole is exceeded, within it as a whole is within, else it
//     is too close to tell. A figure without an interval is its own. What isn't known is no pass. The rate that is deployed must be
//     served with room by the figure, and at all by the lower end of its interval.
//  3. Against a baseline the interval has the baseline's own doubt in it, and the bound is the farther of a share and an amount: a
//     change is held against a run only if it is real, and matters. What rests on a thing that differs isn't compared.
//  4. Growth that may yet settle exceeds nothing. Where it isn't known whether memory creeps, neither what is deployed holds nor what
//     is recommended, the memory of a worker first of all: both would be worse.
//  5. Noise makes times longer and rates lower. A figure of speed that is within its bound in spite of it is within; any other is
//     not known, and in no baseline. Memory is judged all the same. What a database takes for the app's own requests is no noise.
//  6. What isn't met may be excused, for a time.
//  7. The exit code is that of the worst: what doesn't fit, a limit that is exceeded, a regression, what isn't known.
//
// The steps of Compare, after each pair of runs:
//
//  1. The difference of a figure is that of one pair, head less base: both were run within two minutes on one machine. Its interval
//     has both figures' doubt in it. A run that recommends nothing for its own sake has no figures. What hangs on whether memory creeps
//     isn't compared where that is known of one run alone.
//  2. A limit fails in a pair if the difference is beyond it and is one at all: its interval has no 0 in it. With noise, a figure of
//     speed fails nothing. One that is beyond its limit and doesn't fail is in doubt, and so is an interval wider than the limit, and
//     speed whose base was slowed by more noise than the head: a head that is worse looks the same.
//  3. If after one pair nothing is past half of its limit, that is a pass.
//  4. Else a limit that has failed in three pairs of five at most is a regression. One that no longer can is met, whatever it did
//     once. One that only doubt keeps open is met if the pairs say so together, and else inconclusive.
//  5. The order of the pairs has no say, and base and head in each other's place have the opposite difference.
//
// The unit of repetition is a start of the app, never a second of a run: Kalibera and Jones, Rigorous benchmarking in reasonable
// time, ISMM 2013.
package gate
