package pypnm

import "workermem/calibrate/server/cli"

// syntax are those of pypnm serve at 1.6.4 (pypnm/cli.py, _build_parser).
var syntax = cli.Argparse.Options(`
host port cert key mute-tags log-level workers limit-max-requests reload-dir reload-include reload-exclude
background-log-file background-pidfile host-all! ssl! mute-tags-hard! no-access-log! reload! run-background!
h,help!
`)
