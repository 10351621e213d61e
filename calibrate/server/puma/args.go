package puma

import "workermem/calibrate/server/cli"

// syntax are the options of Puma 4.3 to 7 (cli.rb, setup_options). --fork-worker takes its value only after an equals
// sign, and -f only in the same word.
var syntax = cli.OptionParser.Options(`
b,bind bind-to-activated-sockets? C,config control-url control-token dir e,environment I,include p,port pidfile
extra-runtime-dependencies R,restart-cmd S,state t,threads w,workers tag redirect-stdout redirect-stderr
idle-timeout require no-config! debug! d,daemon! f,fork-worker!? preload! prune-bundler! q,quiet!
v,log-requests! s,silent! early-hints! [no-]redirect-append silence-single-worker-warning! tcp-mode! V,version!
h,help!
`)

// railsServer are the options of rails server (railties 6.1, server_command.rb).
var railsServer = cli.OptionParser.Options(`
p,port b,binding c,config u,using P,pid e,environment d,daemon! C,[no-]dev-caching [no-]early-hints
[no-]log-to-stdout h,help!
`)

// rackupCommand are the options of rackup (rack 2.2, server.rb).
var rackupCommand = cli.OptionParser.Options(`
e,eval I,include r,require b,builder s,server o,host p,port O,option E,env P,pid heap profile profile-mode
d,debug! w,warn! q,quiet! D,daemonize! h,?,help! version!
`)
