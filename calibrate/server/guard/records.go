package guard

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"workermem/calibrate/linux"
)

// records is a folder in which each guard notes the session of its app, for as long as it guards that. It is for apps that had no
// control group and whose environment says nothing: of another user, or written over. A number that is a session's is given to no
// other process while one lives in it (kernel/pid.c).
type records struct{ folder string }

// recordsHere are those of this user. Where he has no folder for it, nothing is noted.
func recordsHere() records {
	if user := os.Geteuid(); user != 0 {
		return records{filepath.Join("/run/user", strconv.Itoa(user), "calibrate")}
	}
	return records{"/run/calibrate"}
}

// record is a session by its leader, the guard, and the boot of the machine in which that has its number.
type record struct {
	Boot   string
	Leader linux.Identity
}

// note notes a session until the returned function is called.
func (r records) note(app string, leader linux.Identity) (forget func()) {
	text, err := json.Marshal(record{bootID(), leader})
	_ = os.Mkdir(r.folder, 0o700) // it may be there
	if err == nil {
		_ = os.WriteFile(filepath.Join(r.folder, app), text, 0o600)
	}
	return func() { r.forget(app) }
}

func (r records) forget(app string) { _ = os.Remove(filepath.Join(r.folder, app)) }

// abandoned are the sessions of apps whose owner is gone, by the apps' names. What isn't of this boot, and of this user alone, is none.
func (r records) abandoned(namespace uint64) map[string]linux.Identity {
	folder, err := os.Lstat(r.folder)
	if err != nil || !folder.IsDir() || folder.Mode().Perm()&0o077 != 0 {
		return nil
	}
	entries, _ := os.ReadDir(r.folder)
	all := map[string]linux.Identity{}
	for _, e := range entries {
		if !ownerGone(e.Name(), namespace) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(r.folder, e.Name()))
		var noted record
		if err == nil && json.Unmarshal(text, &noted) == nil && noted.Boot == bootID() {
			all[e.Name()] = noted.Leader
		}
	}
	return all
}

func bootID() string {
	text, err := os.ReadFile(linux.Here.ProcPath("sys", "kernel", "random", "boot_id"))
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

// sweep forgets the apps of which nothing lives.
func (r records) sweep() {
	own, err := linux.Here.PIDNamespace()
	if err != nil {
		return
	}
	abandoned := r.abandoned(own)
	if len(abandoned) == 0 {
		return
	}
	m := lookAround()
	for app, leader := range abandoned {
		if len(m.allInSessionOf(leader)) == 0 {
			r.forget(app)
		}
	}
}
