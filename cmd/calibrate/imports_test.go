package main_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "workermem"

// A room is a folder that holds Go code, and what that code may import besides the standard library.
type room struct {
	folder     string
	rooms      []string // other rooms
	thirdParty bool     // modules of others, as far as owned and testOnly allow
}

var rooms = []room{
	{"cmd", []string{"report", "loadgen", "sampler", "calibrate/server", "calibrate/server/cli", "calibrate/run", "calibrate/analyse", "calibrate", "calibrate/creep", "calibrate/throughput", "calibrate/gate", "calibrate/knob"}, true},
	{"report", []string{"calibrate", "calibrate/knob"}, true},
	{"loadgen", []string{"calibrate", "calibrate/reach"}, true},
	{"sampler", []string{"calibrate", "calibrate/linux"}, true},
	{"calibrate/server/cli", []string{"calibrate", "calibrate/linux"}, false},
	{"calibrate/server/group", []string{"calibrate", "calibrate/linux"}, true},                           // golang.org/x/sys/unix
	{"calibrate/server/guard", []string{"calibrate/server/group", "calibrate", "calibrate/linux"}, true}, // as group
	{"calibrate/server/workers", []string{"calibrate/server/cli", "calibrate", "calibrate/linux"}, true}, // golang.org/x/sys/unix, in a test
	{"calibrate/server/known", []string{"calibrate/reach", "calibrate/server/guard", "calibrate/server/cli", "calibrate/server/workers", "calibrate", "calibrate/linux"}, false},
	{"calibrate/server/servertest", []string{"calibrate/server/cli", "calibrate", "calibrate/linux"}, false},
	{adapters, []string{"calibrate/server/known", "calibrate/server/guard", "calibrate/server/cli", "calibrate/server/workers", "calibrate", "calibrate/linux"}, false},
	{"calibrate/server", []string{adapters, "calibrate/reach", "calibrate/server/known", "calibrate/server/workers", "calibrate/server/guard", "calibrate/server/cli", "calibrate/server/group", "calibrate", "calibrate/linux"}, true},
	{"calibrate/run", []string{"calibrate/analyse", "calibrate/gate", "calibrate", "calibrate/creep", "calibrate/knob"}, false},
	{"calibrate/analyse", []string{"calibrate", "calibrate/creep", "calibrate/throughput", "calibrate/sizing", "calibrate/gate", "calibrate/knob"}, false},
	{"calibrate", []string{"calibrate/knob"}, false},
	{"calibrate/reach", []string{"calibrate"}, false},
	{"calibrate/creep", []string{"calibrate"}, false},
	{"calibrate/throughput", []string{"calibrate"}, false},
	{"calibrate/gate", []string{"calibrate"}, false},
	{"calibrate/linux", nil, true}, // golang.org/x/sys/unix
	{"calibrate/sizing", []string{"calibrate", "calibrate/knob"}, false},
	{"calibrate/knob", nil, false},
	{forAll, nil, false},
	{"fixtures", nil, false},
}

// adapters stands for the folders of the servers, one each: those that the list of servers imports, and no other folder
// beside them.
const adapters = "calibrate/server/*"

// listOfServers is the file whose imports are the adapters.
const listOfServers = "calibrate/server/servers.go"

// pairs are the adapters that may use another: what that is of, or goes on as. Any may go on as any command.
var pairs = map[string]string{
	"calibrate/server/nowlms": "calibrate/server/gunicorn",
	"calibrate/server/pypnm":  "calibrate/server/uvicorn",
}

const anyCommandAdapter = "calibrate/server/anycommand"

// adapterFolders are what the list of servers imports of the folders that are no rooms of their own.
func adapterFolders(sources []source) []string {
	var folders []string
	for _, s := range sources {
		if s.file != listOfServers {
			continue
		}
		for _, imported := range s.imports {
			folder := strings.TrimPrefix(imported, module+"/")
			if home, ok := roomOf(folder); ok && home.folder == adapters {
				folders = append(folders, folder)
			}
		}
	}
	return folders
}

// strangeAdapters says which files are in a folder beside the adapters that is none, or import an adapter that isn't theirs to use.
func strangeAdapters(sources []source) []string {
	listed := adapterFolders(sources)
	var found []string
	for _, s := range sources {
		folder := path.Dir(s.file)
		if home, _ := roomOf(folder); home.folder != adapters {
			continue
		}
		if !slices.Contains(listed, folder) {
			found = append(found, s.file+" is in no adapter: "+listOfServers+" doesn't import "+folder)
		}
		for _, imported := range s.imports {
			other := strings.TrimPrefix(imported, module+"/")
			home, ok := roomOf(other)
			if ok && home.folder == adapters && other != folder && other != anyCommandAdapter && other != pairs[folder] {
				found = append(found, s.file+" imports "+imported+": "+folder+" may not import "+other)
			}
		}
	}
	return found
}

