package otelgenai_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/otelgenai"
)

func TestContentIsOnTheSpanWhereTheModeSaysSo(t *testing.T) {
	for name, test := range map[string]struct {
		option   []otelgenai.Option
		variable string
		want     bool
	}{
		"default":                    {want: false},
		"option":                     {[]otelgenai.Option{otelgenai.WithContent(otelgenai.ContentOnSpan)}, "", true},
		"option for span and event":  {[]otelgenai.Option{otelgenai.WithContent(otelgenai.ContentOnSpanAndEvent)}, "", true},
		"option for event":           {[]otelgenai.Option{otelgenai.WithContent(otelgenai.ContentOnEvent)}, "", false},
		"option for none":            {[]otelgenai.Option{otelgenai.WithContent(otelgenai.NoContent)}, "", false},
		"variable":                   {nil, "SPAN_ONLY", true},
		"variable for both":          {nil, "SPAN_AND_EVENT", true},
		"variable for event":         {nil, "EVENT_ONLY", false},
		"variable for none":          {nil, "NO_CONTENT", false},
		"variable in other case":     {nil, " span_Only\n", true},
		"true":                       {nil, "true", true},
		"false":                      {nil, "False", false},
		"blank variable":             {[]otelgenai.Option{otelgenai.WithContent(otelgenai.ContentOnSpan)}, "  ", true},
		"variable wins over option":  {[]otelgenai.Option{otelgenai.WithContent(otelgenai.ContentOnSpan)}, "NO_CONTENT", false},
		"variable wins over default": {[]otelgenai.Option{otelgenai.WithContent(otelgenai.NoContent)}, "SPAN_ONLY", true},
		"invalid variable":           {[]otelgenai.Option{otelgenai.WithContent(otelgenai.ContentOnSpan)}, "SECRET", true},
		"invalid variable, default":  {nil, "SECRET", false},
	} {
		t.Run(name, func(t *testing.T) {
			errs := reported(t)
			t.Setenv(captureVariable, test.variable)
			span := newStand(t, test.option...).call(t, say("it"))
			assert.Equal(t, test.want, attr(span, "gen_ai.input.messages") != nil)
			assert.Equal(t, test.want, attr(span, "gen_ai.output.messages") != nil)
			if test.variable != "SECRET" {
				assert.Empty(t, errs())
			}
		})
	}
}

func TestAWrongVariableIsReportedOnceByName(t *testing.T) {
	for name, test := range map[string]struct {
		variables map[string]string
		known     []string
	}{
		"content":  {map[string]string{captureVariable: "SECRET"}, []string{"NO_CONTENT", "SPAN_ONLY", "EVENT_ONLY", "SPAN_AND_EVENT"}},
		"dialects": {map[string]string{dialectsVariable: "gen_ai,SECRET"}, []string{"gen_ai", "langsmith", "llm"}},
		"commas":   {map[string]string{dialectsVariable: ","}, nil},
		"both":     {map[string]string{captureVariable: "SECRET", dialectsVariable: "SECRET"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			errs := reported(t)
			for variable, value := range test.variables {
				t.Setenv(variable, value)
			}
			s := newStand(t)
			s.call(t, nil)
			s.call(t, nil)
			require.Len(t, errs(), 1)
			for variable := range test.variables {
				assert.Contains(t, errs()[0], variable)
			}
			for _, known := range test.known {
				assert.Contains(t, errs()[0], known)
			}
			assert.NotContains(t, errs()[0], "SECRET")
		})
	}
}

