package cli

import (
	"slices"
	"strings"
	"testing"
)

func TestSeeThrough(t *testing.T) {
	for command, want := range map[string]struct {
		name  string
		index int
	}{
		"gunicorn app:app":                                     {"gunicorn", 0},
		"/opt/venv/bin/gunicorn app:app":                       {"gunicorn", 0},
		"python -m gunicorn app:app":                           {"gunicorn", 2},
		"python3.11 -u -X dev -W ignore -m gunicorn app:app":   {"gunicorn", 6 + 1},
		"python /venv/bin/gunicorn app:app":                    {"gunicorn", 1},
		"python -c gunicorn":                                   {"python", 0},
		"python manage.py gunicorn":                            {"manage.py", 1},
		"python":                                               {"python", 0},
		"env A=B gunicorn app:app":                             {"gunicorn", 2},
		"env -u X -i A=B C=D -- gunicorn app:app":              {"gunicorn", 7},
		"ruby -e puma config.ru":                               {"ruby", 0},
		"ruby -I lib -eputs puma":                              {"ruby", 0},
		"bundle exec ruby -e puma":                             {"ruby", 2},
		"ruby -E UTF-8 bin/puma":                               {"puma", 3},
		"env -S gunicorn":                                      {"env", 0},
		"poetry run gunicorn app:app":                          {"gunicorn", 2},
		"poetry -C dir run gunicorn app:app":                   {"gunicorn", 4},
		"poetry show gunicorn":                                 {"poetry", 0},
		"uv run --with x -p 3.12 gunicorn app:app":             {"gunicorn", 6},
		"uv run -- python -m gunicorn app:app":                 {"gunicorn", 5},
		"nice -n 5 env A=B poetry run python -m gunicorn x":    {"gunicorn", 9},
		"newrelic-admin run-program gunicorn app:app":          {"gunicorn", 2},
		"docker run image gunicorn app:app":                    {"docker", 0}, // not our processes
		"ssh host gunicorn app:app":                            {"ssh", 0},
		"sudo gunicorn app:app":                                {"sudo", 0},
		"env":                                                  {"env", 0},
		"env A=B":                                              {"env", 0},
		"uvicorn app:app --port {port}":                        {"uvicorn", 0},
		"python -mgunicorn app:app":                            {"gunicorn", 1},
		"python3 -Xdev -Wignore -Im gunicorn app:app":          {"gunicorn", 4},
		"python -umgunicorn app:app":                           {"gunicorn", 1},
		"python -cgunicorn":                                    {"python", 0},
		"python --check-hash-based-pycs always app.py":         {"app.py", 3},
		"python -W -m gunicorn":                                {"gunicorn", 3}, // the value of -W is -m
		"opentelemetry-instrument --traces x gunicorn app:app": {"x", 2},        // an option's value is taken for the program: then it is any command
	} {
		p := SeeThrough(strings.Fields(command))
		if p.Name != want.name || p.Index != want.index {
			t.Errorf("%s: %s at %d, want %s at %d", command, p.Name, p.Index, want.name, want.index)
		}
	}
	if p := SeeThrough(strings.Fields("env A=B -i C=D gunicorn")); !slices.Equal(p.Set, []string{"A=B", "C=D"}) {
		t.Errorf("%q", p.Set)
	}
	if p := SeeThrough(nil); p.Name != "" || len(p.Args()) != 0 {
		t.Errorf("%+v", p)
	}
}

