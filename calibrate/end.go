package calibrate

// End is what ended a phase, a soak beside the run, or a trial.
type End struct {
	By           EndKind `json:"by"`                      // "" while it goes on
	LimitSeconds float64 `json:"limit_seconds,omitempty"` // of EndLimit
	HeldBytes    int64   `json:"held_bytes,omitempty"`    // of EndMemory: what the app held
	FreeBytes    int64   `json:"free_bytes,omitempty"`    // of EndMemory: what was free on this machine before
	Words        string  `json:"words,omitempty"`         // of EndOther
}

// EndKind is what ends a phase.
type EndKind string

// The kinds of end.
const (
	EndAnswer    EndKind = "answer"     // the app gave its first good answer
	EndSeen      EndKind = "seen"       // it has shown what it is for
	EndPrecision EndKind = "precision"  // the estimate of creep is as good as was wanted
	EndRequests  EndKind = "requests"   // so many as were asked for
	EndDuration  EndKind = "duration"   // so long as was asked for
	EndLimit     EndKind = "limit"      // it might have gone on, but not for so long
	EndMemory    EndKind = "memory"     // the app took half of the memory that was free
	EndCut       EndKind = "cut"        // the end of the run took it by surprise
	EndApp       EndKind = "app"        // the app ended
	EndKilled    EndKind = "killed"     // the kernel killed a process of the app for memory
	EndOverLimit EndKind = "over-limit" // the app took more than a limit that nothing but calibrate holds it to
	EndQueue     EndKind = "queue"      // requests waited for each other: the load was more than the worker could serve
	EndRefused   EndKind = "refused"    // the app took no more requests for a while
	EndOther     EndKind = "other"      // words says it, of an older run
)

// Interruption is what ended a run, a watch or a proof before its end.
type Interruption struct {
	Kind  InterruptionKind `json:"kind"`
	Phase string           `json:"phase"` // "" where that isn't known
	Words string           `json:"words"` // as it was said at the time

	Refusal *Refusal `json:"refusal,omitempty"` // of InterruptedByLoad: what the app answered, if that is why
}

// InterruptionKind is who or what interrupted.
type InterruptionKind string

// The kinds of interruption.
const (
	InterruptedByUser InterruptionKind = "user"
	InterruptedByApp  InterruptionKind = "app"     // it ended, or was killed
	InterruptedByLoad InterruptionKind = "load"    // what was seen says nothing: the worker was replaced, most requests fail
	InterruptedByTool InterruptionKind = "tool"    // calibrate failed
	InterruptedByKill InterruptionKind = "killed"  // calibrate itself was ended
	NotInterrupted    InterruptionKind = "running" // it still goes on
)

// Miss is why something that was to be measured beside the main run was not, or says nothing. A figure is there where
// the kind has one. It travels as an error until it is noted.
type Miss struct {
	Kind           MissKind `json:"kind"`
	Words          string   `json:"words"` // of the app, the server or the system; "" where the kind and its figures say it all
	PromisedBytes  int64    `json:"promised_bytes,omitempty"`
	TakenBytes     int64    `json:"taken_bytes,omitempty"`
	Found          int      `json:"found,omitempty"`
	Wanted         int      `json:"wanted,omitempty"`
	Most           int      `json:"most,omitempty"`
	Requests       int64    `json:"requests,omitempty"`
	Succeeded      int64    `json:"succeeded,omitempty"`
	WantedRequests int64    `json:"wanted_requests,omitempty"`
	LimitSeconds   float64  `json:"limit_seconds,omitempty"`
}

// MissKind sorts misses.
type MissKind string

// The kinds of miss.
const (
	MissTooLarge   MissKind = "too-large"  // not started: by the law it would take too much of what is free (promised_bytes)
	MissTooMany    MissKind = "too-many"   // not started: more workers (wanted) than are ever tried (most)
	MissTooBusy    MissKind = "too-busy"   // not started: more threads (wanted) than the load can keep busy
	MissNotHad     MissKind = "not-had"    // not started: what it needs isn't there, or means nothing to this worker
	MissNotStarted MissKind = "no-start"   // it can't be started, or gave no answer
	MissWorkers    MissKind = "workers"    // other than the wanted number of workers were found
	MissErrors     MissKind = "errors"     // too few of its requests succeeded
	MissFew        MissKind = "few"        // too few requests were answered in limit_seconds
	MissMemory     MissKind = "memory"     // it took too much of what was free (taken_bytes)
	MissUnreadable MissKind = "unreadable" // its memory could not be read
	MissEnded      MissKind = "ended"      // the app, or a worker, ended
	MissLimit      MissKind = "limit"      // so long (limit_seconds), and not enough was seen: recycles (found, wanted), or requests
	MissCut        MissKind = "cut"        // the run ended before
	MissOther      MissKind = "other"      // words says it
)
