package calibrate

import (
	"cmp"
	"slices"
	"time"

	"workermem/calibrate/knob"
)

// Schema names the shape of result.json. It changes when a key changes meaning or goes; keys may join freely.
const Schema = "calibrate.result/2"

// Result is everything a run found: result.json is this, and every report is a rendering of it.
type Result struct {
	Schema          string         `json:"schema"`
	ID              string         `json:"id"`
	Mode            Mode           `json:"mode,omitempty"`
	Seal            string         `json:"seal,omitempty"` // of the command, the flags, the id, the mode and the folder: who has the key knows by it that this user typed them there; only the run's own file has it
	StartedAt       time.Time      `json:"started_at"`
	DurationSeconds float64        `json:"duration_seconds"`
	Complete        bool           `json:"complete"`
	Interrupted     *Interruption  `json:"interrupted"` // null for a whole run
	Tool            Tool           `json:"tool"`
	Origin          *Origin        `json:"origin,omitempty"` // of a result that another version saved
	Host            Host           `json:"host"`
	Target          TargetInfo     `json:"target"`
	Watch           *Watch         `json:"watch,omitempty"` // of a server that was attached to
	Plan            PlanInfo       `json:"plan"`
	Load            LoadInfo       `json:"load"`
	Steps           []Step         `json:"steps,omitempty"` // that were planned, in their order; absent from a watch, and from runs of versions that didn't keep them
	Phases          []Phase        `json:"phases"`
	Runtime         *Runtime       `json:"runtime,omitempty"` // absent where nothing is known of it
	Worker          Worker         `json:"worker"`
	Beside          []Beside       `json:"beside_workers,omitempty"` // the app's other programs, after the last load; the largest first
	Tree            Tree           `json:"tree,omitzero"`            // absent from runs of versions that didn't read it
	Alone           *Alone         `json:"alone,omitempty"`          // absent where no phase had one client
	Creep           Creep          `json:"creep"`
	Law             Law            `json:"law"`
	Speed           *Speed         `json:"speed,omitempty"` // absent where CPU time was not read, or nothing can be said by it
	Books           []Balance      `json:"books,omitempty"` // absent where the app had no control group of its own
	Concurrency     Concurrency    `json:"concurrency"`
	Recommendation  Recommendation `json:"recommendation"`
	Candidates      []Candidate    `json:"candidates"`
	Formulas        []Formula      `json:"formulas"`
	Warnings        []Warning      `json:"warnings"`
	LeftOut         []LeftOut      `json:"left_out,omitempty"` // by --quick, where another run would have measured it
	// Sweep is the best few candidates, really run; absent where that was not asked for.
	Sweep *Sweep `json:"sweep,omitempty"`
	// Routes is what each route alone does to a worker; absent where there is but one.
	Routes *Routes `json:"routes,omitempty"`
	// Triage is the creep with another allocator, and with one thread; absent where that was not asked for.
	Triage *Triage `json:"triage,omitempty"`
	// Proof is what became of the recommendation when it was really run.
	Proof *Proof `json:"proof,omitempty"`
	// Truth is what the built-in demo app says of itself; absent for every other app.
	Truth *Truth `json:"truth,omitempty"`
}

// Mode is how a result came about.
type Mode string

// The modes.
const (
	ModeRun    Mode = "run"    // calibrate started the app
	ModeAttach Mode = "attach" // it watched a server that was running
)

// LeftOut is what a quick run did not measure.
type LeftOut string

// What may be left out.
const (
	LeftRest         LeftOut = "rest"          // without load, which tells growth with time from growth with requests
	LeftSecondWorker LeftOut = "second-worker" // and what it takes is computed from the first
	LeftThreads      LeftOut = "threads"       // other than the measured ones
	LeftAtOnce       LeftOut = "at-once"       // more requests than the peak had, where nothing bounds them
)

// SteadyPhase is the one that creep is read from.
func (r Result) SteadyPhase() string {
	if r.Mode == ModeAttach {
		return PhaseWatch
	}
	return PhaseSoak
}

