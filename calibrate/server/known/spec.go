package known

import (
	"net/http"
	"os"
	"time"

	"workermem/calibrate"
)

// Spec is what the user wants started.
type Spec struct {
	Command      []string          // as given; {host} {port} {workers} {threads} {max_requests} stand for values in any argument
	Env          map[string]string // set on top of the inherited environment; the same placeholders
	URL          string            // where the command fixes its own address; "" for a free port on loopback
	Path         string            // what to GET for readiness; "" is the server's own, mostly /
	Headers      http.Header       // of that GET
	AnyAnswer    bool              // this GET may be answered by a redirect, or refused: the load logs in first, or asks for other things
	Threads      int               // 0: what the command says
	Workers      int               // 0: one
	MaxRequests  int64             // after which a worker is replaced; 0: never, as measuring needs
	Jitter       int64             // on top of MaxRequests, at most, drawn by each worker
	BootDeadline time.Duration     // 0: DefaultBootDeadline
	Log          *os.File          // the app's stdout and stderr, opened for appending
	AllowRemote  []string          // hosts allowed in URL beside loopback
	MemoryLimit  int64             // bytes that all processes of the app may take together; 0: no limit is set
}

// DefaultBootDeadline is how long an app may take to its first whole answer.
const DefaultBootDeadline = 60 * time.Second

// Wanted is what the spec has the server run with.
func (s Spec) Wanted() calibrate.Wanted {
	return calibrate.Wanted{Workers: s.Workers, Threads: s.Threads, MaxRequests: s.MaxRequests, Jitter: s.Jitter, NoLimit: s.MaxRequests == 0}
}
