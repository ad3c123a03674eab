package testserver_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"postroom/internal/testserver"
)

// hang names the variable that makes the test binary play a test process that
// never gets to its cleanup.
const hang = "POSTROOM_TEST_HANG"

func TestServersEndWhenTheTestProcessIsKilled(t *testing.T) {
	if os.Getenv(hang) == "1" {
		fmt.Println("redis at", testserver.Redis(t).Addr)
		select {}
	}
	t.Parallel()
	testserver.Redis(t) // skips where there is none
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", t.Name())
	child.Env = append(os.Environ(), hang+"=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	addr := addrIn(t, bufio.NewScanner(out))
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed, and says so
	until(t, "the orphaned Redis is gone", func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
}

// addrIn reads the lines of the child until it has said where its Redis is.
func addrIn(t *testing.T, lines *bufio.Scanner) string {
	t.Helper()
	for lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), "redis at "); ok {
			return addr
		}
	}
	t.Fatal("the child ended without saying where its Redis is")
	return ""
}
