package genotel

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/otelgenai/record"
)

// resolved returns the destination that options and environment make; there must
// be one.
func resolved(t *testing.T, opts ...Option) export.Destination {
	t.Helper()
	all, err := destinations(opts...)
	require.NoError(t, err)
	require.Len(t, all, 1)
	return all[0]
}

func destinations(opts ...Option) ([]export.Destination, error) {
	p, err := newConfig(opts).plan()
	return p.exported(), err
}

// headers returns the headers of a destination by their canonical names.
func headers(t *testing.T, d export.Destination) map[string]string {
	t.Helper()
	canonical := map[string]string{}
	for name, value := range d.Headers {
		name = http.CanonicalHeaderKey(name)
		assert.NotContains(t, canonical, name, "given twice")
		canonical[name] = value
	}
	return canonical
}

// none checks that options and environment make no destination.
func none(t *testing.T, opts ...Option) {
	t.Helper()
	all, err := destinations(opts...)
	require.NoError(t, err)
	assert.Empty(t, all)
}

// setenv sets variables for the test.
func setenv(t *testing.T, variables map[string]string) {
	t.Helper()
	for name, value := range variables {
		t.Setenv(name, value)
	}
}

// sees tells what a destination shows of a call with a question and an answer.
func sees(d export.Destination) (question, answer bool) {
	call := &record.Call{
		Operation: "chat", Provider: "openai",
		Request: record.Request{Messages: []record.Message{{Role: "user", Parts: []record.Part{record.Text{Content: "QUESTION"}}}}},
		Response: record.Response{Choices: []record.Choice{{FinishReason: "stop", Message: record.Message{
			Role: "assistant", Parts: []record.Part{record.Text{Content: "ANSWER"}},
		}}}},
	}
	span := tracetest.SpanStub{Name: "chat"}.Snapshot()
	if d.View != nil {
		span = d.View(span, call)
	}
	var everything strings.Builder
	for _, kv := range span.Attributes() {
		everything.WriteString(kv.Value.String())
	}
	for _, event := range span.Events() {
		for _, kv := range event.Attributes {
			everything.WriteString(kv.Value.String())
		}
	}
	return strings.Contains(everything.String(), "QUESTION"), strings.Contains(everything.String(), "ANSWER")
}

func TestTheLangSmithURLIsMadeOfWhatPeopleGive(t *testing.T) {
	for endpoint, want := range map[string]string{
		"":                                                   "https://api.smith.langchain.com/otel/v1/traces",
		"https://api.smith.langchain.com":                    "https://api.smith.langchain.com/otel/v1/traces",
		"https://eu.api.smith.langchain.com/":                "https://eu.api.smith.langchain.com/otel/v1/traces",
		`"https://eu.api.smith.langchain.com/"`:              "https://eu.api.smith.langchain.com/otel/v1/traces",
		` 'https://apac.api.smith.langchain.com' `:           "https://apac.api.smith.langchain.com/otel/v1/traces",
		"https://ai-company.com/api/v1":                      "https://ai-company.com/api/v1/otel/v1/traces",
		"https://ai-company.com/api/v1//":                    "https://ai-company.com/api/v1/otel/v1/traces",
		"https://api.smith.langchain.com/otel":               "https://api.smith.langchain.com/otel/v1/traces",
		"https://api.smith.langchain.com/otel/":              "https://api.smith.langchain.com/otel/v1/traces",
		"https://api.smith.langchain.com/otel/v1/traces":     "https://api.smith.langchain.com/otel/v1/traces",
		"https://api.smith.langchain.com/otel/v1/traces/":    "https://api.smith.langchain.com/otel/v1/traces",
		"http://proxy:4318/v1/traces":                        "http://proxy:4318/v1/traces",
		"http://user:password@proxy:4318/api/v1?tenant=acme": "http://user:password@proxy:4318/api/v1/otel/v1/traces?tenant=acme",
	} {
		t.Run(endpoint, func(t *testing.T) {
			t.Run("by option", func(t *testing.T) {
				assert.Equal(t, want, resolved(t, WithLangSmith(LangSmith{APIKey: "k", Endpoint: endpoint})).URL)
			})
			for _, variable := range []string{"LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT"} {
				t.Run(variable, func(t *testing.T) {
					setenv(t, map[string]string{"LANGSMITH_API_KEY": "k", variable: endpoint})
					assert.Equal(t, want, resolved(t).URL)
				})
			}
		})
	}
}

