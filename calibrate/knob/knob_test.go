package knob

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// groups are all that the room declares.
func groups() []any { return []any{&Load{}, &Box{}, &Wishes{}, &Closeness{}, &Effort{}} }

// A text of each kind, what it is written as again, "" where it is refused.
func TestKinds(t *testing.T) {
	for _, tc := range []struct{ kind, text, want string }{
		{"size", "512M", "512M"},
		{"size", "1.5GiB", "1536M"},
		{"size", "768MB", "768M"},
		{"size", "512Mi", "512M"},
		{"size", "1Gi", "1G"},
		{"size", "512MiB", "512M"},
		{"size", "512iM", ""},
		{"size", "5i", ""},
		{"size", "1048577", "1048577"},
		{"size", "4T", "4T"},
		{"size", "2048T", "2048T"},
		{"size", "2X", ""},
		{"size", "0", ""},
		{"size", "1e99", ""},
		{"MB", "209", "209M"},
		{"MB", "209M", "209M"},
		{"MB", "0.5G", "512M"},
		{"MB", "187.5", "192000K"},
		{"MB", "5.1", "5347737B"},
		{"MB", "0", ""},
		{"MB", "Inf", ""},
		{"MB", "NaN", ""},
		{"MB", "M", ""},
		{"size/request", "16.4K/request", "16793.6"},
		{"size/request", "16.4 KB/req", "16793.6"},
		{"size/request", "900", "900"},
		{"size/request", "0", "0"},
		{"size/request", "0.5B", "0.5"},
		{"size/request", "16/s", ""},
		{"size/request", "NaN", ""},
		{"size/request", "1e300G", ""},
		{"rate", "50/s", "50"},
		{"rate", "3000/m", "50"},
		{"rate", "50/", ""},
		{"rate", "1/h", "0.0002777777777777778"},
		{"rate", "1e-320", ""},
		{"rate", "1e-6", ""},
		{"rate", "inf", ""},
		{"rate", "nan", ""},
		{"rate", "fast", ""},
		{"rate", "-1", ""},
		{"cores", "2", "2"},
		{"cores", "0.25", "0.25"},
		{"cores", "250m", "0.25"},
		{"cores", "1500m", "1.5"},
		{"cores", "0x10", ""},
		{"cores", "2c", ""},
		{"cores", "NaN", ""},
		{"cores", "Infm", ""},
		{"cores", "m", ""},
		{"share", "20%", "20%"},
		{"share", "0.07", "7%"},
		{"share", "100%", ""},
		{"duration", "5m", "5m0s"},
		{"duration", "250ms", "250ms"},
		{"duration", "0s", "0"},
		{"duration", "5", ""},
		{"count", "0x10", "16"},
		{"count", "1.5", ""},
		{"reserve", "10%+512M", "10%+512M"},
		{"reserve", "512M", "512M"},
		{"reserve", "0", "0"},
		{"reserve", "60%+60%", ""},
		{"reserve", "lots", ""},
		{"choice", "threads", "threads"},
		{"choice", "Threads", ""},
		{"switch", "true", "true"},
		{"switch", "maybe", ""},
	} {
		value := valueOf(tc.kind, fieldOf(tc.kind), "workers|threads")
		err := value.Set(tc.text)
		if (err == nil) != (tc.want != "") || err == nil && value.String() != tc.want {
			t.Errorf("%s %q: %q, %v; want %q", tc.kind, tc.text, value, err, tc.want)
		}
		if again := value.String(); err == nil && value.Set(again) != nil && tc.kind != "size/request" {
			t.Errorf("%s %q is written as %q, which can't be read", tc.kind, tc.text, again)
		}
		if bad := (*Malformed)(nil); err != nil && (!errors.As(err, &bad) || bad.Try == "" || !strings.Contains(bad.What, tc.text) && tc.kind != "reserve") {
			t.Errorf("%s %q: %v says not what is wrong, or not how it is written", tc.kind, tc.text, err)
		}
	}
}

func fieldOf(kind string) any {
	switch kind {
	case "size", "MB":
		return new(int64)
	case "count":
		return new(int)
	case "reserve":
		return new(Reserve)
	case "choice":
		return new(string)
	case "switch":
		return new(bool)
	}
	return new(float64)
}

// What is declared is whole: a name and a key that no other has, a kind that fits the field, a default and bounds that can
// be read, and a sentence.
func TestDeclarations(t *testing.T) {
	var names, keys []string
	for _, group := range groups() {
		Reset(group)
		for _, k := range Of(group) {
			if k.Help == "" || strings.HasSuffix(k.Help, ".") {
				t.Errorf("--%s: %q is no help", k.Name, k.Help)
			}
			if k.Outside() {
				t.Errorf("--%s: its default %s is outside of its bounds", k.Name, k)
			}
			if (k.most != "" || k.least != "") && k.Takes == "" {
				t.Errorf("--%s has bounds, and doesn't say what it takes", k.Name)
			}
			if k.Key == "" && k.kind != "reserve" { // its parts have the keys
				t.Errorf("--%s isn't kept in result.json", k.Name)
			}
			names, keys = append(names, k.Name), append(keys, k.Key)
		}
	}
	for _, all := range [][]string{names, keys} {
		slices.Sort(all)
		if len(all) == 0 || len(slices.Compact(slices.Clone(all))) != len(all) {
			t.Errorf("a name twice: %q", all)
		}
	}
}

