package cli

import (
	"regexp"

	"workermem/calibrate"
)

// CheckNumbers says whether settings that calibrate reads or replaces are numbers: the server would not start if one isn't,
// and calibrate would if it has taken that one out. A placeholder will be one.
func (s Settings) CheckNumbers(server string, settings ...string) error {
	for _, setting := range settings {
		if text := s.Text(setting); s.Has(setting) && !IsNumber(text) {
			return calibrate.Usage("give a whole number, or leave it out: "+server+" does not start with it",
				"%s %q is not a number", s.From(setting), text)
		}
	}
	return nil
}

// CheckPositive says whether numbers are 1 or more, of a server that does not start with less.
func (s Settings) CheckPositive(server string, settings ...string) error {
	for _, setting := range settings {
		if text := s.Text(setting); s.Has(setting) && s.Number(setting, 0) < 1 && len(Placeholders(text)) == 0 {
			return calibrate.Usage("give 1 or more, or leave it out: "+server+" does not start with it",
				"%s %s is less than 1", s.From(setting), text)
		}
	}
	return nil
}

// CheckFlags says whether the variables of flags that calibrate turns off are true or false to click: the server would not
// start with another word.
func (s Settings) CheckFlags(server string, settings ...string) error {
	for _, setting := range settings {
		if text := s.Text(setting); !ClickTrue(text) && !ClickFalse(text) && len(Placeholders(text)) == 0 {
			return calibrate.Usage("give true or false, or leave it out: "+server+" does not start with it",
				"%s %q is neither true nor false", s.From(setting), text)
		}
	}
	return nil
}

// pythonNumber is what Python's int takes, but for digits of other scripts.
var pythonNumber = regexp.MustCompile(`^\s*[+-]?\d+(_\d+)*\s*$`)

// IsNumber is true also for a placeholder, which will be one.
func IsNumber(text string) bool { return pythonNumber.MatchString(text) || len(Placeholders(text)) > 0 }
