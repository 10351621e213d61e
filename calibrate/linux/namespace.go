package linux

import (
	"fmt"
	"os"
)

// PIDNamespace is the inode of the PID namespace of this process (namespaces(7)).
func (fs FS) PIDNamespace() (inode uint64, err error) {
	link, err := os.Readlink(fs.ProcPath("self", "ns", "pid"))
	if err != nil {
		return 0, err
	}
	if _, err := fmt.Sscanf(link, "pid:[%d]", &inode); err != nil {
		return 0, fmt.Errorf("%s is no PID namespace: %w", link, err)
	}
	return inode, nil
}
