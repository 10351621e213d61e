package propose

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	wsgiApp        = regexp.MustCompile(`(?m)^wsgi_app\s*=\s*["']([\w.:()]+)["']`)
	settingsModule = regexp.MustCompile(`DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']`)
	// An app in a module: a name at the start of a line, and what makes it one.
	application = regexp.MustCompile(`(?m)^([A-Za-z_]\w*)\s*(?::\s*[\w.]+\s*)?=\s*(?:[\w.]+\.)?(Flask|Bottle|Quart|FastAPI|Starlette|Litestar|Sanic|get_wsgi_application|get_asgi_application|create_app|make_app)\s*\(`)
	packageName = regexp.MustCompile(`^[A-Za-z_]\w*$`)
	factory     = regexp.MustCompile(`(?m)^def (create_app|make_app)\s*\(\s*\)`)
)

// asgi are what an app is that a WSGI server can't run.
var asgi = []string{"Quart", "FastAPI", "Starlette", "Litestar", "Sanic", "get_asgi_application"}

// asgiOnly are servers that run no WSGI app.
var asgiOnly = []string{"uvicorn", "hypercorn", "daphne"}

// gunicornConfig is gunicorn.conf.py, which Gunicorn reads by itself where it is started.
func (d dir) gunicornConfig() (f Found, ok bool) {
	text, ok := d.read("gunicorn.conf.py")
	if !ok {
		return f, false
	}
	f.File, f.Why = "gunicorn.conf.py", "it is the server's own configuration"
	if m := wsgiApp.FindStringSubmatch(text); m != nil {
		f.Says, f.Words = `wsgi_app = "`+m[1]+`"`, []string{"gunicorn", "-c", f.File}
		return f, true
	}
	f.Says = "settings of Gunicorn"
	app, file := d.application()
	if app.name == "" {
		f.Note = "it names no app, and no module here has one"
		return f, true
	}
	f.Words, f.Note = []string{"gunicorn", "-c", f.File, app.spelt("gunicorn")}, "the app is in "+file
	return f, true
}

// django is manage.py, which says where the settings are: the app is beside them.
func (d dir) django() (f Found, ok bool) {
	text, ok := d.read("manage.py")
	if !ok {
		return f, false
	}
	f.File = "manage.py"
	m := settingsModule.FindStringSubmatch(text)
	if m == nil {
		f.Says, f.Note = "a script of Django's", "it doesn't say where the settings are"
		return f, true
	}
	f.Says = "Django, settings in " + m[1]
	project, _, _ := strings.Cut(m[1], ".")
	server, named := d.server("gunicorn", "uvicorn", "hypercorn", "granian", "uwsgi", "waitress-serve", "daphne")
	beside := func(kind string) bool { return d.has(filepath.Join(project, kind+".py")) }
	kind := "wsgi"
	if !beside("wsgi") && beside("asgi") || beside("asgi") && slices.Contains(asgiOnly, server) {
		kind = "asgi"
	}
	app := moduleApp{module: project + "." + kind, name: "application"}
	f.Words, f.Why = commandOf(app, server, named)
	return f, true
}

// module is a Python module with an app in it.
func (d dir) module() (f Found, ok bool) {
	app, file := d.application()
	if app.name == "" {
		if text, ok := d.read("pyproject.toml"); ok {
			return Found{File: "pyproject.toml", Says: named(text), Note: "no module here has an app"}, true
		}
		return f, false
	}
	server, named := d.server("gunicorn", "uvicorn", "hypercorn", "granian", "uwsgi", "waitress-serve")
	f.File, f.Says = file, app.name+" is made by "+app.maker
	if app.isFactory {
		f.Says = app.maker + " makes the app"
	}
	f.Words, f.Why = commandOf(app, server, named)
	return f, true
}

// moduleApp is an app, or what makes one, in a module.
type moduleApp struct {
	module, name, maker string
	isFactory           bool
}

func (a moduleApp) async() bool {
	return slices.Contains(asgi, a.maker) || a.module == "asgi" || strings.HasSuffix(a.module, ".asgi")
}

// spelt is how a server takes it.
func (a moduleApp) spelt(server string) string {
	text := a.module + ":" + a.name
	if a.isFactory && (server == "gunicorn" || server == "waitress-serve") {
		text += "()"
	}
	return text
}

