package calibrate

import (
	"fmt"
	"slices"
)

// Setting is one name and value of a server's configuration.
type Setting struct {
	Name, Value string
	IsMemory    bool // it is what a worker needs, in MB
}

// Wanted is what a server is to run with: for a measurement, for a proof, or because a run recommends it.
type Wanted struct {
	Workers     int
	Threads     int   // of a worker; 0: as they are
	MaxRequests int64 // after which a worker is replaced; 0: no limit
	Jitter      int64 // on top of MaxRequests, at most
	NoLimit     bool  // with MaxRequests 0: the server is to be told that there is no limit; else it stays as it is

	// For configurations that name more than workers. 0: not known.
	WorkerMemoryMB int
	CPUs           int   // of the box that is sized for, in whole ones
	MemoryBytes    int64 // of that box
}

// Configurable is a server that can be told what to run with. All that it answers comes from one function of its settings,
// by which it is started for a measurement and a proof, too.
type Configurable interface {
	// File is the configuration that it reads; one for nobody ("") if it has none of its own.
	File() File
	// Typed is what to type, and where.
	Typed(w Wanted, t TargetInfo) Typed
	// Configuration is what to write into its file. t is of the server that was measured, which may be another.
	Configuration(w Wanted, t TargetInfo) Lines
	// Environment are the variables by which it takes its settings, and what the reader must know of them.
	Environment(w Wanted, t TargetInfo) ([]Setting, Lines)
}

// File is a kind of configuration.
type File struct {
	For     string // what emit --for calls it
	Name    string // what it is, or where it goes
	Without string // what is not in it, for the reader to add
}

// Typed are words of a command line, and their place there; or the reason why there are none.
type Typed struct {
	Words []string
	Place Place
	Why   string
}

// Place is where words go that are to be typed.
type Place int

// The places.
const (
	AfterCommand  Place = iota // as options
	BeforeCommand              // as variables
	WholeCommand               // in its stead
)

// KnownServer is a server as [TargetInfo] names it.
type KnownServer struct {
	Name string
	Configurable
}

// Known is false of what stands for every other server.
func (k KnownServer) Known() bool { return k.Name != OtherServer }

// OtherServer is the name of any that calibrate doesn't know.
const OtherServer = "command"

// Servers are those that calibrate knows, in the order in which people are told of them. The last stands for every other.
type Servers []KnownServer

// Named is the server of a name, and the last for any other name.
func (s Servers) Named(name string) KnownServer {
	if at := slices.IndexFunc(s, func(k KnownServer) bool { return k.Name == name }); at >= 0 {
		return s[at]
	}
	return s[len(s)-1]
}

// Lines are the lines of a configuration: text for the server, and notes for the reader.
type Lines []Line

// Line is text for the server, or a note: in the server's own words, or on something that is known of the run.
type Line struct {
	Kind LineKind
	Name string // of the setting, or of the server, that a note is about
	Text string
}

// LineKind says who reads a line, and who words it.
type LineKind int

// What a line is.
const (
	LineText    LineKind = iota // for the server
	LineNote                    // for the reader
	LineExample                 // for the reader to copy
	NoteThreads                 // on why the threads, of Name, are not set, if they aren't
	NoteLimit                   // on what counts towards the limit of requests, of Name, or why there is none
	NoteNoLimit                 // on a server, of Name, that has no limit; Text is what recycles there
	NoteAtOnce                  // on how many requests a worker takes at once
	NoteFront                   // on what the processes beside the workers took
)

// Set adds a line for the server.
func (l *Lines) Set(format string, args ...any) { l.add(LineText, "", format, args...) }

// Note adds a remark for the reader.
func (l *Lines) Note(format string, args ...any) { l.add(LineNote, "", format, args...) }

// Example adds what the reader may copy elsewhere.
func (l *Lines) Example(format string, args ...any) { l.add(LineExample, "", format, args...) }

// About adds a note that the run gives the words for.
func (l *Lines) About(kind LineKind, name string) { l.add(kind, name, "") }

// NoLimit adds a note on a server that takes no limit of requests, and on what recycles there.
func (l *Lines) NoLimit(server, instead string) { l.add(NoteNoLimit, server, "%s", instead) }

func (l *Lines) add(kind LineKind, name, format string, args ...any) {
	*l = append(*l, Line{kind, name, fmt.Sprintf(format, args...)})
}
