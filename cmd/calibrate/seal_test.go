package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"workermem/calibrate"
)

// ofHome is an environment whose user has this home, and a folder to be in.
func ofHome(t *testing.T, variables ...string) (Env, *strings.Builder) {
	t.Helper()
	all := map[string]string{}
	for i := 0; i < len(variables); i += 2 {
		all[variables[i]] = variables[i+1]
	}
	env, _, stderr := testEnv(t, all)
	return env, stderr
}

// A seal holds for what was typed, for the one who typed it, and for nobody else.
func TestSeal(t *testing.T) {
	mine, _ := ofHome(t, "HOME", privateDir(t))
	r := calibrate.Result{Target: calibrate.TargetInfo{Command: []string{"gunicorn", "app:app"}}, Plan: calibrate.PlanInfo{Flags: []string{"--rate=50/s"}}}
	r.Seal = sealOf(mine, r.Target.Command, r.Plan.Flags)
	if r.Seal == "" || !sealed(mine, r) {
		t.Fatalf("%q doesn't hold", r.Seal)
	}
	if sealOf(mine, r.Target.Command, nil) != sealOf(mine, r.Target.Command, []string{}) {
		t.Error("without flags it doesn't hold once it is read back")
	}
	for name, forge := range map[string]func(r *calibrate.Result){
		"another command": func(r *calibrate.Result) { r.Target.Command = []string{"sh", "-c", "id"} },
		"a word more":     func(r *calibrate.Result) { r.Target.Command = append(r.Target.Command, "--reload") },
		"a word in two":   func(r *calibrate.Result) { r.Target.Command = []string{"gunicorn", "app", ":app"} },
		"a flag more":     func(r *calibrate.Result) { r.Plan.Flags = append(r.Plan.Flags, "--env=LD_PRELOAD=./evil.so") },
		"a flag for a word": func(r *calibrate.Result) {
			r.Target.Command, r.Plan.Flags = append(r.Target.Command, "--rate=50/s"), nil
		},
		"no seal":            func(r *calibrate.Result) { r.Seal = "" },
		"a part of the seal": func(r *calibrate.Result) { r.Seal = r.Seal[:10] },
	} {
		forged := r
		if forge(&forged); sealed(mine, forged) {
			t.Errorf("%s: it holds", name)
		}
	}
	another, _ := ofHome(t, "HOME", privateDir(t))
	homeless, _ := ofHome(t)
	if sealed(another, r) || sealed(homeless, r) {
		t.Error("it holds for another user")
	}
	nobodys := r
	if nobodys.Seal = sealOf(homeless, r.Target.Command, r.Plan.Flags); nobodys.Seal != "" || sealed(homeless, nobodys) {
		t.Errorf("who has no key has the seal %q", nobodys.Seal)
	}
}

// A key that somebody else may know or have made is none.
func TestSealKeyOfAnother(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, home, key string){
		"open to all":         func(t *testing.T, _, key string) { must(t, os.Chmod(key, 0o666)) },
		"short":               func(t *testing.T, _, key string) { must(t, os.Truncate(key, 8)) },
		"empty":               func(t *testing.T, _, key string) { must(t, os.Truncate(key, 0)) },
		"long":                func(t *testing.T, _, key string) { must(t, os.Truncate(key, 1<<40)) },
		"a pipe":              func(t *testing.T, _, key string) { must(t, os.Remove(key)); pipe(t, key) },
		"a home open to all":  func(t *testing.T, home, _ string) { must(t, os.Chmod(home, 0o777)) },
		"another's":           func(t *testing.T, _, key string) { ofNobody(t, key) },
		"in another's home":   func(t *testing.T, home, _ string) { ofNobody(t, home) },
		"a home that is gone": func(t *testing.T, home, _ string) { must(t, os.RemoveAll(home)) },
	} {
		t.Run(name, func(t *testing.T) {
			home := privateDir(t)
			env, _ := ofHome(t, "XDG_STATE_HOME", home)
			if len(sealKey(env)) != keyBytes {
				t.Fatal("no key is made")
			}
			key := filepath.Join(home, "calibrate", "key")
			if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
				t.Fatal(info, err)
			}
			spoil(t, home, key)
			if got := sealKey(env); got != nil {
				t.Errorf("taken: %x", got)
			}
		})
	}
}

func privateDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o700))
	return dir
}

// ofNobody makes a file that of a user who isn't the one that runs this.
func ofNobody(t *testing.T, path string) {
	t.Helper()
	if err := os.Lchown(path, os.Geteuid()+1, -1); err != nil {
		t.Skip("needs root, for files of another user: ", err)
	}
}

// A run that may be anybody's is not started unasked, whatever stands in it: what would be done is shown, so that it can't be taken for
// something else.
func TestProveOfAnybodysRun(t *testing.T) {
	marker := filepath.Join(t.TempDir(), "started")
	harmful := []string{"sh", "-c", "touch " + marker + "\x1b[2K\rgunicorn app:app\n"}
	for _, c := range []struct {
		name       string
		flags      []string
		args       []string
		says, nots string
	}{
		{"unasked", nil, nil, `$'touch ` + marker + `\x1b[2K\rgunicorn app:app\n'`, "\x1b"},
		{"with a flag", []string{"--env=LD_PRELOAD=./evil.so"}, nil, "--env=LD_PRELOAD=./evil.so -- sh", ""},
		{"with a command of the user's own", []string{"--rate=50/s", "--env=LD_PRELOAD=./evil.so"}, []string{"--", "true"}, "not taken from the run, which was not recorded by you on this machine: --env=LD_PRELOAD=./evil.so", "sh -c"},
		{"with a flag that ends flags", []string{"--rate=1", "--", "x"}, []string{"--trust", "--path", "/mine"}, "not all of them are flags", ""},
		{"with a word among the flags", []string{"x"}, []string{"--trust", "--path", "/mine"}, "not all of them are flags", ""},
		{"with no flag at all", []string{"--nothing"}, []string{"--trust"}, "can't be read: unknown flag", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			env, stderr := ofHome(t, "HOME", privateDir(t))
			run := filepath.Join(env.Dir, "run")
			must(t, os.CopyFS(run, os.DirFS(filepath.Join(fixtures(t), "runs", "creeping"))))
			change("target", "command", harmful)(t, run)
			change("plan", "flags", append([]string{}, c.flags...))(t, run)
			code := Main(t.Context(), env, append([]string{"prove", run}, c.args...))
			said := stderr.String()
			if code != exitUsage || !strings.Contains(strings.Join(strings.Fields(said), " "), c.says) || c.nots != "" && strings.Contains(said, c.nots) {
				t.Errorf("exit code %d, and not %q: %s", code, c.says, said)
			}
			if _, err := os.Stat(marker); err == nil {
				t.Error("it was started")
			}
		})
	}
}
