// Package run measures one worker of a web server: it drives a [calibrate.Rig] through the phases and records what it sees.
//
// How a calibration goes ([Run]):
//
//  1. Boot: the target starts the app with one worker, recycling off, on a loopback port. The time to the first whole answer
//     is the boot time; what the worker holds then is its idle memory.
//  2. Alone: one client for a moment. What a request takes when no other is under way, and how much of it is CPU time.
//  3. Capacity: unless the user fixed the load, a closed loop finds what one worker can serve.
//  4. Warm-up: load at 70 % of that until memory has settled; at all of it if the app serves few requests a second (slow.go).
//  5. Soak: the same load until the creep's interval is narrow enough, or the limit.
//  6. Rest: a worker that creeps is left alone for a while, which tells creep by time from creep by request.
//  7. Peak: every thread busy at once. The kernel's high-water mark is the worker's peak.
//  8. Beside, once the app has ended: the same app in other setups for a while each. Other threads and a second worker check
//     the law (phase_scale.go), each route alone has its own bill (phase_routes.go), and if the user asks for it, a creep is
//     looked for with another allocator (phase_triage.go) and the best candidates are compared (phase_sweep.go).
//  9. Analysis ([analyse.Analyse]): samples and traffic become worker memory, verdict, max-requests, candidates.
//
// At the borders of every load the CPU time of the whole tree is read, the workers' apart from the rest's (work.go).
//
// A server that is running already is watched ([Attach]): one phase, nothing started, changed or stopped. [Prove] runs a
// result's recommendation under its memory limit. [Compare] runs two versions of an app in turn, in short runs without warm-up and
// rest (portions.go): each phase gets as many requests as in the first of them.
package run