// Each wrapper with the options that take a value, and with those by which it runs no command.
func TestWrappers(t *testing.T) {
	for _, command := range []string{
		"taskset 3 S a", "taskset -c 0,1 S a", "taskset -ac 0-3:2 S", "taskset --cpu-list 0 S", "taskset 0xff S",
		"timeout 60 S a", "timeout -k 5 -sINT 1.5h S a", "timeout --signal=KILL --foreground 10m S", "timeout -- 5 S",
		"setpriv --reuid=1000 --regid 1000 --clear-groups S a", "setpriv --nnp --pdeathsig keep S",
		"chrt -b 0 S a", "chrt --fifo 10 S", "chrt -d -T 100 -P 300 -D 200 0 S", "chrt --other S",
		"prlimit --nofile=1024:2048 S a", "prlimit -n100 -o SOFT S", "prlimit --as= S",
		"numactl --cpunodebind=0 -m 0 S a", "numactl -C 0-3 --localalloc -- S",
		"catchsegv S a", "gosu app S a", "gosu 1000:1000 S", "su-exec nobody:nogroup S", "setuidgid app S", "s6-setuidgid app S",
		"nice -n 5 S", "nice -n5 S", "nice -10 S", "nice --adjust=5 S", "ionice -c2 -n 7 -t S", "ionice --class idle S",
		"stdbuf -oL -e 0 S", "stdbuf --output=L S", "nohup S", "time -v -o file S", "/usr/bin/time -f %M S",
		"env - A=b S", "env -iu X -C / S", "env --block-signal A=b S", "env --unset=X -- A=b S",
		"tini -g -p TERM -- S", "dumb-init -c -r 15:2 S", "honcho run S", "honcho -e .env,b run -- S", "honcho run -e .env S",
		"foreman run -e .env S", "dotenv -f .env run -- S", "dotenv run --no-override S",
		"conda run -n web --no-capture-output S", "uv run --frozen --env-file .env S", "uv run -m S",
		"timeout 1h taskset 1 nice -n 5 env A=b gosu app tini -- S",
	} {
		words := strings.Fields(command)
		if p := SeeThrough(words); p.Name != "S" {
			t.Errorf("%s: %s at %d", command, p.Name, p.Index)
		}
		if !IsWrapper(words[0]) && words[0][0] != '/' {
			t.Errorf("%s is no wrapper", words[0])
		}
	}
	for _, command := range []string{
		"taskset -p 3 S", "taskset -pc 0 S", "chrt -p 10 S", "chrt --max S", "prlimit --pid 5 S", "prlimit -p5 S", "ionice -p 7 S", "numactl --show S",
		"setpriv --dump S", "timeout S 5", "taskset S", "honcho start S", "dotenv list S", "env -S S", "conda activate S", "gosu app", "timeout 5",
	} {
		if p := SeeThrough(strings.Fields(command)); p.Index != 0 {
			t.Errorf("%s: seen through to %s", command, p.Name)
		}
	}
}

func TestEnvFiles(t *testing.T) {
	for command, want := range map[string]string{
		"honcho run S":                   ".env",
		"honcho -d app -e a,/b run -- S": "app/a /b",
		"honcho run -e x S -e y":         "x",
		"foreman run -d app S":           "app/.env",
		"nice dotenv -f f run env A=b S": "f",
		"dotenv list S":                  "",
		"uv run --env-file x S":          "", // what is set wins there
	} {
		if got := strings.Join(SeeThrough(strings.Fields(command)).EnvFiles, " "); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
	text := "# A=x\nA=b\nexport C='d e'\nno\nF=\"g\nH=i # j\n"
	if got := EnvLines(text); !slices.Equal(got, []string{"A=b", "C=d e", "H=i"}) {
		t.Errorf("%q", got)
	}
}

func TestSplitString(t *testing.T) {
	for command, want := range map[string][]string{
		"env|-S|A=b gunicorn 'my app:app'|--x": {"env", "A=b", "gunicorn", "my app:app", "--x"},
		"env|-i|--split-string=gunicorn x":     {"env", "-i", "gunicorn", "x"},
		"env|-S|gunicorn $X":                   nil,
		"env|-S|gunicorn 'x":                   nil,
		"env|A=b|gunicorn|-S":                  nil,
		"nice|-S|x":                            nil,
	} {
		if got := SplitString(strings.Split(command, "|")); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
}

func TestProcfileStart(t *testing.T) {
	for command, want := range map[string]string{
		"honcho start web":                     "honcho run|./Procfile|web",
		"honcho -e .env -f P.dev start":        "honcho -e .env -f P.dev run|./P.dev|",
		"honcho start -d app -p 80 web worker": "honcho -d app run|app/Procfile|web worker",
		"foreman start -e .env web":            "foreman run -e .env|./Procfile|web",
		"honcho start -c web=2":                "",
		"foreman start -m web=1":               "",
		"honcho run start":                     "",
		"honcho":                               "",
		"npm start":                            "",
	} {
		got := ""
		if s, ok := ProcfileStart(strings.Fields(command)); ok {
			got = strings.Join(s.Run, " ") + "|" + s.Folder + "/" + s.File + "|" + strings.Join(s.Names, " ")
		}
		if got != want {
			t.Errorf("%s: %s, want %s", command, got, want)
		}
	}
}
