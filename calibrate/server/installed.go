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
	"workermem/calibrate/server/anycommand"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

// products are the programs of all servers, with their traps.
func products() []known.Product {
	var all []known.Product
	for _, s := range slices.Concat(servers, []known.Server{anycommand.Server{}}) {
		for _, p := range s.Programs() {
			p.Traps = append(p.Traps, s.Traps()...)
			all = append(all, p)
		}
	}
	return all
}

// askedAtOnce bounds how many servers are asked for their version at the same time: each is a process that imports
// itself, and takes a handful of descriptors.
const askedAtOnce = 4

// Installed looks for servers: on the PATH, as it is given, and then in folders. None is started, but each is asked
// for its version if it can be asked, for at most known.VersionTime and until the context ends. missing are the names that
// were not found.
func Installed(ctx context.Context, searchPath string, folders []string) (found []calibrate.Server, missing []string) {
	onPath := filepath.SplitList(searchPath)
	var kinds []known.Product
	for _, p := range products() {
		files := find(p, append(slices.Clone(onPath), folders...))
		if len(files) == 0 {
			missing = append(missing, p.Name)
		}
		for i, file := range files {
			word := file // what to type: the name, if that finds this file
			if i == 0 && slices.Contains(onPath, filepath.Dir(file)) {
				word = filepath.Base(file)
			}
			found, kinds = append(found, server(p, file, word)), append(kinds, p)
		}
	}
	askAll(ctx, found, kinds)
	return found, missing
}

// find lists the product's programs in folders, each once, however many names its folder has.
func find(p known.Product, folders []string) []string {
	pattern := p.Files
	if pattern == "" {
		pattern = p.Name
	}
	var files, seen []string
	for _, folder := range folders {
		if folder == "" {
			folder = "." // as execvp takes it
		}
		for _, file := range known.FilesLike(folder, pattern) {
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
func server(p known.Product, file, word string) calibrate.Server {
	s := calibrate.Server{Name: p.Name, Path: file, State: calibrate.StateOK}
	_, command, _ := strings.Cut(p.Command, "-- ")
	argv := strings.Fields(command)
	for i := range argv {
		argv[i] = strings.ReplaceAll(argv[i], "%s", file)
	}
	if p.Module != nil {
		s.With = p.Module(file)
	}
	s.Known = knownServer(cli.SeeThrough(argv)) != nil && (p.Module == nil || s.With != "") // without the module, it is any web server
	if strings.ContainsAny(word, " '\"$&;()") {                                             // for the shell that it is pasted into
		word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	switch {
	case s.Known:
		s.Command = "calibrate run -- " + word + " ..."
	case p.Command != "":
		s.Command = "calibrate run " + strings.ReplaceAll(p.Command, "%s", word)
	}
	return s
}

// askAll finds out the versions, and with them the traps. kinds are the products, one a server.
func askAll(ctx context.Context, found []calibrate.Server, kinds []known.Product) {
	places := make(chan struct{}, askedAtOnce)
	var all sync.WaitGroup
	for i := range found {
		s := &found[i]
		all.Go(func() {
			defer calibrate.Caught()
			places <- struct{}{}
			defer func() { <-places }()
			s.Version, s.Doubt = version(ctx, kinds[i], s.Path)
			if s.Doubt != "" {
				s.State = calibrate.StateLimited
			}
			s.Traps = trapsOf(kinds[i], s)
		})
	}
	all.Wait()
}

// trapsOf are those of the version that was found. Of a module that isn't asked: only those that every version has.
func trapsOf(p known.Product, s *calibrate.Server) []calibrate.Warning {
	switch {
	case p.Module == nil:
		return known.TrapsAt(p.Traps, s.Version)
	case s.With != "":
		return known.TrapsAt(p.Traps, "")
	}
	return nil
}

// version asks a program, or its installation. doubt says why it did not answer: most likely it would not start either.
func version(ctx context.Context, p known.Product, file string) (version, doubt string) {
	if p.Ask == nil {
		return known.PlainVersion(known.DistVersion(file, p.Dist))
	}
	absolute, err := filepath.Abs(file)
	if err != nil {
		return "", err.Error()
	}
	l := known.NewLaunch(ctx, known.Spec{}, known.Address{}, nil)
	l.Env = os.Environ() //nolint:forbidigo // it is not read here, but handed to the server, as the app's is
	out, err := l.Ask(slices.Concat([]string{absolute}, p.Ask), known.VersionTime, p.Says.Match)
	if m := p.Says.FindSubmatch(out); m != nil {
		return known.PlainVersion(string(m[1]))
	}
	if last := known.LogOf(out).LastLine(); last != "" {
		err = errors.New(last)
	}
	if err == nil {
		err = errors.New("it printed nothing")
	}
	return "", calibrate.RedactText(err.Error())
}
