package export

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// exportMethod is the path of the call that takes spans.
const exportMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

// grpcSender makes unary calls in gRPC's wire format, which is HTTP/2 with a frame
// around each message and the status at the end. See
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.
type grpcSender struct {
	poster
	compressor
}

func newGRPCSender(d Destination, transport http.RoundTripper) *grpcSender {
	s := &grpcSender{
		poster:     newPoster(d, transport),
		compressor: compressor{on: d.Compression == Gzip},
	}
	s.url = strings.TrimSuffix(s.url, "/") + exportMethod
	if own, ok := s.client.Transport.(*http.Transport); ok {
		speakHTTP2(own)
	}
	s.header.Set("Content-Type", "application/grpc")
	s.header.Set("Te", "trailers")
	s.header.Set("Grpc-Accept-Encoding", "identity,gzip")
	if d.Compression == Gzip {
		s.header.Set("Grpc-Encoding", "gzip")
	}
	return s
}

// speakHTTP2 makes transport use HTTP/2 and nothing else, without encryption where the
// URL says so.
func speakHTTP2(transport *http.Transport) {
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP2(true)
	transport.Protocols.SetUnencryptedHTTP2(true)
	transport.TLSNextProto = nil
	proxy := transport.Proxy
	transport.Proxy = func(req *http.Request) (*url.URL, error) {
		if proxy == nil || req.URL.Scheme == "http" {
			return nil, nil //nolint:nilnil // no proxy is a good answer
		}
		return proxy(req)
	}
}

// encode puts body into a frame.
func (s *grpcSender) encode(body []byte) ([]byte, error) {
	message, err := s.compress(body)
	if err != nil {
		return nil, err
	}
	return frame(message, s.on), nil
}

// attempt sends body once.
func (s *grpcSender) attempt(ctx context.Context, body []byte) outcome {
	header := s.header.Clone()
	header.Set("Grpc-Timeout", grpcTimeout(s.timeoutFor(body)))
	return s.post(ctx, header, body, s.judge)
}

// judge reads the status, which stands in the trailers, or in the header of a response
// that has nothing else.
func (s *grpcSender) judge(res *http.Response) outcome {
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxResponseBytes))
	status := res.Header
	if status.Get("Grpc-Status") == "" {
		status = res.Trailer
	}
	code, told := status.Get("Grpc-Status"), isGRPC(res.Header.Get("Content-Type"))
	switch {
	case code != "":
		return s.outcomeOf(code, status, answer, res.Header.Get("Grpc-Encoding"))
	case classOf(res.StatusCode) != accepted:
		return s.refusal(res)
	case told && err != nil:
		return s.failure(err)
	case told:
		return outcome{class: misconfigured, problem: "answer without a gRPC status: " + s.host}
	default:
		return outcome{class: misconfigured, problem: "server does not speak gRPC: " + s.host}
	}
}

func isGRPC(contentType string) bool {
	rest, ok := strings.CutPrefix(contentType, "application/grpc")
	return ok && (rest == "" || rest[0] == '+' || rest[0] == ';')
}

// outcomeOf is what a status means. Its text is not passed on, it may quote content.
func (s *grpcSender) outcomeOf(status string, trailer http.Header, answer []byte, encoding string) outcome {
	number, err := strconv.ParseUint(status, 10, 32)
	if err != nil {
		return outcome{class: misconfigured, problem: "answer without a gRPC status: " + s.host}
	}
	code := grpcCode(min(number, uint64(len(grpcCodes))))
	if code == grpcOK {
		message, _ := unframe(answer, encoding)
		return outcome{class: accepted, rejected: clampSpans(rejectedInProto(message))}
	}
	delay, given := retryDelay(trailer.Get("Grpc-Status-Details-Bin"))
	class := classOfCode(code, given)
	if !given && isAboutSize(code, trailer.Get("Grpc-Message")) {
		class = tooLarge
	}
	return outcome{
		class:      class,
		retryAfter: delay,
		problem:    code.String() + " from " + s.host,
		denied:     code == grpcUnauthenticated || code == grpcPermissionDenied,
	}
}

// frame puts gRPC's five bytes in front of message.
func frame(message []byte, compressed bool) []byte {
	framed := make([]byte, frameHead, frameHead+len(message))
	if compressed {
		framed[0] = 1
	}
	binary.BigEndian.PutUint32(framed[1:], uint32(len(message))) //nolint:gosec // G115: the queue holds less
	return append(framed, message...)
}

// frameHead is a byte that says whether the message is compressed, and four for its
// length.
const frameHead = 5

// unframe returns the message of the first frame of body. false means that there is no
// whole one, that it is compressed in another way than by gzip, or that it is
// implausibly large.
func unframe(body []byte, encoding string) ([]byte, bool) {
	if len(body) < frameHead {
		return nil, false
	}
	compressed, length, message := body[0], binary.BigEndian.Uint32(body[1:]), body[frameHead:]
	if uint64(length) > uint64(len(message)) {
		return nil, false
	}
	message = message[:length]
	switch {
	case compressed == 0:
		return message, true
	case compressed == 1 && encoding == "gzip":
		return gunzip(message)
	default:
		return nil, false
	}
}

// gunzip bounds what it returns like any response.
func gunzip(compressed []byte) ([]byte, bool) {
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, false
	}
	plain, err := io.ReadAll(io.LimitReader(reader, maxResponseBytes+1))
	return plain, err == nil && len(plain) <= maxResponseBytes
}

// grpcTimeout writes a duration as gRPC has it: at most eight digits and a unit, the
// finest that has room.
func grpcTimeout(timeout time.Duration) string {
	const most = 99_999_999
	for _, unit := range []struct {
		name string
		size time.Duration
	}{
		{"n", time.Nanosecond},
		{"u", time.Microsecond},
		{"m", time.Millisecond},
		{"S", time.Second},
	} {
		if n := timeout / unit.size; n <= most {
			return strconv.FormatInt(int64(n), 10) + unit.name
		}
	}
	return strconv.Itoa(most) + "S"
}
