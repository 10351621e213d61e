package main

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/report"
	"workermem/sampler"
)

// latestLink points to the newest run.
const latestLink = "latest"

func runsFolder(env Env) string { return filepath.Join(env.Dir, ".calibrate", "runs") }

func comparesFolder(env Env) string { return filepath.Join(env.Dir, ".calibrate", "compare") }

// openRun makes the folder of a new run: the one that was asked for, or one named after the time.
func openRun(env Env, out string) (*pointing, string, error) {
	if err := sampler.Short(); err != nil {
		return nil, "", err
	}
	id := newID(time.Now())
	folder, err := newFolder(env, out, filepath.Join(runsFolder(env), id), calibrate.CreateFolder)
	if err != nil {
		return nil, "", err
	}
	warnShared(env, folder.Private)
	return newPointing(folder, out, id), id, nil
}

// newFolder makes a folder: the one that was asked for, or the usual one.
func newFolder[F any](env Env, out, usual string, create func(string) (F, error)) (folder F, err error) {
	if out == "" {
		err = ownWay(env, usual)
	}
	if err == nil {
		folder, err = create(cmp.Or(out, usual))
	}
	switch {
	case err == nil:
		return folder, nil
	case errors.Is(err, fs.ErrExist):
		return folder, calibrate.Usage("name another folder with --out, or leave it out", "%s", err)
	}
	return folder, calibrate.Usage(calibrate.TryFolder(err), "the folder can't be made: %s", err)
}

// ownWay refuses a way to the usual folder that somebody else has laid: who works as root in another's folder would write wherever a
// link there points.
func ownWay(env Env, path string) error {
	for ; path != env.Dir && path != filepath.Dir(path); path = filepath.Dir(path) {
		link, err := os.Lstat(path)
		if err != nil || link.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		if by := calibrate.Owner(link); by != 0 && by != os.Geteuid() {
			return fmt.Errorf("%s is a link of another user's", path)
		}
	}
	return nil
}

// warnShared says that others may change what is kept.
func warnShared(env Env, folder *calibrate.Private) {
	if folder.Shared {
		note(env, "others can write to %s, so they can take away or replace what is kept there", shown(env, folder.Path))
	}
}

// pointing is a folder that becomes the latest once something was measured in it: a run that never started does not
// take the place of the last good one.
type pointing struct {
	*calibrate.Folder
	id          string
	runs, above *os.Root // nil if the folder is one that the user named, or once that is done
}

// Save writes the result, and at the first one with a phase moves the link.
func (p *pointing) Save(r calibrate.Result) error {
	if len(r.Phases) > 0 {
		pointLatest(p.runs, p.id)
		keepFromGit(p.above)
		p.letGo()
	}
	return p.Folder.Save(r)
}

// newPointing opens what is written to later: by then the way there may be another's, see ownWay.
func newPointing(folder *calibrate.Folder, out, id string) *pointing {
	if out != "" {
		return &pointing{Folder: folder}
	}
	runs := filepath.Dir(folder.Path)
	return &pointing{Folder: folder, id: id, runs: opened(runs), above: opened(filepath.Dir(runs))}
}

// Close closes the folder.
func (p *pointing) Close() {
	p.letGo()
	p.Folder.Close()
}

func (p *pointing) letGo() {
	for _, folder := range []*os.Root{p.runs, p.above} {
		if folder != nil {
			_ = folder.Close()
		}
	}
	p.runs, p.above = nil, nil
}

// opened is a folder for what is a convenience: nil, into which nothing is written, if it can't be opened.
func opened(path string) *os.Root {
	folder, err := os.OpenRoot(path)
	if err != nil {
		return nil
	}
	return folder
}

