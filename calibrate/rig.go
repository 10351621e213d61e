package calibrate

import (
	"context"
	"time"
)

// Rig is what a run measures with. The interfaces are declared here because here they are used; the rooms
// calibrate/server, loadgen and sampler hold the real ones, and the tests of the phases' order hold others.
type Rig struct {
	Target   Target
	Scale    func(Setup) (Target, error) // the same app set up otherwise; nil: the law rests on one worker alone
	Load     Loader                      // nil where no load is sent
	Counter  Counter                     // of requests, where somebody else sends them; nil: what Load has sent
	Memory   Memory
	Mapped   func(pid int, pattern string) (bool, error) // says whether a process has a file mapped whose name matches; nil: nobody can tell
	Runtime  func(pid int) Runtime                       // what a process runs on; nil: nobody can tell
	Journal  Journal
	Progress func(Status) // called several times a second from one goroutine; nil for none
}

// Counter counts the requests that a server has answered.
type Counter interface {
	// Answered is safe to call at any time.
	Answered() int64
}

// LogWitness is an App that can be seen beside its access log.
type LogWitness interface {
	// Writers says who has the log open to write to it: how many processes of the server, and how many other servers; known
	// is false if not all processes could be looked at.
	Writers() (own, others int, known bool)
	// Accepted is how many connections have been accepted where the server is, by it or by others.
	Accepted() (connections int64, known bool)
}

// PortWitness is an App that can tell who listens at its port.
type PortWitness interface {
	// Stranger is the failure of an app whose port another program has taken, nil where the app has it, or nobody.
	Stranger(phase string) *Failure
}

// LogCounter is a Counter that reads a log, and says what it saw there. Who writes the log isn't known to it.
type LogCounter interface {
	Counter
	Seen() LogSeen
}

// Answered is how many requests are known to be answered by now.
func (r Rig) Answered() int64 {
	switch {
	case r.Counter != nil:
		return r.Counter.Answered()
	case r.Load != nil:
		return r.Load.Answered()
	}
	return 0
}

// Target starts the app under test.
type Target interface {
	// Start returns when the app has given its first whole answer, or with a *Failure.
	Start(ctx context.Context) (App, error)
}

// App is a started server with one worker.
type App interface {
	Info() TargetInfo
	Warnings() []Warning
	// Workers looks at the process tree now. An empty list means that no worker lives at this moment.
	Workers() ([]int, error)
	// Tree is every living process of the app, workers included.
	Tree() []int
	// Below are the living processes that descend from each worker, as the last look at the workers found them: children for
	// a request, pools, browsers. A worker below another is its own.
	Below() map[int][]int
	// Group is the folder of the memory control group that holds the app's processes and no others, or why it has none.
	Group() (folder, why string)
	// Exited is closed when the server itself has ended.
	Exited() <-chan struct{}
	// Failure says what became of an app that misbehaves: why it ended, its last log lines. phase is where it was seen.
	Failure(phase string) *Failure
	// Backlog is the number of connections waiting to be accepted, or -1 where that can't be seen.
	Backlog() int
	// Stop ends every process of the app: gracefully, then by force. Safe to call twice.
	Stop(ctx context.Context) (Stopped, error)
}

// Stopped says how an app ended.
type Stopped struct {
	Seconds float64
	Killed  int // processes that had to be killed
	Left    int // processes that are still there, in spite of everything
}

// Route is one of the things that an app is asked for: a method and a path, whose numbers stand for each other.
type Route struct {
	Name  string  `json:"name"`  // "/search", "POST /orders/{n}"
	Share float64 `json:"share"` // of the requests
}

// Pace is the load of one phase: an open loop at Rate, or where Rate is 0 a closed loop of Clients.
// It ends after Requests or Duration where they are above 0, and when its context ends.
type Pace struct {
	Rate     float64
	Clients  int // the most requests under way at once
	Requests int64
	Duration time.Duration
	Route    string // the name of the only one to ask for, "" for all
	Timed    bool   // the Tally has the Times
}

// Loader drives HTTP load.
type Loader interface {
	// Prepare sends what must come before the load of an app that was just started, such as a login; mostly nothing.
	// It returns whether there was anything to send, and a *Failure where the app doesn't let it in.
	Prepare(ctx context.Context, url string) (sent bool, err error)
	// Attack drives one phase and returns what it saw, also when the context ended it (that isn't an error).
	// each is called about once a second, and once more at the end, from one goroutine.
	Attack(ctx context.Context, url string, p Pace, each func(Bucket)) (Tally, error)
	// Answered counts the requests answered so far, over all phases. Safe to call at any time.
	Answered() int64
	// Routes are what the load consists of, the most frequent first.
	Routes() []Route
}

// Tally is what one phase of load saw.
type Tally struct {
	Mode      LoadMode
	Requests  int64
	Succeeded int64
	RateAsked float64
	RateSent  float64
	Seconds   float64
	Latency   Latency
	Times     []float64 // of good answers, in seconds, in the order in which they came, as many as are kept; where that was asked for
	Errors    []ErrorCount
	// Refusals are the answers that are no pages, the most frequent kinds first.
	Refusals []Refusal
	// Sample errors, one a class, as the client saw them; for messages.
	Examples map[string]string
}

