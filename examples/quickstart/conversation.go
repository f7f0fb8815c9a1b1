package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/openai/openai-go/v3"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/semconv"
)

const (
	instructions = "You are a travel companion. Look the weather up before you speak of it. " +
		"Answer in two short sentences of plain text."
	firstQuestion  = "Do I need an umbrella in Bergen today?"
	secondQuestion = "What should I pack, then?"

	// maxRounds bounds how often a model may ask for tools before it answers.
	maxRounds = 4
)

// conversation is an ordinary use of openai-go. The model calls in it are traced
// because the client is; the spans it starts itself are the application's own.
type conversation struct {
	client   openai.Client
	model    string
	tracer   trace.Tracer
	out      io.Writer
	messages []openai.ChatCompletionMessageParamUnion
}

// hold has the whole conversation, under one span so that it is one trace.
func (c *conversation) hold(ctx context.Context) error {
	ctx, span := c.tracer.Start(ctx, "weather question")
	defer span.End()
	c.messages = append(c.messages, openai.SystemMessage(instructions))
	err := c.ask(ctx, firstQuestion)
	if err == nil {
		err = c.askStreaming(ctx, secondQuestion)
	}
	if err != nil {
		span.SetStatus(codes.Error, "conversation broke off")
	}
	return err
}

// ask puts a question and runs the tools that the model asks for, until it answers.
func (c *conversation) ask(ctx context.Context, question string) error {
	c.say("you", question)
	c.messages = append(c.messages, openai.UserMessage(question))
	for range maxRounds {
		completion, err := c.client.Chat.Completions.New(ctx, c.params())
		if err != nil {
			return fmt.Errorf("asking the model: %w", err)
		}
		if len(completion.Choices) == 0 {
			return errors.New("asking the model: no answer")
		}
		message := completion.Choices[0].Message
		c.messages = append(c.messages, message.ToParam())
		if len(message.ToolCalls) == 0 {
			c.say("model", message.Content)
			return nil
		}
		for _, call := range message.ToolCalls {
			c.say("model", "calls "+call.Function.Name+" "+call.Function.Arguments)
			result := c.useTool(ctx, call)
			c.say("tool", result)
			c.messages = append(c.messages, openai.ToolMessage(result, call.ID))
		}
	}
	return errors.New("asking the model: it asks for tools again and again")
}

// askStreaming puts a question and prints the answer as it arrives.
func (c *conversation) askStreaming(ctx context.Context, question string) error {
	c.say("you", question)
	c.messages = append(c.messages, openai.UserMessage(question))
	params := c.params()
	params.ToolChoice.OfAuto = openai.String("none")
	// Without this the API does not count the tokens of a stream.
	params.StreamOptions.IncludeUsage = openai.Bool(true)

	stream := c.client.Chat.Completions.NewStreaming(ctx, params)
	c.printf("%-7s", "model")
	for stream.Next() {
		for _, choice := range stream.Current().Choices {
			c.printf("%s", choice.Delta.Content)
		}
	}
	c.printf("\n")
	if err := errors.Join(stream.Err(), stream.Close()); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return nil
}

func (c *conversation) params() openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model:       c.model,
		Messages:    c.messages,
		Temperature: openai.Float(0.2),
		Tools: []openai.ChatCompletionToolUnionParam{
			openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{
				Name:        "get_weather",
				Description: openai.String("Tells the weather in a city at this hour."),
				Parameters: openai.FunctionParameters{
					"type":       "object",
					"properties": map[string]any{"city": map[string]any{"type": "string"}},
					"required":   []string{"city"},
				},
			}),
		},
	}
}

// useTool runs a tool under a span as the GenAI conventions describe it. What goes
// wrong is told to the model, which may try again.
func (c *conversation) useTool(ctx context.Context, call openai.ChatCompletionMessageToolCallUnion) string {
	_, span := c.tracer.Start(ctx, "execute_tool "+call.Function.Name, trace.WithAttributes(
		semconv.GenAIOperationNameKey.String(semconv.GenAIOperationNameExecuteTool),
		semconv.GenAIToolNameKey.String(call.Function.Name),
		semconv.GenAIToolCallIDKey.String(call.ID),
	))
	defer span.End()
	result, err := weather(call.Function.Name, call.Function.Arguments)
	if err != nil {
		span.SetStatus(codes.Error, "tool failed")
		return "error: " + err.Error()
	}
	return result
}

// weather stands for a weather service. It always rains a little.
func weather(tool, arguments string) (string, error) {
	if tool != "get_weather" {
		return "", errors.New("no such tool")
	}
	var asked struct {
		City string `json:"city"`
	}
	if err := json.Unmarshal([]byte(arguments), &asked); err != nil || asked.City == "" {
		return "", errors.New("the arguments must name a city")
	}
	report, err := json.Marshal(struct {
		City     string `json:"city"`
		Sky      string `json:"sky"`
		Degrees  int    `json:"degrees_celsius"`
		WindKmPH int    `json:"wind_km_per_hour"`
	}{asked.City, "light rain", 11, 34})
	return string(report), err
}

func (c *conversation) say(who, what string) { c.printf("%-7s%s\n", who, what) }

// printf ignores errors: when the terminal is gone nobody is there to be told.
func (c *conversation) printf(format string, args ...any) { _, _ = fmt.Fprintf(c.out, format, args...) }
