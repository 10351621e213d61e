package known

import "workermem/calibrate/server/cli"

// appOwner is a server that comes with an app of its own, which other servers can serve too.
type appOwner interface {
	// Owns says whether app, the MODULE:NAME that another server is to import in a folder, is that app.
	Owns(app, folder string) bool
	// AsInProduction takes out of the environment what would make it another app than in production. Its error is a
	// *calibrate.Failure.
	AsInProduction(l *Launch, p cli.Program) error
}

// PrepareApp lets the owner of the app that a command names first, if a known server is that, have its say.
func (l *Launch) PrepareApp(p cli.Program, operands []string, folder string) error {
	for _, s := range l.servers {
		if owner, ok := s.(appOwner); ok && len(operands) > 0 && owner.Owns(operands[0], folder) {
			return owner.AsInProduction(l, p)
		}
	}
	return nil
}
