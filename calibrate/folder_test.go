package calibrate

import (
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
