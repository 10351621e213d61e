// Package report renders a [calibrate.Result]: for the terminal ([Text]), as a runbook ([Markdown]), as data
// ([JSON]) and as a server's configuration ([Emit]). It also draws what is seen while a run goes on: the
// progress line ([Progress]), warnings and failures.
//
// The promise: the first thing on the page is what to type, or why there is nothing to type; what was not measured
// is called unknown and never 0; and nothing that the app, its log or its command line says can steer the terminal
// or break out of its place in the Markdown.
//
// How a page is made:
//
//  1. The facts ([fact]: a name and a sentence) are put in words once, for every format (measured.go, creep.go, sum.go).
//  2. Numbers become text in units.go alone.
//  3. A renderer lays the facts out, and cleans every string on its way (clean.go, or escape in markdown.go).
package report
