package calibrate

import (
	"testing"
	"time"
)

func TestParseIgnore(t *testing.T) {
	now := time.Date(2027, 6, 1, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		metric, reason, until string
		wrong                 [3]bool
	}{
		{"boot", "a slow import, issue 12", "2027-01-31", [3]bool{}},
		{"after(10000)", "x", "2028-02-29", [3]bool{}},
		{"boot", "x", "2028-06-01", [3]bool{}},
		{"boot", "x", "2028-06-02", [3]bool{false, false, true}}, // more than a year away
		{"boot", "x", "9999-12-31", [3]bool{false, false, true}},
		{"wroker", "", "2027-02-29", [3]bool{true, true, true}},
		{"after", "x", "31.1.2027", [3]bool{true, false, true}},
		{"boot", "x", "", [3]bool{false, false, true}},
	} {
		i, metric, reason, until := ParseIgnore(tc.metric, tc.reason, tc.until, now)
		if got := [3]bool{metric != nil, reason != nil, until != nil}; got != tc.wrong {
			t.Errorf("%+v: wrong %v (%v, %v, %v), want %v", tc, got, metric, reason, until, tc.wrong)
		}
		if metric == nil && i.Metric != tc.metric {
			t.Errorf("%+v became %+v", tc, i)
		}
	}
}

// A reason is shown wherever the limit is, so it keeps no secret.
func TestReasonIsRedacted(t *testing.T) {
	for reason, want := range map[string]string{
		"a slow import, issue 12":                      "a slow import, issue 12",
		"token=rrr555":                                 "token=***",
		"password=hunter2 at https://u:pw66@h/issue/3": "password=*** at https://***@h/issue/3",
	} {
		if i, _, _, _ := ParseIgnore("boot", reason, "2027-01-31", time.Now()); i.Reason != want {
			t.Errorf("%q is shown as %q, want %q", reason, i.Reason, want)
		}
	}
}

// The last day still counts, whatever the hour and the zone.
func TestIgnoreExpires(t *testing.T) {
	i := Ignore{Metric: "boot", Until: "2027-01-31"}
	for when, want := range map[string]bool{
		"2027-01-31T23:59:59Z": false, "2027-02-01T00:00:00Z": true, "2027-02-01T00:30:00+02:00": false, "2026-12-31T00:00:00Z": false,
	} {
		now, err := time.Parse(time.RFC3339, when)
		if err != nil {
			t.Fatal(err)
		}
		if i.Expired(now) != want {
			t.Errorf("%s: expired %v", when, !want)
		}
	}
}
