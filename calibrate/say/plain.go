package say

import "regexp"

// escapes are the sequences that steer a terminal: CSI, OSC and its kin (ended by BEL or ST, or cut short by the end
// of the line), and the two-character ones. ECMA-48, section 5.
var escapes = regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]?|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?`)

// Plain is a text of somebody else's without what steers a terminal.
func Plain(text string) string { return escapes.ReplaceAllString(text, "") }
