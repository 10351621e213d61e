package linux

import (
	"net"
	"os"
	"testing"
)

func TestAcceptedCountsConnections(t *testing.T) {
	before, known := Here.Accepted(os.Getpid())
	if !known {
		t.Fatal("not known")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const some = 7
	for range some {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	if after, _ := Here.Accepted(os.Getpid()); after < before+some {
		t.Errorf("%d accepted, were %d", after, before)
	}
	if _, known := Here.Accepted(1 << 30); known {
		t.Error("known of no process")
	}
}
