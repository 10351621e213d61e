package server

// bootLog is what a server has logged of its boot so far.
type bootLog struct {
	started   int    // how often it has started a worker
	notLoaded int    // how often it could not load the app
	timeout   string // the option by which it has ended a worker that took too long, "" if it hasn't
}
