package compare

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/resp"
)

// Ready is what the server's command prints before its address.
const Ready = "ready at "

// A server is a process that serves, and a connection to it.
type server struct {
	cmd  *exec.Cmd
	out  *bufio.Reader
	addr string
	conn net.Conn
	br   *bufio.Reader
}

// startServer starts a server with a command and waits until it is ready.
func startServer(ctx context.Context, argv []string, env ...string) (s *server, err error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s = &server{cmd: cmd, out: bufio.NewReader(pipe)}
	defer func() {
		if err != nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	}()
	line, err := s.out.ReadString('\n')
	if err != nil && err != io.EOF {
		return nil, err
	}
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), Ready)
	if !ok {
		return nil, fmt.Errorf("the server said %q, not that it is ready", line)
	}
	s.addr = addr
	if s.conn, err = net.Dial("tcp", addr); err != nil {
		return nil, err
	}
	s.br = bufio.NewReader(s.conn)
	return s, nil
}

// stop ends the server and waits for it.
func (s *server) stop() error {
	s.conn.Close()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		s.cmd.Process.Kill() // as on Windows
		s.cmd.Wait()
		return nil
	}
	io.Copy(io.Discard, s.out)
	return s.cmd.Wait()
}

func (s *server) do(args ...string) (string, error) {
	if _, err := s.conn.Write(resp.AppendCommand(nil, args...)); err != nil {
		return "", err
	}
	kind, text, err := resp.ReadReply(s.br, nil)
	if err == nil && kind == resp.Error {
		err = errors.New(string(text))
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", args[0], err)
	}
	return string(text), nil
}

// collect has the server do a garbage collection, and returns its duration.
func (s *server) collect() (time.Duration, error) {
	text, err := s.do("DEBUG", "GC")
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return time.Duration(n), err
}

// info is the numbers of INFO.
func (s *server) info() (map[string]float64, error) {
	text, err := s.do("INFO")
	if err != nil {
		return nil, err
	}
	info := map[string]float64{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			info[name] = n
		}
	}
	return info, nil
}
