// Package guard ends an app, however calibrate ends.
//
// The promise: nothing that was started through a guard outlives the tool, by whatever death the tool goes, unless the guard is
// killed with it.
//
// A guard is a small process between the tool and the app. It is the tool's own binary, started again ([Main]), in a
// session of its own: the terminal's Ctrl-C reaches neither the guard nor the app.
//
//		tool (Guardian)               guard (Main)                    app
//		  | starts itself again         |                               |
//		  |---------------------------->| subreaper, session of its own |
//		  | pipe 3: Order (gob)         |                               |
//		  |---------------------------->| fork into the control group   |
//		  |                             |------------------------------>| PDEATHSIG: SIGTERM
//		  |     pipe 4: started|refused |                               |
//		  |<----------------------------|                               |
//		  |                             |       the main process ends   |
//		  |              pipe 4: exited |<------------------------------|
//		  |<----------------------------|                               |
//		  | pipe 3: request, or its end | signal, grace, SIGKILL        |
//		  |---------------------------->|------------------------------>| and all below it
//		  |             pipe 4: stopped | removes group and folder      |
//		  |<----------------------------| exits                         |
//
//	  - The guard is a subreaper (man 2 prctl, PR_SET_CHILD_SUBREAPER): a process of the app that loses its parent, also
//	    one that daemonises, becomes the guard's child and is still found below it.
//	  - It holds the read end of pipe 3, whose only write end is the tool's. When the tool is gone, the pipe ends, and
//	    the guard ends the app as if it had been asked to.
//	  - The app's main process gets a SIGTERM when the guard dies (PR_SET_PDEATHSIG). The tool is a subreaper too: what
//	    a guard that was killed leaves comes to the tool, and [Guardian] kills it. It is SIGTERM and not SIGKILL, because
//	    it is all that is left when tool and guard are killed together: a server that is told to stop takes its workers
//	    along, one that is killed leaves them serving.
//	  - The guard starts the app in a control group of its own, if the tool could make one ([group.Group]), and removes
//	    that when the app is gone.
//
// An app that ignores that SIGTERM lives on. [FindOrphans] finds it: by its control group, by a mark in its environment, or by its
// session, which the guard notes for as long as it guards.
//
// No control group ends what is in it when somebody dies. A PID namespace does, if the guard's child is its first process; but
// making one needs rights that a user seldom has, and the app would have other pids than its files in /proc, unless that is mounted
// anew: another app than in production.
package guard
