package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"

	"workermem/calibrate"
	"workermem/calibrate/say"
	"workermem/calibrate/server/cli"
	"workermem/cmd/calibrate/config"
	"workermem/cmd/calibrate/propose"
	"workermem/report"
)

// initFlags are the flags of `calibrate init`, as written.
type initFlags struct{ print, measure bool }

func newInitCmd(env Env) *cobra.Command {
	var f initFlags
	cmd := &cobra.Command{
		Use:   "init [flags] [-- COMMAND...]",
		Short: "Write a starter calibrate.yaml, with the command that starts the app here",
		Long: "init looks for Procfile, compose.yaml, Dockerfile, gunicorn.conf.py, config/puma.rb, manage.py, Python's modules and\n" +
			"package.json, says what it found, and writes calibrate.yaml with the command that says most surely how the app is\n" +
			"deployed. With --measure it measures the app once, as run --quick does, and writes what it measured and 25 % as\n" +
			"limits. It never writes over a file, and starts nothing without --measure.",
		Example: "  calibrate init\n  calibrate init --print\n  calibrate init --measure -- gunicorn app:app",
		RunE:    func(cmd *cobra.Command, args []string) error { return f.init(cmd.Context(), env, args) },
	}
	flags := cmd.Flags()
	flags.SetInterspersed(false)
	flags.BoolVar(&f.print, "print", false, "print the file, and write nothing")
	flags.BoolVar(&f.measure, "measure", false, "start the app and measure it, for the limits")
	return cmd
}

func (f initFlags) init(ctx context.Context, env Env, typed []string) error {
	path := filepath.Join(env.Dir, config.Name)
	if _, err := os.Lstat(path); err == nil && !f.print {
		return calibrate.Usage("change it by hand, or look at another with calibrate init --print", "%s is there already, and is never written over", config.Name)
	}
	found, err := f.look(env, typed)
	if err != nil {
		return err
	}
	if err := startable(found.Args()); err != nil {
		return err
	}
	text := starter{Found: found}
	if f.measure {
		if text.limits, err = measured(ctx, env, found); err != nil {
			return err
		}
		text.measured = time.Now()
	}
	if f.print {
		_, err := io.WriteString(env.Stdout, text.yaml())
		return err
	}
	if err := writeNew(path, text.yaml()); err != nil {
		return calibrate.Usage("calibrate init --print shows it", "%s can't be written: %s", config.Name, err)
	}
	fmt.Fprintf(env.Stdout, "wrote %s; next: calibrate run\n", config.Name)
	return nil
}

// startable refuses a command that starts nothing, or that no calibrate.yaml can hold.
func startable(words []string) error {
	if strings.TrimSpace(words[0]) == "" {
		return calibrate.Usage("name what starts the app: calibrate init -- gunicorn app:app", "the command is empty")
	}
	if i := slices.IndexFunc(words, func(word string) bool { return !utf8.ValidString(word) }); i >= 0 {
		return calibrate.Usage("put it into a script, and name that", "word %s of the command isn't UTF-8, as %s is", say.Count(i+1), config.Name)
	}
	return nil
}

// look says what there is, and takes the first that starts.
func (f initFlags) look(env Env, typed []string) (propose.Found, error) {
	if len(typed) > 0 {
		return propose.Found{Words: typed}, nil
	}
	all := propose.Look(env.Dir)
	taken := slices.IndexFunc(all, propose.Found.Starts)
	page := report.Found{}
	for _, one := range all {
		if calibrate.SecretLine(one.Line()) {
			one.Note = strings.TrimPrefix(one.Note+"; what may be secret belongs in env:", "; ")
		}
		page.Files = append(page.Files, report.FoundFile{File: one.File, Says: calibrate.RedactLine(one.Says), Note: one.Note})
	}
	if taken >= 0 {
		page.File, page.Command, page.Why = all[taken].File, calibrate.RedactLine(all[taken].Line()), all[taken].Why
	}
	out := env.Stdout
	if f.print {
		out = env.Stderr
	}
	if err := report.Render(out, report.FoundPage(page), "", report.Options{Color: env.Color && !f.print}); err != nil {
		return propose.Found{}, err
	}
	if taken < 0 {
		return propose.Found{}, calibrate.Usage("name it: calibrate init -- gunicorn app:app", "nothing here says how the app is started")
	}
	return all[taken], nil
}

// measured is what a quick run of the command says, and a quarter more, as limits. What is not known has none.
func measured(ctx context.Context, env Env, found propose.Found) (limits []string, err error) {
	cmd := newRunCmd(Env{
		Stdin: env.Stdin, Stdout: env.Stderr, Stderr: env.Stderr, Dir: env.Dir, Terminal: env.Terminal, Width: env.Width, Getenv: env.Getenv,
	})
	args := []string{"--no-config", "--quick"}
	if found.Port {
		args = append(args, "--env", "PORT={port}")
	}
	cmd.SetArgs(slices.Concat(args, []string{"--"}, found.Args()))
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	var outcome outcomeError
	if err := cmd.ExecuteContext(ctx); err != nil && !(errors.As(err, &outcome) && outcome.tellsEnough()) {
		return nil, err
	}
	r, err := loadRun(env, "")
	if err != nil {
		return nil, err
	}
	return limitsOf(r), nil
}

