// Package report says what was measured: the page of a run, a proof, a sizing, a check-up, the list of runs, each as a
// [Document]; and a server's configuration ([Emit]). It also draws what is seen while a run goes on: the progress line
// ([Progress]) and failures.
//
// The promise: the first thing on the page is what to type, or why there is nothing to type; what was not measured
// is called unknown and never 0; and nothing that the app, its log or its command line says can steer the terminal
// or break out of its place in the Markdown.
//
// How a page is made:
//
//  1. Figures become sentences, each in one function (measured.go, creep.go, arithmetic.go); calibrate/say prints the numbers.
//  2. A document puts them in order, as blocks: facts, tables, notes (run.go, proof.go, sizing.go, checkup.go). Its texts are
//     plain. What only one kind of reader needs stands in [Only].
//  3. A dialect draws every kind of block, and cleans each text on its way (terminal.go, markdown.go, html.go). The table in
//     format.go names them; another format is a file with a dialect, and a row there.
//
// A chart is a block of data (chart.go): which there are is said in charts.go, charts_proof.go and charts_compare.go, and
// html_chart.go and html_bars.go draw them. Their curves are thinned first (thin.go), and stand in the page with the figures.
package report
