package export

import (
	"bytes"
	"cmp"

	"github.com/klauspost/compress/gzip"
)

// compressor makes gzip of request bodies. One sender uses it.
type compressor struct {
	on    bool
	gzip  *gzip.Writer // made at first use: it takes most of a megabyte
	share float64      // of its size that the last body was compressed to
}

const (
	usualShare = 0.4 // text needs a third
	spareShare = 1.05
)

// compress returns body, compressed if that is on.
func (c *compressor) compress(body []byte) ([]byte, error) {
	if !c.on {
		return body, nil
	}
	// Not the buffer of the last body: its attempt may have left a connection that still reads it.
	compressed := bytes.NewBuffer(make([]byte, 0, int(float64(len(body))*cmp.Or(c.share, usualShare)*spareShare)))
	if c.gzip == nil {
		c.gzip = gzip.NewWriter(compressed)
	} else {
		c.gzip.Reset(compressed)
	}
	if _, err := c.gzip.Write(body); err != nil {
		return nil, err
	}
	if err := c.gzip.Close(); err != nil {
		return nil, err
	}
	c.share = float64(compressed.Len()) / float64(max(len(body), 1))
	return compressed.Bytes(), nil
}
