package memprof

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// limit bounds what is read of a profile, packed and unpacked.
const limit = 1 << 30

// patience is how long a server may take to answer, besides the seconds that
// the URL asks it to collect for.
const patience = time.Minute

// Open reads a heap or allocs profile from a file, from an http or https URL
// of a running program's net/http/pprof, or from stdin for "-".
func Open(ctx context.Context, name string, stdin io.Reader) (*Profile, error) {
	var data []byte
	var err error
	switch {
	case name == "-":
		name = "stdin"
		data, err = readAll(stdin)
	case strings.HasPrefix(name, "http://"), strings.HasPrefix(name, "https://"):
		data, err = get(ctx, name)
	default:
		data, err = readFile(name)
	}
	if err != nil {
		return nil, err
	}
	p, err := Parse(data, name)
	if u, uerr := url.Parse(name); err == nil && uerr == nil && u.Host != "" {
		p.Name = u.Host + u.Path
	}
	return p, err
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		hint := "give a file, a URL of a running program, or - for standard input"
		if errors.Is(err, fs.ErrNotExist) && looksLikeURL.MatchString(name) {
			hint = "for a running program write http://" + name
		}
		return nil, &Error{Msg: "reading heap profile", Hint: hint, Err: err}
	}
	defer f.Close()
	data, err := readAll(f)
	if err != nil {
		return nil, &Error{Msg: "reading heap profile", Err: err}
	}
	return data, nil
}

var looksLikeURL = regexp.MustCompile(`^[A-Za-z0-9.\-\[\]:]*:[0-9]+(/|$)`)

func readAll(r io.Reader) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && len(data) > limit {
		return nil, &Error{Msg: fmt.Sprintf("a heap profile of more than %d bytes is not read", limit)}
	}
	return data, err
}

// get fetches a profile from a server.
func get(ctx context.Context, name string) ([]byte, error) {
	u, err := url.Parse(name)
	if err != nil {
		return nil, &Error{Msg: "reading heap profile", Err: err}
	}
	wait := patience
	if s, err := strconv.ParseFloat(u.Query().Get("seconds"), 64); err == nil && s > 0 && s < 86400 {
		wait += time.Duration(s * float64(time.Second))
	}
	late := fmt.Errorf("the server did not answer within %v", wait)
	ctx, cancel := context.WithTimeoutCause(ctx, wait, late)
	defer cancel()
	fail := func(err error) error {
		if context.Cause(ctx) == late {
			err = late
		} else if ue, ok := errors.AsType[*url.Error](err); ok {
			err = ue.Err
		}
		return &Error{
			Msg: "reading heap profile " + name, Err: err,
			Hint: "the program must import net/http/pprof and serve it at this address",
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, name, nil)
	if err != nil {
		return nil, fail(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fail(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fail(errors.New("the server answers " + res.Status + firstLine(res)))
	}
	data, err := readAll(res.Body)
	if err != nil {
		return nil, fail(err)
	}
	return data, nil
}

// firstLine is what net/http/pprof says of an error: one line of text.
func firstLine(res *http.Response) string {
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain") {
		return ""
	}
	text, _ := io.ReadAll(io.LimitReader(res.Body, 200)) // an explanation, if there is one
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if line == "" {
		return ""
	}
	return ": " + line
}

// unpack undoes gzip.
func unpack(data []byte) ([]byte, error) {
	if len(data) < 2 || data[0] != 0x1f || data[1] != 0x8b {
		return data, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return readAll(r)
}

// foreign names data that is known to be no profile, "" where it may be one.
func foreign(data []byte) string {
	head := bytes.TrimSpace(data[:min(len(data), 512)])
	lower := bytes.ToLower(head)
	switch {
	case len(data) == 0:
		return "empty"
	case bytes.HasPrefix(lower, []byte("<!doctype")), bytes.HasPrefix(lower, []byte("<html")):
		return "a web page"
	case bytes.HasPrefix(head, []byte("goroutine profile:")):
		return "a goroutine profile, not one of allocations"
	case bytes.HasPrefix(head, []byte("goroutine ")):
		return "a list of goroutine stacks, not a profile of allocations"
	case bytes.HasPrefix(head, []byte("--- contention")), bytes.HasPrefix(head, []byte("--- mutex")):
		return "a block or mutex profile, not one of allocations"
	case bytes.HasPrefix(head, []byte("threadcreate profile:")):
		return "a profile of threads, not one of allocations"
	case bytes.HasPrefix(data, []byte("go 1.")) && bytes.Contains(head, []byte(" trace\x00")):
		return "an execution trace, not a profile of allocations"
	case bytes.HasPrefix(data, []byte("\x7fELF")), bytes.HasPrefix(data, []byte("MZ")), bytes.HasPrefix(data, []byte("\xcf\xfa\xed\xfe")):
		return "a program, not its profile"
	}
	return ""
}
