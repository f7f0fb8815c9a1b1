package otelopenai_test

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/realtime"
	"github.com/openai/openai-go/v3/responses"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// opClose is the opcode of a WebSocket frame that ends the connection.
const opClose = 0x8

// echo takes a connection over as a WebSocket and sends back what it gets.
func echo(w http.ResponseWriter, r *http.Request) {
	const secret = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" // of RFC 6455
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + secret))
	conn, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
		base64.StdEncoding.EncodeToString(sum[:])+"\r\n\r\n")
	for {
		op, payload, err := readFrame(rw.Reader)
		if err != nil {
			return
		}
		writeFrame(conn, op, payload)
		if op == opClose {
			return
		}
	}
}

// readFrame reads a masked frame with a short payload.
func readFrame(r *bufio.Reader) (op byte, payload []byte, err error) {
	var head [6]byte
	if _, err = io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	payload = make([]byte, head[1]&0x7f)
	_, err = io.ReadFull(r, payload)
	for i := range payload {
		payload[i] ^= head[2+i%4]
	}
	return head[0] & 0xf, payload, err
}

func writeFrame(conn net.Conn, op byte, payload []byte) {
	_, _ = conn.Write(append([]byte{0x80 | op, byte(len(payload))}, payload...))
}

func TestASocketIsLeftToTheClient(t *testing.T) {
	const event = `{"type":"session.created","event_id":"e"}`
	connect := map[string]func(*testing.T, openai.Client) (sent, received string){
		"GET /v1/realtime": func(t *testing.T, client openai.Client) (sent, received string) {
			c, err := client.Realtime.Connect(t.Context(), realtime.RealtimeConnectionOptions{}, option.WithQuery("model", "gpt-realtime"))
			require.NoError(t, err)
			require.NoError(t, c.SendRaw(t.Context(), json.RawMessage(event)))
			got, err := c.RecvRaw(t.Context())
			require.NoError(t, err)
			require.NoError(t, c.Close())
			return event, string(got)
		},
		"GET /v1/responses": func(t *testing.T, client openai.Client) (sent, received string) {
			c, err := client.Responses.Connect(t.Context(), responses.ResponseConnectionOptions{})
			require.NoError(t, err)
			require.NoError(t, c.SendRaw(t.Context(), json.RawMessage(event)))
			got, err := c.RecvRaw(t.Context())
			require.NoError(t, err)
			require.NoError(t, c.Close())
			return event, string(got)
		},
	}
	for request, talk := range connect {
		t.Run(request, func(t *testing.T) {
			var asked string
			s := newStand(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r.Method + " " + r.URL.Path
				echo(w, r)
			}))
			sent, received := talk(t, s.client)
			assert.Equal(t, sent, received)
			assert.Equal(t, request, asked)
			assert.Empty(t, s.spans.Started())
		})
	}
}
