package known

import "strings"

func (l *Launch) ChangeBind(was string) {
	switch {
	case was == "" || strings.Contains(was, "{port}") || l.Address.Fixed && was == l.Address.String():
	case l.Address.Fixed:
		l.Change("it listens on %s instead of %s", l.Address, was)
	default:
		l.Change("it listens on a free loopback port instead of %s", was)
	}
}

func BindTo(host string) string {
	if strings.Contains(host, ":") { // IPv6
		return "[{host}]:{port}"
	}
	return "{host}:{port}"
}
