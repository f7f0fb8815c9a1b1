package faultyotlp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// network is where a server listens.
type network interface {
	// listen starts to take connections, the second time at the address of the first.
	listen() (net.Listener, error)
	address() string
	dial(ctx context.Context) (net.Conn, error)
}

// Transport returns a transport that reaches the servers by their URLs, trusts their authorities and finds no other
// host. It goes through no proxy and leaves compressed answers as they are.
func Transport(servers ...*Server) *http.Transport {
	byAddress := make(map[string]*Server)
	trusted := x509.NewCertPool()
	for _, s := range servers {
		byAddress[s.Host()] = s
		if s.certificate != nil {
			trusted.AddCert(s.certificate.root)
		}
	}
	return &http.Transport{
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			s, ok := byAddress[address]
			if !ok {
				return nil, &net.DNSError{Err: "no such host", Name: address, IsNotFound: true}
			}
			return s.network.dial(ctx)
		},
		TLSClientConfig:     &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
	}
}

// loopback is the real network of this machine.
type loopback struct{ at string }

func (l *loopback) listen() (net.Listener, error) {
	at := l.at
	if at == "" {
		at = "127.0.0.1:0"
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", at)
	if err != nil {
		return nil, err
	}
	l.at = listener.Addr().String()
	return listener, nil
}

func (l *loopback) address() string { return l.at }

func (l *loopback) dial(ctx context.Context) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", l.at)
}

// pipes is a network of one host.
type pipes struct {
	host string

	mu       sync.Mutex // guards listener
	listener *pipeListener
}

var pipeHosts atomic.Int64

// pipeHost is a host of its own for each server.
func pipeHost() string { return fmt.Sprintf("backend%d.test", pipeHosts.Add(1)) }

func (p *pipes) listen() (net.Listener, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listener = &pipeListener{arriving: make(chan net.Conn), closed: make(chan struct{})}
	return p.listener, nil
}

func (p *pipes) address() string { return p.host + ":4318" }

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	p.mu.Lock()
	listener := p.listener
	p.mu.Unlock()
	near, far := pipe()
	select {
	case listener.arriving <- far:
		return near, nil
	case <-listener.closed:
		return nil, &net.OpError{Op: "dial", Net: "pipe", Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// pipeListener hands over the far ends of new pipes.
type pipeListener struct {
	arriving chan net.Conn
	closed   chan struct{}
	closing  sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.arriving:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.closing.Do(func() { close(l.closed) })
	return nil
}

func (*pipeListener) Addr() net.Addr { return pipeAddress{} }