// Watch is what a watch of a running server rests on.
type Watch struct {
	Seconds  float64   `json:"seconds"`
	Counter  CountedBy `json:"counter"`  // "" if nobody counted the requests
	Requests int64     `json:"requests"` // that it counted, of all workers
	Cores    float64   `json:"cores"`    // that the workers kept busy, in the time that the verdict rests on

	LoadSeconds  float64 `json:"load_seconds,omitempty"`  // of Seconds, in which somebody asked for something; 0: not known
	QuietSeconds float64 `json:"quiet_seconds,omitempty"` // at its end, in which nobody did

	Log *LogSeen `json:"log,omitempty"` // that counted the requests; absent where none did
}

// Rate is that of all workers together in the time with load, 0 where nobody counted.
func (w Watch) Rate() float64 {
	seconds := cmp.Or(w.LoadSeconds, w.Seconds)
	if seconds <= 0 {
		return 0
	}
	return float64(w.Requests) / seconds
}

// CountedBy is what counts the requests of a server that is watched.
type CountedBy string

// The counters.
const (
	CounterLog  CountedBy = "access log"
	CounterLoad CountedBy = "own load"
)

// Tool is the program that measured.
type Tool struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	Rules   int    `json:"rules,omitempty"` // of its analysis: see Rules
}

// TargetInfo is the app's server as it was measured.
type TargetInfo struct {
	Server            string     `json:"server"` // "gunicorn", or OtherServer
	ServerVersion     string     `json:"server_version"`
	Command           []string   `json:"command"`          // as given
	MeasuredCommand   []string   `json:"measured_command"` // as started
	Changes           []string   `json:"changes"`          // what was changed for the measurement, a sentence each
	URL               string     `json:"url"`
	Threads           int        `json:"threads"`
	HasThreads        bool       `json:"has_threads"`                      // the server can run more threads a worker
	OwnQueueFrom      int        `json:"own_queue_from_threads,omitempty"` // a worker of so many threads or more takes in requests that wait for its own threads, though those of others are free; 0: none does
	CanScale          bool       `json:"can_scale"`                        // calibrate can start it with more workers
	MaxWorkers        int        `json:"max_workers,omitempty"`            // the most workers that the server runs, 0 for no bound
	CanRecycle        bool       `json:"can_recycle"`                      // the server can recycle a worker after so many requests
	HasJitter         bool       `json:"has_jitter"`                       // and can spread that number among the workers
	SetsLimit         bool       `json:"sets_limit,omitempty"`             // the user's command, file or environment sets a limit of requests, or may
	ConcurrencyLimit  int        `json:"concurrency_limit"`                // the most requests that a worker takes at once, 0 for no bound
	ConcurrencyFlag   string     `json:"concurrency_flag,omitempty"`       // the server's option that bounds them
	Preload           bool       `json:"preload"`
	BootSeconds       float64    `json:"boot_seconds"`        // start of the server to the first whole good answer
	WorkerBootSeconds float64    `json:"worker_boot_seconds"` // start of the worker to the same
	WorkerRule        WorkerRule `json:"worker_rule"`
	StopSeconds       float64    `json:"stop_seconds"` // graceful signal to the last process gone
	Killed            int        `json:"killed"`       // processes that had to be killed at the end

	Said *Said `json:"said,omitempty"` // what the command has it run with; absent where that isn't known

	// Of a server that was attached to.
	PID        int     `json:"pid,omitempty"`
	NamedPID   int     `json:"named_pid,omitempty"`   // the worker that was named in its stead
	Ports      []int   `json:"ports,omitempty"`       // that it listens on, where that can be seen
	UpSeconds  float64 `json:"up_seconds,omitempty"`  // since its start, when the watch began
	CPUSeconds float64 `json:"cpu_seconds,omitempty"` // of its present workers, since the watch began
}

// Said is what a command, or the file that it names, has its server run with. Zero is not said.
type Said struct {
	Workers     int   `json:"workers"`
	Threads     int   `json:"threads"`
	MaxRequests int64 `json:"max_requests"`
	Jitter      int64 `json:"max_requests_jitter,omitempty"` // on top, at most
}

