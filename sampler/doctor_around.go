package sampler

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"workermem/calibrate"
)

// containerMarks are files that container engines leave in a container: Docker, and Podman.
var containerMarks = []string{".dockerenv", "run/.containerenv"}

// containerGroup is how engines name the cgroups of containers, if no namespace hides the name.
var containerGroup = regexp.MustCompile(`docker|kubepods|containerd|libpod|lxc|crio`)

// container matters because others share its cores, and because its limits are not the machine's.
func (d Doctor) container() calibrate.Finding {
	sign := d.containerSign()
	if sign == "" {
		return fine("no sign of a container")
	}
	return fine("in a container, by %s: other containers may share its cores", sign)
}

func (d Doctor) containerSign() string {
	for _, mark := range containerMarks {
		if exists(filepath.Join(d.Root, mark)) {
			return "/" + mark
		}
	}
	memberships, _ := d.Roots.Memberships("self")
	for _, m := range memberships {
		if found := containerGroup.FindString(m.Path); found != "" {
			return "its cgroup (" + found + ")"
		}
	}
	return ""
}

// libc matters because their allocators take other memory for the same app. It is known by its loader, which every program that is
// linked with it names.
func (d Doctor) libc() calibrate.Finding {
	has := func(loader string) bool {
		found, _ := filepath.Glob(filepath.Join(d.Root, loader)) // the pattern is well formed
		return len(found) > 0
	}
	switch glibc, musl := has("lib*/ld-linux*"), has("lib*/ld-musl-*"); {
	case glibc && musl:
		return fine("programs here use glibc or musl; a run says which of them its app does")
	case glibc:
		return fine("programs here use glibc")
	case musl:
		return fine("programs here use musl: with glibc, as in most other images, an app takes other memory")
	}
	return fine("no C library here that is known: programs bring their own")
}

// ci matters because its machines are shared, and an app may do other things there. NOW LMS takes CI for an order
// to have one worker and its database in memory.
func (d Doctor) ci() calibrate.Finding {
	if len(d.CI) == 0 {
		return fine("no sign of a CI")
	}
	return limited("env -u "+strings.Join(d.CI, " -u ")+" calibrate run ...; and repeat the run before you rely on it",
		"in a CI (%s): an app that looks for that may behave differently, and others share the cores", strings.Join(d.CI, ", "))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
