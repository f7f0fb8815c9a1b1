package export

import (
	"bytes"

	"github.com/klauspost/compress/gzip"
)

// compressor makes gzip of request bodies. One sender uses it.
type compressor struct {
	on   bool
	gzip *gzip.Writer // made at first use: it takes most of a megabyte
}

// compress returns body, compressed if that is on.
func (c *compressor) compress(body []byte) ([]byte, error) {
	if !c.on {
		return body, nil
	}
	var compressed bytes.Buffer
	if c.gzip == nil {
		c.gzip = gzip.NewWriter(&compressed)
	} else {
		c.gzip.Reset(&compressed)
	}
	if _, err := c.gzip.Write(body); err != nil {
		return nil, err
	}
	if err := c.gzip.Close(); err != nil {
		return nil, err
	}
	return compressed.Bytes(), nil
}
