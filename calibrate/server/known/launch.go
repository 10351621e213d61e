package known

import (
	"context"
	"slices"

	"workermem/calibrate"
)

// Launch is a command while it is being understood, and what has become of it then.
//
// An adapter's Plan reads Spec and Address, completes Target, replaces Argv and, if it must, changes Env. Whatever is then
// otherwise than the user wrote it says by Change and its like; what the user should doubt, by Warn.
type Launch struct {
	Spec    Spec                 // what the user wants
	Address Address              // where the server is to listen
	Target  calibrate.TargetInfo // what is known before the start: version, threads, what can be set, what was changed
	Argv    []string             // the words to start; placeholders in them are replaced at the start
	Env     []string             // of the app, as NAME=value; the same placeholders
	Around  []string             // what is set on top by the words that run Argv: a question to the server goes without those

	servers   []Server
	context   context.Context // of the questions to the server; nil for none that ends them
	doubts    []calibrate.Warning
	temporary Temporary
}

// NewLaunch is the launch of a command that is yet to be understood. The end of ctx ends what is asked of the server.
// Servers are all that calibrate knows.
func NewLaunch(ctx context.Context, spec Spec, a Address, servers []Server) *Launch {
	return &Launch{Spec: spec, Address: a, Argv: slices.Clone(spec.Command), servers: servers, context: ctx}
}

// Info is what is known before the start. MeasuredCommand has placeholders where the port will be.
func (l *Launch) Info() calibrate.TargetInfo { return l.Target }

// Warnings are the doubts about the command itself.
func (l *Launch) Warnings() []calibrate.Warning { return slices.Clone(l.doubts) }

// Wanted is what this measurement or proof runs the server with.
func (l *Launch) Wanted() calibrate.Wanted { return l.Spec.Wanted() }

// Servers are all that calibrate knows.
func (l *Launch) Servers() []Server { return l.servers }