func TestTheDialectsAreThoseOfOptionThenVariableThenDefault(t *testing.T) {
	for name, test := range map[string]struct {
		option         []otelgenai.Option
		variable       string
		langsmith, llm bool
		openInference  bool
	}{
		"default":                  {langsmith: true, llm: true},
		"blank variable":           {variable: " ", langsmith: true, llm: true},
		"variable":                 {variable: "gen_ai, LangSmith", langsmith: true},
		"variable for gen_ai only": {variable: "gen_ai"},
		"option": {
			option: []otelgenai.Option{otelgenai.WithDialects(dialect.LLM)}, llm: true,
		},
		"option wins over variable": {
			option: []otelgenai.Option{otelgenai.WithDialects(dialect.LLM)}, variable: "langsmith", llm: true,
		},
		"all by variable": {
			variable: "gen_ai,langsmith,llm,openinference", langsmith: true, llm: true, openInference: true,
		},
		"openinference alone": {option: []otelgenai.Option{otelgenai.WithDialects(dialect.OpenInference)}, openInference: true},
		"option for none":     {option: []otelgenai.Option{otelgenai.WithDialects()}, variable: "langsmith,llm"},
		"the last option": {
			option:    []otelgenai.Option{otelgenai.WithDialects(dialect.LLM), otelgenai.WithDialects(dialect.LangSmith)},
			langsmith: true,
		},
		"wrong variable": {variable: "SECRET", langsmith: true, llm: true},
	} {
		t.Run(name, func(t *testing.T) {
			reported(t)
			t.Setenv(dialectsVariable, test.variable)
			span := newStand(t, test.option...).call(t, nil)
			assert.Equal(t, test.langsmith, keys(span, "langsmith.") != nil)
			assert.Equal(t, test.llm, attr(span, "llm.vendor") != nil)
			assert.Equal(t, test.openInference, attr(span, "openinference.span.kind") != nil)
			assert.Equal(t, test.openInference, attr(span, "llm.model_name") != nil)
			assert.NotEmpty(t, keys(span, "gen_ai."), "gen_ai is always on")
		})
	}
}

func TestOtherDialectsLeaveTheConventionsAlone(t *testing.T) {
	genAI := func(dialects ...dialect.Dialect) (attributes []attribute.KeyValue) {
		span := newStand(t, otelgenai.WithDialects(dialects...), otelgenai.WithContent(otelgenai.ContentOnSpan)).call(t, say("it"))
		for _, kv := range span.Attributes() {
			switch namespace, _, _ := strings.Cut(string(kv.Key), "."); namespace {
			case "langsmith", "llm", "openinference":
			default:
				attributes = append(attributes, kv)
			}
		}
		return attributes
	}
	want := genAI()
	require.Greater(t, len(want), 8)
	for _, dialects := range [][]dialect.Dialect{
		{dialect.GenAI},
		{dialect.LangSmith},
		{dialect.LLM},
		{dialect.OpenInference},
		{dialect.OpenInference, dialect.LLM, dialect.LangSmith, dialect.GenAI},
	} {
		assert.Equal(t, want, genAI(dialects...), dialects)
	}
}

func TestTheEnvironmentIsReadWhenTheInstrumentorIsMade(t *testing.T) {
	s := newStand(t)
	t.Setenv(captureVariable, "SPAN_ONLY")
	t.Setenv(dialectsVariable, "gen_ai")
	span := s.call(t, say("it"))
	assert.Nil(t, attr(span, "gen_ai.input.messages"))
	assert.NotEmpty(t, keys(span, "llm."))
}

func TestNilOptionsAndProvidersAreIgnored(t *testing.T) {
	s := newStand(t, nil, otelgenai.WithTracerProvider(nil), otelgenai.WithRedactor(nil))
	assert.Equal(t, "chat gpt-4o-mini", s.call(t, nil).Name())
}

func TestTheProviderNameIsForTheInstrumentationToAsk(t *testing.T) {
	assert.Equal(t, "deepseek", newStand(t, otelgenai.WithProvider("deepseek")).Provider())
	assert.Empty(t, newStand(t).Provider())
}

func TestTheGlobalProviderIsLookedUpAtEachCall(t *testing.T) {
	in := otelgenai.NewInstrumentor("test")
	before := otel.GetTracerProvider()
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	for range 2 {
		spans := tracetest.NewSpanRecorder()
		otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
		_, op := in.Begin(t.Context(), chat())
		op.End(0, nil)
		assert.Len(t, spans.Ended(), 1)
	}
}

func TestTheScopeIsTheInstrumentationsWithVersionAndSchema(t *testing.T) {
	scope := newStand(t).call(t, nil).InstrumentationScope()
	assert.Equal(t, "test", scope.Name)
	assert.Equal(t, otelgenai.Version, scope.Version)
	assert.Equal(t, "https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev", scope.SchemaURL)
}
