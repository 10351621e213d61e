package hypercorn

import "workermem/calibrate/server/cli"

// syntax are all of Hypercorn 0.18 (__main__.py); what stands before an = is the setting's name in a
// configuration.
var syntax = cli.Argparse.Options(`
access_log=access-log accesslog=access-logfile access_log_format=access-logformat backlog b,bind
ca_certs=ca-certs certfile cert_reqs=cert-reqs ciphers c,config D,daemon! debug! error_log=error-log
errorlog=error-logfile,log-file graceful_timeout=graceful-timeout read_timeout=read-timeout
max_requests=max-requests max_requests_jitter=max-requests-jitter g,group worker_class=k,worker-class
keep_alive_timeout=keep-alive keyfile keyfile_password=keyfile-password insecure_bind=insecure-bind
logconfig=log-config loglevel=log-level pid_path=p,pid quic_bind=quic-bind use_reloader=reload!
root_path=root-path server_names=server-name statsd_host=statsd-host statsd_prefix=statsd-prefix m,umask u,user
verify_mode=verify-mode websocket_ping_interval=websocket-ping-interval w,workers h,help!
`)

// overridden are the options in the command that give way. The logs, the figures and the file with the
// process's number are those of production.
var overridden = []string{"bind", "workers", "max_requests", "max_requests_jitter", "use_reloader", "pid_path",
	"access_log", "accesslog", "error_log", "errorlog", "logconfig", "statsd_host", "statsd_prefix"}