// tellsEnough says that a run went to its end: what it could not tell is left out.
func (e outcomeError) tellsEnough() bool {
	return calibrate.Kind(e) == calibrate.KindInconclusive || calibrate.Kind(e) == calibrate.KindNothingFits
}

// limitsOf are those that hold a run a quarter above what this one measured. A worker without a recommendation, or of which nobody knows
// whether it creeps, has its peak: a check of its memory with its creep would tell nothing as long as that is so.
func limitsOf(r calibrate.Result) (limits []string) {
	for _, name := range []string{"worker", "peak", "creep", "cpu"} {
		m, err := calibrate.ParseMetric(name)
		if err != nil {
			continue
		}
		reading := m.Read(r)
		// No creep is a figure, too: a worker that doesn't creep is to stay so.
		if !reading.Known() || m.Open(r) || name == "peak" && len(limits) > 0 || *reading.Value <= 0 && name != "creep" {
			continue
		}
		bound := quarterMore(m.Unit, *reading.Value)
		limits = append(limits, calibrate.Limit{Name: name, Bound: &bound}.String())
	}
	return limits
}

// quarterMore is a round amount that is a quarter more, or the least that isn't noise: a KB a request.
func quarterMore(u calibrate.Unit, v float64) float64 {
	v *= 1.25
	switch u {
	case calibrate.UnitBytes:
		return math.Ceil(v/(1<<20)) * (1 << 20)
	case calibrate.UnitBytesPerRequest:
		return max(1, math.Ceil(v/(1<<10))) * (1 << 10)
	}
	step := math.Pow(10, math.Floor(math.Log10(v))-1)
	return math.Ceil(v/step) * step
}

// starter is the file that is written.
type starter struct {
	propose.Found
	limits   []string
	measured time.Time
}

func (s starter) yaml() string {
	var b strings.Builder
	b.WriteString("# What calibrate measures here; calibrate guide config explains it. Flags on the command line win over it.\n\n")
	if s.File != "" {
		b.WriteString("# From " + s.File + ".\n")
	}
	if calibrate.SecretLine(s.Line()) {
		b.WriteString("# It may hold secrets. Move them below env:, which no report shows, or export them before you start calibrate.\n")
	}
	b.WriteString("command: " + s.commandValue() + "\n\n")
	s.writeEnv(&b)
	b.WriteString("# What to ask the app for; without it, its first page.\n" +
		"# load:\n#   path: [/, /search]\n#   targets: access.log\n\n" +
		"# The box to size for; without it, this machine.\n" +
		"# host:\n#   memory: 1G\n#   cpus: 2\n#   production-rate: 100/s\n\n")
	s.writeLimits(&b)
	b.WriteString("\n# calibrate run --profile quick takes these over the rest, for a first look. A gate wants the whole run.\nprofiles:\n  quick:\n    measure:\n      quick: true\n")
	return b.String()
}

// commandValue is the command as the file reads it again: a line where that is the same, else a list.
func (s starter) commandValue() string {
	line := s.Line()
	if plain, ok := cli.Plain(line); s.Command == "" && (!ok || !slices.Equal(plain, s.Words)) {
		words := make([]string, len(s.Words))
		for i, word := range s.Words {
			words[i] = scalar(word)
		}
		return "[" + strings.Join(words, ", ") + "]"
	}
	return scalar(line)
}

// scalar is a text as YAML has it on one line.
func scalar(text string) string {
	plain, err := yaml.Marshal(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Style: yaml.DoubleQuotedStyle})
	if err != nil {
		return `""`
	}
	return strings.TrimSpace(string(plain))
}

// writeEnv names what the app is given. Values may be secret, and stay where they are.
func (s starter) writeEnv(b *strings.Builder) {
	if s.Port {
		b.WriteString("env:\n  PORT: \"{port}\" # which calibrate gives\n\n")
		return
	}
	b.WriteString("# The app's environment, beside that of this shell. The values are in no report.\n# env:\n")
	for _, name := range s.Env {
		b.WriteString("#   " + strings.Trim(scalar(name), `"`) + ":\n")
	}
	if len(s.Env) == 0 {
		b.WriteString("#   DATABASE_URL: postgres:///test\n")
	}
	b.WriteString("\n")
}

func (s starter) writeLimits(b *strings.Builder) {
	if len(s.limits) == 0 {
		b.WriteString("# What calibrate check holds a run to.\n# check:\n#   limits:\n#     - worker <= 150MB\n#     - creep <= 1KB\n")
		return
	}
	b.WriteString("# What calibrate check holds a run to: measured on " + s.measured.Format(time.DateOnly) + ", and 25 %.\ncheck:\n  limits:\n")
	for _, limit := range s.limits {
		before, after := "    - ", "\n"
		if l, err := calibrate.ParseLimit(limit); err == nil && l.Metric().Rests() == calibrate.GroundCPU {
			before, after = "    # - ", " # on this machine: another's CPU takes longer, or less\n"
		}
		b.WriteString(before + limit + after)
	}
}
