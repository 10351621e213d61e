package server

import "strings"

func (l *Launch) describeBind(was string) {
	switch {
	case was == "" || strings.Contains(was, "{port}") || l.address.fixed && was == l.address.String():
	case l.address.fixed:
		l.change("it listens on %s instead of %s", l.address, was)
	default:
		l.change("it listens on a free loopback port instead of %s", was)
	}
}

func bindTo(host string) string {
	if strings.Contains(host, ":") { // IPv6
		return "[{host}]:{port}"
	}
	return "{host}:{port}"
}
