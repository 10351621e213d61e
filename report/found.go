package report

// Found is what was found in an app's folder, and the command that was taken of it.
type Found struct {
	Files              []FoundFile
	File, Command, Why string // "" if none starts the app
}

// FoundFile is a file of an app, and what it says of how the app is started.
type FoundFile struct{ File, Says, Note string }

// mostFound is the columns that a file's own words may take: a generated one may hold a line of any length.
const mostFound = 500

// FoundPage shows what was found, and why the one was taken.
func FoundPage(f Found) Document {
	var rows []Fact
	for _, file := range f.Files {
		rows = append(rows, fact(file.File, cut(file.Says, mostFound)+when(file.Note != "", " (%s)", file.Note)))
	}
	var blocks []Block
	if len(rows) > 0 {
		blocks = section(Heading{Name: "Found"}, Facts{Rows: rows})
	}
	if f.Command != "" {
		why := f.Why + when(len(rows) > 1, "; nothing else here says it more surely")
		blocks = append(blocks, section(Heading{"Taken", f.File}, Facts{Rows: factsOf(fact("command", cut(f.Command, mostFound)), fact("why", why))})...)
	}
	return Document{Title: "Found", Blocks: blocks}
}
