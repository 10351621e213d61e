//go:build !linux

package linux

import (
	"errors"
	"math"
	"os"
	"syscall"
)

// Other systems have nothing of what this room reads. Whatever it asks of the kernel directly fails there, so that the rooms above
// build on them: to size a box by a saved run takes none of it.

const forReading, toList = 0, 0

// Limits of a process.
const (
	OpenFiles = iota
	Addresses
	Tasks
)

func open(string, int) (File, error)                  { return -1, errors.ErrUnsupported }
func OpenFolder(string) (File, error)                 { return -1, errors.ErrUnsupported }
func (File) Open(string, int) (File, error)           { return -1, errors.ErrUnsupported }
func (File) Read([]byte) (int, error)                 { return 0, errors.ErrUnsupported }
func (File) ReadAt([]byte, int64) (int, error)        { return 0, errors.ErrUnsupported }
func (File) Write([]byte) (int, error)                { return 0, errors.ErrUnsupported }
func (File) names([]byte) ([]string, bool, error)     { return nil, false, errors.ErrUnsupported }
func (File) Owner() int                               { return -1 }
func (File) Close() error                             { return errors.ErrUnsupported }
func OwnerOf(string) int                              { return -1 }
func Attribute(string, string) string                 { return "" }
func MayExecute(string) error                         { return errors.ErrUnsupported }
func MayWriteIn(string) error                         { return errors.ErrUnsupported }
func link(string) string                              { return "" }
func OwnLimit(int) uint64                             { return math.MaxUint64 }
func Pages(int) ([]byte, func() error, error)         { return nil, nil, errors.ErrUnsupported }
func clock(int32) (int64, error)                      { return 0, errors.ErrUnsupported }
func affinity(int) (func(int) bool, error)            { return nil, errors.ErrUnsupported }
func dumpSockets(uint16, []byte, func([]byte)) bool   { return false }
func ReservePort(int) (release func(), reserved bool) { return func() {}, true }
func AdoptOrphans() error                             { return errors.ErrUnsupported }
func CloseOnExec() error                              { return errors.ErrUnsupported }
func InOwnSession() *syscall.SysProcAttr              { return nil }
func InOwnGroup() *syscall.SysProcAttr                { return nil }
func ChildrenTo(chan<- os.Signal)                     {}
func Reap(int) (pid int, status syscall.WaitStatus)   { return 0, status }
func Kill(int, syscall.Signal)                        {}
func OwnSession() int                                 { return 0 }
func OwnGroup() int                                   { return 0 }