func TestLangSmithIsSentCompressedWithItsHeaders(t *testing.T) {
	d := resolved(t, WithLangSmith(LangSmith{APIKey: "k"}))
	assert.Equal(t, "langsmith", d.Name)
	assert.Equal(t, export.Gzip, d.Compression)
	assert.True(t, d.WantsRecord)
	assert.Equal(t, map[string]string{"X-Api-Key": "k", "Langsmith-Project": "default"}, headers(t, d))
}

func TestTheLangSmithKeyIsTrimmed(t *testing.T) {
	for _, key := range []string{"k", " k ", `"k"`, `'k'`, " \"k\"\n"} {
		assert.Equal(t, "k", headers(t, resolved(t, WithLangSmith(LangSmith{APIKey: key})))["X-Api-Key"], key)
		for _, variable := range []string{"LANGSMITH_API_KEY", "LANGCHAIN_API_KEY"} {
			t.Run(variable, func(t *testing.T) {
				t.Setenv(variable, key)
				assert.Equal(t, "k", headers(t, resolved(t))["X-Api-Key"], key)
			})
		}
	}
}

func TestTheWorkspaceIsSentWhereItIsKnown(t *testing.T) {
	for name, test := range map[string]struct {
		option    string
		variables map[string]string
		want      string
	}{
		"option":                {"w", map[string]string{"LANGSMITH_WORKSPACE_ID": "env"}, "w"},
		"variable":              {"", map[string]string{"LANGSMITH_WORKSPACE_ID": "w", "LANGCHAIN_WORKSPACE_ID": "x"}, "w"},
		"alias":                 {"", map[string]string{"LANGCHAIN_WORKSPACE_ID": "w", "LANGSMITH_TENANT_ID": "x"}, "w"},
		"older name":            {"", map[string]string{"LANGSMITH_TENANT_ID": ` "w" `}, "w"},
		"not known":             {"", map[string]string{"LANGSMITH_WORKSPACE_ID": " "}, ""},
		"blank hides no other ": {"", map[string]string{"LANGSMITH_WORKSPACE_ID": " ", "LANGSMITH_TENANT_ID": "w"}, "w"},
	} {
		t.Run(name, func(t *testing.T) {
			setenv(t, test.variables)
			sent := headers(t, resolved(t, WithLangSmith(LangSmith{APIKey: "k", WorkspaceID: test.option})))
			workspace, known := sent["X-Tenant-Id"]
			assert.Equal(t, test.want, workspace)
			assert.Equal(t, test.want != "", known)
		})
	}
}

func TestTheProjectIsTheNearestOne(t *testing.T) {
	every := map[string]string{
		"LANGSMITH_PROJECT": "p1", "LANGCHAIN_PROJECT": "p2", "LANGSMITH_SESSION": "p3", "LANGCHAIN_SESSION": "p4",
	}
	without := func(names ...string) map[string]string {
		rest := maps.Clone(every)
		for _, name := range names {
			rest[name] = "  "
		}
		return rest
	}
	for name, test := range map[string]struct {
		field, option string
		variables     map[string]string
		want          string
	}{
		"field":             {"field", "option", every, "field"},
		"option":            {"", "option", every, "option"},
		"LANGSMITH_PROJECT": {"", "", every, "p1"},
		"LANGCHAIN_PROJECT": {"", "", without("LANGSMITH_PROJECT"), "p2"},
		"LANGSMITH_SESSION": {"", "", without("LANGSMITH_PROJECT", "LANGCHAIN_PROJECT"), "p3"},
		"LANGCHAIN_SESSION": {"", "", without("LANGSMITH_PROJECT", "LANGCHAIN_PROJECT", "LANGSMITH_SESSION"), "p4"},
		"default":           {"", "", nil, "default"},
		"quoted":            {"", "", map[string]string{"LANGSMITH_PROJECT": `"my project"`}, "my project"},
	} {
		t.Run(name, func(t *testing.T) {
			setenv(t, test.variables)
			d := resolved(t, WithProject(test.option), WithLangSmith(LangSmith{APIKey: "k", Project: test.field}))
			assert.Equal(t, test.want, headers(t, d)["Langsmith-Project"])
		})
	}
}

