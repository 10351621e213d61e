package calibrate

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ofSomebody makes files those of a user who isn't the one that runs this.
func ofSomebody(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.Lchown(path, os.Geteuid()+1, -1); err != nil {
			t.Skip("needs root, for files of another user: ", err)
		}
	}
}

// What is in the way of a run's folder, and what may be read of that.
func TestMakePrivateRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		make func(t *testing.T, path string) error
		says string
	}{
		"a file":                    {func(_ *testing.T, path string) error { return os.WriteFile(path, nil, 0o600) }, "is not a folder"},
		"a link to a folder":        {func(t *testing.T, path string) error { return os.Symlink(t.TempDir(), path) }, "is a link"},
		"a link to nothing":         {func(_ *testing.T, path string) error { return os.Symlink("nothing", path) }, "is a link"},
		"a pipe":                    {func(_ *testing.T, path string) error { return syscall.Mkfifo(path, 0o600) }, "is not a folder"},
		"a folder that isn't empty": {func(_ *testing.T, path string) error { return os.CopyFS(path, os.DirFS("say")) }, "is not empty"},
		"a folder of another user":  {func(t *testing.T, path string) error { err := os.Mkdir(path, 0o755); ofSomebody(t, path); return err }, "is another user's"},
		"another's that all may write to": {func(t *testing.T, path string) error {
			err := os.Mkdir(path, 0o777)
			ofSomebody(t, path)
			return errors.Join(err, os.Chmod(path, 0o777))
		}, "is another user's"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "run")
			if err := c.make(t, path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadDir(path)
			_, err := CreateFolder(path + "/")
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("%v", err)
			}
			if after, _ := os.ReadDir(path); len(after) != len(before) {
				t.Errorf("something was left in it: %v", after)
			}
		})
	}
}

// Only its user reads and writes what is kept of a run, whatever the umask.
func TestFolderIsPrivate(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	above := filepath.Join(t.TempDir(), "runs")
	folder, err := CreateFolder(filepath.Join(above, "run"))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if err := folder.Save(Result{Schema: Schema}); err != nil {
		t.Fatal(err)
	}
	modes := map[string]fs.FileMode{}
	err = fs.WalkDir(os.DirFS(above), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		modes[path] = info.Mode().Perm()
		return err
	})
	if err != nil || len(modes) != 6 || folder.Shared {
		t.Errorf("%v, %v, shared %v", modes, err, folder.Shared)
	}
	for path, mode := range modes {
		want := fs.FileMode(0o600)
		switch path {
		case ".":
			want = 0o755
		case "run":
			want = 0o700
		}
		if mode != want {
			t.Errorf("%s has mode %o", path, mode)
		}
	}
}

// A folder of the user's own that others may write to is taken, and known.
func TestMakePrivateOfASharedFolder(t *testing.T) {
	for mode, shared := range map[fs.FileMode]bool{0o700: false, 0o755: false, 0o775: true, 0o777: true, 0o702: true} {
		path := t.TempDir()
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		folder, err := MakePrivate(path)
		if err != nil || folder.Shared != shared {
			t.Fatalf("mode %o: %v, %+v", mode, err, folder)
		}
		folder.Close()
	}
}

// Whatever somebody puts into the folder or in its place while a run goes on, nothing is written elsewhere.
func TestFolderIsNotLedElsewhere(t *testing.T) {
	const precious = "precious"
	for name, c := range map[string]struct {
		plant func(run, victim string) error
		says  string // of saving; "" if that can be done
	}{
		"a link in the way of the temporary file": {func(run, victim string) error { return os.Symlink(victim, filepath.Join(run, ".result.json.new")) }, "is in the way"},
		"a second name in its way":                {func(run, victim string) error { return os.Link(victim, filepath.Join(run, ".result.json.new")) }, "is in the way"},
		"a pipe in its way":                       {func(run, _ string) error { return syscall.Mkfifo(filepath.Join(run, ".result.json.new"), 0o600) }, "is in the way"},
		"a link in place of the result":           {func(run, victim string) error { return os.Symlink(victim, filepath.Join(run, ResultFile)) }, ""},
		"a folder in place of the result":         {func(run, _ string) error { return os.Mkdir(filepath.Join(run, ResultFile), 0o700) }, "file exists"},
		"a link in place of the folder": {func(run, victim string) error {
			return errors.Join(os.Rename(run, run+".away"), os.Symlink(filepath.Dir(victim), run))
		}, ""},
		"another folder in place of it": {func(run, _ string) error { return errors.Join(os.Rename(run, run+".away"), os.Mkdir(run, 0o700)) }, ""},
		"nothing in place of it":        {func(run, _ string) error { return os.RemoveAll(run) }, "no such file"},
		"a link in place of a journal that is open": {func(run, victim string) error {
			return errors.Join(os.Remove(filepath.Join(run, SamplesFile)), os.Symlink(victim, filepath.Join(run, SamplesFile)))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			victim := filepath.Join(dir, "victim")
			if err := os.WriteFile(victim, []byte(precious), 0o600); err != nil {
				t.Fatal(err)
			}
			run := filepath.Join(dir, "run")
			folder, err := CreateFolder(run)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.plant(run, victim); err != nil {
				t.Fatal(err)
			}
			_ = folder.Sample(Sample{Phase: PhaseSoak})
			err = folder.Save(Result{Schema: Schema})
			folder.Close()
			if (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), run)) {
				t.Errorf("saving: %v", err)
			}
			if text, err := os.ReadFile(victim); err != nil || string(text) != precious {
				t.Errorf("written elsewhere: %q, %v", text, err)
			}
			if entries, _ := os.ReadDir(dir); len(entries) > 3 {
				t.Errorf("something new is beside it: %v", entries)
			}
		})
	}
}

