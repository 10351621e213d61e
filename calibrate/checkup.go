package calibrate

import "slices"

// CheckupSchema names the version of the checkup's JSON.
const CheckupSchema = "calibrate.doctor/2"

// Checkup is what this machine lets calibrate measure, and the servers on it that could be measured.
type Checkup struct {
	Schema         string    `json:"schema"`
	Tool           Tool      `json:"tool"`
	Works          bool      `json:"works"`  // calibrate run can work here at all
	Limits         int       `json:"limits"` // findings and servers that aren't ok
	Host           Host      `json:"host"`
	Findings       []Finding `json:"findings"`
	Servers        []Server  `json:"servers"`
	ServersMissing []string  `json:"servers_missing"` // looked for, and not found
}

// Server is an installed server.
type Server struct {
	Name    string    `json:"name"`
	Path    string    `json:"path"`
	Version string    `json:"version"` // "" where it could not be told
	With    string    `json:"with"`    // a module that matters, as mod_wsgi of Apache; "" for none
	Known   bool      `json:"known"`   // calibrate knows it by name: its own command works as it is
	Command string    `json:"command"` // how calibrate measures it
	State   State     `json:"state"`
	Doubt   string    `json:"doubt"` // why it is limited
	Traps   []Warning `json:"traps"` // what this version does that surprises people
}

// AreaServers is the area of the findings on servers, which are the last.
const AreaServers = "servers"

var noServer = Finding{Area: AreaServers, Name: "no-server", State: StateMissing,
	Text: "no web server on the PATH, in $VIRTUAL_ENV, .venv or venv that calibrate knows of",
	Try:  "activate the app's virtual environment, or write the server's whole path; calibrate demo needs none"}

// NewCheckup counts what was found. Where no server is missing either, none was looked for.
func NewCheckup(tool Tool, host Host, findings []Finding, servers []Server, missing []string) Checkup {
	if len(servers) == 0 && len(missing) > 0 {
		findings = append(slices.Clone(findings), noServer)
	}
	c := Checkup{Schema: CheckupSchema, Tool: tool, Works: true, Host: host,
		Findings: list(findings), Servers: list(servers), ServersMissing: list(missing)}
	for _, f := range c.Findings {
		if f.State != StateOK {
			c.Limits++
		}
		if f.Stops {
			c.Works = false
		}
	}
	for i := range c.Servers {
		c.Servers[i].Traps = list(c.Servers[i].Traps)
		if c.Servers[i].State != StateOK {
			c.Limits++
		}
	}
	return c
}

// State is how much of a thing there is.
type State string

// The states of a finding.
const (
	StateOK      State = "ok"
	StateLimited State = "limited" // there, but with less than a measurement can use
	StateMissing State = "missing"
)

// Finding is one thing that was found out about this machine: what it lets calibrate measure, and what it doesn't.
type Finding struct {
	Area  string `json:"area"` // what it belongs to: "memory", "host", "load"...
	Name  string `json:"name"` // for programs; a name keeps its meaning
	State State  `json:"state"`
	Text  string `json:"text"`
	Try   string `json:"try"`       // the next thing to try; "" where all is well
	Stops bool   `json:"stops_run"` // calibrate run can't work without it
}
