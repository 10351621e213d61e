// Package server starts the app under test with one worker and nothing but loopback, finds the worker in the
// process tree, sees it die or recycle, and ends it all: nothing that it started outlives the tool.
//
//  1. [Recognise] reads the command: which server it is, which version, what must change for the measurement.
//     It starts nothing but the server's own --version and --print-config.
//  2. [Launch.Start] starts it through a guard ([GuardMain]) and waits for the first whole answer.
//  3. [App] answers questions about the running server, and stops it.
//
// A server that is running already is only looked at ([Attach]).
//
// A server that calibrate knows is a folder below this one, with a type that implements known.Server; servers.go lists them.
// Every other command is anycommand's. The tests of a server that go through Recognise stand here.
package server
