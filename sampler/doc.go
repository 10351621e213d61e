// Package sampler reads the memory and the CPU time of processes from the kernel, and the limits of the machine they run on.
//
// The promise: a figure is what the kernel said of that very process, never of another that took over its number,
// and whatever can't be read is an error or a warning that says what to do, never a zero that looks like a figure.
//
//   - [Memory] opens a [calibrate.Probe] on a process: RSS and its anonymous part from statm (1 us), the high-water
//     mark from status (10 us), private and proportional memory from smaps_rollup (10 us a resident MB). And a
//     [calibrate.Group] on a control group: its charge, what that consists of, and its peak (0.3 ms).
//   - CPU time, at the borders of a load, from each process's CPU clock in nanoseconds (0.5 us), with that of its children that
//     ended, in ticks, and what its threads waited for a core (some 10 us, and 5 for each thread).
//   - [Host] reads the machine: cores, memory, kernel, and the cgroup limits that bind this process, each with where
//     it came from.
//   - [Doctor] tries what a measurement needs of the machine, and says what is limited and what to do about it.
//
// What the kernel's files say is parsed in package linux; here it is decided what follows from it.
package sampler