func TestCustomHeadersReplaceAllButTheProject(t *testing.T) {
	d := resolved(t, WithLangSmith(LangSmith{APIKey: "k", WorkspaceID: "w", Project: "p", Headers: map[string]string{
		"LANGSMITH-PROJECT": "other", "X-API-Key": "mine", "x-tenant-id": "w2", "X-Extra": "e",
	}}))
	assert.Equal(t, map[string]string{
		"Langsmith-Project": "p", "X-Api-Key": "mine", "X-Tenant-Id": "w2", "X-Extra": "e",
	}, headers(t, d))
}

func TestTheMapOfHeadersIsNotChanged(t *testing.T) {
	given := map[string]string{"langsmith-project": "other", "x-api-key": "mine"}
	resolved(t, WithLangSmith(LangSmith{APIKey: "k", Headers: given}))
	resolved(t, WithLangtrace(Langtrace{APIKey: "k", Headers: given}))
	assert.Equal(t, map[string]string{"langsmith-project": "other", "x-api-key": "mine"}, given)
}

func TestLangSmithIsSwitchedByItsGate(t *testing.T) {
	for name, test := range map[string]struct {
		variables map[string]string
		on        bool
	}{
		"unset":                    {nil, true},
		"true":                     {map[string]string{"LANGSMITH_TRACING": "true"}, true},
		"True":                     {map[string]string{"LANGSMITH_TRACING": "True"}, true},
		"1":                        {map[string]string{"LANGSMITH_TRACING": "1"}, true},
		"false":                    {map[string]string{"LANGSMITH_TRACING": "false"}, false},
		"anything else":            {map[string]string{"LANGSMITH_TRACING": "yes"}, false},
		"blank":                    {map[string]string{"LANGSMITH_TRACING": " "}, true},
		"V2":                       {map[string]string{"LANGSMITH_TRACING_V2": "false"}, false},
		"alias":                    {map[string]string{"LANGCHAIN_TRACING": "false"}, false},
		"alias of V2":              {map[string]string{"LANGCHAIN_TRACING_V2": "false"}, false},
		"any yes wins over any no": {map[string]string{"LANGSMITH_TRACING": "false", "LANGCHAIN_TRACING_V2": "true"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			setenv(t, test.variables)
			t.Setenv("LANGSMITH_API_KEY", "k")
			if test.on {
				assert.Equal(t, "langsmith", resolved(t).Name)
			} else {
				none(t)
			}
			assert.Equal(t, "langsmith", resolved(t, WithLangSmith(LangSmith{})).Name, "an option wins")
		})
	}
}

func TestLangSmithSeesWhatIsNotHidden(t *testing.T) {
	for name, test := range map[string]struct {
		content, common  Content
		variables        map[string]string
		question, answer bool
	}{
		"default":             {question: true, answer: true},
		"inputs hidden":       {variables: map[string]string{"LANGSMITH_HIDE_INPUTS": "true"}, answer: true},
		"outputs hidden":      {variables: map[string]string{"LANGSMITH_HIDE_OUTPUTS": "1"}, question: true},
		"hidden by the alias": {variables: map[string]string{"LANGCHAIN_HIDE_INPUTS": "True", "LANGCHAIN_HIDE_OUTPUTS": "TRUE"}},
		"not hidden":          {variables: map[string]string{"LANGSMITH_HIDE_INPUTS": "false"}, question: true, answer: true},
		"included": {
			content:   ContentInclude,
			variables: map[string]string{"LANGSMITH_HIDE_INPUTS": "true", "LANGSMITH_HIDE_OUTPUTS": "true"},
			question:  true, answer: true,
		},
		"excluded":         {content: ContentExclude},
		"excluded for all": {common: ContentExclude},
		"included here":    {content: ContentInclude, common: ContentExclude, question: true, answer: true},
		"excluded here":    {content: ContentExclude, common: ContentInclude},
		"included for all, but hidden here": {
			common: ContentInclude, variables: map[string]string{"LANGSMITH_HIDE_INPUTS": "true"}, answer: true,
		},
		"hidden, others are not ": {variables: map[string]string{"TRACE_PROMPT_COMPLETION_DATA": "false"}, question: true, answer: true},
	} {
		t.Run(name, func(t *testing.T) {
			setenv(t, test.variables)
			question, answer := sees(resolved(t, WithContent(test.common), WithLangSmith(LangSmith{APIKey: "k", Content: test.content})))
			assert.Equal(t, test.question, question)
			assert.Equal(t, test.answer, answer)
		})
	}
}

