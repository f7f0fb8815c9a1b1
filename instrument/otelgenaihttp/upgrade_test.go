package otelgenaihttp_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A socket of a traced endpoint does not exist, but a proxy may take one over.
func TestAConnectionThatLeavesHTTPStaysWritable(t *testing.T) {
	for request, traced := range map[string]bool{
		"GET /v1/responses": false, "GET /v1/realtime": false, "GET /v1/responses/resp_1": true, "POST /v1/chat/completions": true,
	} {
		t.Run(request, func(t *testing.T) {
			url, client, _, spans := newStand(t, func(w http.ResponseWriter, _ *http.Request) {
				conn, rw, err := w.(http.Hijacker).Hijack()
				if err != nil {
					return
				}
				defer conn.Close()
				_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
				line, _ := rw.ReadString('\n')
				_, _ = io.WriteString(conn, line)
			})
			method, path, _ := strings.Cut(request, " ")
			req, err := http.NewRequestWithContext(t.Context(), method, url+path, http.NoBody)
			require.NoError(t, err)
			req.Header.Set("Connection", "Upgrade")
			req.Header.Set("Upgrade", "echo")
			res, err := client.Do(req)
			require.NoError(t, err)
			defer res.Body.Close()
			require.Equal(t, http.StatusSwitchingProtocols, res.StatusCode)
			connection, ok := res.Body.(io.ReadWriteCloser)
			require.True(t, ok, "%T", res.Body)
			_, err = io.WriteString(connection, "Hello.\n")
			require.NoError(t, err)
			line, err := bufio.NewReader(connection).ReadString('\n')
			require.NoError(t, err)
			assert.Equal(t, "Hello.\n", line)
			assert.Equal(t, traced, len(spans.Ended()) == 1, "a span that ends with the handshake")
			assert.Len(t, spans.Started(), len(spans.Ended()))
		})
	}
}
