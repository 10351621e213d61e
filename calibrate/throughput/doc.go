// Package throughput says what N workers of T threads serve on C cores at most, what keeps them from more, and how long a
// request takes at a given rate: from what the requests of one worker need. It is arithmetic: no input, no output, no clock.
//
// Three bounds hold of any system that serves requests of the same mix (P. J. Denning, J. P. Buzen, The Operational Analysis of
// Queueing Network Models, ACM Computing Surveys 10, 1978):
//
//	rate <= cores / (demand + rest + beside)  all cores are busy            RateByCores
//	rate <= N x k / demand                    each worker is, with its own  RateByWorkers
//	rate <= N x T / alone                     every thread has a request    RateByThreads
//
//	demand  CPU seconds of a worker a request
//	rest    CPU seconds a request of the app's other processes: router, front, master, and of a load on the same cores
//	beside  CPU seconds a request of programs that a request waits for on the same cores: a database
//	k       cores that one worker can keep busy: about one under a lock such as the GIL
//	alone   seconds that a request takes if no other is under way; what of them is no CPU time is waiting
//
// Far from where two of them meet, the least one is the answer within a per cent or two. There it is less, because a request
// that finds its core taken keeps its thread meanwhile. The knee could be had by mean-value analysis (Reiser &
// Lavenberg, Mean-Value Analysis of Closed Multichain Queuing Networks, JACM 27, 1980), but that knows neither a worker's own
// lock within the machine's cores nor quantiles of the time. So the rate and the times both come from one simulation, event by
// event, of the same few parts:
//
//  1. A request takes the load's CPU time, where there is a load on these cores, and then the rest's, of which no more cores
//     are used than those processes can keep busy: one of a single thread.
//  2. It gets a thread of a worker, or waits until one is free, first come, first served. Of several workers that have
//     one it gets any, by chance: whoever is the first to accept it. Where workers take in more than they have threads for, it
//     waits for a thread of the one that did. At a rate, of two workers of two threads under Gunicorn that was the one of the
//     request before in every second case: chance, too. Of an event loop, and where each client sends its next request upon an
//     answer, it is one that doesn't compute, while there is any.
//  3. It takes half of its demand, waits, also for what is beside, and takes the other half. Within a worker the CPU time under the worker's lock is
//     taken by one request at a time, so that the worker keeps k cores busy at most.
//  4. All that want CPU time share the cores evenly (processor sharing), at most one each. With more cores busy a
//     request costs more, where two hyperthreads are no two cores, or less, where idle cores fall asleep.
//
// Its numbers are drawn from the measured times, by a generator that always begins alike: the same question has the same answer.
// The most is the rate of so many clients that every thread always has a request (a closed loop). The times are those
// of requests that come at a rate, whoever is still being served (an open loop).
//
// Units are seconds, requests a second, and cores. What is odd (NaN, less than nothing, vast) never panics: see App and Box.
package throughput