// application is the first app in the modules where one is looked for.
func (d dir) application() (app moduleApp, file string) {
	for _, file := range d.modules() {
		text, ok := d.read(file)
		if !ok {
			continue
		}
		app := moduleApp{module: strings.ReplaceAll(strings.TrimSuffix(file, ".py"), "/", ".")}
		app.module = strings.TrimSuffix(app.module, ".__init__")
		if m := application.FindStringSubmatch(text); m != nil {
			app.name, app.maker = m[1], m[2]
			return app, file
		}
		if m := factory.FindStringSubmatch(text); m != nil {
			app.name, app.maker, app.isFactory = m[1], m[1]+"()", true
			return app, file
		}
	}
	return moduleApp{}, ""
}

// modules are the files where an app may be: of the usual names, here and in a package.
func (d dir) modules() (all []string) {
	names := []string{"wsgi.py", "asgi.py", "app.py", "main.py", "application.py", "server.py"}
	all = slices.Clone(names)
	for _, name := range append(names, "__init__.py") {
		found, _ := filepath.Glob(filepath.Join(quoteGlob(string(d)), "*", name))
		for _, file := range found[:min(len(found), 20)] {
			if folder := filepath.Base(filepath.Dir(file)); packageName.MatchString(folder) {
				all = append(all, path.Join(folder, name))
			}
		}
	}
	return all
}

// quoteGlob is a path in which no sign stands for others.
func quoteGlob(path string) string {
	return regexp.MustCompile(`[*?\[\\]`).ReplaceAllString(path, `\$0`)
}

// server is the first of these that the app's requirements name, and where they do.
func (d dir) server(servers ...string) (server, where string) {
	for _, file := range []string{"pyproject.toml", "requirements.txt", "Pipfile", "setup.cfg"} {
		text, _ := d.read(file)
		for _, name := range servers {
			if requires(text, strings.TrimSuffix(name, "-serve")) {
				return name, file + " names " + strings.TrimSuffix(name, "-serve")
			}
		}
	}
	return "", ""
}

// requires says that requirements name a package, at the start of a line or of a quotation.
func requires(text, name string) bool {
	return regexp.MustCompile(`(?mi)(?:^\s*|["'])` + regexp.QuoteMeta(name) + `(?:$|[^\w-])`).MatchString(text)
}

// named are the servers and frameworks in a text, in words.
func named(text string) string {
	var all []string
	for _, name := range []string{"gunicorn", "uvicorn", "hypercorn", "granian", "uwsgi", "waitress", "django", "flask", "fastapi", "starlette"} {
		if requires(text, name) {
			all = append(all, name)
		}
	}
	if len(all) == 0 {
		return "no server that is known here"
	}
	return "names " + listed(all)
}

// serverFor is the server that requirements name, or the usual one where that can't run the app.
func serverFor(async bool, server string) string {
	switch runs := slices.Contains(asgiOnly, server); {
	case async && !runs && server != "granian":
		return "uvicorn"
	case !async && (runs || server == ""):
		return "gunicorn"
	}
	return server
}

// commandOf is how an app is started, and why so: by the server that its requirements name, or by the usual one.
func commandOf(app moduleApp, named, where string) (words []string, why string) {
	server := serverFor(app.async(), named)
	if why = where; server != named {
		why = server + " is the usual server of such an app"
	}
	return startedBy(server, app), why
}

// startedBy is a server's command line with an app.
func startedBy(server string, app moduleApp) []string {
	words := []string{server}
	switch {
	case server == "granian" && app.async():
		words = append(words, "--interface", "asgi")
	case server == "granian":
		words = append(words, "--interface", "wsgi")
	case server == "uwsgi":
		return []string{"uwsgi", "--http", "127.0.0.1:{port}", "--module", app.spelt(server)}
	case server == "waitress-serve":
		words = append(words, "--listen=127.0.0.1:{port}")
	case server == "daphne":
		words = append(words, "-b", "{host}", "-p", "{port}")
	}
	if app.isFactory && (server == "uvicorn" || server == "granian") {
		words = append(words, "--factory")
	}
	return append(words, app.spelt(server))
}
