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
	r := calibrate.Result{ID: "20261121-093000-1f2e", Mode: calibrate.ModeRun, Target: calibrate.TargetInfo{Command: []string{"gunicorn", "app:app"}}, Plan: calibrate.PlanInfo{Flags: []string{"--rate=50/s"}}}
	r.Seal = sealBy(t, mine, r)
	if r.Seal == "" || !holds(t, mine, r) {
		t.Fatalf("%q doesn't hold", r.Seal)
	}
	without := r
	without.Plan.Flags = nil
	bare := sealBy(t, mine, without)
	if without.Plan.Flags = []string{}; sealBy(t, mine, without) != bare {
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
		"another run":        func(r *calibrate.Result) { r.ID = "20261121-093000-0000" },
		"a watch":            func(r *calibrate.Result) { r.Mode = calibrate.ModeAttach },
		"no seal":            func(r *calibrate.Result) { r.Seal = "" },
		"a part of the seal": func(r *calibrate.Result) { r.Seal = r.Seal[:10] },
	} {
		forged := r
		if forge(&forged); holds(t, mine, forged) {
			t.Errorf("%s: it holds", name)
		}
	}
	another, _ := ofHome(t, "HOME", privateDir(t))
	homeless, _ := ofHome(t)
	if holds(t, another, r) || holds(t, homeless, r) {
		t.Error("it holds for another user")
	}
	nobodys := r
	if nobodys.Seal = sealBy(t, homeless, r); nobodys.Seal != "" || holds(t, homeless, nobodys) {
		t.Errorf("who has no key has the seal %q", nobodys.Seal)
	}
}

func sealBy(t *testing.T, env Env, r calibrate.Result) string {
	t.Helper()
	seal, err := sealOf(env, r)
	must(t, err)
	return seal
}

func holds(t *testing.T, env Env, r calibrate.Result) bool {
	t.Helper()
	own, err := sealed(env, r)
	must(t, err)
	return own
}

// In another folder the same command starts another's app: a seal that was copied there doesn't hold, but the folder may be reached by
// another way.
func TestSealOfAnotherFolder(t *testing.T) {
	mine, _ := ofHome(t, "HOME", privateDir(t))
	r, err := begun(mine, calibrate.Result{ID: "20261121-093000-1f2e", Target: calibrate.TargetInfo{Command: []string{"gunicorn", "app:app", "--token=hunter2"}}}, []string{"--rate=50/s"})
	must(t, err)
	r.Mode, r.Target.Command, r.Plan.Flags = calibrate.ModeRun, calibrate.Redact(r.Target.Command), []string{"--rate=50/s"} // as the run keeps them
	hostile, linked := mine, mine
	hostile.Dir, linked.Dir = t.TempDir(), filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink(mine.Dir, linked.Dir))
	if !holds(t, mine, r) || !holds(t, linked, r) || holds(t, hostile, r) {
		t.Errorf("where it was typed %v, by a link %v, elsewhere %v", holds(t, mine, r), holds(t, linked, r), holds(t, hostile, r))
	}
}

// A proof is its user's if the run was: it keeps the run's command, which may be anybody's.
func TestSealOfAProof(t *testing.T) {
	mine, _ := ofHome(t, "HOME", privateDir(t))
	run := calibrate.Result{ID: "run", Mode: calibrate.ModeRun, Target: calibrate.TargetInfo{Command: []string{"gunicorn", "app:app"}}}
	if seal := handedOn(mine, run, "proof"); seal != "" {
		t.Errorf("of anybody's run it has the seal %q", seal)
	}
	run.Seal = sealBy(t, mine, run)
	proof := run
	proof.ID, proof.Seal = "proof", handedOn(mine, run, "proof")
	if !holds(t, mine, proof) {
		t.Errorf("%q doesn't hold", proof.Seal)
	}
}

// A key that somebody else may know or have made is none.
func TestSealKeyOfAnother(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, home, key string){
		"open to all":     func(t *testing.T, _, key string) { must(t, os.Chmod(key, 0o666)) },
		"read by others":  func(t *testing.T, _, key string) { must(t, os.Chmod(key, 0o644)) },
		"read by a group": func(t *testing.T, _, key string) { must(t, os.Chmod(key, 0o640)) },
		"a link to a key": func(t *testing.T, home, key string) {
			must(t, os.Rename(key, filepath.Join(home, "key")))
			must(t, os.Symlink(filepath.Join(home, "key"), key))
		},
		"a folder":            func(t *testing.T, _, key string) { must(t, os.Remove(key)); must(t, os.Mkdir(key, 0o700)) },
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
			if key, err := sealKey(env); len(key) != keyBytes || err != nil {
				t.Fatal("no key is made", err)
			}
			key := filepath.Join(home, "calibrate", "key")
			if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
				t.Fatal(info, err)
			}
			spoil(t, home, key)
			got, err := sealKey(env)
			if got != nil {
				t.Errorf("taken: %x", got)
			}
			if _, missing := os.Lstat(key); !strings.Contains(name, "home") && missing == nil && (err == nil || !strings.Contains(err.Error(), key)) {
				t.Errorf("nobody says what is wrong with it: %v", err)
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
		{"with a command of the user's own", []string{"--rate=50/s", "--env=LD_PRELOAD=./evil.so"}, []string{"--", "true"}, "not taken from the run, which was not recorded by you in this folder on this machine: --env=LD_PRELOAD=./evil.so", "sh -c"},
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

// Whoever finds a key that others can read hears why no run is known as his.
func TestProveWithAnOpenKey(t *testing.T) {
	home := privateDir(t)
	env, stderr := ofHome(t, "XDG_STATE_HOME", home)
	must(t, os.MkdirAll(filepath.Join(home, "calibrate"), 0o700))
	must(t, os.WriteFile(filepath.Join(home, "calibrate", "key"), []byte(strings.Repeat("k", keyBytes)), 0o644))
	code := Main(t.Context(), env, []string{"prove", filepath.Join(fixtures(t), "runs", "creeping")})
	if code != exitUsage || !strings.Contains(stderr.String(), "no run can be known as yours: ") || !strings.Contains(stderr.String(), "is open to others (mode 644)") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