// forAll turns numbers into text: every room may import it, and it imports nothing.
const forAll = "calibrate/say"

// forTests maps a room to those that its tests alone may import: the goldens of type: and emit are those of the real servers.
var forTests = map[string][]string{
	"cmd":                      {"calibrate/server/servertest"},
	"report":                   {"calibrate/server", "calibrate/server/cli", "calibrate/analyse", "calibrate/gate", "calibrate/sizing"},
	"calibrate/server":         {"calibrate/server/servertest"},
	"calibrate/server/cli":     {"calibrate/server/servertest"},
	"calibrate/server/known":   {"calibrate/server/servertest"},
	"calibrate/server/workers": {"calibrate/server/servertest", "calibrate/server/guard"},
	adapters:                   {"calibrate/server/servertest"},
}

// owned maps a dependency to the one room that knows it, so that replacing it touches one room.
var owned = map[string]string{
	"github.com/shirou/gopsutil":             "sampler",
	"github.com/tsenart/vegeta":              "loadgen",
	"github.com/tsenart/vegeta/v12/lib/lttb": "report",
	"github.com/olekukonko/tablewriter":      "report",
	"github.com/guptarohit/asciigraph":       "report",
	"github.com/spf13/cobra":                 "cmd",
	"github.com/spf13/pflag":                 "cmd",
	"go.yaml.in/yaml":                        "cmd",
}

// testOnly lists what any test may import and nothing else may.
var testOnly = []string{
	"github.com/google/go-cmp",
	"github.com/google/jsonschema-go",
	"github.com/rogpeppe/go-internal",
	"go.uber.org/goleak",
	"gonum.org/v1/gonum",
	"pgregory.net/rapid",
}

// topLevel lists the folders of the repository. Dot-folders are free, and bin is what make builds.
var topLevel = []string{"bin", "calibrate", "cmd", "fixtures", "loadgen", "report", "sampler"}

// TestImports holds the import direction of the design: cmd -> spokes -> calibrate -> creep, throughput, sizing -> knob, say -> std.
func TestImports(t *testing.T) {
	sources, err := readSources(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) == 0 {
		t.Fatal("no Go files found: the test would hold nothing")
	}
	for _, s := range sources {
		for _, violation := range violations(s) {
			t.Error(violation)
		}
	}
	if len(adapterFolders(sources)) < 10 {
		t.Errorf("adapters are %q: the list of servers looks otherwise now", adapterFolders(sources))
	}
	for _, strange := range strangeAdapters(sources) {
		t.Error(strange)
	}
}