func TestTheLangtraceURLIsMadeOfWhatPeopleGive(t *testing.T) {
	for endpoint, want := range map[string]string{
		"":                                        "https://app.langtrace.ai/api/trace",
		"https://app.langtrace.ai":                "https://app.langtrace.ai/api/trace",
		"https://app.langtrace.ai/":               "https://app.langtrace.ai/api/trace",
		"https://api.langtrace.ai/api/trace":      "https://api.langtrace.ai/api/trace",
		"https://api.langtrace.ai/api/trace/":     "https://api.langtrace.ai/api/trace",
		`"http://localhost:3000/api/trace"`:       "http://localhost:3000/api/trace",
		"https://company.example/langtrace/":      "https://company.example/langtrace/api/trace",
		"https://company.example/x/api/trace?a=b": "https://company.example/x/api/trace?a=b",
	} {
		t.Run(endpoint, func(t *testing.T) {
			assert.Equal(t, want, resolved(t, WithLangtrace(Langtrace{APIKey: "k", Endpoint: endpoint})).URL)
			setenv(t, map[string]string{"LANGTRACE_API_KEY": "k", "LANGTRACE_API_HOST": endpoint})
			assert.Equal(t, want, resolved(t).URL)
		})
	}
}

func TestLangtraceIsSentAsItsReceiverWantsIt(t *testing.T) {
	setenv(t, map[string]string{ // of other backends
		"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_HEADERS": "other=SECRET", "LANGSMITH_PROJECT": "p",
	})
	d := resolved(t, WithLangtrace(Langtrace{APIKey: ` "k" `}))
	assert.Equal(t, "langtrace", d.Name)
	assert.Equal(t, export.NoCompression, d.Compression)
	assert.True(t, d.SingleResource)
	assert.True(t, d.WantsRecord)
	assert.Contains(t, strings.ToLower(d.UserAgent), "opentelemetry")
	assert.Equal(t, map[string]string{"X-Api-Key": "k"}, headers(t, d))
}

func TestLangtraceHeadersAreMergedAndNeverTheKey(t *testing.T) {
	setenv(t, map[string]string{
		"LANGTRACE_API_KEY": "k", "LANGTRACE_HEADERS": " a=1, B=two%20words ,,X-Api-Key=other,User-Agent=mine",
	})
	d := resolved(t, WithLangtrace(Langtrace{Headers: map[string]string{"A": "9", "c": "3", "x-API-key": "another"}}))
	assert.Equal(t, map[string]string{"A": "9", "B": "two words", "C": "3", "User-Agent": "mine", "X-Api-Key": "k"}, headers(t, d))
}

func TestLangtraceSeesWhatIsNotHidden(t *testing.T) {
	for name, test := range map[string]struct {
		content, common Content
		variable        string
		want            bool
	}{
		"default":                           {want: true},
		"false":                             {variable: "false", want: false},
		"False":                             {variable: " False ", want: false},
		"true":                              {variable: "true", want: true},
		"included":                          {content: ContentInclude, variable: "false", want: true},
		"excluded":                          {content: ContentExclude, variable: "true", want: false},
		"excluded for all":                  {common: ContentExclude, variable: "true", want: false},
		"included for all, but hidden here": {common: ContentInclude, variable: "false", want: false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TRACE_PROMPT_COMPLETION_DATA", test.variable)
			question, answer := sees(resolved(t, WithContent(test.common), WithLangtrace(Langtrace{APIKey: "k", Content: test.content})))
			assert.Equal(t, test.want, question)
			assert.Equal(t, test.want, answer)
		})
	}
}

