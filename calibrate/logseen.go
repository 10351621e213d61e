package calibrate

// LogSeen is what the lines of an access log showed beside their number, and who writes them.
type LogSeen struct {
	Lines int64 `json:"lines"`

	// The two forms that most lines have: as many words, quotations and brackets, in the same order.
	FirstForm  int64 `json:"first_form_lines"`
	SecondForm int64 `json:"second_form_lines"`
	FormsApart int64 `json:"forms_apart"` // by how many lines they differed at most, at any reading
	Pathed     int64 `json:"pathed"`      // lines of both that name a path
	PathsApart int64 `json:"paths_apart"` // by how many lines the two differ, path by path, in all
	Twins      int64 `json:"twins"`       // lines that came in twos, each like the other in every letter

	// Connections that were accepted where the server is, by whomever, since Lines were LinesBefore; 0: not known. ConnectionsApart
	// is by how much the lines since then and twice the connections differed at most.
	Connections      int64 `json:"connections,omitempty"`
	LinesBefore      int64 `json:"lines_before,omitempty"`
	ConnectionsApart int64 `json:"connections_apart,omitempty"`

	// Who has the file open to write to it; known says whether all processes could be looked at.
	OwnWriters   int  `json:"own_writers"`   // processes of the server
	OtherServers int  `json:"other_servers"` // sessions of others
	WritersKnown bool `json:"writers_known"`

	Doubts []LogDoubt `json:"doubts,omitempty"` // what the analysis makes of it
}

// LogDoubt is what speaks against a line for each request.
type LogDoubt string

// The doubts.
const (
	LogTwice        LogDoubt = "twice"         // two lines a request, for certain: requests are half as many as lines
	LogPerhapsTwice LogDoubt = "perhaps-twice" // it looks so
	LogForms        LogDoubt = "forms"         // lines of other forms are among them
	LogShared       LogDoubt = "shared"        // several servers write to it
)
