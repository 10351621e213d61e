package calibrate

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

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

// A packed journal that is cut off is read as far as it goes, and counted.
func TestLoadFolderWithACutJournal(t *testing.T) {
	dir := t.TempDir()
	folder, err := CreateFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Save(Result{Schema: Schema}); err != nil {
		t.Fatal(err)
	}
	for i := range 5000 {
		if err := folder.Sample(Sample{PID: i, RSS: int64(i * i), Phase: PhaseSoak}); err != nil {
			t.Fatal(err)
		}
	}
	folder.Close()
	plain := filepath.Join(dir, SamplesFile)
	text, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(plain); err != nil {
		t.Fatal(err)
	}
	for _, kept := range []int{0, 5, packed.Len() * 2 / 3} {
		if err := os.WriteFile(plain+".gz", packed.Bytes()[:kept], 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := LoadFolder(dir)
		if err != nil || (len(m.Samples) > 0) != (kept > 5) || len(m.Samples) == 5000 || m.Skipped != 1 {
			t.Errorf("%d bytes: %d samples, %d skipped, %v", kept, len(m.Samples), m.Skipped, err)
		}
	}
}