func TestWithoutAKeyThereIsNoDestination(t *testing.T) {
	none(t)
	setenv(t, map[string]string{
		"LANGSMITH_API_KEY": " ", "LANGCHAIN_API_KEY": `""`, "LANGTRACE_API_KEY": "\t", "OTEL_EXPORTER_OTLP_ENDPOINT": " ",
		"LANGSMITH_ENDPOINT": "https://h", "LANGSMITH_TRACING": "true", "LANGTRACE_API_HOST": "https://h",
		"OTEL_EXPORTER_OTLP_HEADERS": "a=b",
	})
	none(t)
}

func TestADestinationThatWasAskedForNeedsItsKey(t *testing.T) {
	_, err := destinations(WithLangSmith(LangSmith{}), WithLangtrace(Langtrace{}))
	for _, name := range []string{"LANGSMITH_API_KEY", "LangSmith.APIKey", "LANGTRACE_API_KEY", "Langtrace.APIKey"} {
		assert.ErrorContains(t, err, name)
	}
}

func TestTheOTLPVariablesMeanWhatTheSpecificationSays(t *testing.T) {
	const base, traces = "OTEL_EXPORTER_OTLP_", "OTEL_EXPORTER_OTLP_TRACES_"
	for name, test := range map[string]struct {
		variables map[string]string
		want      export.Destination
	}{
		"base": {
			map[string]string{base + "ENDPOINT": "http://collector:4318"},
			export.Destination{URL: "http://collector:4318/v1/traces"},
		},
		"base with a path": {
			map[string]string{base + "ENDPOINT": "https://h/otel/"}, export.Destination{URL: "https://h/otel/v1/traces"},
		},
		"traces, as it is": {
			map[string]string{traces + "ENDPOINT": "https://h/api/trace", base + "ENDPOINT": "https://other"},
			export.Destination{URL: "https://h/api/trace"},
		},
		"traces without a path": {
			map[string]string{traces + "ENDPOINT": "https://h:4318"}, export.Destination{URL: "https://h:4318"},
		},
		"headers": {
			map[string]string{base + "ENDPOINT": "http://h", base + "HEADERS": "api-key=a%20b%2Cc%3D, x = y ,z="},
			export.Destination{URL: "http://h/v1/traces", Headers: map[string]string{"api-key": "a b,c=", "x": "y", "z": ""}},
		},
		"headers of traces": {
			map[string]string{base + "ENDPOINT": "http://h", base + "HEADERS": "a=1", traces + "HEADERS": "b=2"},
			export.Destination{URL: "http://h/v1/traces", Headers: map[string]string{"b": "2"}},
		},
		"a value with =": {
			map[string]string{base + "ENDPOINT": "http://h", base + "HEADERS": "Authorization=Basic dXNlcg=="},
			export.Destination{URL: "http://h/v1/traces", Headers: map[string]string{"Authorization": "Basic dXNlcg=="}},
		},
		"gzip": {
			map[string]string{base + "ENDPOINT": "http://h", base + "COMPRESSION": " GZIP "},
			export.Destination{URL: "http://h/v1/traces", Compression: export.Gzip},
		},
		"none for traces": {
			map[string]string{base + "ENDPOINT": "http://h", base + "COMPRESSION": "gzip", traces + "COMPRESSION": "none"},
			export.Destination{URL: "http://h/v1/traces"},
		},
		"timeout": {
			map[string]string{base + "ENDPOINT": "http://h", base + "TIMEOUT": "2500"},
			export.Destination{URL: "http://h/v1/traces", Timeout: 2500 * time.Millisecond},
		},
		"timeout of traces": {
			map[string]string{base + "ENDPOINT": "http://h", base + "TIMEOUT": "2500", traces + "TIMEOUT": "1"},
			export.Destination{URL: "http://h/v1/traces", Timeout: time.Millisecond},
		},
		"protocol": {
			map[string]string{base + "ENDPOINT": "http://h", base + "PROTOCOL": "grpc", traces + "PROTOCOL": "http/protobuf"},
			export.Destination{URL: "http://h/v1/traces"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			setenv(t, test.variables)
			d := resolved(t)
			assert.Equal(t, "otlp", d.Name)
			assert.Equal(t, test.want.URL, d.URL)
			assert.Equal(t, test.want.Compression, d.Compression)
			assert.Equal(t, test.want.Timeout, d.Timeout)
			if test.want.Headers == nil {
				assert.Empty(t, d.Headers)
			} else {
				assert.Equal(t, test.want.Headers, d.Headers)
			}
		})
	}
}

