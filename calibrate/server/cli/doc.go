// Package cli reads the command lines of other programs: which words are options and what they say, what the program
// would run with when its environment and its configuration are counted in, and which program runs below wrappers such as
// env and nice.
//
//  1. [Syntax.Options] reads a program's table of options, which says what is an option and what takes a value.
//  2. [Options.Scan] reads words by it. [Args.Without] writes them again, some left out and all others as they were.
//  3. [Settings] put sources in layers, the one that counts first. Each value knows where it came from.
//
// It knows no server: tables, order of the layers and meaning are the servers' own.
package cli
