package main

import (
	"strings"

	"golang.org/x/net/http/httpguts"

	"workermem/calibrate"
)

// pairs reads NAME=VALUE. The message never holds the value, which may be a secret.
func pairs(list []string) (map[string]string, error) {
	all := map[string]string{}
	for _, item := range list {
		name, value, ok := strings.Cut(item, "=")
		if !ok || name == "" || strings.ContainsAny(name, " \t\n\x00") || strings.Contains(value, "\x00") {
			return nil, calibrate.Usage("--env PORT={port}", "an --env is not of the form NAME=VALUE")
		}
		all[name] = value
	}
	return all, nil
}

func cutHeader(line string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(line, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	return name, value, ok && httpguts.ValidHeaderFieldName(name) && httpguts.ValidHeaderFieldValue(value)
}
