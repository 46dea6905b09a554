package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// A Client asks processes by their URLs.
type Client struct {
	wait time.Duration // for the first of an answer
	http *http.Client
}

// Patience is how long a process may take to answer what it has at hand.
const Patience = 10 * time.Second

// NewClient waits so long for the first of an answer.
func NewClient(wait time.Duration) *Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = wait
	return &Client{wait, &http.Client{Transport: t}}
}

// Get asks for a page, whatever its status; hint is for who gets no answer. The error is
// an *[Error], or that of ctx.
func (c *Client) Get(ctx context.Context, u *url.URL, hint string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err == nil {
		return resp, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if x, ok := errors.AsType[*url.Error](err); ok {
		err = x.Err // the message names the host
	}
	if x, ok := errors.AsType[net.Error](err); ok && x.Timeout() {
		if _, dialing := errors.AsType[*net.OpError](err); !dialing {
			err = fmt.Errorf("it took the question, and sent nothing for %v", c.wait)
		}
	}
	return nil, &Error{Msg: "no answer from " + u.Host, Err: err, Hint: hint}
}