// PlanInfo is what the user asked for, as it is kept: a saved run can be analysed again by it.
type PlanInfo struct {
	knob.Load
	knob.Box
	knob.Wishes
	knob.Closeness
	knob.Effort
	Targets       string    `json:"targets,omitempty"`        // a hash of the requests: of two runs with the same they are the same
	Silenced      []string  `json:"silenced"`                 // warning codes the user doesn't want to see
	Flags         []string  `json:"flags"`                    // as given, those left out that may hold secrets
	Config        *Config   `json:"config,omitempty"`         // the file that some of them were taken from
	LoadGiven     bool      `json:"load_given"`               // the user fixed the load
	OtherThreads  []int     `json:"other_threads,omitempty"`  // thread counts that get a short run each; none: those that shapes chooses
	ThreadChoices []int     `json:"thread_choices,omitempty"` // to size for, instead of what the run itself suggests
	Portions      *Portions `json:"portions,omitempty"`       // of a run that is compared with others; nil: each phase goes on until it has seen enough
}

// LoadInfo is the load of the soak, on which the creep rests.
type LoadInfo struct {
	Mode           LoadMode     `json:"mode"`
	Clients        int          `json:"clients"`
	Requests       int64        `json:"requests"`
	Succeeded      int64        `json:"succeeded"`
	SuccessRatio   *float64     `json:"success_ratio"`
	RateAsked      float64      `json:"rate_asked_per_second"` // 0 in a closed loop
	RateSent       float64      `json:"rate_sent_per_second"`
	Capacity       float64      `json:"capacity_per_second"` // requests a second one worker served in closed loop, 0 if not sought
	Lowered        *Lowered     `json:"lowered,omitempty"`
	LatencySeconds Latency      `json:"latency_seconds"`
	Errors         []ErrorCount `json:"errors"`
	ToLogin        int64        `json:"to_login,omitempty"` // answers that lead to a login page
	LoginPage      string       `json:"login_page,omitempty"`
	Refusals       []Refusal    `json:"refusals,omitempty"` // answers that are no pages, the most frequent first
}

// Lowered is a rate that turned out to be more than the worker can serve, and was lowered during the run.
type Lowered struct {
	Phase          string  `json:"phase"` // in which that was first seen
	FromRate       float64 `json:"from_rate_per_second"`
	ToRate         float64 `json:"to_rate_per_second"`
	P50Seconds     float64 `json:"p50_seconds"` // of the last seconds at the first rate
	P99Seconds     float64 `json:"p99_seconds"`
	BusyP50Seconds float64 `json:"busy_p50_seconds"` // with every thread busy, and one request waiting behind each
}

// LoadMode is what is held steady of a load.
type LoadMode string

// The modes of a load.
const (
	LoadOpen   LoadMode = "open"   // the rate
	LoadClosed LoadMode = "closed" // the clients: each waits for its answer
)

// Latency is in seconds; null where nothing was measured.
type Latency struct {
	P50 *float64 `json:"p50"`
	P95 *float64 `json:"p95"`
	P99 *float64 `json:"p99"`
	Max *float64 `json:"max"`
}

// Step is a part of a run that was planned: a phase by its name, or what is measured beside the main app under that name.
type Step struct {
	Phase string `json:"phase"`
	Done  bool   `json:"done"` // it came to its end, or turned out to have nothing to measure
}

// Undone are the steps that were planned and are missing.
func (r Result) Undone() (phases []string) {
	for _, s := range r.Steps {
		if !s.Done {
			phases = append(phases, s.Phase)
		}
	}
	return phases
}

// Lacks says that one of these steps was planned and is missing.
func (r Result) Lacks(phases ...string) bool {
	return slices.ContainsFunc(r.Undone(), func(phase string) bool { return slices.Contains(phases, phase) })
}

// AsPlanned says that a run has all that was to be measured, its proof included if it is one.
func (r Result) AsPlanned() bool {
	return r.Complete && r.Interrupted == nil && len(r.Undone()) == 0 && (r.Proof == nil || r.Proof.Complete)
}

