package report

// SavedRun is one of the runs that are kept.
type SavedRun struct {
	ID      string   `json:"id"`
	State   string   `json:"state"` // "whole", "partial", "running", "unreadable"
	Verdict string   `json:"verdict"`
	Command []string `json:"command"`
	Why     string   `json:"why,omitempty"` // it can't be read
}

// Runs is the list of them, in the order given.
func Runs(all []SavedRun) Document {
	t := Table{Columns: []Column{
		{Head: "run", Left: true, Keep: 9}, {Head: "state", Left: true, Keep: 8}, {Head: "memory", Left: true, Keep: 7}, {Head: "command", Left: true, Keep: 6},
	}}
	for _, run := range all {
		command := orElse(run.Why, shellQuote(run.Command))
		t.Rows = append(t.Rows, Row{Cells: []string{run.ID, run.State, orElse(run.Verdict, "-"), command}})
	}
	return Document{Title: "Saved runs", Data: all, Blocks: []Block{t}}
}