func TestAnOTLPOptionTakesNothingFromTheEnvironment(t *testing.T) {
	setenv(t, map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://other", "OTEL_EXPORTER_OTLP_HEADERS": "other=SECRET",
		"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_TIMEOUT": "1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
	})
	d := resolved(t, WithOTLP(OTLP{Name: "collector", Endpoint: "http://h/"}))
	assert.Equal(t, "collector", d.Name)
	assert.Equal(t, "http://h/v1/traces", d.URL)
	assert.Empty(t, d.Headers)
	assert.Equal(t, export.NoCompression, d.Compression)
	assert.Zero(t, d.Timeout)

	d = resolved(t, WithOTLP(OTLP{
		Endpoint: "http://other", TracesEndpoint: ` "http://h/x" `, Compression: export.Gzip, Timeout: time.Second,
		Headers: map[string]string{"a": "b"},
	}))
	assert.Equal(t, "http://h/x", d.URL)
	assert.Equal(t, export.Gzip, d.Compression)
	assert.Equal(t, time.Second, d.Timeout)
	assert.Equal(t, map[string]string{"a": "b"}, d.Headers)
}

func TestSeveralDestinationsStandBesideEachOther(t *testing.T) {
	setenv(t, map[string]string{
		"LANGSMITH_API_KEY": "k", "LANGTRACE_API_KEY": "k", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://h",
	})
	all, err := destinations(WithMode(ModeHybrid))
	require.NoError(t, err)
	assert.Equal(t, []string{"langsmith", "langtrace", "otlp"}, names(all))

	all, err = destinations(WithOTLP(OTLP{Endpoint: "http://a"}), WithOTLP(OTLP{Endpoint: "http://b"}), WithOTLP(OTLP{Endpoint: "http://c"}))
	require.NoError(t, err)
	assert.Equal(t, []string{"langsmith", "langtrace", "otlp", "otlp-2", "otlp-3"}, names(all))

	all, err = destinations(WithOTLP(OTLP{Name: "a", Endpoint: "http://a"}), WithOTLP(OTLP{Name: "b", Endpoint: "http://b"}))
	require.NoError(t, err)
	assert.Equal(t, []string{"langsmith", "langtrace", "a", "b"}, names(all))
}

func names(all []export.Destination) (names []string) {
	for _, d := range all {
		names = append(names, d.Name)
	}
	return names
}

func TestAPlainEndpointSeesWhatItIsAllowedTo(t *testing.T) {
	for name, test := range map[string]struct {
		content, common Content
		want            bool
	}{
		"default": {}, "included": {content: ContentInclude, want: true}, "excluded": {content: ContentExclude},
		"included for all": {common: ContentInclude, want: true}, "excluded here": {ContentExclude, ContentInclude, false},
		"included here": {ContentInclude, ContentExclude, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := resolved(t, WithContent(test.common), WithOTLP(OTLP{Endpoint: "http://h", Content: test.content}))
			question, answer := sees(d)
			assert.Equal(t, test.want, question)
			assert.Equal(t, test.want, answer)
			if test.content == ContentDefault && test.common == ContentDefault {
				assert.Nil(t, d.View, "the span is sent as it is")
				assert.False(t, d.WantsRecord)
			}
		})
	}
}
