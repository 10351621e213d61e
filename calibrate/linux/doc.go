// Package linux reads the kernel's files about processes, memory and control groups, each in one place.
//
// The promise: two readers of one file can't disagree about it. Who decides something from a figure is elsewhere; here
// is what the file says, in bytes and seconds.
//
// Reading is apart from parsing: a Parse function takes the text of one file and knows no path. A reading goes through
// an [FS], whose fields say where the kernel's file systems are mounted, so that a test can point at a folder of its own.
// Kilobytes and pages become bytes as they are parsed. Each parser names the manual page, or the kernel's source, that
// it follows.
package linux
