package calibrate

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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

// What is read of the journals is what can have been written, in its order; the rest is counted, and all is read again as it is.
func FuzzJournals(f *testing.F) {
	f.Add(`{"t":1,"phase":"soak","gen":1,"rss":9,"requests":5}`+"\n"+`{"t":0.5,"phase":"soak"}`+"\n"+`{"t":2,"phase":"soak"`, `{"t":1,"phase":"soak","requests":2,"succeeded":1,"errors":{"timeout":1}}`+"\n{}\nnull\n")
	f.Add(strings.Repeat(`{"t":1e9,"phase":"x"}`+"\n", 30), `{"t":1,"phase":"x","requests":1,"succeeded":2}`+"\n")
	f.Fuzz(func(t *testing.T, samples, load string) {
		m := journalsOf(t, samples, load)
		if lines := strings.Count(samples, "\n") + strings.Count(load, "\n"); len(m.Samples)+len(m.Buckets)+m.Skipped > lines+2 {
			t.Errorf("%d samples, %d seconds and %d others of %d lines", len(m.Samples), len(m.Buckets), m.Skipped, lines)
		}
		for i, s := range m.Samples {
			if !s.plausible() || i > 0 && s.Seconds < m.Samples[i-1].Seconds {
				t.Errorf("%+v", s)
			}
		}
		again := journalsOf(t, linesOf(t, m.Samples), linesOf(t, m.Buckets))
		if diff := cmp.Diff(m.Curves(), again.Curves(), cmpopts.EquateEmpty()); diff != "" || again.Skipped > 0 {
			t.Errorf("%d left out (-read +again):\n%s", again.Skipped, diff)
		}
	})
}

// journalsOf reads a run that has them.
func journalsOf(t *testing.T, samples, load string) Measured {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{ResultFile: `{"schema":"` + Schema + `"}`, SamplesFile: samples, LoadFile: load} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := LoadFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func linesOf[T any](t *testing.T, all []T) string {
	t.Helper()
	var text strings.Builder
	for _, one := range all {
		if err := json.NewEncoder(&text).Encode(one); err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}

// A lone file that is taken for a result, or for a page with one, is one again when it is written.
func FuzzResultFile(f *testing.F) {
	for _, text := range []string{
		`{"schema":"calibrate.result/2","complete":true,"target":{},"plan":{},"host":{},"phases":[],"creep":{"verdict":"flat"},"law":{"basis":"measured"},"warnings":[{"code":"x"}]}`,
		`{"schema":"calibrate.result/1","interrupted_by":"Ctrl-C","law":{"basis":"none"},"phases":[{"phase":"soak","ended_because":"the limit of 2m0s"}],"host":{"cpu_limit":1.5}}`,
		"<html>" + PageBegins + `{"schema":"calibrate.page/1","data":{"schema":"calibrate.result/2"},"curves":{"samples":[{"t":1,"phase":"soak"}],"load":[{"t":1,"phase":"soak"}]}}` + PageEnds,
		"<" + PageBegins + "{" + PageEnds,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "x")
		saved := func(text []byte) ([]byte, error) {
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			m, err := LoadFolder(path)
			if err != nil {
				return nil, err
			}
			return json.Marshal(m.Result)
		}
		once, err := saved([]byte(text))
		if err != nil && once == nil {
			return
		}
		if again, err := saved(once); err != nil || !bytes.Equal(again, once) {
			t.Errorf("%s\nis read again as\n%s\n%v", once, again, err)
		}
	})
}
