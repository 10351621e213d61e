package calibrate

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The forecast is held to what a journal of usual figures really takes.
func TestJournalBytes(t *testing.T) {
	folder, err := CreateFolder(filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	const seconds = 60
	for i := range seconds {
		at := 100.123456789 + float64(i)
		for range 10 {
			if err := folder.Sample(Sample{Seconds: at, Phase: PhaseSoak, Generation: 1, PID: 32253, Workers: 1, RSS: 20004864, Anon: 9576448, Requests: 7582}); err != nil {
				t.Fatal(err)
			}
		}
		if err := folder.Bucket(Bucket{Seconds: at, Phase: PhaseSoak, Requests: 614, Succeeded: 614, P50: 0.001195433, P99: 0.001275736}); err != nil {
			t.Fatal(err)
		}
	}
	var written int64
	for _, file := range []string{SamplesFile, LoadFile} {
		written += fileSize(t, filepath.Join(folder.Path, file))
	}
	if said := JournalBytes(seconds * time.Second); said < written || said > 2*written {
		t.Errorf("%d bytes a minute were foretold, %d were written", said, written)
	}
}

func TestNewCheckup(t *testing.T) {
	ok, limited := Finding{State: StateOK}, Finding{State: StateLimited}
	for _, tt := range []struct {
		name     string
		findings []Finding
		servers  []Server
		missing  []string
		works    bool
		limits   int
	}{
		{"nothing limits", []Finding{ok}, []Server{{State: StateOK}}, nil, true, 0},
		{"two limits", []Finding{limited, ok}, []Server{{State: StateLimited}}, nil, true, 2},
		{"missing, but run can do without", []Finding{{State: StateMissing}}, []Server{{State: StateOK}}, nil, true, 1},
		{"run can't work", []Finding{{State: StateMissing, Stops: true}, limited}, []Server{{State: StateOK}}, nil, false, 2},
		{"no server", []Finding{ok}, nil, []string{"gunicorn"}, true, 1},
		{"none was looked for", []Finding{ok}, nil, nil, true, 0},
	} {
		c := NewCheckup(Tool{}, Host{}, tt.findings, tt.servers, tt.missing)
		if c.Works != tt.works || c.Limits != tt.limits || c.Servers == nil || c.ServersMissing == nil {
			t.Errorf("%s: works %v, %d limits, servers %v, missing %v", tt.name, c.Works, c.Limits, c.Servers, c.ServersMissing)
		}
	}
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
