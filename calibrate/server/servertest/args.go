package servertest

import (
	"slices"
	"strings"
	"testing"

	"workermem/calibrate/server/cli"
)

// FuzzArgs holds whatever the words behind a server's program, a line each.
func FuzzArgs(f *testing.F, options cli.Options, gone []string, seeds ...string) {
	for _, seed := range seeds {
		f.Add(strings.ReplaceAll(seed, " ", "\n"))
	}
	f.Fuzz(func(t *testing.T, text string) { Scanned(t, options, strings.Split(text, "\n"), gone...) })
}

// Scanned holds that all words are read and written again, that what is left out is gone and nothing else is, and that leaving
// it out again changes nothing.
func Scanned(t interface{ Errorf(string, ...any) }, options cli.Options, words []string, gone ...string) {
	args := options.Scan(words)
	if all := args.Without(); !slices.Equal(all, words) {
		t.Errorf("%q is written again as %q", words, all)
	}
	once := args.Without(gone...)
	again := options.Scan(once)
	for _, arg := range again {
		if arg.Name != "" && slices.Contains(gone, arg.Name) {
			t.Errorf("%s of %q stays in %q", arg.Written, words, once)
		}
	}
	if twice := again.Without(gone...); !slices.Equal(once, twice) {
		t.Errorf("%q once %q, twice %q", words, once, twice)
	}
	kept := func(args cli.Args) (all []string) {
		for _, arg := range args {
			if arg.Name != "" && !slices.Contains(gone, arg.Name) {
				all = append(all, arg.Name+"="+arg.Value)
			}
		}
		return all
	}
	if before, after := kept(args), kept(again); !slices.Equal(before, after) {
		t.Errorf("%q has %q, without %q: %q", words, before, once, after)
	}
}
