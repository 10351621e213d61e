package granian

import (
	"strings"

	"workermem/calibrate/server/cli"
)

// syntax are those of Granian 2.8 (cli.py), and of 1 --threads and --threading-mode. They can't be abbreviated,
// and none has a short form.
var syntax = cli.Click.Options(`
host port uds uds-permissions interface http workers blocking-threads blocking-threads-idle-timeout
runtime-threads runtime-blocking-threads runtime-mode loop task-impl backlog backpressure http1-buffer-size
http1-header-read-timeout http2-initial-connection-window-size http2-initial-stream-window-size
http2-keep-alive-interval http2-keep-alive-timeout http2-max-concurrent-streams http2-max-frame-size
http2-max-headers-size http2-max-send-buffer-size log-level log-config access-log-fmt ssl-certificate
ssl-keyfile ssl-keyfile-password ssl-protocol-min ssl-ca ssl-crl url-path-prefix respawn-interval
rss-sample-interval rss-samples workers-lifetime workers-max-rss workers-kill-timeout working-dir env-files
static-path-route static-path-mount static-path-dir-to-file static-path-expires metrics-scrape-interval
metrics-address metrics-port reload-paths reload-ignore-dirs reload-ignore-patterns reload-ignore-paths
reload-tick process-name pid-file threads threading-mode [no-]ws [no-]http1-keep-alive [no-]http1-pipeline-flush
[no-]http2-adaptive-window [no-]log [no-]access-log [no-]ssl-client-verify [no-]respawn-failed-workers
[no-]factory [no-]metrics [no-]reload [no-]reload-ignore-worker-failure version! help!
`)

// withheld are the settings that are taken out of command and environment: what replaces a worker in the middle,
// what listens elsewhere, what writes production's files and logs, and a title by which nobody would know the worker.
var withheld = strings.Fields(`uds uds-permissions workers-lifetime workers-max-rss reload access-log log-config metrics pid-file
	process-name`)

// overridden are the options in the command that give way.
var overridden = append(strings.Fields(`host port workers reload-paths reload-ignore-dirs
	reload-ignore-patterns reload-ignore-paths reload-tick reload-ignore-worker-failure
	metrics-scrape-interval metrics-address metrics-port`), withheld...)

// variable is where a setting may come from too (click's auto_envvar_prefix, with the names of cli.py).
func variable(option string) string {
	switch option {
	case "access-log":
		option = "log-access-enabled"
	case "metrics":
		option = "metrics-enabled"
	}
	return "GRANIAN_" + strings.ToUpper(strings.ReplaceAll(option, "-", "_"))
}
