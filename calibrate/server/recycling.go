package server

// describeRecycling says what becomes of the limit of requests that the command has.
func (l *Launch) describeRecycling(was int64) {
	switch now := l.spec.MaxRequests; {
	case now == was:
	case now == 0:
		l.change("recycling is off, instead of a new worker after %d requests", was)
	case was == 0:
		l.change("a new worker after %d requests", now)
	default:
		l.change("a new worker after %d requests instead of %d", now, was)
	}
}
