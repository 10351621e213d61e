package calibrate

import "runtime/debug"

// OnCrash is what becomes of a fault in calibrate itself, a panic, in whatever goroutine: the command line ends the program with one
// message. Without it a panic goes on.
var OnCrash = func(cause any, _ []byte) { panic(cause) }

// Caught is deferred by every goroutine of calibrate's own: nothing else can catch a panic there, and the hundreds of lines that it
// would print are no message to a user, nor is its exit code one of ours.
func Caught() {
	if cause := recover(); cause != nil {
		OnCrash(cause, debug.Stack())
	}
}