// keepFromGit has a folder of what was measured ignored by git: an app's log may hold anything, and `git add .` takes all. It is a
// convenience, and what is there already is the user's.
func keepFromGit(folder *os.Root) {
	if folder == nil {
		return
	}
	file, err := folder.OpenFile(".gitignore", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err == nil {
		_, _ = file.WriteString("*\n")
		_ = file.Close()
	}
}

func newID(now time.Time) string {
	var random [2]byte
	_, _ = rand.Read(random[:]) // crypto/rand never fails (it ends the program instead)
	return now.UTC().Format("20060102-150405") + "-" + hex.EncodeToString(random[:])
}

// pointLatest moves the link in one step. It is a convenience: without it the newest folder is found by its name.
func pointLatest(runs *os.Root, id string) {
	temporary := "." + latestLink + "." + id
	if runs != nil && runs.Symlink(id, temporary) == nil {
		if runs.Rename(temporary, latestLink) != nil {
			_ = runs.Remove(temporary)
		}
	}
}

// findRun is the path of a run: a folder or file as named, an id or the beginning or end of one, or "" for the latest.
func findRun(env Env, name string) (string, error) {
	if name == "" {
		name = latestLink
	}
	if name == latestLink { // a file of that name in this folder is no run
		return latestRun(env)
	}
	for _, path := range []string{name, filepath.Join(runsFolder(env), name)} {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	meant := slices.DeleteFunc(runIDs(env), func(id string) bool {
		return len(name) < leastName || !strings.HasPrefix(id, name) && !strings.HasSuffix(id, name)
	})
	switch len(meant) {
	case 0:
		return "", calibrate.Usage("calibrate runs lists them", "there is no run %q", name)
	case 1:
		return filepath.Join(runsFolder(env), meant[0]), nil
	}
	return "", calibrate.Usage("write more of its name; calibrate runs lists them", "%q may be %s or %s", name, meant[0], meant[1])
}

// leastName is how much of a run's name is enough to mean it: what is drawn at its end. Less may be a slip.
const leastName = 4

// latestRun is the one that the link names. Where that is none of the runs beside it, it is the newest by its name.
func latestRun(env Env) (string, error) {
	ids := runIDs(env)
	if len(ids) == 0 {
		return "", calibrate.Usage("make one: calibrate run -- gunicorn app:app", "there is no saved run in %s", runsFolder(env))
	}
	id := ids[len(ids)-1]
	if named, err := os.Readlink(filepath.Join(runsFolder(env), latestLink)); err == nil && slices.Contains(ids, named) {
		id = named
	}
	return filepath.Join(runsFolder(env), id), nil
}

// runIDs are the saved runs, oldest first: an id begins with its time.
func runIDs(env Env) []string {
	entries, err := os.ReadDir(runsFolder(env))
	if err != nil {
		return nil
	}
	var ids []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != latestLink {
			ids = append(ids, e.Name())
		}
	}
	slices.Sort(ids)
	return ids
}

// shown is a path as a person would type it.
func shown(env Env, path string) string {
	if short, err := filepath.Rel(env.Dir, path); err == nil && !strings.HasPrefix(short, "..") {
		return short
	}
	return path
}

func newRunsCmd(env Env) *cobra.Command {
	format := formatFlag{rows: true}
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List the saved runs, the newest last",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			runs := []report.SavedRun{}
			for _, id := range runIDs(env) {
				runs = append(runs, listed(env, id))
			}
			return format.show(env, report.Runs(runs, time.Now()))
		},
	}
	format.register(cmd.Flags())
	return cmd
}

func listed(env Env, id string) report.SavedRun {
	path := filepath.Join(runsFolder(env), id)
	m, err := calibrate.LoadFolder(path)
	if err != nil {
		return report.SavedRun{ID: id, State: report.RunUnreadable, Why: reasonFirst(err, path)}
	}
	m.Result = analyse.Today(m)
	run := keptAs(serviceOf(path), m)
	run.ID = id // by which it is found: what is in the file may be anybody's
	return run
}

// reasonFirst says why a run can't be read so that a narrow list still shows it: without its path, which the list has.
func reasonFirst(err error, path string) string {
	text := strings.ReplaceAll(err.Error(), path+string(filepath.Separator), "")
	if before, reason, has := strings.Cut(text, ": "); has {
		return reason + " (" + before + ")"
	}
	return text
}
