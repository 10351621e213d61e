// Package calibrate measures one worker of a web server and turns what it saw into a sizing.
//
// The promise: every number in a [Result] was read from the kernel or computed from such numbers by a formula
// shown beside it, and a run that went wrong never yields a recommendation in silence.
//
// How a calibration goes ([Run]):
//
//  1. Boot: the target starts the app with one worker, recycling off, on a loopback port. The time to the first
//     whole answer is the boot time; what the worker holds then is its idle memory.
//  2. Capacity: unless the user fixed the load, a closed loop finds what one worker can serve.
//  3. Warm-up: load at 70 % of that until memory has settled.
//  4. Soak: the same load until the creep's interval is narrow enough, or the limit.
//  5. Rest: a worker that creeps is left alone for a while, which tells creep by time from creep by request.
//  6. Peak: every thread busy at once. The kernel's high-water mark is the worker's peak.
//  7. Beside, once the app has ended: the same app in other setups for a while each. Other threads and a second worker
//     check the law (phase_scale.go), each route alone has its own bill (phase_routes.go), and where it is asked for, a creep is looked
//     for with another allocator (phase_triage.go) and the best candidates are compared (phase_sweep.go).
//  8. Analysis ([Analyse], pure): samples and traffic become worker memory, verdict, max-requests, candidates.
//
// A server that is running already is watched ([Attach]): one phase, nothing started, changed or stopped.
//
// Everything measured is appended to the run's folder as it comes ([Folder]), so that an interrupt, a crash or a
// kill loses nothing: [Load] reads such a folder back, and Analyse says what it has.
//
// No file holds two of the three layers: the words (result.go, sweep.go, proof.go, rig.go, load.go ...), the analysis of what
// was recorded (analyse.go, decide.go, law.go, sweep_choice.go, triage_judge.go, today.go ...), and what drives a rig (run.go,
// phases.go, phase_*.go, watcher.go, prove.go ...).
//
// Units: bytes, seconds and requests inside; the report formats them. A MB is 2^20 bytes, as in the servers' guides.
package calibrate
