package cli

import (
	"slices"
	"strings"
	"testing"
)

func TestTheFirstLayerCounts(t *testing.T) {
	options := Click.Options("b,bind workers threads [no-]log name")
	variable := func(setting string) string { return "X_" + strings.ToUpper(setting) }
	s := Settings{Reading: Reading{Number: PythonInt, Yes: ClickTrue}, Layers: []Layer{
		options.Scan(strings.Fields("-b A --bind B --no-log")).Layer(""),
		options.Scan(strings.Fields("--name inner --bind C")).Layer("X_ARGS"),
		FromEnv([]string{"X_WORKERS=3", "X_WORKERS=1_0", "X_LOG=yes", "X_NAME=outer", "X_THREADS="}, options.Variables(variable)),
	}}
	if !slices.Equal(s.List("bind"), []string{"A", "B"}) || s.Text("bind") != "B" || s.From("bind") != "--bind" {
		t.Errorf("bind %+v", s.Value("bind"))
	}
	if s.On("log") || s.From("log") != "--no-log" || !s.Has("log") {
		t.Errorf("log %+v", s.Value("log"))
	}
	if s.Text("name") != "inner" || s.From("name") != "--name in X_ARGS" {
		t.Errorf("name %+v", s.Value("name"))
	}
	if s.Number("workers", 7) != 10 || s.From("workers") != "X_WORKERS" {
		t.Errorf("workers %+v", s.Value("workers"))
	}
	if s.Number("threads", 7) != 7 || s.Has("threads") || s.On("threads") || s.Text("threads") != "" { // an empty variable
		t.Errorf("threads %+v", s.Value("threads"))
	}
	if s.Number("name", 7) != 7 {
		t.Error("a name is read as a number")
	}
}

func TestReading(t *testing.T) {
	type number struct {
		n  int
		ok bool
	}
	for _, test := range []struct {
		text                     string
		python, pythonLiteral, c number
	}{
		{"12", number{12, true}, number{12, true}, number{12, true}},
		{" 1_000 ", number{1000, true}, number{}, number{}},
		{"1_000", number{1000, true}, number{1000, true}, number{1, true}},
		{"0x10", number{}, number{16, true}, number{0, true}},
		{"-3", number{-3, true}, number{-3, true}, number{}},
		{"5 MB", number{}, number{}, number{5, true}},
		{"{workers}", number{}, number{}, number{}},
		{"", number{}, number{}, number{}},
	} {
		for name, read := range map[string]struct {
			read func(string) (int, bool)
			want number
		}{"int(x)": {PythonInt, test.python}, "int(x, 0)": {PythonLiteral, test.pythonLiteral}, "atoi": {Atoi, test.c}} {
			if n, ok := read.read(test.text); ok != read.want.ok || ok && n != read.want.n {
				t.Errorf("%s of %q: %d %v, want %v", name, test.text, n, ok, read.want)
			}
		}
	}
	uwsgi := Unless("false", "no")
	if !OnlyTrue("TRUE") || OnlyTrue("1") || !ClickTrue(" On ") || ClickTrue("2") || !ClickFalse("F") || ClickFalse("2") || !uwsgi("1") || uwsgi("No") {
		t.Error("yes is read wrongly")
	}
	if !IsNumber(" +1_0 ") || !IsNumber("{workers}") || IsNumber("") || IsNumber("1__0") || IsNumber("x") {
		t.Error("numbers are told wrongly")
	}
}
