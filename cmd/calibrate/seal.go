package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"workermem/calibrate"
)

// A run's seal says that this user typed its command and its flags on this machine. Nobody else can make one, for nobody else has the
// key: a run that came from elsewhere has none that holds, whatever is written in it, and is never started again unasked.

// sealOf is of a command and flags as a run keeps them; "" where no key can be kept.
func sealOf(env Env, command, flags []string) string {
	key := sealKey(env)
	if key == nil {
		return ""
	}
	machine, _ := calibrate.ReadRegular("/etc/machine-id", 1<<10) // a home may be shared by machines; where there is none, the key must do
	typed, err := json.Marshal([][]string{{string(machine)}, append([]string{}, command...), append([]string{}, flags...)})
	if err != nil {
		return ""
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(typed)
	return hex.EncodeToString(mac.Sum(nil))
}

// sealed says that a run has the seal of this user and this machine.
func sealed(env Env, r calibrate.Result) bool {
	seal := sealOf(env, r.Target.Command, r.Plan.Flags)
	return seal != "" && hmac.Equal([]byte(seal), []byte(r.Seal))
}

const keyBytes = 32

// sealKey reads the user's key, and makes it if there is none. It is nil where the user has no home of his own to keep it in.
func sealKey(env Env) []byte {
	home, within := env.Getenv("XDG_STATE_HOME"), "calibrate"
	if home == "" {
		home, within = ownHome(env), filepath.Join(".local", "state", "calibrate")
	}
	if !filepath.IsAbs(home) || !ownAlone(home) {
		return nil
	}
	folder := filepath.Join(home, within)
	path := filepath.Join(folder, "key")
	if _, err := os.Lstat(path); err != nil {
		makeKey(folder, path)
	}
	if !ownAlone(path) {
		return nil
	}
	key, err := calibrate.ReadRegular(path, keyBytes)
	if err != nil || len(key) != keyBytes {
		return nil
	}
	return key
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

// ownAlone says that a file or folder is the user's, and nobody else may write to it.
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
