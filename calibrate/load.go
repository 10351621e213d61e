package calibrate

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"workermem/calibrate/say"
)

// Measured is a run as it was recorded: what Analyse works on.
type Measured struct {
	Result  Result
	Samples []Sample
	Buckets []Bucket
	Running bool   // the tool is still measuring
	Skipped int    // lines of the journals that could not be read
	Short   bool   // of a whole run: the journals hold less than its result says was written to them
	Paged   bool   // it is what a page holds: analysed already, and without journals
	Drawn   Curves // of a page in place of the journals: no figure can be made of them
	From    Origin // the schema and the rules of the file
}

// LoadFolder reads what a run's folder, or a lone result file or page, holds. A folder whose run was cut short is read as far as it
// goes.
func LoadFolder(path string) (Measured, error) {
	var m Measured
	info, err := os.Stat(path)
	if err != nil {
		return m, err
	}
	if !info.IsDir() {
		file, err := openRegular(path) // a lone result is named by the user, who may have a link to it
		if err != nil {
			return m, err
		}
		return m, m.readResult(file)
	}
	file, err := openPart(path, ResultFile)
	if err != nil {
		return m, err
	}
	if err := m.readResult(file); err != nil {
		return m, err
	}
	if m.Samples, err = readLines[Sample](path, SamplesFile, &m.Skipped); err != nil {
		return m, err
	}
	if m.Buckets, err = readLines[Bucket](path, LoadFile, &m.Skipped); err != nil {
		return m, err
	}
	m.Short = m.lessThanSaid()
	if m.Short {
		m.Result.Warnings = append(m.Result.Warnings, Warning{Code: "journal-damaged",
			Text: "the run's journals hold less than was written to them, so the saved figures are shown as they are", Try: "measure again, if the figures matter"})
	} else if m.Skipped > 0 {
		m.Result.Warnings = append(m.Result.Warnings, Warning{Code: "journal-damaged",
			Text: fmt.Sprintf("%s of the run's journals could not be read", say.Plural(m.Skipped, "line")), Try: "measure again, if the figures matter"})
	}
	m.Running = locked(path)
	if (!m.Result.Complete || len(m.Result.Undone()) > 0) && m.Result.Interrupted == nil {
		m.Result.Interrupted = &Interruption{Kind: InterruptedByKill}
		if m.Running {
			m.Result.Interrupted.Kind = NotInterrupted
		}
	}
	return m, nil
}

// Curves are what its pictures are drawn from.
func (m Measured) Curves() Curves {
	if len(m.Samples)+len(m.Buckets) == 0 {
		return m.Drawn
	}
	return Curves{m.Samples, m.Buckets}
}

// lessThanSaid compares the journals with what a whole run's result says of them. A run that was proved has no journals of its
// own.
func (m *Measured) lessThanSaid() bool {
	r := m.Result
	if !r.Complete || r.Proof != nil || len(m.Samples)+len(m.Buckets)+m.Skipped == 0 {
		return false
	}
	var written, said int64
	for _, b := range m.Buckets {
		written += b.Requests
	}
	for _, p := range r.Phases {
		said += p.Requests
	}
	return len(m.Samples) < r.Worker.Samples || written < said
}

func (m *Measured) readResult(file *os.File) error {
	path := file.Name()
	text, err := readAll(file, mostFile)
	if err != nil {
		return err
	}
	page, paged, err := inPage(text)
	if err != nil {
		return fmt.Errorf("%s is not a page of calibrate's: %w", path, err)
	}
	if paged {
		text, m.Paged, m.Drawn = page.Data, true, page.Curves
	}
	if much := tooMuch(text); much != "" {
		return fmt.Errorf("%s is not what a run of calibrate writes: it has %s", path, much)
	}
	var head struct {
		Schema string `json:"schema"`
		Tool   Tool   `json:"tool"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return fmt.Errorf("%s is not a result of calibrate: %w", path, err)
	}
	m.From = Origin{Schema: head.Schema, Rules: head.Tool.Rules}
	switch {
	case head.Schema == olderSchema:
		if text, err = migrated(text); err != nil {
			return fmt.Errorf("%s is not a result of calibrate: %w", path, err)
		}
	case head.Schema != Schema && newer(head.Schema):
		return fmt.Errorf("%s has schema %q, which is newer than %q of this calibrate", path, head.Schema, Schema)
	case head.Schema != Schema:
		return fmt.Errorf("%s has schema %q, and this calibrate reads %q", path, head.Schema, Schema)
	}
	if err := json.Unmarshal(text, &m.Result); err != nil {
		return fmt.Errorf("%s is not a result of calibrate: %w", path, err)
	}
	if odd := cmp.Or(missingPart(text), m.Result.implausible()); odd != "" {
		return fmt.Errorf("%s is not what a run of calibrate writes: %s", path, odd)
	}
	return nil
}

// wholeParts are what every complete run has.
var wholeParts = []string{"target", "plan", "host", "phases"}

// missingPart names one of them that isn't there.
func missingPart(text []byte) string {
	var r map[string]json.RawMessage
	if json.Unmarshal(text, &r) != nil || string(r["complete"]) != "true" {
		return ""
	}
	for _, name := range wholeParts {
		if r[name] == nil || string(r[name]) == "null" {
			return "a complete run without its " + name
		}
	}
	return ""
}

// newer says whether a schema is one of a later calibrate.
func newer(schema string) bool {
	name, number, _ := strings.Cut(schema, "/")
	ours, our, _ := strings.Cut(Schema, "/")
	n, err := strconv.Atoi(number)
	mine, _ := strconv.Atoi(our)
	return err == nil && name == ours && n > mine
}

// readLines reads a journal. A last line without its newline was cut by a kill, and is left out; a damaged one is
// counted, and so is one that goes back in time. What is no journal any more, by the length of a line or by how many are damaged,
// is left out from there on.
func readLines[T line](folder, name string, skipped *int) ([]T, error) {
	file, err := openJournal(folder, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if errors.Is(err, io.EOF) || badlyPacked(err) { // in its head
		*skipped++
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var all []T
	var last float64
	damaged := 0
	defer func() { *skipped += damaged }()
	reader := bufio.NewReaderSize(file, longestEntry)
	for damaged < mostDamaged && len(all) < mostLines {
		line, err := reader.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if badlyPacked(err) || errors.Is(err, bufio.ErrBufferFull) { // no journal has such a line
			break
		}
		if err != nil {
			return nil, err
		}
		var one T
		if json.Unmarshal(bytes.TrimSpace(line), &one) != nil || !one.plausible() || one.at() < last || crowded(all, one.at()) {
			damaged++
			continue
		}
		last = one.at()
		all = append(all, one)
	}
	damaged++ // what follows
	return all, nil
}

// crowded says that a journal has more lines than are written by then, as one that unpacks to far more than it is.
func crowded[T line](all []T, now float64) bool {
	return len(all) > mostBurst && float64(len(all)-mostBurst) > mostDense*(now-all[0].at())
}

func locked(folder string) bool {
	file, err := openPart(folder, SamplesFile)
	if err != nil {
		return false
	}
	defer file.Close()
	return isLocked(file)
}
