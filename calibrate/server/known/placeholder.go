package known

import (
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
)

// placeholderNames are the words in braces that a command may hold.
var placeholderNames = []string{"host", "port", "workers", "threads", "max_requests"}

// Has says whether the command or its variables hold a placeholder.
func (s Spec) Has(name string) bool {
	for _, text := range s.texts() {
		if slices.Contains(cli.Placeholders(text), name) {
			return true
		}
	}
	return false
}

func (s Spec) texts() []string {
	texts := slices.Clone(s.Command)
	for _, value := range s.Env {
		texts = append(texts, value)
	}
	return texts
}

// CheckPlaceholders refuses words in braces that nobody would replace.
func (s Spec) CheckPlaceholders() error {
	for _, text := range s.texts() {
		for _, name := range cli.Placeholders(text) {
			if !slices.Contains(placeholderNames, name) {
				return calibrate.Usage("{"+strings.Join(placeholderNames, "} {")+"} are; for a plain {"+name+"} write {{"+name+"}}",
					"{%s} is not a placeholder", name)
			}
		}
	}
	return nil
}

// PlaceholderValues are what the placeholders stand for if the server listens at an address.
func (s Spec) PlaceholderValues(a Address) map[string]string {
	values := map[string]string{"host": a.Host, "port": strconv.Itoa(a.Port)}
	for _, set := range PlaceholderSettings(s.Wanted()) {
		values[set.Name] = set.Value
	}
	return values
}

// PlaceholderSettings are the settings that placeholders stand for.
func PlaceholderSettings(w calibrate.Wanted) []calibrate.Setting {
	return []calibrate.Setting{Setting("workers", w.Workers), Setting("threads", max(w.Threads, 1)), Setting("max_requests", w.MaxRequests)}
}