// Phase is one stretch of the run and what it showed.
type Phase struct {
	Name         string  `json:"name"`
	StartSeconds float64 `json:"start_seconds"`
	Seconds      float64 `json:"seconds"`
	Requests     int64   `json:"requests"`
	Succeeded    int64   `json:"succeeded"`
	RateAsked    float64 `json:"rate_asked_per_second"`
	RateSent     float64 `json:"rate_sent_per_second"`
	Clients      int     `json:"clients"`
	Judged       int     `json:"judged,omitempty"` // samples on which the phase was ended; the verdict rests on these
	Answered     int64   `json:"answered"`         // requests since the run began, at the phase's end
	// PeakHeldBytes is the most that the whole tree held in the phase, as the kernel charges it. 0: not known.
	PeakHeldBytes int64 `json:"peak_held_bytes,omitempty"`
	// PeakBelowBytes is the most anonymous memory that the processes below workers were seen to have: see Sample.Below.
	PeakBelowBytes int64      `json:"peak_below_bytes,omitempty"`
	PeakRSSBytes   int64      `json:"peak_rss_bytes"` // high-water mark of the phase
	PeakSource     PeakSource `json:"peak_source"`
	Ended          End        `json:"ended"`
	Work           *Work      `json:"work,omitempty"` // absent without load, or where CPU time could not be read
}

// BootPeak is a peak that no load came to. OfMaster says that the kernel's mark counted pages of the master, which the law leaves out.
type BootPeak struct {
	LoadedBytes int64 `json:"loaded_bytes"` // the most after the boot, creep until the end of the run included
	OfMaster    bool  `json:"of_master"`
}

// Worker is the memory of one worker. A zero says that it could not be read; the sources and the warnings say why.
type Worker struct {
	// Generation is the first of the samples that are of the worker, where another process was taken for it before: those of earlier
	// ones are not counted.
	Generation            int            `json:"generation,omitempty"`
	IdleRSSBytes          int64          `json:"idle_rss_bytes"`    // after the first answer, before any load
	PlateauRSSBytes       int64          `json:"plateau_rss_bytes"` // the level after warm-up, creep apart
	PeakRSSBytes          int64          `json:"peak_rss_bytes"`    // the highest of all phases
	PeakPSSBytes          int64          `json:"peak_pss_bytes"`    // proportional share, raised to the peak
	PeakUSSBytes          int64          `json:"peak_uss_bytes"`    // private memory, raised to the peak
	MarginalBytes         int64          `json:"marginal_bytes"`    // what one more worker really costs, at peak
	PeakSource            PeakSource     `json:"peak_source"`
	MarginalSource        MarginalSource `json:"marginal_source"`
	Samples               int            `json:"samples"`
	SampleIntervalSeconds float64        `json:"sample_interval_seconds"`
	Requests              int64          `json:"requests"` // answered when the peak was read; of several workers the mean
	PID                   int            `json:"pid"`
	Restarts              int            `json:"restarts"`                // workers that ended during the run
	Workers               int            `json:"workers"`                 // that lived at once; in a run, more than one is no calibration
	LeavingBytes          int64          `json:"leaving_bytes,omitempty"` // what it took more while it ended
	// Children are the processes that descended from workers, at most at once, as far as a look met them, and ChildrenPeakBytes
	// what those of a worker took at their highest together, the short-lived ones too. It is part of the peaks.
	Children          int   `json:"children,omitempty"`
	ChildrenPeakBytes int64 `json:"children_peak_bytes,omitempty"`
	// BootPeak is there where the peak was reached at boot alone.
	BootPeak *BootPeak `json:"boot_peak,omitempty"`
	// LoadedPeakBytes is the highest under load, where the requests before it (a login) came to more.
	LoadedPeakBytes int64 `json:"loaded_peak_bytes,omitempty"`
	// LeftSharedBytes is the shared memory that was still there as the app ended. Null where it has no control group of its own.
	LeftSharedBytes *int64 `json:"left_shared_bytes,omitempty"`
	// Idle is who had the memory before any load. Null in runs of versions that didn't read it.
	Idle *Books `json:"idle_books,omitempty"`
	// Early is the reading after the first load, with which the short runs are compared: they are as warm.
	Early *EndReading `json:"early,omitempty"`
	// Virtual is its address space after the last load; of several workers that of the largest. Absent where it was not read.
	Virtual *Virtual `json:"virtual,omitempty"`
	// End is the reading after the last load, on which marginal, PSS and USS rest; null where it wasn't permitted.
	End *EndReading `json:"end"`
}

