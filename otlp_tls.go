package genotel

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// otlpTLS reads the certificates that the standard variables name, nil when they name
// none. They are read once. No error repeats a path.
func otlpTLS() (*tls.Config, error) {
	roots, rootsErr := otlpRoots()
	own, ownErr := otlpOwnCertificate()
	if err := errors.Join(rootsErr, ownErr); err != nil || roots == nil && own == nil {
		return nil, err
	}
	return &tls.Config{RootCAs: roots, Certificates: own, MinVersion: tls.VersionTLS12}, nil
}

// otlpRoots are the authorities to trust, in place of the system's.
func otlpRoots() (*x509.CertPool, error) {
	path, name := otlpVariable("CERTIFICATE")
	if path == "" {
		return nil, nil //nolint:nilnil // the system's are a good answer
	}
	text, err := os.ReadFile(trimmed(path))
	if err != nil {
		return nil, fmt.Errorf("%s: the file cannot be read", name)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: the file holds no certificate in PEM form", name)
	}
	return roots, nil
}

// otlpOwnCertificate is what the server gets to see.
func otlpOwnCertificate() ([]tls.Certificate, error) {
	certificate, certificateName := otlpVariable("CLIENT_CERTIFICATE")
	key, keyName := otlpVariable("CLIENT_KEY")
	switch {
	case certificate == "" && key == "":
		return nil, nil
	case key == "":
		return nil, fmt.Errorf("%s: %s is needed, too", certificateName, keyName)
	case certificate == "":
		return nil, fmt.Errorf("%s: %s is needed, too", keyName, certificateName)
	}
	pair, err := tls.LoadX509KeyPair(trimmed(certificate), trimmed(key))
	if err != nil {
		return nil, fmt.Errorf("%s, %s: not the files of a certificate and its key in PEM form", certificateName, keyName)
	}
	return []tls.Certificate{pair}, nil
}
