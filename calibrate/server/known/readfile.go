package known

import (
	"fmt"
	"os"

	"workermem/calibrate/say"
)

// mostConfig is more than any configuration written by people.
const mostConfig = 4 << 20

// ReadRegular reads a file that can't keep its reader waiting, nor fill its memory.
func ReadRegular(file string) ([]byte, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", file)
	case info.Size() > mostConfig:
		return nil, fmt.Errorf("%s is larger than %s", file, say.MB(mostConfig))
	}
	return os.ReadFile(file)
}

func Exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
