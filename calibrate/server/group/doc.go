// Package group gives an app a memory control group of its own: a cgroup of the kernel's, v1 or v2.
//
// The promise: an app in a group never escapes a limit that binds the tool, and no group stays behind.
//
//  1. [FindHierarchy] finds where this process's groups are, and what may be made there.
//  2. [New] makes a group, named after its owner, and sets a limit on it if one is asked for.
//  3. [Group.ForkExec] starts the app in it, from its first instruction.
//  4. [Group.OOMKills] counts what the kernel killed in it for memory.
//  5. [Group.Remove] removes it when the app is gone; [Sweep] removes those of tools that were killed.
package group