func TestDefaults(t *testing.T) {
	b, e := Box{CPUs: 3}, Effort{Quick: true}
	Reset(&b, &e)
	if want := (Box{Reserve: Reserve{ReserveRatio: 0.2}, RestartSeconds: 86_400}); b != want {
		t.Errorf("%+v", b)
	}
	if want := (Effort{ByRoute: true}); e != want {
		t.Errorf("%+v", e)
	}
}

func TestTake(t *testing.T) {
	to := Box{CPUs: 1, MemoryBytes: 1, Reserve: Reserve{0.2, 0}}
	Take(&to, &Box{CPUs: 2, Reserve: Reserve{0.1, 5}}, func(name string) bool { return name == "cpus" || name == "reserve" })
	if want := (Box{CPUs: 2, MemoryBytes: 1, Reserve: Reserve{0.1, 5}}); to != want {
		t.Errorf("%+v, want %+v", to, want)
	}
}

// Zero stands for none where nothing is given, so it can't be given.
func TestZeroIsRefused(t *testing.T) {
	for _, group := range []any{&Load{}, &Box{}, &Effort{}} {
		for _, k := range Of(group) {
			if k.Type() == "bool" || slices.Contains([]string{"rate", "memory", "reserve", "production-rate"}, k.Name) {
				continue
			}
			var bad *Malformed
			if err := k.Set("0"); !errors.As(err, &bad) || bad.Try != "give "+k.Takes {
				t.Errorf("--%s 0: %v", k.Name, err)
			}
		}
	}
}

func TestOutside(t *testing.T) {
	for _, tc := range []struct {
		group any
		want  []string // flags
	}{
		{&Box{}, nil},
		{&Box{CPUs: 65536, MemoryBytes: 1 << 60}, nil},
		{&Box{CPUs: 65537, MemoryBytes: 1<<60 + 4096, ProductionRate: -1}, []string{"memory", "cpus", "production-rate"}},
		{&Box{CPUs: -1}, []string{"cpus"}},
		{&Box{CPUs: 0.001}, nil},
		{&Box{CPUs: 0.0009}, []string{"cpus"}},
		{&Effort{SoakSeconds: 0.5, Quick: true}, []string{"max-soak"}},
		{&Wishes{MinWorkers: 1<<20 + 1, Prefer: "memory"}, []string{"min-workers"}},
	} {
		var got []string
		for _, k := range Of(tc.group) {
			if k.Outside() {
				got = append(got, k.Name)
			}
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%+v: %q, want %q", tc.group, got, tc.want)
		}
	}
}

// What is kept in result.json is what was set: no key is lost on the way.
func TestKept(t *testing.T) {
	type plan struct {
		Load
		Box
		Wishes
		Closeness
		Effort
	}
	var want plan
	if v := reflect.ValueOf(want); v.NumField() != len(groups()) {
		t.Fatalf("%d groups of %d", v.NumField(), len(groups()))
	}
	set(reflect.ValueOf(&want).Elem())
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got plan
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("%v: %s became %+v", err, text, got)
	}
}

// set gives every field a value of its own.
func set(v reflect.Value) {
	for i := range v.NumField() {
		switch field := v.Field(i); field.Kind() {
		case reflect.Struct:
			set(field)
		case reflect.Bool:
			field.SetBool(true)
		case reflect.String:
			field.SetString("x")
		case reflect.Float64:
			field.SetFloat(float64(i) + 0.5)
		default:
			field.SetInt(int64(i) + 1)
		}
	}
}

// A report can say every wish.
func TestSaid(t *testing.T) {
	w := Wishes{MinWorkers: 1, MaxWorkers: 3, Prefer: "memory"}
	var said []string
	for _, k := range Of(&w) {
		if k.said == "" {
			t.Errorf("--%s has no words for a report", k.Name)
		}
		said = append(said, k.Said())
	}
	if got := strings.Join(said, ", "); !strings.Contains(got, "at least 1 worker, at most 3 workers") || !strings.Contains(got, "memory preferred") {
		t.Error(got)
	}
}

// A text of any kind is refused with a way out, or is a figure that is read again as it is written.
func FuzzKinds(f *testing.F) {
	for _, text := range []string{"1.5GiB", "16.4K/request", "3000/m", "250m", "7%", "5m0.5s", "0x10", "10%+512M", "threads", "1e18", "-1h", "NaN", "+0%"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []string{"size", "MB", "size/request", "rate", "cores", "share", "duration", "count", "reserve", "choice", "switch"} {
			value, again := valueOf(kind, fieldOf(kind), "workers|threads"), valueOf(kind, fieldOf(kind), "workers|threads")
			if err := value.Set(text); err != nil {
				if bad := (*Malformed)(nil); !errors.As(err, &bad) || bad.Try == "" {
					t.Errorf("%s %q: %v", kind, text, err)
				}
				continue
			}
			written := value.String()
			if err := again.Set(written); strings.ContainsAny(written, "NI") || (err != nil || again.String() != written) {
				t.Errorf("%s %q is written as %q, and that as %q: %v", kind, text, written, again, err)
			}
		}
	})
}