// PeakSource is where a peak was read.
type PeakSource string

// The sources of a peak.
const (
	PeakMark      PeakSource = "high-water-mark"             // VmHWM of the workers, set back before
	PeakMarkSince PeakSource = "high-water-mark-since-start" // the same of a server that was running: of its workers' whole lives
	PeakSamples   PeakSource = "samples"                     // the mark could not be set back, or read
	PeakGroup     PeakSource = "control-group"               // of the app's own
	PeakTables    PeakSource = "page-tables"                 // of the whole tree, once a second
)

// MarginalSource is where the cost of one more worker was read.
type MarginalSource string

// The sources, from the worst.
const (
	MarginalRSS    MarginalSource = "rss"           // an upper bound
	MarginalDirty  MarginalSource = "private-dirty" // pages of the one worker
	MarginalMean   MarginalSource = "mean"          // the same of End.Workers workers, on average
	MarginalSecond MarginalSource = "second-worker" // private dirty pages, and a second worker
)

// EndReading is what smaps_rollup said once the load was over, when copy-on-write has done its work.
type EndReading struct {
	RSSBytes          int64 `json:"rss_bytes"`
	PSSBytes          int64 `json:"pss_bytes"`
	USSBytes          int64 `json:"uss_bytes"`
	PrivateDirtyBytes int64 `json:"private_dirty_bytes"`
	TreePSSBytes      int64 `json:"tree_pss_bytes"` // of every process of the app
	Processes         int   `json:"processes"`      // of the app
	Workers           int   `json:"workers"`
	// TreeBytes is TreePSSBytes with the tree's file pages in full, whoever else maps them. 0: not known.
	TreeBytes int64 `json:"tree_bytes,omitempty"`
	Requests  int64 `json:"requests,omitempty"` // answered by then
	// Books is the same by owner, and what the kernel charges. Null in runs of versions that didn't read it.
	Books *Books `json:"books,omitempty"`

	// Sums over the workers, of a server that was attached to: their private dirty pages, and by how much their
	// high-water marks stand above what they hold.
	PrivateDirtySumBytes int64 `json:"private_dirty_sum_bytes,omitempty"`
	RaisedSumBytes       int64 `json:"raised_sum_bytes,omitempty"`
}

// Creep is memory that grows with requests served, or where nobody counted those with time, and doesn't come back. Bounds
// are null where nothing could be fitted.
type Creep struct {
	Verdict         Verdict  `json:"verdict"`
	By              CreepBy  `json:"by,omitempty"`
	BytesPerRequest *float64 `json:"bytes_per_request"`
	Low             *float64 `json:"low_bytes_per_request"`
	High            *float64 `json:"high_bytes_per_request"`
	Confidence      float64  `json:"confidence"`
	Detectable      *float64 `json:"detectable_bytes_per_request"`
	Requests        int64    `json:"requests"` // of several workers, of each
	Method          string   `json:"method"`
	Missing         *Missing `json:"missing"` // what keeps it from a verdict; null where nothing does

	// By time, of one worker: all of it where nobody counted the requests, else what goes on without any. Null by request alone.
	Seconds             float64  `json:"seconds,omitempty"` // that the estimate rests on
	BytesPerSecond      *float64 `json:"bytes_per_second"`
	LowBytesPerSecond   *float64 `json:"low_bytes_per_second"`
	HighBytesPerSecond  *float64 `json:"high_bytes_per_second"`
	DetectablePerSecond *float64 `json:"detectable_bytes_per_second"`

	// Kinds are what creeps, and the slope is their sum, also where the rest has split that by time. Absent where it is the
	// workers' anonymous memory alone.
	Kinds []Growth `json:"kinds,omitempty"`
	// Rest is what tells creep by time from creep by request; absent where there was no creep, or no rest.
	Rest *Rest `json:"rest,omitempty"`
}

// CreepBy is what growth was held against.
type CreepBy string

// What it may be held against.
const (
	ByRequest CreepBy = "request"
	ByTime    CreepBy = "time"
	ByBoth    CreepBy = "request and time" // each apart
)

