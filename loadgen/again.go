package loadgen

// Again is a Loader of the same requests that has sent nothing yet.
func (l *Loader) Again() *Loader { return New(l.targets, l.opt) }