// SuccessRatio is nil where nothing was answered.
func (t Tally) SuccessRatio() *float64 {
	if t.Requests == 0 {
		return nil
	}
	ratio := float64(t.Succeeded) / float64(t.Requests)
	return &ratio
}

// Memory reads what the kernel knows of processes, and of the groups they are in.
type Memory interface {
	// Open keeps what it needs of a process, so that a reused pid is never read by mistake.
	Open(pid int) (Probe, error)
	// OpenGroup reads the memory control group of a folder.
	OpenGroup(folder string) (Group, error)
	// Cores is what the cores have done that calibrate or a process may run on.
	Cores(pid int) (CoreTime, error)
}

// Group reads one memory control group.
type Group interface {
	// Charge costs the app nothing: the kernel keeps these figures anyway.
	Charge() (Charge, error)
	// ResetPeak lets the peak start again from the present charge. Its error says where the kernel can't.
	ResetPeak() error
	// CPU is the CPU time in seconds of all that has ever been in the group. Its error says where the kernel doesn't count it there.
	CPU() (float64, error)
	Close() error
}

// Probe reads one process. Every method returns ErrGone once the process has ended.
type Probe interface {
	// Read is cheap (about a microsecond): resident bytes, and the anonymous part of them.
	Read() (rss, anon int64, err error)
	// Kinds is what its resident bytes consist of. It takes some 12 microseconds.
	Kinds() (Resident, error)
	// Peak is the high-water mark of resident bytes since the last reset (VmHWM).
	Peak() (int64, error)
	// ResetPeak sets the high-water mark to the present RSS. It needs the same user, or root.
	ResetPeak() error
	// Detail walks the page tables (about 10 us a resident MB, and holds the process's memory lock meanwhile):
	// phase boundaries only.
	Detail() (Detail, error)
	// Status is as cheap as Peak.
	Status() (ProcessStatus, error)
	// Virtual walks the page tables of a process with threads, as Detail does: once, at the end.
	Virtual() (Virtual, error)
	// CPU is what the process has used of the cores. It takes some 10 microseconds, and 5 for each thread: phase boundaries only.
	CPU() (CPUTime, error)
	Close() error
}

// CPUTime is what a process has used of the cores since it started, in seconds.
type CPUTime struct {
	Start  int64 // of the process, in ticks since the machine's boot: with its number, who it is
	Parent int

	Own    float64 // of all its threads, those that ended too
	Reaped float64 // of its children that ended and that it waited for, and of theirs, to a tick (10 ms)
	System float64 // the part of both that was spent in the kernel, to a tick

	Threads map[int]ThreadTime // that live, by their numbers; empty where the kernel doesn't say
}

// ThreadTime is what a thread has done since it started, in seconds.
type ThreadTime struct {
	Ran    float64 // on a core
	Waited float64 // ready to run, without a core
}

// CoreTime is what some cores together have done since the machine's boot, in seconds, and calibrate since it started.
type CoreTime struct {
	Cores int
	Busy  float64 // for anybody
	Steal float64 // withheld by the machine's host
	Own   float64 // for calibrate

	Stalled float64 // in which somebody was held up for want of memory; 0 also where the kernel doesn't say
	Slept   float64 // in which the machine was suspended
}

// Resident is what a process has in memory, in bytes: heaps and stacks, files, shared memory (tmpfs files too). Locked is what
// of any of them is locked there (mlock).
type Resident struct{ Anon, File, Shmem, Locked int64 }

// ProcessStatus is what status says of one process, memory in bytes.
type ProcessStatus struct {
	Program                        string // its name, without what a title adds behind a colon
	Threads                        int
	VirtualBytes, VirtualPeakBytes int64
}

// Detail is what smaps_rollup says of one process, in bytes.
type Detail struct {
	RSS, PSS, PrivateClean, PrivateDirty, Swap int64
	Locked                                     int64 // of PSS, in mappings that are locked in memory
	Huge                                       int64 // in pages of hugetlbfs, which are in no other figure

	Anon int64 // the anonymous part of RSS
	// The parts of PSS. Kernels before 5.4 don't tell them, and they are 0 then.
	PSSAnon, PSSShmem int64
}

// USS is what only this process has.
func (d Detail) USS() int64 { return d.PrivateClean + d.PrivateDirty }

// Journal keeps everything measured, as it comes.
type Journal interface {
	Sample(Sample) error
	Bucket(Bucket) error
	// Save writes the result so far; the file is whole at every moment.
	Save(Result) error
}

// Status is what the progress line shows.
type Status struct {
	Phase    string
	Step     int           // of the run, the first is 1
	Steps    int           // that are planned; 0 where there is but one
	Elapsed  time.Duration // of the run
	Left     time.Duration // about what is left of the run, 0 for unknown
	Requests int64
	RSS      int64
	Peak     int64
	Estimate string // the creep so far, in words; "" for none yet
	Waiting  string // what the phase is waiting for
}