// Recommendation is what to set. Workers is 0 where nothing fits or nothing can be recommended: Sum or Withheld says why.
type Recommendation struct {
	WorkerMemoryMB         int          `json:"worker_memory_mb"`
	Workers                int          `json:"workers"`
	Threads                int          `json:"threads"`
	MaxRequests            int          `json:"max_requests"`
	MaxRequestsJitter      int          `json:"max_requests_jitter"`
	TotalBytes             int64        `json:"total_bytes"`
	BudgetBytes            int64        `json:"budget_bytes"`
	Budget                 Budget       `json:"budget"`
	RestartIntervalSeconds float64      `json:"restart_interval_seconds"`
	RecycleCostRatio       float64      `json:"recycle_cost_ratio"`
	SafeRequests           int          `json:"safe_requests"`
	Sum                    Sum          `json:"sum"`
	Recycling              RecyclingSum `json:"recycling"`
	// Computed is what the law alone would recommend, where the sweep of the candidates made the choice; else null.
	Computed            *Shape    `json:"computed"`
	Withheld            *Withheld `json:"withheld"` // why there is no recommendation; null where there is one, or nothing fits
	NothingFits         bool      `json:"nothing_fits"`
	SmallestMemoryBytes int64     `json:"smallest_memory_bytes,omitempty"` // where nothing fits: the least memory in which something would
}

// Budget is what the workers may use: the memory, less what is kept back.
type Budget struct {
	MemoryBytes  int64        `json:"memory_bytes"`
	Source       MemorySource `json:"source"`
	ReserveBytes int64        `json:"reserve_bytes"` // Plan.ReserveRatio of the memory
	OthersBytes  int64        `json:"others_bytes"`  // kept back for others beside that
}

// MemorySource is where the memory of a budget is from.
type MemorySource string

// The sources.
const (
	MemoryGiven MemorySource = "given"
	MemoryLimit MemorySource = "limit" // Host.MemoryLimitSource
	MemoryTotal MemorySource = "total"
)

// Warning is a doubt with a name, and the next thing to try.
type Warning struct {
	Code string `json:"code"`
	Text string `json:"text"`
	Try  string `json:"try"`
	// Derived says that the analysis made it of the figures, and makes it anew with them.
	Derived bool `json:"derived,omitempty"`
}

// Truth is what an app with known answers says of itself.
type Truth struct {
	KeptBytesPerRequest float64 `json:"kept_bytes_per_request"`
	PeakRSSBytes        int64   `json:"peak_rss_bytes"`
	WarmupBytes         int64   `json:"warmup_bytes"`
	DemandSeconds       float64 `json:"demand_cpu_seconds,omitempty"` // of a request; 0 where it doesn't say
	WaitingSeconds      float64 `json:"waiting_seconds,omitempty"`    // of a request, beside that
}

// Rate is what so many workers of so many threads of the app serve on so many cores, by its own law: each worker computes one
// request at a time, for as long as any other.
func (t Truth) Rate(workers, threads int, cores float64) float64 {
	if t.DemandSeconds <= 0 {
		return 0
	}
	return min(float64(workers*threads)/(t.DemandSeconds+t.WaitingSeconds), min(float64(workers), cores)/t.DemandSeconds)
}

// Unsettled says that it is not known whether memory creeps that an app needs.
func (c Creep) Unsettled() bool {
	return (c.Verdict == Inconclusive || c.Verdict == Warming) && !c.Harmless()
}

// GrowsALittle says that there is growth for certain, and that it is too little to matter.
func (c Creep) GrowsALittle() bool {
	low, high := c.Low, c.High
	if c.By == ByTime {
		low, high = c.LowBytesPerSecond, c.HighBytesPerSecond
	}
	return c.Verdict == Flat && low != nil && high != nil && *low > 0
}

// Outcome is how a run that was measured to its end is to be taken: 0, or the kind of failure that it amounts to.
// Not enough evidence is never a pass.
func (r Result) Outcome() Kind {
	switch {
	case r.Recommendation.Withheld != nil:
		return KindInconclusive
	case r.Recommendation.NothingFits:
		return KindNothingFits
	case r.Creep.Unsettled():
		return KindInconclusive
	case r.Recommendation.Sum.Unmet:
		return KindNothingFits
	}
	return 0
}
