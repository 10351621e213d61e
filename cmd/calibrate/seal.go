package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"workermem/calibrate"
)

// A run's seal says that this user typed its command and its flags in this folder on this machine. Nobody else can make one, for
// nobody else has the key: a run that came from elsewhere has none that holds, whatever is written in it, and is never started again
// unasked. It holds for one run in one folder: the same command starts something else in another. Only the run's own result.json has it.

// sealOf is of a run as it is kept; "" where no key can be kept. The error says what is wrong with the key that is there.
func sealOf(env Env, r calibrate.Result) (string, error) {
	key, err := sealKey(env)
	if key == nil {
		return "", err
	}
	folder, err := filepath.Abs(env.Dir)
	if err == nil {
		folder, err = filepath.EvalSymlinks(folder)
	}
	if err != nil {
		return "", err
	}
	machine, _ := calibrate.ReadRegular("/etc/machine-id", 1<<10) // a home may be shared by machines; where there is none, the key must do
	typed, err := json.Marshal([][]string{{string(machine), folder, r.ID, string(r.Mode)}, append([]string{}, r.Target.Command...), append([]string{}, r.Plan.Flags...)})
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(typed)
	return hex.EncodeToString(mac.Sum(nil)), nil
}

// begun is a run that is about to start COMMAND, with its seal.
func begun(env Env, head calibrate.Result, flags []string) (calibrate.Result, error) {
	kept := head
	kept.Mode, kept.Target.Command, kept.Plan.Flags = calibrate.ModeRun, calibrate.Redact(head.Target.Command), flags
	var err error
	head.Seal, err = sealOf(env, kept)
	return head, err
}

// sealed says that a run has the seal of this user, this folder and this machine.
func sealed(env Env, r calibrate.Result) (bool, error) {
	seal, err := sealOf(env, r)
	return seal != "" && hmac.Equal([]byte(seal), []byte(r.Seal)), err
}

// handedOn is the seal of a proof, which keeps its run's command and flags under a name of its own; "" if the run's doesn't hold.
func handedOn(env Env, measured calibrate.Result, id string) string {
	if own, _ := sealed(env, measured); !own {
		return ""
	}
	measured.ID = id
	seal, _ := sealOf(env, measured) // its error was the one before
	return seal
}

const keyBytes = 32

// sealKey reads the user's key, and makes it if there is none. It is nil where the user has no home of his own to keep it in, and with
// an error where the key that is there is none.
func sealKey(env Env) ([]byte, error) {
	home, within := env.Getenv("XDG_STATE_HOME"), "calibrate"
	if home == "" {
		home, within = ownHome(env), filepath.Join(".local", "state", "calibrate")
	}
	if !filepath.IsAbs(home) || !ownAlone(home) {
		return nil, nil
	}
	folder := filepath.Join(home, within)
	path := filepath.Join(folder, "key")
	if _, err := os.Lstat(path); err != nil {
		makeKey(folder, path)
	}
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) { // nor can it be made
		return nil, nil
	}
	return key, err
}

// readKey reads a key that nobody but the user can have read or made.
func readKey(path string) ([]byte, error) {
	file, err := calibrate.OpenUnlinked(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case calibrate.Owner(info) != os.Geteuid():
		return nil, fmt.Errorf("%s is another user's", path)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s is open to others (mode %o)", path, info.Mode().Perm())
	case info.Size() != keyBytes:
		return nil, fmt.Errorf("%s is no key of calibrate's: its length is another", path)
	}
	key := make([]byte, keyBytes)
	if _, err := io.ReadFull(file, key); err != nil {
		return nil, err
	}
	return key, nil
}

// ownHome is the user's home. Under sudo, and in the containers of some CI, HOME is another's.
func ownHome(env Env) string {
	home := env.Getenv("HOME")
	if home == "" || ownAlone(home) {
		return home
	}
	if me, err := user.LookupId(strconv.Itoa(os.Geteuid())); err == nil {
		return me.HomeDir
	}
	return ""
}

// ownAlone says that a folder is the user's, and nobody else may write to it.
func ownAlone(path string) bool {
	info, err := os.Stat(path)
	return err == nil && calibrate.Owner(info) == os.Geteuid() && info.Mode()&0o022 == 0
}

// makeKey writes the key whole before it has its name. Of two that start at once one is first, and its key is read by both.
func makeKey(folder, path string) {
	if os.MkdirAll(folder, 0o700) != nil {
		return
	}
	file, err := os.CreateTemp(folder, "key.") // of mode 0600
	if err != nil {
		return
	}
	defer os.Remove(file.Name())
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // crypto/rand never fails (it ends the program instead)
	_, err = file.Write(key)
	if file.Close() == nil && err == nil {
		_ = os.Link(file.Name(), path) // if it is there by now, it stays
	}
}
