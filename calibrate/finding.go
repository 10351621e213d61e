package calibrate

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
