// Package calibrate is the words: what a plan, a rig, a sample, a result, a failure and a warning are, and the folder that
// keeps them. No logic of a phase is here.
//
// The promise: every number in a [Result] was read from the kernel or computed from such numbers by a formula shown beside
// it, and a run that went wrong never yields a recommendation in silence.
//
// Package run drives a [Rig] through the phases and records what it sees. Package analyse turns what was recorded into a
// Result, and is pure: a saved run can be analysed again. The maths is below it, in creep and sizing.
//
// Everything measured is appended to the run's folder as it comes ([Folder]), so that an interrupt, a crash or a kill loses
// nothing: [LoadFolder] reads such a folder back.
//
// Units: bytes, seconds and requests inside; report formats them. A MB is 2^20 bytes, as in the servers' guides.
package calibrate
