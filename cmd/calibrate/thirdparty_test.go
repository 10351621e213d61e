package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestThirdParty holds THIRD_PARTY.md to the modules that are linked into the command on any system that it builds on, and to what
// they say of their licences. `make renew` writes it.
func TestThirdParty(t *testing.T) {
	folders := linked(t)
	folders["Go's standard library"] = goOutput(t, nil, "env", "GOROOT")
	file := filepath.Join("..", "..", "THIRD_PARTY.md")
	want := thirdParty(t, folders)
	if *update {
		must(t, os.WriteFile(file, []byte(want), 0o644))
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(have)); diff != "" {
		t.Errorf("make renew, or go test ./cmd/calibrate -run TestThirdParty -update (-want +have):\n%s", diff)
	}
}

// linked maps the modules that are linked into the command to their folders, on all systems of the Makefile.
func linked(t *testing.T) map[string]string {
	makefile, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	platforms := regexp.MustCompile(`(?m)^PLATFORMS = (.*)$`).FindSubmatch(makefile)
	if platforms == nil {
		t.Fatal("the Makefile has no PLATFORMS")
	}
	modules := map[string]string{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, platform := range strings.Fields(string(platforms[1])) {
		system, processor, _ := strings.Cut(platform, "/")
		wg.Go(func() {
			const module = "{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}"
			said := goOutput(t, []string{"GOOS=" + system, "GOARCH=" + processor, "CGO_ENABLED=0"}, "list", "-deps", "-f", module, ".")
			mu.Lock()
			defer mu.Unlock()
			for line := range strings.Lines(said) {
				if path, folder, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
					modules[path] = folder
				}
			}
		})
	}
	wg.Wait()
	return modules
}

func goOutput(t *testing.T, environment []string, args ...string) string {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), environment...)
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("go %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}

// licences are known by a sentence of theirs.
var licences = []struct{ name, says string }{
	{"Apache 2.0", "Apache License"},
	{"BSD, 3 clauses", "Neither the name of"},
	{"BSD, 2 clauses", "Redistributions in binary form must reproduce"},
	{"MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy"},
}

// thirdParty is the whole file: what each module is under, and all texts, because most of them have to go with a binary.
func thirdParty(t *testing.T, folders map[string]string) string {
	rows, texts := "", ""
	for _, module := range slices.Sorted(maps.Keys(folders)) {
		text := licenceIn(t, module, folders[module])
		at := slices.IndexFunc(licences, func(l struct{ name, says string }) bool {
			return strings.Contains(strings.Join(strings.Fields(text), " "), l.says)
		})
		if at < 0 {
			t.Fatalf("the licence of %s is none that is known: may it be linked?", module)
		}
		rows += fmt.Sprintf("| %s | %s |\n", module, licences[at].name)
		texts += fmt.Sprintf("\n## %s\n\n```text\n%s\n```\n", module, strings.TrimSpace(text))
	}
	return "# Whose work is linked into calibrate\n\nWritten by `make renew`; go.mod has the versions. Some are linked on other systems than Linux alone.\n\n| module | licence |\n|---|---|\n" + rows + texts
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)(\.|$)`)

// licenceIn is all that a module's folder says of its licence.
func licenceIn(t *testing.T, module, folder string) string {
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, file := range files {
		if !licenceFile.MatchString(file.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.ReplaceAll(strings.TrimSpace(string(text)), "\r\n", "\n"))
	}
	if len(all) == 0 {
		t.Fatalf("%s has no licence in %s", module, folder)
	}
	return strings.Join(all, "\n\n")
}
