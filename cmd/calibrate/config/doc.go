// Package config reads calibrate.yaml: what the options of the command line say, under their long names.
//
//  1. [Find] looks for the file, upwards from the working directory.
//  2. [Read] takes it apart, and holds it to the keys that it is given. All that is wrong is said at once, each with its place.
//  3. [File.With] lays a profile over the rest.
//
// It knows no option: which there are, and which values are right, are the caller's.
package config
