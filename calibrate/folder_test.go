package calibrate

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

// A packed journal that is cut off or damaged is read as far as it goes, and counted.
func TestLoadFolderWithADamagedJournal(t *testing.T) {
	dir := t.TempDir()
	folder, err := CreateFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Save(Result{Schema: Schema}); err != nil {
		t.Fatal(err)
	}
	for i := range 5000 {
		if err := folder.Sample(Sample{Seconds: float64(i) / 10, PID: i, RSS: int64(i * i), Phase: PhaseSoak}); err != nil {
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
	whole := packed.Bytes()
	over := func(at int, with string) []byte { return slices.Concat(whole[:at], []byte(with), whole[at+len(with):]) }
	for name, c := range map[string]struct {
		journal     []byte
		least, most int // samples that are read
	}{
		"empty":               {nil, 0, 0},
		"cut in its head":     {whole[:5], 0, 0},
		"cut later":           {whole[:len(whole)*2/3], 1, 4999},
		"not packed at all":   {text, 0, 0},
		"a block of no kind":  {over(10, "\x07"), 0, 0}, // flate.CorruptInputError; the head has 10 bytes
		"a wrong sum":         {over(len(whole)-8, string([]byte{^whole[len(whole)-8]})), 5000, 5000},
		"garbage behind it":   {slices.Concat(whole, []byte("not another member")), 5000, 5000},
		"a bad second member": {slices.Concat(whole, over(10, "\x07")), 5000, 5000},
	} {
		if err := os.WriteFile(plain+".gz", c.journal, 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := LoadFolder(dir)
		if err != nil || len(m.Samples) < c.least || len(m.Samples) > c.most || m.Skipped != 1 {
			t.Errorf("%s: %d samples, %d skipped, %v", name, len(m.Samples), m.Skipped, err)
		}
	}
}