// A file of the user's is replaced where it is, with its permissions. What is in the way stays as it is, and nothing is left behind.
func TestWriteText(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o022))
	for name, c := range map[string]struct {
		plant func(path string) error
		says  string // "" if it is written
		mode  fs.FileMode
		links bool
	}{
		"nothing there":        {func(string) error { return nil }, "", 0o644, false},
		"a file of its user's": {func(path string) error { return os.WriteFile(path, nil, 0o600) }, "", 0o600, false},
		"a program":            {func(path string) error { return os.WriteFile(path, nil, 0o750) }, "", 0o750, false},
		"a group's file": {func(path string) error {
			return errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o664))
		}, "", 0o664, false},
		"what a kill has left": {func(path string) error {
			return os.WriteFile(filepath.Join(filepath.Dir(path), ".text.new"), nil, 0o600)
		}, "", 0o644, false},
		"a link": {func(path string) error {
			return errors.Join(os.WriteFile(path+".real", nil, 0o640), os.Symlink("text.real", path))
		}, "", 0o640, true},
		"a link to nothing": {func(path string) error { return os.Symlink("nothing", path) }, "is a link to nothing", 0, true},
		"a pipe":            {func(path string) error { return syscall.Mkfifo(path, 0o600) }, "is not a regular file", 0, false},
		"a folder":          {func(path string) error { return os.Mkdir(path, 0o700) }, "is not a regular file", 0, false},
		"no folder":         {func(path string) error { return os.Remove(filepath.Dir(path)) }, "no such file", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "dir")
			path := filepath.Join(dir, "text")
			if err := errors.Join(os.Mkdir(dir, 0o700), c.plant(path)); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadDir(dir)
			tried := CanWrite(path)
			if now, _ := os.ReadDir(dir); len(now) != len(before) {
				t.Errorf("trying left %v", now)
			}
			err := WriteText(path, []byte("text"), 0o644)
			if (tried == nil) != (c.says == "") || (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path)) {
				t.Errorf("tried: %v, written: %v", tried, err)
			}
			if link, err := os.Readlink(path); (err == nil) != c.links {
				t.Errorf("a link: %q, %v", link, err)
			}
			if after, _ := os.ReadDir(dir); len(after) > len(before)+1 {
				t.Errorf("left behind: %v", after)
			}
			if err != nil {
				return
			}
			info, err := os.Stat(path)
			if text, _ := os.ReadFile(path); err != nil || string(text) != "text" || info.Mode().Perm() != c.mode {
				t.Errorf("%q, %v, mode %o", text, err, info.Mode().Perm())
			}
		})
	}
}

// A run whose folder is deleted learns that within a second, and not when it is over.
func TestFolderThatIsDeleted(t *testing.T) {
	folder, err := CreateFolder(filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if err := folder.Sample(Sample{Phase: PhaseSoak}); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(folder.Path); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	if err := folder.Sample(Sample{Phase: PhaseSoak}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), folder.Path) {
		t.Errorf("goes on: %v", err)
	}
}

// Each failure to write has advice of its own.
func TestTryFolder(t *testing.T) {
	for _, c := range []struct {
		err  error
		says string
	}{
		{&fs.PathError{Op: "open", Path: "run", Err: syscall.ENOSPC}, "free some space, or name another folder with --out"},
		{DiskFull{1 << 20}, "free some space"},
		{errors.Join(errors.New("other"), syscall.EROFS), "mount the disk so that it can be written, or"},
		{syscall.EACCES, "look who may write there (ls -ld), or"},
		{syscall.EPERM, "lsattr"},
		{syscall.EDQUOT, "quota"},
		{fs.ErrNotExist, "name a folder with --out that isn't there yet"},
		{syscall.ENOENT, "leave the folder where it is"},
		{errors.New("run is a link"), "that isn't there yet"},
	} {
		if got := TryFolder(c.err); !strings.Contains(got, c.says) {
			t.Errorf("%v: %s", c.err, got)
		}
	}
}

// A folder in a folder is made where that is, whatever has come into its path's place.
func TestCreateFolderInAFolder(t *testing.T) {
	above, elsewhere := t.TempDir(), t.TempDir()
	path, moved := filepath.Join(above, "comparison"), filepath.Join(above, "moved")
	p, err := MakePrivate(path)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := errors.Join(os.Rename(path, moved), os.Symlink(elsewhere, path)); err != nil {
		t.Fatal(err)
	}
	folder, err := p.CreateFolder("1-base")
	if err != nil {
		t.Fatal(err)
	}
	folder.Close()
	if _, err := os.Stat(filepath.Join(moved, "1-base", SamplesFile)); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(elsewhere); err != nil || len(entries) > 0 {
		t.Errorf("written elsewhere: %v, %v", entries, err)
	}
	if _, err := p.CreateFolder("1-base"); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), filepath.Join(path, "1-base")) {
		t.Errorf("made twice: %v", err)
	}
}
