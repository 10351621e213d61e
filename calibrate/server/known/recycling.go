package known

// DescribeRecycling says what becomes of the limit of requests that the command has.
func (l *Launch) ChangeRecycling(was int64) {
	switch now := l.Spec.MaxRequests; {
	case now == was:
	case now == 0:
		l.Change("recycling is off, instead of a new worker after %d requests", was)
	case was == 0:
		l.Change("a new worker after %d requests", now)
	default:
		l.Change("a new worker after %d requests instead of %d", now, was)
	}
}
