// Package loadgen drives HTTP load at the app under test, through vegeta.
//
// The promise: what is reported was counted by this package's own clock, in constant memory, and nothing but the
// app's own address is ever dialled.
//
// One phase of load ([Loader.Attack]):
//
//  1. The app's base URL is checked and resolved, once: loopback, or a host allowed by name.
//  2. The targets get that base, whatever host their file names.
//  3. A pacer says when to send: by the clock in an open loop, at once in a closed one.
//  4. vegeta's workers send and drain, on a client that follows no redirect and knows no proxy.
//  5. Every answer is folded into the second it came in and into the phase's tally, then forgotten.
//  6. At the end of the context requests under way get a second to finish; then they are cut, and not counted.
//
// Before the load of a newly started app, [Loader.Prepare] sends what logs in: it follows redirects within the app, and the
// cookies that it gets go with every request of the load.
//
// Latency: in a closed loop it is service time, from send to the last byte of the answer. In an open loop it is
// counted from the time at which the request was due, so that the wait for a free client is part of it
// (otherwise a slow app hides its own queue, which is known as coordinated omission).
//
// While calibrate itself stands still (Ctrl-Z, a machine that gives it no core), the phase's time does, too: what would have been
// due is due later, and what was under way is counted and not timed.
//
// Seconds and requests throughout.
package loadgen
