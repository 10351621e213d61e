package loadgen

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Hash is the same for the same requests in the same order: method, path, and body of each. Headers aren't in it, because a token
// among them is another every day, nor is the host.
func (t Targets) Hash() string {
	sum := sha256.New()
	for _, one := range t.list {
		fmt.Fprintf(sum, "%q %q %q\n", one.method, one.path, one.body)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
