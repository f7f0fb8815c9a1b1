package main

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/openai/openai-go/v3/option"
)

// api is the model to talk to.
type api struct {
	description string
	model       string
	options     []option.RequestOption
	stop        func() error
}

// chooseAPI takes the real API when there is a key for it, and the demo server
// otherwise.
func chooseAPI(ctx context.Context) (api, error) {
	model := cmp.Or(os.Getenv("OPENAI_MODEL"), "gpt-4o-mini")
	if os.Getenv("OPENAI_API_KEY") != "" {
		return api{
			description: "Talking to " + model + ", because OPENAI_API_KEY is set.",
			model:       model,
			stop:        func() error { return nil },
		}, nil
	}
	url, stop, err := startDemoServer(ctx)
	if err != nil {
		return api{}, fmt.Errorf("starting the demo server: %w", err)
	}
	return api{
		description: "Talking to a demo server on this machine, which turns one request away to show a retry.\n" +
			"Set OPENAI_API_KEY to talk to a real model.",
		model:   model,
		options: []option.RequestOption{option.WithBaseURL(url), option.WithAPIKey("demo")},
		stop:    stop,
	}, nil
}

// exchanges holds what the demo server answers, byte for byte in OpenAI's form.
//
//go:embed testdata/*.json testdata/*.sse
var exchanges embed.FS

const (
	// thinkingTime is the pause before an answer begins.
	thinkingTime = 180 * time.Millisecond
	// maxRequestBytes bounds what the demo server reads of a request.
	maxRequestBytes = 1 << 20
)

// startDemoServer serves the chat completions endpoint on a free port of the
// loopback interface, until stop.
func startDemoServer(ctx context.Context) (url string, stop func() error, err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", complete)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	stop = func() error {
		err := server.Close()
		if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
			err = errors.Join(err, serveErr)
		}
		return err
	}
	return "http://" + listener.Addr().String() + "/v1/", stop, nil
}

// complete plays the exchange that fits the request. It refuses the first
// attempt of the second call, so that there is a retry to be seen.
func complete(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Stream   bool `json:"stream"`
		Messages []struct {
			Role string `json:"role"`
		} `json:"messages"`
	}
	body := http.MaxBytesReader(w, r.Body, maxRequestBytes)
	if err := json.NewDecoder(body).Decode(&request); err != nil || len(request.Messages) == 0 {
		http.Error(w, "no chat completion request", http.StatusBadRequest)
		return
	}
	toolAnswered := request.Messages[len(request.Messages)-1].Role == "tool"
	firstAttempt := r.Header.Get("X-Stainless-Retry-Count") == "0"
	switch {
	case request.Stream:
		playStream(r.Context(), w, "packing.sse")
	case toolAnswered && firstAttempt:
		w.Header().Set("Retry-After-Ms", "150")
		play(r.Context(), w, http.StatusTooManyRequests, "rate_limit.json")
	case toolAnswered:
		play(r.Context(), w, http.StatusOK, "answer.json")
	default:
		play(r.Context(), w, http.StatusOK, "tool_call.json")
	}
}

func play(ctx context.Context, w http.ResponseWriter, status int, name string) {
	body, err := exchanges.ReadFile("testdata/" + name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if status == http.StatusOK {
		pause(ctx, thinkingTime)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone needs no answer
}

// playStream sends one event after the other, at the pace of a model.
func playStream(ctx context.Context, w http.ResponseWriter, name string) {
	body, err := exchanges.ReadFile("testdata/" + name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	wait := thinkingTime
	for event := range bytes.SplitAfterSeq(body, []byte("\n\n")) {
		pause(ctx, wait)
		if _, err := w.Write(event); err != nil {
			return
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
		wait = time.Duration(20+len(event)*7%41) * time.Millisecond
	}
}

// pause waits, unless the client goes away.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
