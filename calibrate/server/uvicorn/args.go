package uvicorn

import "workermem/calibrate/server/cli"

// syntax are those of Uvicorn 0.17 to 0.54 (main.py). All are needed, because the value of one may look like
// another. They can't be abbreviated, and none has a short form.
var syntax = cli.Click.Options(`
host port uds fd reload-dir reload-include reload-exclude reload-delay workers loop http ws ws-max-size
ws-max-queue ws-ping-interval ws-ping-timeout ws-per-message-deflate lifespan interface env-file log-config
log-level forwarded-allow-ips root-path limit-concurrency backlog limit-max-requests limit-max-requests-jitter
timeout-keep-alive timeout-graceful-shutdown timeout-worker-healthcheck ssl-keyfile ssl-certfile
ssl-keyfile-password ssl-version ssl-cert-reqs ssl-ca-certs ssl-ciphers header app-dir
h11-max-incomplete-event-size reload! http2! [no-]access-log [no-]use-colors [no-]proxy-headers
[no-]server-header [no-]date-header factory! reset-contextvars! version! help!
`)
