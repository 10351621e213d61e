package sizing

import (
	"testing"

	"workermem/calibrate"

	"github.com/google/go-cmp/cmp"
)

// One box of 4 cores with 2 GB, 1.6 GB of it available and a limit of 1 GB; a worker whose peak RSS is 100 MB and
// whose law is 40 MB shared, 50 MB a worker, 5 MB a thread; a budget of 800 MB.
func TestFormulas(t *testing.T) {
	box := calibrate.Host{CPUs: 4, MemoryBytes: 2048 * MiB, AvailableBytes: 1638 * MiB, MemoryLimitBytes: 1024 * MiB}
	q := Question{
		CPUs: 4, BudgetBytes: 800 * MiB, WorkerPeakBytes: 100 * MiB, Threads: 1,
		Law: calibrate.Law{SharedBytes: 40 * MiB, WorkerBytes: 50 * MiB, ThreadBytes: 5 * MiB},
	}
	type row struct {
		Name             string
		Workers, Threads int
		MB               int64
		Fits             bool
	}
	rows := func(q Question) []row {
		var out []row
		for _, f := range Formulas(box, q) {
			if f.Source == "" {
				t.Errorf("%s has no source", f.Name)
			}
			out = append(out, row{f.Name, f.Workers, f.Threads, f.TotalBytes / MiB, f.Fits})
		}
		return out
	}

	want := []row{
		{"now-lms", 8, 1, 40 + 8*55, true},         // min(9, 1638 / 200)
		{"now-lms guide", 9, 1, 40 + 9*55, true},   // min(9, 2048 / 200)
		{"now-lms tuned", 9, 1, 40 + 9*55, true},   // min(9, 2048 / 100)
		{"pypnm", 1, 1, 95, true},                  // below 6 GiB
		{"gunicorn", 9, 1, 40 + 9*55, true},        // 2 x 4 + 1
		{"heroku-python", 4, 1, 40 + 4*55, true},   // min(9, 1024 / 256)
		{"passenger", 15, 1, 40 + 15*55, false},    // 0.75 x 2048 / 100 = 15.4
		{"puma", 4, 5, 40 + 4*75, true},            // a worker a core, 5 threads
		{"code-dot-org", 4, 1, 40 + 4*55, true},    // min(4, 0.8 x 2048 / 55)
		{"apache2buddy", 16, 1, 40 + 16*55, false}, // 1638 / 100
		{"php-fpm", 9, 1, 40 + 9*55, true},         // 0.6 x 1638 / 100 = 9.8
	}
	if diff := cmp.Diff(want, rows(q)); diff != "" {
		t.Errorf("one thread (-want +got):\n%s", diff)
	}

	q.Threads = 4
	want = []row{
		{"now-lms", 2, 4, 40 + 2*70, true}, // 8 / 4; the guide's 9 / 4 is the same
		{"now-lms tuned", 2, 4, 40 + 2*70, true},
		{"pypnm", 1, 4, 110, true},
		{"gunicorn", 9, 4, 40 + 9*70, true},
		{"heroku-python", 4, 4, 40 + 4*70, true},
		{"passenger", 4, 29, 40 + 4*(50+29*5), false}, // (1536 - 0.9 x 4 x 100) / 10 / 4 = 29.4 threads
		{"puma", 4, 5, 40 + 4*75, true},
		{"code-dot-org", 4, 4, 40 + 4*70, true},
		{"apache2buddy", 16, 1, 40 + 16*70, false}, // one thread wasn't measured: as four
		{"php-fpm", 9, 1, 40 + 9*70, true},
	}
	if diff := cmp.Diff(want, rows(q)); diff != "" {
		t.Errorf("four threads (-want +got):\n%s", diff)
	}
}

// Heroku's own table of dynos (heroku-buildpack-python, WEB_CONCURRENCY.sh): memory in MB and cores.
func TestHerokuDynos(t *testing.T) {
	for _, tc := range []struct {
		dyno     string
		mb       int64
		cpus     int
		expected int
	}{
		{"Standard-1X", 512, 8, 2},
		{"Standard-2X", 1024, 8, 4},
		{"Performance-M", 2560, 2, 5},
		{"Performance-L", 14 * 1024, 8, 17},
		{"less than a worker", 128, 1, 1},
	} {
		box := calibrate.Host{CPUs: tc.cpus, MemoryBytes: 61 << 30, MemoryLimitBytes: tc.mb * MiB}
		for _, f := range Formulas(box, Question{Threads: 1}) {
			if f.Name == "heroku-python" && f.Workers != tc.expected {
				t.Errorf("%s: %d workers, want %d", tc.dyno, f.Workers, tc.expected)
			}
		}
	}
}

// The examples of Passenger's server optimization guide, with a worker of 150 MB.
func TestPassengerExamples(t *testing.T) {
	// Example 1: 1 GB -> 5.12
	if got := PassengerProcesses(1024, 150); got != 5 {
		t.Errorf("1 GB: %d processes, want 5", got)
	}
	// Example 2: 32 GB -> 163.84
	if got := PassengerProcesses(32*1024, 150); got != 163 {
		t.Errorf("32 GB: %d processes, want 163", got)
	}
	// Example 3: 32 GB, 8 processes. The older guide left out the division by processes and the 0.9, and said 1558;
	// the formula as it stands now gives (24 576 - 1 080) / 15 / 8 = 195.8.
	if got := PassengerThreads(32*1024, 150, 8); got != 195 {
		t.Errorf("32 GB, 8 processes: %d threads, want 195", got)
	}
	// processes that don't fit leave one thread each
	if got := PassengerThreads(1024, 150, 100); got != 1 {
		t.Errorf("100 processes in 1 GB: %d threads, want 1", got)
	}
}

// An empty box and an empty question answer with the least of every rule, and nothing fits a budget that isn't there.
func TestFormulasOfNothing(t *testing.T) {
	for _, f := range Formulas(calibrate.Host{}, Question{}) {
		if f.Workers < 1 || f.Threads < 1 || f.Fits {
			t.Errorf("%+v", f)
		}
	}
}
