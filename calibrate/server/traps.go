package server

import "workermem/calibrate"

// trap is what some versions of a server do that surprises people.
type trap struct {
	server      string // its name, or that of a module
	from, below number // the versions that have it: from <= version < below; zero for no bound
	calibrate.Warning
}

// number is the first two of a version's numbers.
type number struct{ major, minor int }

// EndsServer is the trap of a server whose one worker is the server.
const EndsServer = "limit-ends-server"

// Traps of mod_wsgi that depend on how it is run.
const (
	recyclingCuts = "recycling-cuts"
	slowRespawn   = "slow-respawn"
	nothingShared = "nothing-shared"
)

// workerEndsServer is the trap of a server that doesn't replace a worker which fails.
const workerEndsServer = "worker-ends-server"

// Traps of lmsctl: nobody told it to use Gunicorn, and an environment that a run takes care of.
const (
	inOneProcess = "waitress-by-default"
	ciChangesApp = "ci-changes-app"
)

// traps were found by running the servers, at the versions named, but where a source is named.
var traps = []trap{
	// Gunicorn 27.0: config.py, ControlSocket; since 25.1.
	{"gunicorn", number{25, 1}, number{}, calibrate.Warning{Code: "control-socket",
		Text: "a master takes over ~/.gunicorn/gunicorn.ctl from any other of the same user (calibrate turns that off)",
		Try:  "a --control-socket of its own for each, or --no-control-socket"}},

	// Uvicorn 0.17 and 0.29.
	{"uvicorn", number{}, number{0, 30}, calibrate.Warning{Code: "workers-not-replaced",
		Text: "with 2 workers or more, one that ends is never replaced: the port listens on, and clients hang",
		Try:  "uvicorn 0.30 or newer, or gunicorn -k uvicorn.workers.UvicornWorker"}},
	{"uvicorn", number{0, 30}, number{0, 41}, calibrate.Warning{Code: "no-jitter",
		Text: "request limits have no jitter: workers that started together restart together",
		Try:  "uvicorn 0.41 or newer, and --limit-max-requests-jitter"}},
	// Uvicorn 0.29 and 0.54.
	{"uvicorn", number{}, number{}, calibrate.Warning{Code: EndsServer,
		Text: "one worker with --limit-max-requests ends the server at the limit, with status 0",
		Try:  "Restart=always (on-failure isn't enough), or --workers 2 of uvicorn 0.30 or newer"}},
	// Hypercorn 0.18 (run.py, run; __main__.py, main, for the jitter). Limits are from 0.16 on, --daemon from 0.18 (its changelog).
	{"hypercorn", number{}, number{}, calibrate.Warning{Code: workerEndsServer,
		Text: "one worker that fails or is killed ends the whole server, with status 0",
		Try:  "Restart=always (on-failure isn't enough)"}},
	{"hypercorn", number{0, 16}, number{}, calibrate.Warning{Code: recyclingCuts,
		Text: "a worker that reaches --max-requests cuts off requests that are under way or just come in",
		Try:  "a limit that is seldom reached, and a proxy before it that asks again"}},
	{"hypercorn", number{0, 16}, number{}, calibrate.Warning{Code: jitterIsLimit,
		Text: "--max-requests-jitter takes the number of --max-requests, whatever it says: a limit of N is drawn from N to 2 N",
		Try:  "max_requests_jitter in the file of --config"}},
	{"hypercorn", number{0, 16}, number{}, calibrate.Warning{Code: limitNeedsParent,
		Text: "--workers 0 with --max-requests ends the server at the limit, with status 0", Try: "--workers 1"}},
	{"hypercorn", number{0, 18}, number{}, calibrate.Warning{Code: daemonStays,
		Text: "--daemon does not send it to the background", Try: "a service manager, and without --daemon"}},

	// Granian 2.8 (server/common.py). What 1 has for threads and stopping is other.
	{"granian", number{}, number{}, noLimit("--workers-lifetime, or --workers-max-rss where it has that")},
	{"granian", number{}, number{}, calibrate.Warning{Code: workerEndsServer,
		Text: "one worker that fails or is killed ends the whole server, with status 1", Try: "--respawn-failed-workers"}},
	{"granian", number{2, 0}, number{}, calibrate.Warning{Code: stopIsLost,
		Text: "SIGTERM while a worker boots is lost on that worker: the server waits for it without end", Try: "--workers-kill-timeout 10"}},
	{"granian", number{2, 0}, number{}, calibrate.Warning{Code: threadsByDefault,
		Text: "without --blocking-threads a WSGI worker has a thread for each of 512 requests at once (2.8: half of its backpressure, which is 1024 by the number of workers)",
		Try:  "--blocking-threads with a number that was measured"}},

	// PyPNM's own table has one worker with a limit for less than 6 GiB.
	{"pypnm", number{}, number{}, calibrate.Warning{Code: EndsServer,
		Text: "its uvicorn ends with status 0 where one worker reaches --limit-max-requests",
		Try:  "Restart=always (on-failure isn't enough), or --workers 2"}},
	// PyPNM 1.6 pins Uvicorn 0.34.2; a later one has the option, but pypnm serve doesn't pass it on.
	{"pypnm", number{}, number{}, calibrate.Warning{Code: "no-jitter",
		Text: "request limits have no jitter: workers that started together restart together",
		Try:  "a limit so high that a worker lives for hours, or workers behind a proxy, one service each"}},

	// uWSGI 2.0.21.
	{"uwsgi", number{}, number{}, calibrate.Warning{Code: "young-workers-stay",
		Text: "no worker is recycled in its first 60 s, whatever --max-requests says",
		Try:  "--min-worker-lifetime 0, if workers are to be that short-lived"}},
	{"uwsgi", number{}, number{}, calibrate.Warning{Code: "term-reloads",
		Text: "SIGTERM reloads it instead of stopping it", Try: "--die-on-term"}},
	{"uwsgi", number{}, number{}, calibrate.Warning{Code: "limit-needs-master",
		Text: "without a master the server ends where its worker reaches --max-requests, with status 0", Try: "--master"}},
	{"uwsgi", number{}, number{}, calibrate.Warning{Code: "errors-instead",
		Text: "where the app can't be imported it lives on, and answers every request with 500", Try: "--need-app"}},
	{"uwsgi", number{}, number{}, calibrate.Warning{Code: "stopping-cuts",
		Text: "every signal that stops it cuts off the requests that are under way",
		Try:  `--hook-master-start "unix_signal:15 gracefully_kill_them_all"`}},
	{"uwsgi", number{}, number{}, calibrate.Warning{Code: "threads-stand-still",
		Text: "threads that the app itself starts don't run, unless --threads is 2 or more",
		Try:  "--enable-threads, if the app or a library of its has some"}},
	// Its socket-timeout, which it waits for the next request of a connection (proto/http.c), and during which the worker
	// serves nobody else.
	{"uwsgi", number{}, number{}, calibrate.Warning{Code: "needs-length",
		Text: "with http11-socket an answer without a Content-Length ends only when uWSGI closes the connection, 4 s later (socket-timeout), and the worker waits so long",
		Try:  "send a Content-Length with every answer, or use http-socket behind a proxy"}},

	// mod_wsgi 4.9 with a raw configuration; mod_wsgi-express sets both.
	{"mod_wsgi", number{}, number{}, calibrate.Warning{Code: "first-request-loads",
		Text: "the app is loaded by the first request, not at the start", Try: "WSGIImportScript"}},
	{"mod_wsgi", number{}, number{}, calibrate.Warning{Code: recyclingCuts,
		Text: "maximum-requests restarts the whole process, and cuts off requests that take 20 s more (graceful-timeout is 15 s, and shutdown-timeout 5 s)",
		Try:  "a longer graceful-timeout in WSGIDaemonProcess, if there are such requests"}},
	{"mod_wsgi", number{}, number{}, calibrate.Warning{Code: slowRespawn,
		Text: "Apache replaces a process that has ended about once a second, and requests wait until then",
		Try:  "processes=2 or more where maximum-requests is set, and a limit that is seldom reached"}},
	{"mod_wsgi", number{}, number{}, calibrate.Warning{Code: nothingShared,
		Text: "its processes share nothing: each loads Python and the app by itself",
		Try:  "threads instead of processes, as far as the app's processor time allows"}},

	// Puma 5.6.
	{"puma", number{}, number{}, noLimit("puma_worker_killer, or a memory limit of the supervisor")},
	{"puma", number{}, number{}, calibrate.Warning{Code: respawnsForEver,
		Text: "where the app can't be loaded, a cluster starts its workers over and over without a pause, never ends, and doesn't say why",
		Try:  "preload_app!, with which it says why and ends"}},
	// Puma 5.6; 6 by its source (configuration.rb, Configuration#initialize), issue 3044 of puma/puma.
	{"puma", number{5, 0}, number{7, 0}, calibrate.Warning{Code: preloadFromEnv,
		Text: "WEB_CONCURRENCY above 1 turns preload_app! on, and the same number in -w or workers doesn't",
		Try:  "write preload_app! in config/puma.rb, so that what was measured doesn't hang on a variable"}},

	{"unicorn", number{}, number{}, noLimit("unicorn-worker-killer, or a memory limit of the supervisor")}, // 6.0
	{"node", number{}, number{}, noLimit("the app's own cluster code, or a memory limit of the supervisor")},
	{"waitress-serve", number{}, number{}, noLimit("a memory limit of the supervisor")}, // 3.0: one process

	// PHP 8.2.
	{"php-fpm", number{}, number{}, calibrate.Warning{Code: "fastcgi",
		Text: "it speaks FastCGI, not HTTP: calibrate measures it together with the web server before it",
		Try: "calibrate run --threads 1 --env PORT={port} --env PHP_WORKERS={workers} -- ./start-both.sh, " +
			"with pm = static and pm.max_children = ${PHP_WORKERS} in the pool's configuration"}},

	// NOW LMS 2.
	{"lmsctl", number{}, number{}, calibrate.Warning{Code: inOneProcess,
		Text: "lmsctl serve is waitress in one process, unless told otherwise, and NOW_LMS_WORKERS does nothing",
		Try:  "lmsctl serve --wsgi-server gunicorn"}},
	{"lmsctl", number{}, number{}, noLimit("gunicorn wsgi:app, which takes --max-requests and every other option")},
	{"lmsctl", number{}, number{}, calibrate.Warning{Code: "listens-everywhere",
		Text: "it listens on every address of the machine, also while it is measured: lmsctl has no setting for that",
		Try:  "a firewall; or gunicorn wsgi:app, which takes --bind"}},
	{"lmsctl", number{}, number{}, calibrate.Warning{Code: ciChangesApp,
		Text: "CI in the environment makes it one worker, one thread and a database in memory",
		Try:  "env -u CI calibrate run ..."}},
}

func noLimit(instead string) calibrate.Warning {
	return calibrate.Warning{Code: "no-request-limit", Text: "no limit of requests a worker: recycling needs something else", Try: instead}
}

// trapsOf are the traps of a server at a version. Where the version isn't known, only those that every version has.
func trapsOf(server, version string) []calibrate.Warning {
	var all []calibrate.Warning
	for _, t := range traps {
		if t.server == server && t.holds(version) {
			all = append(all, t.Warning)
		}
	}
	return all
}

func (t trap) holds(version string) bool {
	if t.from != (number{}) && !versionAtLeast(version, t.from.major, t.from.minor) {
		return false
	}
	return t.below == (number{}) || versionNumber.MatchString(version) && !versionAtLeast(version, t.below.major, t.below.minor)
}
