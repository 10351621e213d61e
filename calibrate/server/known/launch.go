package known

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
)

// Spec is what the user wants started.
type Spec struct {
	Command      []string          // as given; {host} {port} {workers} {threads} {max_requests} stand for values in any argument
	Env          map[string]string // set on top of the inherited environment; the same placeholders
	URL          string            // where the command fixes its own address; "" for a free port on loopback
	Path         string            // what to GET for readiness; "" is DefaultPath
	Headers      http.Header       // of that GET
	LoginFirst   bool              // the load logs in before it asks, so that GET may be answered by a redirect, or refused
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

// Launch is a command while it is being understood, and what has become of it then. A server's Plan reads it, and changes it
// by its methods.
type Launch struct {
	Spec    Spec
	Server  Server
	Argv    []string // with placeholders
	Servers []Server // all that calibrate knows
	Env     []string // of the app, with the placeholders replaced in Start
	Path    string   // of the program
	Address Address
	Target  calibrate.TargetInfo
	Doubts  []calibrate.Warning
	Context context.Context // while the command is understood, of the questions to the server

	Temporary string            // a file or folder for this run alone, removed at its end with all that is in it; with placeholders
	Files     map[string]string // written into temporary, which is a folder then, before the start: names and texts
}

// Info is what is known before the start. MeasuredCommand has placeholders where the port will be.
func (l *Launch) Info() calibrate.TargetInfo { return l.Target }

// Warnings are the doubts about the command itself.
func (l *Launch) Warnings() []calibrate.Warning { return slices.Clone(l.Doubts) }

func (l *Launch) Change(format string, args ...any) {
	l.Target.Changes = append(l.Target.Changes, fmt.Sprintf(format, args...))
}

func (l *Launch) Warn(code, try, format string, args ...any) {
	l.Doubts = append(l.Doubts, calibrate.Warning{Code: code, Text: fmt.Sprintf(format, args...), Try: try})
}

// DropEnv takes variables out of the app's environment, unless the user set them for this run, and says so.
func (l *Launch) TakeOut(why string, names ...string) {
	for _, name := range names {
		if _, given := l.Spec.Env[name]; given {
			continue
		}
		before := len(l.Env)
		l.Env = slices.DeleteFunc(l.Env, func(v string) bool { return strings.HasPrefix(v, name+"=") })
		if len(l.Env) < before {
			l.Change("%s is taken out of the environment: %s", name, why)
		}
	}
}

// SetEnv sets variables of the app's, in which placeholders count, over what the user and env in the command say.
func (l *Launch) SetEnv(set map[string]string) {
	l.Env = cli.Environment(l.Env, set)
	given := maps.Clone(l.Spec.Env)
	if given == nil {
		given = map[string]string{}
	}
	maps.Copy(given, set)
	l.Spec.Env = given
}
