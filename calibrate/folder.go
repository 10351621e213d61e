package calibrate

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// The files of a run's folder.
const (
	ResultFile  = "result.json"
	SamplesFile = "samples.jsonl"
	LoadFile    = "load.jsonl"
	LogFile     = "app.log"
)

// Folder is a run's folder while it is being measured. Samples and buckets are appended with one write a line, so
// that a killed run leaves whole lines behind, but for the last. It is safe for one writer of each kind.
type Folder struct {
	Path    string
	Log     *os.File // the app's stdout and stderr
	samples *os.File
	buckets *os.File
}

var _ Journal = (*Folder)(nil)

// CreateFolder makes the folder and opens its files. A folder that holds anything is refused (fs.ErrExist): nothing
// measured is ever written over, and nothing of the user's is taken for a run.
func CreateFolder(path string) (*Folder, error) {
	switch entries, err := os.ReadDir(path); {
	case len(entries) > 0:
		return nil, fmt.Errorf("%s is not empty: %w", path, fs.ErrExist)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, err
	}
	f := &Folder{Path: path}
	for name, file := range map[string]**os.File{SamplesFile: &f.samples, LoadFile: &f.buckets, LogFile: &f.Log} {
		opened, err := os.OpenFile(filepath.Join(path, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600) // an app's log may hold anything
		if err != nil {
			f.Close()
			return nil, err
		}
		*file = opened
	}
	// The lock tells a reader that this run is still going on; the kernel drops it with the process.
	if err := syscall.Flock(int(f.samples.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s is in use by another run: %w", path, err)
	}
	return f, nil
}

// Sample appends one reading.
func (f *Folder) Sample(s Sample) error { return appendLine(f.samples, s) }

// Bucket appends one second of traffic.
func (f *Folder) Bucket(b Bucket) error { return appendLine(f.buckets, b) }

func appendLine(w io.Writer, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// Save writes result.json: a temporary file, then a rename, so that a reader never sees half of it.
func (f *Folder) Save(r Result) error {
	text, err := json.MarshalIndent(r.Whole(), "", "  ")
	if err != nil {
		return err
	}
	temporary := filepath.Join(f.Path, "."+ResultFile+".new")
	if err := os.WriteFile(temporary, append(text, '\n'), 0o600); err != nil {
		_ = os.Remove(temporary) // the disk is full, most likely: half a file helps nobody
		return err
	}
	return os.Rename(temporary, filepath.Join(f.Path, ResultFile))
}

// Whole is the result with its lists there, if empty: a reader of the JSON may walk them without asking.
func (r Result) Whole() Result {
	r.Phases, r.Candidates, r.Formulas, r.Warnings = list(r.Phases), list(r.Candidates), list(r.Formulas), list(r.Warnings)
	r.Load.Errors, r.Law.Runs = list(r.Load.Errors), list(r.Law.Runs)
	r.Target.Command, r.Target.MeasuredCommand, r.Target.Changes = list(r.Target.Command), list(r.Target.MeasuredCommand), list(r.Target.Changes)
	r.Plan.Silenced, r.Plan.Flags = list(r.Plan.Silenced), list(r.Plan.Flags)
	return r
}

func list[T any](have []T) []T {
	if have == nil {
		return []T{}
	}
	return have
}

// Close closes the folder's files. The folder stays.
func (f *Folder) Close() {
	for _, file := range []*os.File{f.samples, f.buckets, f.Log} {
		if file != nil {
			_ = file.Close() // every line was written whole already; nothing is buffered here
		}
	}
}

// Measured is a run as it was recorded: what Analyse works on.
type Measured struct {
	Result  Result
	Samples []Sample
	Buckets []Bucket
	Running bool // the tool is still measuring
	Skipped int  // lines of the journals that could not be read
}

// LoadFolder reads a run's folder back, or a lone result file. A folder whose run was cut short is read as far as it goes.
func LoadFolder(path string) (Measured, error) {
	var m Measured
	info, err := os.Stat(path)
	if err != nil {
		return m, err
	}
	if !info.IsDir() {
		return m, readResult(path, &m.Result)
	}
	if err := readResult(filepath.Join(path, ResultFile), &m.Result); err != nil {
		return m, err
	}
	if m.Samples, err = readLines[Sample](filepath.Join(path, SamplesFile), &m.Skipped); err != nil {
		return m, err
	}
	if m.Buckets, err = readLines[Bucket](filepath.Join(path, LoadFile), &m.Skipped); err != nil {
		return m, err
	}
	if m.Skipped > 0 {
		m.Result.Warnings = append(m.Result.Warnings, Warning{"journal-damaged",
			fmt.Sprintf("%d lines of the run's journals could not be read", m.Skipped), "measure again, if the figures matter"})
	}
	m.Running = locked(filepath.Join(path, SamplesFile))
	if !m.Result.Complete && m.Result.InterruptedBy == "" {
		m.Result.InterruptedBy = "the end of calibrate itself (killed?)"
		if m.Running {
			m.Result.InterruptedBy = "nothing: it is still running"
		}
	}
	return m, nil
}

func readResult(path string, r *Result) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, r); err != nil {
		return fmt.Errorf("%s is not a result of calibrate: %w", path, err)
	}
	if r.Schema != Schema {
		return fmt.Errorf("%s has schema %q, and this calibrate reads %q", path, r.Schema, Schema)
	}
	if odd := r.implausible(); odd != "" {
		return fmt.Errorf("%s is not what a run of calibrate writes: %s", path, odd)
	}
	return nil
}

// readLines reads a journal. A last line without its newline was cut by a kill, and is left out; a damaged one is
// counted.
func readLines[T any](path string, skipped *int) ([]T, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var all []T
	reader := bufio.NewReader(file)
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		var one T
		if json.Unmarshal(bytes.TrimSpace(line), &one) != nil {
			*skipped++
			continue
		}
		all = append(all, one)
	}
}

func locked(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	return errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}