// TestStrangeAdapters shows that TestImports can fail by a folder that is no adapter, and by one that uses another.
func TestStrangeAdapters(t *testing.T) {
	const servers = module + "/calibrate/server/"
	got := strangeAdapters([]source{
		{listOfServers, []string{servers + "known", servers + "puma", servers + "nowlms", servers + "gunicorn"}},
		{"calibrate/server/puma/puma.go", []string{servers + "known", servers + "anycommand"}},
		{"calibrate/server/nowlms/nowlms.go", []string{servers + "gunicorn"}},
		{"calibrate/server/gunicorn/gunicorn.go", []string{servers + "puma"}},
		{"calibrate/server/util/util.go", []string{"strings"}},
	})
	want := []string{
		"calibrate/server/gunicorn/gunicorn.go imports workermem/calibrate/server/puma: calibrate/server/gunicorn may not import calibrate/server/puma",
		"calibrate/server/util/util.go is in no adapter: calibrate/server/servers.go doesn't import calibrate/server/util",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTopLevelFolders(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, entry := range entries {
		if entry.IsDir() {
			folders = append(folders, entry.Name())
		}
	}
	for _, folder := range strangers(folders) {
		t.Errorf("%s/: no such top-level folder in the design", folder)
	}
}

// TestRoomsAreListed holds the table of rooms in CONTRIBUTING.md to the rooms above.
func TestRoomsAreListed(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rooms {
		if r.folder != "cmd" && r.folder != adapters && !strings.Contains(string(text), "\n| `"+r.folder+"` ") {
			t.Errorf("CONTRIBUTING.md doesn't list the room %s", r.folder)
		}
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z/]+)` ").FindAllStringSubmatch(string(text), -1) {
		if _, err := os.Stat(filepath.Join("..", "..", row[1])); err != nil {
			t.Errorf("CONTRIBUTING.md lists a room that isn't there: %v", err)
		}
	}
}

// TestViolations shows that TestImports can fail.
func TestViolations(t *testing.T) {
	for _, test := range []struct {
		name string
		file string
		path string
		want []string
	}{
		{"std", "calibrate/creep/slope.go", "math", nil},
		{"down", "calibrate/run/phases.go", "workermem/calibrate/creep", nil},
		{"maths to the words", "calibrate/sizing/law.go", "workermem/calibrate", nil},
		{"the words to maths", "calibrate/result.go", "workermem/calibrate/sizing",
			[]string{"calibrate/result.go imports workermem/calibrate/sizing: calibrate may not import calibrate/sizing"}},
		{"analysis to the run", "calibrate/analyse/law.go", "workermem/calibrate/run",
			[]string{"calibrate/analyse/law.go imports workermem/calibrate/run: calibrate/analyse may not import calibrate/run"}},
		{"own room's subfolder", "report/terminal.go", "workermem/report/table", nil},
		{"numbers to text", "calibrate/creep/missing.go", "workermem/calibrate/say", nil},
		{"text to numbers", "calibrate/say/number.go", "workermem/calibrate",
			[]string{"calibrate/say/number.go imports workermem/calibrate: calibrate/say may not import calibrate"}},
		{"owner", "sampler/tree.go", "github.com/shirou/gopsutil/v3/process", nil},
		{"unowned", "calibrate/server/start.go", "golang.org/x/sys/unix", nil},
		{"oracle in a test", "calibrate/creep/slope_test.go", "gonum.org/v1/gonum/stat", nil},

		{"report's test", "report/emit_test.go", "workermem/calibrate/server", nil},
		{"report itself", "report/emit.go", "workermem/calibrate/server",
			[]string{"report/emit.go imports workermem/calibrate/server: report may not import calibrate/server"}},
		{"centre to spoke", "calibrate/run.go", "workermem/loadgen",
			[]string{"calibrate/run.go imports workermem/loadgen: calibrate may not import loadgen"}},
		{"centre to server", "calibrate/run.go", "workermem/calibrate/server",
			[]string{"calibrate/run.go imports workermem/calibrate/server: calibrate may not import calibrate/server"}},
		{"spoke to spoke", "sampler/tree.go", "workermem/calibrate/server",
			[]string{"sampler/tree.go imports workermem/calibrate/server: sampler may not import calibrate/server"}},
		{"spoke to spoke in a test", "sampler/tree_test.go", "workermem/loadgen",
			[]string{"sampler/tree_test.go imports workermem/loadgen: sampler may not import loadgen"}},
		{"spoke to cmd", "report/terminal.go", "workermem/cmd/calibrate",
			[]string{"report/terminal.go imports workermem/cmd/calibrate: report may not import cmd"}},
		{"maths to maths", "calibrate/creep/law.go", "workermem/calibrate/sizing",
			[]string{"calibrate/creep/law.go imports workermem/calibrate/sizing: calibrate/creep may not import calibrate/sizing"}},
		{"third party in the centre", "calibrate/run.go", "golang.org/x/sync/errgroup",
			[]string{"calibrate/run.go imports golang.org/x/sync/errgroup: calibrate imports the standard library only"}},
		{"command lines to the servers", "calibrate/server/cli/scan.go", "workermem/calibrate/server",
			[]string{"calibrate/server/cli/scan.go imports workermem/calibrate/server: calibrate/server/cli may not import calibrate/server"}},
		{"an adapter to the front", "calibrate/server/puma/puma.go", "workermem/calibrate/server",
			[]string{"calibrate/server/puma/puma.go imports workermem/calibrate/server: calibrate/server/* may not import calibrate/server"}},
		{"what all adapters share to one of them", "calibrate/server/known/ask.go", "workermem/calibrate/server/puma",
			[]string{"calibrate/server/known/ask.go imports workermem/calibrate/server/puma: calibrate/server/known may not import calibrate/server/*"}},
		{"an adapter to another", "calibrate/server/nowlms/nowlms.go", "workermem/calibrate/server/gunicorn", nil},
		{"not the owner", "report/terminal.go", "github.com/tsenart/vegeta/v12/lib",
			[]string{"report/terminal.go imports github.com/tsenart/vegeta/v12/lib: only loadgen may"}},
		{"not the owner in a test", "report/terminal_test.go", "github.com/spf13/cobra",
			[]string{"report/terminal_test.go imports github.com/spf13/cobra: only cmd may"}},
		{"a part with an owner of its own", "report/thin.go", "github.com/tsenart/vegeta/v12/lib/lttb", nil},
		{"such a part to the owner of the rest", "loadgen/loader.go", "github.com/tsenart/vegeta/v12/lib/lttb",
			[]string{"loadgen/loader.go imports github.com/tsenart/vegeta/v12/lib/lttb: only report may"}},
		{"oracle in the code", "report/terminal.go", "gonum.org/v1/gonum/stat",
			[]string{"report/terminal.go imports gonum.org/v1/gonum/stat: only tests may"}},
		{"no such room", "calibrate/utils/strings.go", "strings",
			[]string{"calibrate/utils/strings.go is in no room of the design"}},
		{"code at the top", "tools.go", "strings",
			[]string{"tools.go is in no room of the design"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := violations(source{test.file, []string{test.path}})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
	if got := strangers([]string{".git", "bin", "cmd", "utils"}); !slices.Equal(got, []string{"utils"}) {
		t.Errorf("strangers = %q, want utils alone", got)
	}
}

// A source is one Go file: its path from the root, with slashes, and the paths it imports.
type source struct {
	file    string
	imports []string
}

// readSources reads every Go file below root, whatever its build constraints, which `go list` would not.
func readSources(root string) ([]source, error) {
	var sources []source
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			hidden := strings.HasPrefix(name, ".") && path != root
			if _, err := os.Stat(filepath.Join(path, "go.mod")); hidden || name == "testdata" || err == nil && path != root {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		s, err := readSource(root, path)
		sources = append(sources, s)
		return err
	})
	return sources, err
}

func readSource(root, path string) (source, error) {
	relative, err := filepath.Rel(root, path)
	if err != nil {
		return source{}, err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		return source{}, err
	}
	s := source{file: filepath.ToSlash(relative)}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return source{}, err
		}
		s.imports = append(s.imports, imported)
	}
	return s, nil
}

// violations says what in a file breaks the rules above, a sentence each.
func violations(s source) []string {
	home, ok := roomOf(path.Dir(s.file))
	if !ok {
		return []string{s.file + " is in no room of the design"}
	}
	var found []string
	for _, imported := range s.imports {
		if why := forbidden(home, imported, strings.HasSuffix(s.file, "_test.go")); why != "" {
			found = append(found, fmt.Sprintf("%s imports %s: %s", s.file, imported, why))
		}
	}
	return found
}

// forbidden says why a file of home may not import path, or nothing if it may.
func forbidden(home room, path string, test bool) string {
	if within(path, module) {
		folder := strings.TrimPrefix(path, module+"/")
		if test && slices.Contains(forTests[home.folder], folder) {
			return ""
		}
		return forbiddenRoom(home, folder)
	}
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return "" // the standard library
	}
	if slices.ContainsFunc(testOnly, func(m string) bool { return within(path, m) }) {
		if !test {
			return "only tests may"
		}
		return ""
	}
	if !home.thirdParty {
		return home.folder + " imports the standard library only"
	}
	if owner := ownerOf(path); owner != "" && owner != home.folder {
		return "only " + owner + " may"
	}
	return ""
}

// ownerOf is the room that knows a package: a part of a dependency may have another than the rest.
func ownerOf(path string) (owner string) {
	longest := ""
	for dependency, room := range owned {
		if within(path, dependency) && len(dependency) > len(longest) {
			longest, owner = dependency, room
		}
	}
	return owner
}

func forbiddenRoom(home room, folder string) string {
	other, ok := roomOf(folder)
	if !ok {
		return "no such room in the design"
	}
	if other.folder == home.folder || other.folder == forAll || slices.Contains(home.rooms, other.folder) {
		return ""
	}
	return home.folder + " may not import " + other.folder
}

// roomOf finds the room a folder belongs to. Folders below a room are that room's own affair,
// but for calibrate, whose folders are rooms themselves.
func roomOf(folder string) (room, bool) {
	for _, r := range rooms {
		adapter, _ := path.Match(r.folder, folder)
		if folder == r.folder || adapter || r.folder != "calibrate" && within(folder, r.folder) {
			return r, true
		}
	}
	return room{}, false
}

func within(path, parent string) bool {
	return path == parent || strings.HasPrefix(path, parent+"/")
}

func strangers(folders []string) []string {
	return slices.DeleteFunc(slices.Clone(folders), func(folder string) bool {
		return strings.HasPrefix(folder, ".") || slices.Contains(topLevel, folder)
	})
}
