// Package say turns numbers into the text that people read. It is the only place where a number becomes text, so that
// one figure never reads in two ways on a page. Every room may import it; it imports the standard library only.
// What others wrote it makes safe for a line of a terminal ([Line]) and of a shell ([Shell]).
//
// # The rules
//
// Units. MB is 2^20 bytes and KB 2^10, as in the servers' own guides. A space stands before every unit ("35.2 MB",
// "12 %") but the "/s" of a rate.
//
// Thousands are set apart by a space, from four digits on: "1 017", "15 850".
//
// Three digits. A figure that was measured or computed (an amount of memory, a rate, a plain number) has two places
// below 10, one below 100, and none from 100 on; zeros at the end are left out: "6.46 KB", "35.2 MB", "168 MB",
// "1 024 MB", "91.3/s", "1 240/s". The whole part is never rounded.
//
// Amounts. MB is always in MB: for what a worker uses, a budget, a limit. Bytes takes the unit that fits: for what a
// request leaves behind. Range prints two of those in one unit. MBUp is what is needed, rounded up; MBLess is what there is
// beside it, and never reads like it.
//
// Durations have two units at most: "12 ms", "1.84 s", "45 s", "7 min 43 s", "3 h 20 min", "2 days 5 h", "12 days".
// No decimals of a minute or an hour. Clock is for a time that runs: "1:02:03".
//
// Shares have one place, two below 1 %: "99.7 %", "0.35 %". What is less than all is never "100 %", what is more than
// nothing never "0 %".
//
// What isn't known. NaN and infinite are "unknown" everywhere. If 0 means that nobody measured it, write
// say.Known(x, say.MB[int64]): a 0 that was measured stays "0 MB".
//
// Not for say: what a machine reads (a flag's value, a file that is pasted, JSON) has no spaces among its digits.
package say
