package server

import (
	"errors"
	"slices"

	"workermem/calibrate"
)

var _ calibrate.PortWitness = (*App)(nil)

var errForeign = errors.New("the port is a stranger's")

// portIsAnothers says that the port is held by a process that the command didn't start, such as a container's or a daemon's: its
// memory would not be the one that is read. A server that opens its port anew may hold another by the time that it is looked at.
func (a *App) portIsAnothers() bool {
	before := a.listening()
	if len(before) == 0 || a.holdsOneOf(before) {
		return false
	}
	now := a.listening()
	return slices.Equal(before, now) && !a.holdsOneOf(now)
}

// listening are the inodes of the sockets that listen at the port, whoever has them.
func (a *App) listening() (inodes []string) {
	for _, l := range a.proc.Listeners(a.address.Port) {
		inodes = append(inodes, l.Inode)
	}
	return inodes
}

// holdsOneOf says that a process of the app has one of these sockets, or may have.
func (a *App) holdsOneOf(inodes []string) bool {
	a.mu.Lock()
	had := slices.Equal(inodes, a.sockets)
	a.mu.Unlock()
	if had { // while they listen, who has them doesn't change
		return true
	}
	tree := a.Tree()
	for _, pid := range tree {
		held, known := a.proc.Holds(pid, inodes)
		if held {
			a.mu.Lock()
			a.sockets = inodes
			a.mu.Unlock()
		}
		if held || !known { // what isn't known now may be at the next look
			return true
		}
	}
	return len(tree) == 0
}

// Stranger is the failure of an app that has lost its port to another program while it was measured.
func (a *App) Stranger(phase string) *calibrate.Failure {
	if !a.portIsAnothers() {
		return nil
	}
	return &calibrate.Failure{
		Kind: calibrate.KindInconclusive, Phase: phase, Log: a.log().End(),
		What: "the app no longer listens at " + a.address.String() + ", and a program that the command didn't start does",
		Why:  "what was answered last may be that program's",
		Try:  "look why the app closed its port (its log), and who has it (ss -ltnp)",
	}
}
