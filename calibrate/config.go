package calibrate

import "slices"

// Config is the calibrate.yaml that a plan took options from.
type Config struct {
	File    string         `json:"file"`              // relative to the folder in which calibrate was started
	Profile string         `json:"profile,omitempty"` // of the file, that was asked for
	Options []ConfigOption `json:"options"`
}

// ConfigOption is where one of them stands there. Its value is the plan's.
type ConfigOption struct {
	Name    string `json:"option"` // "memory"; of what has a name of its own, with it: "env TOKEN"
	Line    int    `json:"line"`
	Profile bool   `json:"in_profile,omitempty"`
}

// Has says that an option was taken from the file.
func (c *Config) Has(name string) bool {
	return c != nil && slices.ContainsFunc(c.Options, func(o ConfigOption) bool { return o.Name == name })
}
