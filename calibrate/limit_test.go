package calibrate

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is typed, and what it is written as again.
func TestLimits(t *testing.T) {
	for typed, want := range map[string]string{
		"worker <= 150MB":                    "",
		"worker<=150M":                       "worker <= 150MB",
		"worker <= 1.5 GiB":                  "worker <= 1.5GB",
		"creep <= 1KB":                       "",
		"creep <= 16.4KB/request":            "creep <= 16.4KB",
		"creep <= 0":                         "",
		"growth <= 1MB/h":                    "",
		"growth <= 60KB/m":                   "growth <= 3600KB/h",
		"after(10k) <= 300MB":                "",
		"total(4X4) <= 900MB":                "total(4x4) <= 900MB",
		"cpu <= 12ms":                        "",
		"cpu <= 0.0354ms":                    "cpu <= 35.4µs",
		"p99 <= 250ms":                       "",
		"boot <= 90s":                        "boot <= 1m30s",
		"restart >= 24h":                     "",
		"workers >= 4":                       "",
		"max-requests >= 10k":                "max-requests >= 10000",
		"capacity >= 80":                     "capacity >= 80/s",
		"errors <= 0.5%":                     "",
		"rps <= 80/s":                        "", // neither is better: both ways are limits
		"rps >= 80/s":                        "",
		"worker <= +5%":                      "",
		"peak <= +5% or +4MB":                "",
		"peak   <=  +4 MB   or + 5 %":        "peak <= +5% or +4MB",
		"capacity >= -10% or -5/s":           "",
		"creep <= +64B":                      "",
		"worker <= +0%":                      "",
		"worker <= +0.0125%":                 "",
		"worker <= 150MB or 2GB":             "refused",
		"worker <= 150MB or +5%":             "refused",
		"worker <= +5% or":                   "refused",
		"worker <= +5% or +4%":               "refused",
		"worker <= +0.00001%":                "refused",
		"worker <= 150":                      "refused",
		"worker <= ++5%":                     "refused",
		"worker <= -5%":                      "refused",
		"workers >= +1":                      "refused",
		"worker >= 150MB":                    "refused",
		"workers <= 4":                       "refused",
		"workers >= 4.5":                     "refused",
		"worker < 150MB":                     "refused",
		"worker =< 150MB":                    "refused",
		"worker <= ":                         "refused",
		"worker 150MB":                       "refused",
		"<= 150MB":                           "refused",
		"after <= 300MB":                     "refused",
		"wroker <= 150MB":                    "refused",
		"p99 <= 250":                         "refused",
		"boot <= NaNs":                       "refused",
		"errors <= Inf%":                     "refused",
		"growth <= 1MB":                      "refused",
		"worker <= 9999999999999999999999TB": "refused",
		"restart >= 9999999h":                "refused",
		"worker <= 150MB <= 200MB":           "refused",
		"worker <= 150MB or+5%":              "refused",
		"after(10k)(5) <= 300MB":             "refused",
	} {
		l, err := ParseLimit(typed)
		if want == "" {
			want = typed
		}
		if err != nil {
			var wrong *Failure
			if want != "refused" || !errors.As(err, &wrong) || wrong.Kind != KindUsage || wrong.Try == "" {
				t.Errorf("%s: %v, want %s", typed, err, want)
			}
			continue
		}
		if got := l.String(); got != want {
			t.Errorf("%s is written %s, want %s", typed, got, want)
		}
	}
}

// A complaint names what is wrong, and its way out is a limit or leads to one.
func TestLimitComplaints(t *testing.T) {
	for typed, want := range map[string][2]string{
		"wroker <= 150MB": {`"wroker" is no metric`, "the nearest is worker; calibrate explain lists them"},
		"worker < 150MB":  {`"<" is no operator of a limit`, "write worker <= 150MB"},
		"workers <= 4":    {"workers <= 4 would pass what gets worse: of workers, more is better", "write workers >= 4"},
		"worker <= 150":   {`worker <= 150: "150" lacks its unit`, "write it like 150MB"},
		"worker <= -5%":   {"worker <= -5%: -5% is a change for the better", "write +5%"},
		"after <= 300MB":  {`"after" lacks its N in brackets`, "write it like after(10k)"},
		"cpu <= fast":     {`cpu <= fast: "fast" is not a time, or more than 2 000 hours`, "write it like 250ms, 3s or 24h"},
	} {
		_, err := ParseLimit(typed)
		var wrong *Failure
		if !errors.As(err, &wrong) {
			t.Errorf("%s was taken", typed)
			continue
		}
		if diff := cmp.Diff(want, [2]string{wrong.What, wrong.Try}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", typed, diff)
		}
	}
}

