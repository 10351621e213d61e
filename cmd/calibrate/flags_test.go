package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// What is kept of a command line holds no secret, and names the variables that have them.
func TestGivenKeepsNames(t *testing.T) {
	var f requestFlags
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.register(flags)
	err := flags.Parse([]string{"--path=/a?k=hunter2", "-H", "X-Api-Key: hunter2", "--header-env", "Authorization=API_TOKEN", "--header-env", "X-Key=MY_SECRET_KEY", "--methods", "get",
		"-H", "Host: shop.example", "-H", "x-forwarded-proto: https"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"--path=/a?***", "--header=X-Api-Key:***", "--header-env=Authorization=API_TOKEN", "--header-env=X-Key=MY_SECRET_KEY", "--methods=GET",
		"--header=Host: shop.example", "--header=x-forwarded-proto: https"}
	got := given(flags)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A placeholder is kept, so that a proof need not be told again what calibrate itself fills in.
func TestGivenKeepsPlaceholders(t *testing.T) {
	var f appFlags
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.register(flags)
	if err := flags.Parse([]string{"--env", "PORT={port}", "--env", "TOKEN=hunter2"}); err != nil {
		t.Fatal(err)
	}
	got := given(flags)
	if diff := cmp.Diff([]string{"--env=PORT={port}", "--env=TOKEN=***"}, got); diff != "" {
		t.Error(diff)
	}
	again := proveFlags{own: pflag.NewFlagSet("", pflag.ContinueOnError)}
	if missing := again.notKept(got, []string{"env", "PORT={port}", "serve"}); !slices.Equal(missing, []string{"--env=TOKEN=***"}) {
		t.Error(missing)
	}
}

// Each flag of a measurement says itself what it is about, and the output is no part of what is repeated.
func TestFlagsSayWhatTheyAreAbout(t *testing.T) {
	for _, cmd := range []*cobra.Command{newRunCmd(Env{}), newAttachCmd(Env{}), newProveCmd(Env{}), newSizeCmd(Env{})} {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if subjectOf(f) == "" {
				t.Errorf("%s --%s", cmd.Name(), f.Name)
			}
		})
	}
	run := newRunCmd(Env{}).Flags()
	if err := run.Parse([]string{"--out=x", "--json", "--markdown=false", "--memory=512M", "--reserve=10%+1G", "--max-workers=4", "--silence=quick"}); err != nil {
		t.Fatal(err)
	}
	got := given(run)
	slices.Sort(got)
	if diff := cmp.Diff([]string{"--max-workers=4", "--memory=512M", "--reserve=10%+1G", "--silence=quick"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestHeaderFromTheEnvironment(t *testing.T) {
	env := Env{Getenv: func(name string) string {
		return map[string]string{"TOKEN": "Bearer hunter2", "BROKEN": "hun\nter2"}[name]
	}}
	f := requestFlags{headers: []string{"Accept: text/html"}, headerEnv: []string{"authorization=TOKEN"}}
	header, err := f.header(env)
	if diff := cmp.Diff(http.Header{"Accept": {"text/html"}, "Authorization": {"Bearer hunter2"}}, header); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, bad := range []string{"A=MISSING", "A=BROKEN", "accept=TOKEN"} {
		f.headerEnv = []string{bad}
		if _, err := f.header(env); err == nil || strings.Contains(err.Error(), "ter2") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// A proof takes the variables by their names again, and this command line's header in the place of the run's.
func TestProveTakesVariablesAgain(t *testing.T) {
	for own, want := range map[string]bool{
		"": false, "--header-env=authorization=OTHER": true, "--header=AUTHORIZATION: x": true, "--header=X: x": false,
	} {
		f := proveFlags{own: pflag.NewFlagSet("", pflag.ContinueOnError)}
		f.requestFlags.register(f.own)
		if err := f.own.Parse(strings.Split(own, "\n")); err != nil {
			t.Fatal(err)
		}
		for _, kept := range []string{"--header-env=Authorization=TOKEN", "--header=Authorization:***"} {
			if got := f.replaced(kept); got != want {
				t.Errorf("%q in the place of %s: %v", own, kept, got)
			}
		}
		if missing := f.notKept([]string{"--header-env=Authorization=TOKEN"}, []string{"true"}); missing != nil {
			t.Error(missing)
		}
	}
}
