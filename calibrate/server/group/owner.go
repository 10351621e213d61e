package group

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

// A group's name says whose it is: the tool's pid and start time, by which a later run can tell that the owner is gone,
// the PID namespace in which the pid is one (containers may share a parent group), and a number, since one tool starts
// several apps.
const groupName = calibrate.GroupPrefix + "%d-%d-%d-%d"

var groupsNamed atomic.Int64

// Mark is the variable in the environment of an app that says whose it is, as a group's name does: what outlives tool and guard is
// known by it where there is no group.
const Mark = "CALIBRATE_APP"

// NewName names an app of this process, and its group.
func NewName() (string, error) {
	self, err := linux.Here.Stat(os.Getpid())
	if err != nil {
		return "", err
	}
	namespace, err := linux.Here.PIDNamespace()
	if err != nil {
		return "", err
	}
	return NameOf(self.Identity(), namespace, groupsNamed.Add(1)), nil
}

// NameOf is the name of a tool's nth group.
func NameOf(owner linux.Identity, namespace uint64, n int64) string {
	return fmt.Sprintf(groupName, owner.PID, owner.Start, namespace, n)
}

// OwnerOf reads a group's name. ok is false for a name that isn't one of ours.
func OwnerOf(name string) (owner linux.Identity, namespace uint64, ok bool) {
	var n int64
	if _, err := fmt.Sscanf(name, groupName, &owner.PID, &owner.Start, &namespace, &n); err != nil {
		return linux.Identity{}, 0, false
	}
	return owner, namespace, name == NameOf(owner, namespace, n)
}

// Sweep removes the groups below a folder whose owner is gone, and returns those in which something still lives: the kernel refuses to
// remove them.
func Sweep(parent string) (inhabited []string) {
	return slices.DeleteFunc(Abandoned(parent), func(folder string) bool { return !errors.Is(removeFolders(folder), syscall.EBUSY) })
}

// Abandoned are the groups below a folder whose owner is gone. Whether an owner in another PID namespace lives can't be seen from here.
func Abandoned(parent string) (folders []string) {
	own, err := linux.Here.PIDNamespace()
	if err != nil {
		return nil // and no group of this process's will be made
	}
	entries, err := os.ReadDir(parent)
	if err != nil {
		return nil // what can't be listed can't be swept; to make a group there will fail as well, and say why
	}
	for _, e := range entries {
		owner, namespace, ours := OwnerOf(e.Name())
		if !ours || namespace != own || linux.Here.Lives(owner) {
			continue
		}
		folders = append(folders, filepath.Join(parent, e.Name()))
	}
	return folders
}

// Bounds of the wait for a group to become empty: its last process has been reaped, but the kernel may not be done yet.
const (
	removeLimit = time.Second
	removePause = 2 * time.Millisecond
)

// Remove removes the group, if there is one. If something lives in it that can't be killed, a later run sweeps it.
func (g Group) Remove() {
	if g.Folder == "" {
		return
	}
	for deadline := time.Now().Add(removeLimit); time.Now().Before(deadline); time.Sleep(removePause) {
		if !errors.Is(removeFolders(g.Folder), syscall.EBUSY) {
			return
		}
	}
}

// removeFolders removes a group with the groups that the app made in it. Its files go with it, and only so.
func removeFolders(folder string) error {
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if e.IsDir() {
			_ = removeFolders(filepath.Join(folder, e.Name()))
		}
	}
	return syscall.Rmdir(folder)
}
