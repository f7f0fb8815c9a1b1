// Package tracedopenai is a drop-in for the constructor of openai-go's client:
// the client it returns is traced already.
//
//	client := tracedopenai.NewClient() // instead of openai.NewClient()
//
// It exists apart from package otelopenai because that one must not import the
// root package of openai-go.
package tracedopenai

import (
	"slices"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/internal/percall"
)

// NewClient returns a client as openai.NewClient does, from the same options and
// environment variables, with tracing. To set options of the tracing, pass
// otelopenai.WithTracing among opts; otherwise it is added with its defaults.
func NewClient(opts ...option.RequestOption) openai.Client {
	traced := slices.ContainsFunc(opts, func(o option.RequestOption) bool { return percall.Is(o) })
	if !traced {
		opts = append([]option.RequestOption{otelopenai.WithTracing()}, opts...)
	}
	return openai.NewClient(opts...)
}
