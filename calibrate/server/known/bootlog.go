package known

// BootLog is what a server has logged of its boot so far.
type BootLog struct {
	Started   int    // how often it has started a worker
	NotLoaded int    // how often it could not load the app
	PortTaken bool   // it could not listen, because somebody else does; the kernel's own words for that are looked for anyway
	Timeout   string // the option by which it has ended a worker that took too long, "" if it hasn't
}
