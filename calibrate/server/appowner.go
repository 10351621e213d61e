package server

import "workermem/calibrate/server/cli"

// appOwner is a server that comes with an app of its own, which other servers can serve too.
type appOwner interface {
	// owns says whether app, the MODULE:NAME that another server is to import in a folder, is that app.
	owns(app, folder string) bool
	// asInProduction takes out of the environment what would make it another app than in production. Its error is a
	// *calibrate.Failure.
	asInProduction(l *Launch, p cli.Program) error
}

// prepareApp lets the owner of the app that a command names first, if a known server is that, have its say.
func (l *Launch) prepareApp(p cli.Program, operands []string, folder string) error {
	for _, s := range l.known {
		if owner, ok := s.(appOwner); ok && len(operands) > 0 && owner.owns(operands[0], folder) {
			return owner.asInProduction(l, p)
		}
	}
	return nil
}
