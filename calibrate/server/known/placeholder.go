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
func CheckPlaceholders(spec Spec) error {
	for _, text := range spec.texts() {
		for _, name := range cli.Placeholders(text) {
			if !slices.Contains(placeholderNames, name) {
				return calibrate.Usage("{"+strings.Join(placeholderNames, "} {")+"} are; for a plain {"+name+"} write {{"+name+"}}",
					"{%s} is not a placeholder", name)
			}
		}
	}
	return nil
}

func PlaceholderValues(a Address, spec Spec) map[string]string {
	values := map[string]string{"host": a.Host, "port": strconv.Itoa(a.Port)}
	for _, s := range Placed(spec.Wanted()) {
		values[s.Name] = s.Value
	}
	return values
}

// Placed are the settings that placeholders stand for.
func Placed(w calibrate.Wanted) []calibrate.Setting {
	return []calibrate.Setting{Setting("workers", w.Workers), Setting("threads", max(w.Threads, 1)), Setting64("max_requests", w.MaxRequests)}
}
