package server

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
)

// products are the programs of all servers, with their traps.
func products() []product {
	var all []product
	for _, s := range slices.Concat(servers, []server{anyCommand{}}) {
		for _, p := range s.programs() {
			p.traps = append(p.traps, s.traps()...)
			all = append(all, p)
		}
	}
	return all
}

// askedAtOnce bounds how many servers are asked for their version at the same time: each is a process that imports
// itself, and takes a handful of descriptors.
const askedAtOnce = 4

// Installed looks for servers: on the PATH, as it is given, and then in folders. None is started, but each is asked
// for its version where it can be asked, for at most versionLimit and until the context ends. missing are the names that
// were not found.
func Installed(ctx context.Context, searchPath string, folders []string) (found []calibrate.Server, missing []string) {
	onPath := filepath.SplitList(searchPath)
	var kinds []product
	for _, p := range products() {
		files := p.find(append(slices.Clone(onPath), folders...))
		if len(files) == 0 {
			missing = append(missing, p.name)
		}
		for i, file := range files {
			word := file // what to type: the name, where that finds this file
			if i == 0 && slices.Contains(onPath, filepath.Dir(file)) {
				word = filepath.Base(file)
			}
			found, kinds = append(found, p.server(file, word)), append(kinds, p)
		}
	}
	askAll(ctx, found, kinds)
	return found, missing
}

// find lists the product's programs in folders, each once, however many names its folder has.
func (p product) find(folders []string) []string {
	pattern := p.files
	if pattern == "" {
		pattern = p.name
	}
	var files, seen []string
	for _, folder := range folders {
		if folder == "" {
			folder = "." // as execvp takes it
		}
		for _, file := range matches(folder, pattern) {
			resolved, err := filepath.EvalSymlinks(file)
			if err != nil || slices.Contains(seen, resolved) || cli.CheckExecutable(file) != nil {
				continue
			}
			files, seen = append(files, file), append(seen, resolved)
		}
	}
	return files
}

// server is what is known of a program without running it.
func (p product) server(file, word string) calibrate.Server {
	s := calibrate.Server{Name: p.name, Path: file, State: calibrate.StateOK}
	_, command, _ := strings.Cut(p.command, "-- ")
	argv := strings.Fields(command)
	for i := range argv {
		argv[i] = strings.ReplaceAll(argv[i], "%s", file)
	}
	if p.module != nil {
		s.With = p.module(file)
	}
	s.Known = knownServer(cli.SeeThrough(argv)) != nil && (p.module == nil || s.With != "") // without the module, it is any web server
	if strings.ContainsAny(word, " '\"$&;()") {                                             // for the shell that it is pasted into
		word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	switch {
	case s.Known:
		s.Command = "calibrate run -- " + word + " ..."
	case p.command != "":
		s.Command = "calibrate run " + strings.ReplaceAll(p.command, "%s", word)
	}
	return s
}

// askAll finds out the versions, and with them the traps. kinds are the products, one a server.
func askAll(ctx context.Context, found []calibrate.Server, kinds []product) {
	places := make(chan struct{}, askedAtOnce)
	var all sync.WaitGroup
	for i := range found {
		s := &found[i]
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			s.Version, s.Doubt = kinds[i].version(ctx, s.Path)
			if s.Doubt != "" {
				s.State = calibrate.StateLimited
			}
			s.Traps = kinds[i].trapsOf(s)
		})
	}
	all.Wait()
}

// trapsOf are those of the version that was found. Of a module that isn't asked: only those that every version has.
func (p product) trapsOf(s *calibrate.Server) []calibrate.Warning {
	switch {
	case p.module == nil:
		return trapsAt(p.traps, s.Version)
	case s.With != "":
		return trapsAt(p.traps, "")
	}
	return nil
}

// version asks a program, or its installation. doubt says why it did not answer: most likely it would not start either.
func (p product) version(ctx context.Context, file string) (version, doubt string) {
	if p.ask == nil {
		return numberOf(distVersion(file, p.dist))
	}
	absolute, err := filepath.Abs(file)
	if err != nil {
		return "", err.Error()
	}
	l := &Launch{env: os.Environ(), asking: ctx} //nolint:forbidigo // it is not read here, but handed to the server, as the app's is
	out, err := probe(l, slices.Concat([]string{absolute}, p.ask), versionLimit, p.says.Match)
	if m := p.says.FindSubmatch(out); m != nil {
		return numberOf(string(m[1]))
	}
	if last := lastLines(splitLog(out), 1); len(last) > 0 {
		err = errors.New(last[0])
	}
	if err == nil {
		err = errors.New("it printed nothing")
	}
	return "", calibrate.RedactText(err.Error())
}
