package calibrate

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Private is a folder of the user's own, which is opened once. All that is made in it is made through that: whatever becomes of its
// path meanwhile, and whatever links somebody puts into it, nothing is written elsewhere. Its files are new, and nobody else's to read.
type Private struct {
	Path   string
	Shared bool // others can write to it, and it was so before: they can take away or replace what is made in it
	root   *os.Root
}

// MakePrivate makes a folder, or takes one that is there and holds nothing (else fs.ErrExist): nothing is ever written over, and
// nothing of the user's is taken for a run.
func MakePrivate(path string) (*Private, error) {
	path = filepath.Clean(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	err := os.Mkdir(path, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	p := &Private{Path: path}
	if p.root, err = openFolder(path); err != nil {
		return nil, err
	}
	if err := p.look(); err != nil {
		p.root.Close()
		return nil, err
	}
	return p, nil
}

// sub makes a folder in it, and opens that through it.
func (p *Private) sub(name string) (*Private, error) {
	if err := p.root.Mkdir(name, 0o700); err != nil {
		return nil, named(p.root, err)
	}
	in := &Private{Path: filepath.Join(p.Path, name)}
	var err error
	if in.root, err = p.root.OpenRoot(name); err != nil {
		return nil, named(p.root, err)
	}
	if err := in.look(); err != nil {
		in.root.Close()
		return nil, err
	}
	return in, nil
}

// openFolder opens a folder that is no link: one could be somebody else's, who has it point where he likes.
func openFolder(path string) (*os.Root, error) {
	before, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil, err
	case before.Mode()&fs.ModeSymlink != 0:
		return nil, fmt.Errorf("%s is a link", path)
	case !before.IsDir():
		return nil, fmt.Errorf("%s is not a folder", path)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	if here, err := root.Stat("."); err != nil || !os.SameFile(before, here) {
		root.Close()
		return nil, errors.Join(fmt.Errorf("%s is another folder than a moment ago", path), err)
	}
	return root, nil
}

// look refuses a folder that holds something, and one that is another user's.
func (p *Private) look() error {
	switch entries, err := fs.ReadDir(p.root.FS(), "."); {
	case err != nil:
		return err
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty: %w", p.Path, fs.ErrExist)
	}
	folder, err := p.root.Stat(".")
	if err != nil {
		return err
	}
	own, err := p.makesFilesOf(Owner(folder))
	if err != nil {
		return err
	}
	if !own {
		return fmt.Errorf("%s is another user's: what is kept there could be changed or led elsewhere", p.Path)
	}
	p.Shared = folder.Mode()&0o022 != 0
	return nil
}

// makesFilesOf tries whose the files are that are made here. The folder's own owner doesn't say who may write to it: a share or a disk
// of another system can have one owner for all that is on it, whoever makes it.
func (p *Private) makesFilesOf(user int) (bool, error) {
	const probe = ".owner"
	file, err := p.Create(probe)
	if err != nil {
		return false, err
	}
	info, err := file.Stat()
	err = errors.Join(err, file.Close(), p.root.Remove(probe))
	return err == nil && Owner(info) == user, err
}

// Create makes a file, to read and to append to.
func (p *Private) Create(name string) (*os.File, error) {
	file, err := p.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR|os.O_APPEND, 0o600)
	return file, named(p.root, err)
}

// Write writes a value as JSON, or leaves the former file: a reader never sees half of it.
func (p *Private) Write(name string, v any) error {
	text, err := inLines(v)
	if err != nil {
		return err
	}
	return writeText(p.root, name, text, 0o600)
}

// Close lets the folder go. It stays.
func (p *Private) Close() { _ = p.root.Close() }

// WriteWhole writes a value as JSON, or leaves the former file: a reader never sees half of it.
func WriteWhole(path string, v any, mode fs.FileMode) error {
	text, err := inLines(v)
	if err != nil {
		return err
	}
	return WriteText(path, text, mode)
}

// WriteText is WriteWhole of a text. It is for files that the user names: a link to one stays a link, one that is there keeps its
// permissions, and what a kill leaves behind is in nobody's way.
func WriteText(path string, text []byte, mode fs.FileMode) error {
	file, path, err := beside(path, mode)
	if err != nil {
		return err
	}
	return writeAside(file, text, func() error { return os.Rename(file.Name(), path) }, func() error { return os.Remove(file.Name()) })
}

// writeAside writes a new file whole and has it take its place, or removes it: the disk is full, most likely, and half a file helps nobody.
func writeAside(file *os.File, text []byte, place, remove func() error) error {
	_, err := file.Write(text)
	if err = errors.Join(err, file.Close()); err == nil {
		err = place()
	}
	if err != nil {
		_ = remove()
	}
	return err
}

// CanWrite tries what WriteText does, as far as that leaves no trace.
func CanWrite(path string) error {
	file, _, err := beside(path, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// beside makes a new file that is to take a path's place, and says where that is: where a link points.
func beside(path string, mode fs.FileMode) (file *os.File, place string, err error) {
	place, err = filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, missing := os.Lstat(path); missing == nil {
			return nil, "", fmt.Errorf("%s is a link to nothing", path)
		}
		place, err = path, nil
	}
	if err != nil {
		return nil, "", err
	}
	former, missing := os.Stat(place)
	if missing == nil {
		if err := regular(path, former); err != nil {
			return nil, "", err
		}
		mode = former.Mode().Perm() // from the first moment: whoever has it open reads what comes
	}
	file, err = os.OpenFile(filepath.Join(filepath.Dir(place), ".calibrate-"+rand.Text()+".new"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if e, is := errors.AsType[*fs.PathError](err); is {
		return nil, "", &fs.PathError{Op: e.Op, Path: path, Err: e.Err}
	}
	if err == nil && missing == nil {
		if err = file.Chmod(mode); err != nil { // what the umask took
			err = errors.Join(err, file.Close(), os.Remove(file.Name()))
		}
	}
	return file, place, err
}

func inLines(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return append(text, '\n'), err
}

// named is an error of a root with the whole path: it has the name below the root alone.
func named(root *os.Root, err error) error {
	if e, is := errors.AsType[*fs.PathError](err); is {
		return &fs.PathError{Op: strings.TrimSuffix(e.Op, "at"), Path: filepath.Join(root.Name(), e.Path), Err: e.Err}
	}
	if e, is := errors.AsType[*os.LinkError](err); is {
		return &os.LinkError{Op: strings.TrimSuffix(e.Op, "at"), Old: filepath.Join(root.Name(), e.Old), New: filepath.Join(root.Name(), e.New), Err: e.Err}
	}
	return err
}

// writeText makes another file of a run's folder and renames it. What is in the way of that is somebody else's.
func writeText(root *os.Root, name string, text []byte, mode fs.FileMode) error {
	temporary := "." + name + ".new"
	file, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is in the way: remove it", filepath.Join(root.Name(), temporary))
	}
	if err != nil {
		return named(root, err)
	}
	return writeAside(file, text, func() error { return named(root, root.Rename(temporary, name)) }, func() error { return root.Remove(temporary) })
}