func TestLimitsAdd(t *testing.T) {
	var all Limits
	for _, typed := range []string{"worker <= 150MB", "worker <= +5%", "after(10k) <= 300MB", "after(20k) <= 300MB", "rps <= 80", "rps >= 40"} {
		var err error
		if all, err = all.Add(typed); err != nil {
			t.Errorf("%s: %v", typed, err)
		}
	}
	for _, typed := range []string{"worker <= 200MB", "worker <= +4MB", "after(10000) <= 1GB"} {
		if more, err := all.Add(typed); err == nil || len(more) != len(all) {
			t.Errorf("%s is a limit once more, and was taken", typed)
		}
	}
}

// Both amounts of a change must be exceeded: what the limit allows is the farther one.
func TestAllowed(t *testing.T) {
	for _, tc := range []struct {
		typed          string
		baseline, want float64
	}{
		{"peak <= 150MB", 1, 150 * MiB},
		{"peak <= +5%", 100 * MiB, 105 * MiB},
		{"peak <= +5% or +4MB", 100 * MiB, 105 * MiB}, // 4 MB is less
		{"peak <= +5% or +4MB", 40 * MiB, 44 * MiB},   // 5 % is less
		{"capacity >= -10% or -5/s", 100, 90},
		{"capacity >= -10% or -5/s", 20, 15},
		{"creep <= +10%", -50, -45}, // not below what it was
	} {
		l, err := ParseLimit(tc.typed)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.Allowed(tc.baseline); math.Abs(got-tc.want) > 1e-6*math.Abs(tc.want) {
			t.Errorf("%s of %v allows %v, want %v", tc.typed, tc.baseline, got, tc.want)
		}
	}
}

func TestLimitInJSON(t *testing.T) {
	const text = `["worker <= 150MB","peak <= +5% or +4MB"]`
	var all Limits
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(all)
	var read Limits
	if err != nil || json.Unmarshal(again, &read) != nil {
		t.Fatalf("%s can't be read again (%v)", again, err)
	}
	if diff := cmp.Diff(all, read); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	if err := json.Unmarshal([]byte(`["wroker <= 1MB"]`), &all); err == nil {
		t.Error("a limit of no metric was read")
	}
}

// There is room for a hundred, and looking one up makes no metric anew: each is held against all others.
func TestManyLimits(t *testing.T) {
	var all Limits
	var err error
	for i := range 120 {
		if all, err = all.Add(fmt.Sprintf("after(%d) <= 1GB", i+1)); (err == nil) != (i < MostLimits) {
			t.Fatalf("limit %d: %v", i+1, err)
		}
	}
	if len(all) != MostLimits || !strings.Contains(err.Error(), "more than 100 limits") {
		t.Errorf("%d of them: %v", len(all), err)
	}
	l := all[0]
	if made := testing.AllocsPerRun(100, func() { l.Metric() }); made > 10 {
		t.Errorf("a limit's metric takes %.0f allocations", made)
	}
}

// FuzzLimit: what is taken is written so that it reads as the same, whatever was typed.
func FuzzLimit(f *testing.F) {
	for _, seed := range []string{"worker <= 150MB", "peak <= +5% or +4MB", "after(10k) <= 0.3GB", "growth <= 1MB/h", "cpu <= 12.5ms", "errors <= 0.01%", "restart >= 24h", "rps >= 3000/m", "capacity >= -10%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		l, err := ParseLimit(typed)
		if err != nil {
			var wrong *Failure
			if !errors.As(err, &wrong) || wrong.Kind != KindUsage || wrong.Try == "" {
				t.Fatalf("%q: %#v is no complaint with a way out", typed, err)
			}
			return
		}
		again, err := ParseLimit(l.String())
		if err != nil {
			t.Fatalf("%q is written %q, which is refused: %v", typed, l, err)
		}
		if diff := cmp.Diff(l, again); diff != "" {
			t.Errorf("%q is written %q (-typed +written):\n%s", typed, l, diff)
		}
	})
}
