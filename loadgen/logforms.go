package loadgen

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"regexp"
	"slices"

	"workermem/calibrate"
)

// forms tell the lines of an access log apart by how they are made, and find those that come twice, without keeping any of
// them: a line leaves counts behind, and for two seconds a number that it can't be read from.
type forms struct {
	seed  maphash.Seed
	lines int64
	count map[string]int64   // by form
	paths map[formPath]int64 // lines, by form and what was asked for
	twins int64              // lines that came in twos: see recent
	last  map[uint64]*recent // by line
	at    int                // readings so far
	apart int64              // of the two forms that most lines have, at the readings since they are those
	most  [2]string
}

type formPath struct {
	form string
	path uint64
}

// recent is a line that was read just now. Two alike of one reading, and no more within keptReadings, are twins: of the same
// second, the same client, the same answer. More of them are what steady load looks like.
type recent struct {
	at    int
	count int
	same  bool // at one reading
}

const (
	keptReadings = 20 // two seconds
	mostForms    = 50
	mostPaths    = 20_000
	mostRecent   = 200_000 // 100 000 requests a second; a large log may also come all at once, by a rotation
)

func newForms() *forms {
	return &forms{seed: maphash.MakeSeed(), count: map[string]int64{}, paths: map[formPath]int64{}, last: map[uint64]*recent{}}
}

// asked finds the path in a line: the first word that begins with a slash, its query apart.
var asked = regexp.MustCompile(`[\s"'=:](/[^\s"'?]*)`)

func (f *forms) add(line []byte) {
	f.lines++
	form := cmp.Or(formOf(line), "empty")
	if _, known := f.count[form]; !known && len(f.count) == mostForms {
		form = "others"
	}
	f.count[form]++
	if m := asked.FindSubmatch(line); m != nil {
		key := formPath{form, maphash.Bytes(f.seed, m[1])}
		if _, known := f.paths[key]; known || len(f.paths) < mostPaths {
			f.paths[key]++
		}
	}
	key := maphash.Bytes(f.seed, line)
	if r := f.last[key]; r != nil {
		r.count++
		r.same = r.same && r.at == f.at
		return
	}
	if len(f.last) < mostRecent {
		f.last[key] = &recent{f.at, 1, true}
	}
}

// read ends a reading of the log.
func (f *forms) read() {
	f.at++
	for key, r := range f.last {
		if f.at-r.at >= keptReadings {
			f.forget(key, r)
		}
	}
	most := f.mostlyOf()
	if most != f.most {
		f.most, f.apart = most, 0
	}
	f.apart = max(f.apart, f.count[most[0]]-f.count[most[1]], f.count[most[1]]-f.count[most[0]])
}

func (f *forms) forget(key uint64, r *recent) {
	if r.count == 2 && r.same {
		f.twins += 2
	}
	delete(f.last, key)
}

// mostlyOf are the two forms that most lines have, in the order of their names.
func (f *forms) mostlyOf() (most [2]string) {
	for form, n := range f.count {
		switch {
		case most[0] == "" || n > f.count[most[0]]:
			most[0], most[1] = form, most[0]
		case most[1] == "" || n > f.count[most[1]]:
			most[1] = form
		}
	}
	slices.Sort(most[:])
	return most
}

// seen is what the lines came to.
func (f *forms) seen() calibrate.LogSeen {
	twins := f.twins
	for _, r := range f.last {
		if r.count == 2 && r.same {
			twins += 2
		}
	}
	first, second := f.count[f.most[0]], f.count[f.most[1]]
	s := calibrate.LogSeen{Lines: f.lines, FirstForm: max(first, second), SecondForm: min(first, second), FormsApart: f.apart, Twins: twins}
	balance := map[uint64]int64{}
	for key, n := range f.paths {
		switch key.form {
		case f.most[0]:
			balance[key.path] += n
			s.Pathed += n
		case f.most[1]:
			balance[key.path] -= n
			s.Pathed += n
		}
	}
	for _, n := range balance {
		s.PathsApart += max(n, -n)
	}
	return s
}

// formOf is how a line is made: a sign for each word, quotation and bracket. What is in them is no part of it.
func formOf(line []byte) string {
	if bytes.HasPrefix(bytes.TrimLeft(line, " "), []byte("{")) {
		return "{"
	}
	const longest = 40 // a message in somebody's words has no form
	var form []byte
	for i := 0; i < len(line) && len(form) < longest; {
		end, sign := i+1, byte(0)
		switch c := line[i]; c {
		case ' ', '\t', '\r':
		case '"':
			end, sign = i+2+max(closingQuote(string(line[i+1:])), 0), '"'
		case '[':
			end, sign = i+1+max(bytes.IndexByte(line[i:], ']'), 0), '['
		default:
			end, sign = i+wordIn(line[i:]), '.'
		}
		if sign != 0 {
			form = append(form, sign)
		}
		i = end
	}
	return string(form)
}

// wordIn is the length of the word that some text begins with.
func wordIn(text []byte) int {
	if i := bytes.IndexAny(text, " \t\r\"["); i > 0 {
		return i
	}
	return len(text)
}
