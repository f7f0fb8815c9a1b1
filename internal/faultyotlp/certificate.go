package faultyotlp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"sync/atomic"
	"time"
)

// Certificate is what a server of https shows.
type Certificate int32

const (
	// Good is made for the server by the authority that [Transport] trusts.
	Good Certificate = iota
	// Untrusted is by an authority that nobody knows.
	Untrusted
	// Expired is out of date by an hour.
	Expired
	// WrongHost is made for another host.
	WrongHost
)

// Show changes the certificate for the connections to come.
func (s *Server) Show(certificate Certificate) { s.certificate.shown.Store(int32(certificate)) }

// authority makes certificates.
type authority struct {
	shown atomic.Int32 // a Certificate
	root  *x509.Certificate
	key   *ecdsa.PrivateKey
}

func newAuthority(shown Certificate) *authority {
	root, key := newRoot()
	a := &authority{root: root, key: key}
	a.shown.Store(int32(shown))
	return a
}

func newRoot() (*x509.Certificate, *ecdsa.PrivateKey) {
	key := newKey()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "authority of a test"},
		NotBefore:             time.Now().Add(-24 * time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	der := sign(template, template, key, key)
	root, err := x509.ParseCertificate(der)
	if err != nil {
		return template, key // nobody trusts it then
	}
	return root, key
}

func newKey() *ecdsa.PrivateKey {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // crypto/rand does not fail
	return key
}

func sign(template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) []byte {
	der, _ := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by) // nil fails the handshake
	return der
}

func (a *authority) config(host string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return a.issue(host, Certificate(a.shown.Load())), nil
		},
	}
}

func (a *authority) issue(host string, kind Certificate) *tls.Certificate {
	root, by := a.root, a.key
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "backend of a test"},
		NotBefore:    time.Now().Add(-2 * time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	switch kind {
	case Good:
	case Untrusted:
		root, by = newRoot()
	case Expired:
		template.NotAfter = time.Now().Add(-time.Hour)
	case WrongHost:
		host = "elsewhere.test"
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	key := newKey()
	return &tls.Certificate{Certificate: [][]byte{sign(template, root, key, by)}, PrivateKey: key}
}
