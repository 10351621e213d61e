package calibrate

// WorkerRule is how the worker was told from the rest of the app's process tree.
type WorkerRule struct {
	Kind  RuleKind `json:"kind"`  // "" where nobody could tell yet
	Words string   `json:"words"` // the same of this server: "child of the Gunicorn master"
}

func (r WorkerRule) String() string { return r.Words }

// RuleKind is what a rule for workers goes by.
type RuleKind string

// The kinds of rule.
const (
	RuleTitle  RuleKind = "title"  // the name that the process gave itself
	RuleChild  RuleKind = "child"  // it is a child of the server's master
	RuleAlone  RuleKind = "alone"  // there is no other, or the server serves in one process
	RuleCPU    RuleKind = "cpu"    // it uses the CPU time
	RuleServes RuleKind = "serves" // it holds the load's connections, or does the work behind the front that holds them
	RuleSocket RuleKind = "socket" // it uses the CPU time, behind a front that holds the listening socket
	RuleGuess  RuleKind = "guess"  // provisional: the load has not shown who serves
)
