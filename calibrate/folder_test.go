package calibrate

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFolderGivesBackWhatWasMeasured(t *testing.T) {
	f := newFakeRig()
	f.keep = 4096
	want, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "run")
	folder, err := CreateFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range f.samples {
		if err := folder.Sample(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := folder.Save(want); err != nil {
		t.Fatal(err)
	}
	if _, err := CreateFolder(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a folder with a run in it was taken for a new one: %v", err)
	}
	m, err := LoadFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	if !m.Running {
		t.Error("a run under way is not seen as running")
	}
	folder.Close()
	if m, err = LoadFolder(path); err != nil || m.Running {
		t.Errorf("error %v, running %v after the end", err, m.Running)
	}
	want.StartedAt = want.StartedAt.Round(0)
	if diff := cmp.Diff(want.Whole(), Analyse(m).Whole()); diff != "" {
		t.Errorf("analysed again, the run is another (-measured +read back):\n%s", diff)
	}
}

func TestFolderCutShortByAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	folder, err := CreateFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Save(Result{Schema: Schema}); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := folder.Sample(Sample{PID: i, RSS: 1 << 20, Phase: PhaseSoak}); err != nil {
			t.Fatal(err)
		}
	}
	folder.Close()
	samples := filepath.Join(path, SamplesFile)
	text, err := os.ReadFile(samples)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(samples, text[:len(text)-7], 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := LoadFolder(path)
	if err != nil || len(m.Samples) != 2 {
		t.Fatalf("%d samples, error %v; want the 2 whole ones", len(m.Samples), err)
	}
	r := Analyse(m)
	if r.Interrupted == nil || r.Recommendation.Withheld == nil || r.Worker.PeakRSSBytes != 1<<20 {
		t.Errorf("interrupted %+v, withheld %+v, peak %d", r.Interrupted, r.Recommendation.Withheld, r.Worker.PeakRSSBytes)
	}
}

func TestLoadFolderRefusesWhatIsNoRun(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"text.json": "hello", "other.json": `{"schema":"other/1"}`, "list.json": "[]"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadFolder(path); err == nil {
			t.Errorf("%s was taken for a run", name)
		}
	}
	if _, err := LoadFolder(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder gives %v", err)
	}
}
