package cli

import (
	"slices"
	"strings"
)

// Syntax is how a library reads words. In all of them --name=value is --name value, -w4 is -w 4, several short options
// may stand in one word, and -- ends the options.
type Syntax struct {
	Abbreviates bool // --work is --workers, if no other option begins so
	FoldsCase   bool // --Workers is --workers
	ShortEquals bool // -w=4 is -w 4
	ShyValues   bool // a word that looks like an option is no value; else the next word is one, whatever it looks like
	CommandEnds bool // the first word that is no option ends the options: it is a command, which has its own
}

// The libraries by which the servers that calibrate knows read their words.
var (
	Argparse     = Syntax{Abbreviates: true, ShortEquals: true, ShyValues: true} // Python's; Lib/argparse.py, _parse_known_args
	Click        = Syntax{}                                                      // Python's; click/parser.py, _process_opts
	ClickGroup   = Syntax{CommandEnds: true}                                     // click/core.py, Group
	OptionParser = Syntax{Abbreviates: true, FoldsCase: true}                    // Ruby's; lib/optparse.rb, parse_in_order
	Getopt       = Syntax{}                                                      // Apache's apr_getopt, and what is read as plainly
)

// Options are the options of a program.
type Options struct {
	Syntax

	All []Option
}

// Option is one setting that a command line knows.
type Option struct {
	Name  string   // of the setting
	Long  []string // without their dashes
	Off   string   // the long name that turns a flag off, "" for none
	Short string   // its letters
	Takes Takes
}

// Takes is what stands behind an option.
type Takes int8

// What an option may take.
const (
	AValue   Takes = iota // a value
	Nothing               // it is a flag
	AtMost                // a value, unless the next word looks like an option
	Attached              // a value in the same word, or none
)

// takes are the endings of a table's entries.
var takes = []struct {
	ending string
	takes  Takes
}{{"!?", Attached}, {"!", Nothing}, {"?", AtMost}, {"", AValue}}

// Options reads a table. An entry is [SETTING=]NAME[,NAME...] with ! behind it for a flag, ? for a value that may be left
// out, and !? for one that may only stand in the same word. A name of one letter is a short option. [no-]NAME is a flag
// that --no-NAME turns off. A setting that isn't named has its option's last name.
func (s Syntax) Options(table string) Options {
	options := Options{Syntax: s}
	for entry := range strings.FieldsSeq(table) {
		options.All = append(options.All, newOption(entry))
	}
	return options
}

func newOption(entry string) Option {
	var o Option
	for _, t := range takes {
		if rest, ok := strings.CutSuffix(entry, t.ending); ok {
			entry, o.Takes = rest, t.takes
			break
		}
	}
	setting, names, named := strings.Cut(entry, "=")
	if !named {
		names = setting
	}
	for name := range strings.SplitSeq(names, ",") {
		positive, negatable := strings.CutPrefix(name, "[no-]")
		if negatable {
			name, o.Takes, o.Off = positive, Nothing, "no-"+positive
		}
		if len(name) == 1 {
			o.Short += name
		} else {
			o.Long = append(o.Long, name)
		}
		o.Name = name
	}
	if named {
		o.Name = setting
	}
	return o
}

// Knows says whether there is an option for a setting.
func (o Options) Knows(setting string) bool {
	return slices.ContainsFunc(o.All, func(option Option) bool { return option.Name == setting })
}

// long is the option of a long name, and whether the name turns it off.
func (o Options) long(name string) (option Option, off, found bool) {
	fits := 0
	for _, candidate := range o.All {
		if candidate.Off == name || slices.Contains(candidate.Long, name) {
			return candidate, candidate.Off == name, true
		}
		if slices.ContainsFunc(candidate.Long, func(long string) bool { return o.abbreviation(name, long) }) {
			option, off = candidate, false
			fits++
		}
		if o.abbreviation(name, candidate.Off) {
			option, off = candidate, true
			fits++
		}
	}
	return option, off, fits == 1
}

func (o Options) abbreviation(name, long string) bool {
	if o.FoldsCase {
		name = strings.ToLower(name)
	}
	return o.Abbreviates && strings.HasPrefix(long, name)
}

func (o Options) short(letter byte) (Option, bool) {
	at := slices.IndexFunc(o.All, func(option Option) bool { return strings.IndexByte(option.Short, letter) >= 0 })
	if at < 0 {
		return Option{}, false
	}
	return o.All[at], true
}
