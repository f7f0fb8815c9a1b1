package genotel

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/export"
)

// yes, no and unset are what a switch may hold.
var (
	yes   = []string{"true", "1", "TRUE", " true "}
	no    = []string{"false", "0", "yes"}
	unset = []string{"", " "}
)

func anyOf(sets ...[]string) (all []string) {
	for _, set := range sets {
		all = append(all, set...)
	}
	return all
}

func TestTheModeIsResolvedByItsTruthTable(t *testing.T) {
	type row struct {
		name                string
		option              Mode
		named               []string
		only, enabled       []string
		want                Mode
		fails, contradicted bool
	}
	anything := anyOf(yes, no, unset)
	hybrid := []string{"hybrid", "HYBRID", " hybrid ", `"hybrid"`}
	for _, r := range []row{
		{name: "an option wins", option: ModeLangSmith, named: []string{"", "otel", "nonsense"}, only: anything, enabled: anything, want: ModeLangSmith},
		{name: "an option that is none", option: ModeOTel + 1, named: unset, only: unset, enabled: unset, fails: true},
		{name: "a name", named: hybrid, only: anyOf(no, unset), enabled: anyOf(no, unset), want: ModeHybrid},
		{name: "a name and only", named: hybrid, only: yes, enabled: anything, want: ModeHybrid, contradicted: true},
		{name: "a name and enabled", named: hybrid, only: anyOf(no, unset), enabled: yes, want: ModeHybrid, contradicted: true},
		{name: "a wrong name", named: []string{"SECRET", "otel-only"}, only: anything, enabled: anything, fails: true},
		{name: "only", named: unset, only: yes, enabled: anything, want: ModeOTel},
		{name: "enabled", named: unset, only: anyOf(no, unset), enabled: yes, want: ModeHybrid},
		{name: "nothing", named: unset, only: anyOf(no, unset), enabled: anyOf(no, unset), want: ModeDefault},
	} {
		t.Run(r.name, func(t *testing.T) {
			for _, prefix := range []string{"LANGSMITH_", "LANGCHAIN_"} {
				for _, named := range r.named {
					for _, only := range r.only {
						for _, enabled := range r.enabled {
							variables := map[string]string{"TRACING_MODE": named, "OTEL_ONLY": only, "OTEL_ENABLED": enabled}
							for suffix, value := range variables {
								t.Setenv("LANGSMITH_"+suffix, "")
								t.Setenv(prefix+suffix, value)
							}
							got, notice, err := config{mode: r.option}.resolvedMode()
							require.Equal(t, r.fails, err != nil, "%v", variables)
							require.Equal(t, r.want, got, "%v", variables)
							require.Equal(t, r.contradicted, notice != "", "%v", variables)
							if err != nil {
								require.NotContains(t, err.Error(), "SECRET")
							}
						}
					}
				}
				t.Setenv(prefix+"TRACING_MODE", "")
				t.Setenv(prefix+"OTEL_ONLY", "")
				t.Setenv(prefix+"OTEL_ENABLED", "")
			}
		})
	}
}

func TestTheModeDecidesWhoGetsSpans(t *testing.T) {
	const key, endpoint = "LANGSMITH_API_KEY", "OTEL_EXPORTER_OTLP_ENDPOINT"
	type variables map[string]string
	collector := WithOTLP(OTLP{Name: "collector", Endpoint: "http://c"})
	langsmith := WithLangSmith(LangSmith{APIKey: "k"})
	for name, test := range map[string]struct {
		variables variables
		options   []Option
		want      []string
		notices   int
		fails     string
	}{
		"default, key":                        {variables{key: "k"}, nil, []string{"langsmith"}, 0, ""},
		"default, endpoint":                   {variables{endpoint: "http://h"}, nil, []string{"otlp"}, 0, ""},
		"default, both":                       {variables{key: "k", endpoint: "http://h"}, nil, []string{"langsmith"}, 1, ""},
		"default, both, switched off":         {variables{key: "k", endpoint: "http://h", "LANGSMITH_TRACING": "false"}, nil, []string{"otlp"}, 0, ""},
		"default, key and a destination":      {variables{key: "k", endpoint: "http://h"}, []Option{collector}, []string{"langsmith", "collector"}, 0, ""},
		"default, Langtrace and endpoint":     {variables{"LANGTRACE_API_KEY": "k", endpoint: "http://h"}, nil, []string{"langtrace", "otlp"}, 0, ""},
		"langsmith":                           {variables{key: "k", endpoint: "http://h"}, []Option{WithMode(ModeLangSmith)}, []string{"langsmith"}, 1, ""},
		"langsmith without a key":             {variables{endpoint: "http://h"}, []Option{WithMode(ModeLangSmith)}, nil, 0, "LANGSMITH_API_KEY"},
		"langsmith, switched off":             {variables{"LANGSMITH_TRACING": "false"}, []Option{WithMode(ModeLangSmith)}, nil, 1, ""},
		"langsmith, switched off, endpoint":   {variables{key: "k", endpoint: "http://h", "LANGSMITH_TRACING": "false"}, []Option{WithMode(ModeLangSmith)}, nil, 1, ""},
		"langsmith, switched off, option":     {variables{endpoint: "http://h", "LANGSMITH_TRACING": "false"}, []Option{WithMode(ModeLangSmith), langsmith}, []string{"langsmith"}, 1, ""},
		"langsmith and a destination":         {nil, []Option{WithMode(ModeLangSmith), langsmith, collector}, []string{"langsmith", "collector"}, 0, ""},
		"hybrid":                              {variables{key: "k", endpoint: "http://h"}, []Option{WithMode(ModeHybrid)}, []string{"langsmith", "otlp"}, 0, ""},
		"hybrid without an endpoint":          {variables{key: "k"}, []Option{WithMode(ModeHybrid)}, []string{"langsmith"}, 0, ""},
		"hybrid without a key":                {variables{endpoint: "http://h"}, []Option{WithMode(ModeHybrid)}, []string{"otlp"}, 0, "LANGSMITH_API_KEY"},
		"hybrid, switched off":                {variables{key: "k", endpoint: "http://h", "LANGSMITH_TRACING": "false"}, []Option{WithMode(ModeHybrid)}, []string{"otlp"}, 0, ""},
		"hybrid by variable":                  {variables{key: "k", endpoint: "http://h", "LANGSMITH_OTEL_ENABLED": "true"}, nil, []string{"langsmith", "otlp"}, 0, ""},
		"otel":                                {variables{key: "k", endpoint: "http://h"}, []Option{WithMode(ModeOTel)}, []string{"otlp"}, 0, ""},
		"otel by variable":                    {variables{key: "k", endpoint: "http://h", "LANGSMITH_OTEL_ONLY": "true"}, nil, []string{"otlp"}, 0, ""},
		"otel wins over LangSmith's option":   {variables{endpoint: "http://h", "LANGSMITH_OTEL_ONLY": "true"}, []Option{langsmith}, []string{"otlp"}, 1, ""},
		"otel without an endpoint":            {variables{key: "k"}, []Option{WithMode(ModeOTel)}, []string{"otlp"}, 1, ""},
		"otel with a destination":             {variables{key: "k"}, []Option{WithMode(ModeOTel), collector}, []string{"collector"}, 0, ""},
		"otel with Langtrace":                 {variables{"LANGTRACE_API_KEY": "k"}, []Option{WithMode(ModeOTel)}, []string{"langtrace"}, 0, ""},
		"otel needs no key":                   {variables{endpoint: "http://h"}, []Option{WithMode(ModeOTel)}, []string{"otlp"}, 0, ""},
		"otel heeds no endpoints of replicas": {variables{endpoint: "http://h", "LANGSMITH_RUNS_ENDPOINTS": `{"http://r":"k"}`}, []Option{WithMode(ModeOTel)}, []string{"otlp"}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			setenv(t, test.variables)
			p, err := newConfig(test.options).plan()
			if test.fails == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.fails)
			}
			assert.Equal(t, test.want, names(p.exported()))
			assert.Len(t, p.notices, test.notices, p.notices)
		})
	}
}

func TestAModeForALangSmithThatIsSwitchedOffSaysWhereSpansGo(t *testing.T) {
	setenv(t, map[string]string{"LANGCHAIN_TRACING_V2": "false", "LANGSMITH_TRACING_MODE": "langsmith", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://h"})
	const reason = "LangSmith is switched off by LANGCHAIN_TRACING_V2 and the mode is langsmith: spans go "
	for want, opts := range map[string][]Option{
		"nowhere":                        nil,
		"to the other destinations only": {WithOTLP(OTLP{Endpoint: "http://c"})},
	} {
		p, err := newConfig(opts).plan()
		require.NoError(t, err)
		assert.Equal(t, []string{reason + want}, p.notices)
		assert.Len(t, p.destinations, len(opts))
	}
	p, err := newConfig([]Option{WithConsole(io.Discard)}).plan()
	require.NoError(t, err)
	assert.Equal(t, []string{reason + "to the other destinations only"}, p.notices)
}

func TestWithoutAnEndpointTheModeOfOpenTelemetryMeansTheCollectorHere(t *testing.T) {
	assert.Equal(t, "http://localhost:4318/v1/traces", resolved(t, WithMode(ModeOTel)).URL)
}

func TestAReceiverThatIsNamedTwiceGetsSpansOnce(t *testing.T) {
	const url = "https://api.smith.langchain.com/otel"
	for name, test := range map[string]struct {
		headers string
		once    bool
	}{
		"nothing but the endpoint": {"", true},
		"the same key":             {"x-api-key=k", true},
		"the same project":         {"x-api-key=k,Langsmith-Project=default", true},
		"something else besides":   {"x-api-key=k,x-other=1", true},
		"another project":          {"Langsmith-Project=other", false},
		"another key":              {"x-api-key=other", false},
	} {
		t.Run(name, func(t *testing.T) {
			setenv(t, map[string]string{
				"LANGSMITH_API_KEY": "k", "OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_EXPORTER_OTLP_HEADERS": test.headers,
			})
			p, err := newConfig([]Option{WithMode(ModeHybrid)}).plan()
			require.NoError(t, err)
			if !test.once {
				assert.Len(t, p.destinations, 2)
				assert.Empty(t, p.notices)
				return
			}
			require.Len(t, p.destinations, 1)
			assert.Equal(t, "langsmith", p.destinations[0].Name)
			assert.Equal(t, []string{"langsmith and otlp are the same receiver; it gets spans once, with content"}, p.notices)
		})
	}
	t.Run("plain endpoints", func(t *testing.T) {
		p, err := newConfig([]Option{
			WithOTLP(OTLP{Name: "a", Endpoint: "http://h", Headers: map[string]string{"x": "1"}}),
			WithOTLP(OTLP{Name: "b", TracesEndpoint: "http://h/v1/traces", Headers: map[string]string{"X": "1"}}),
			WithOTLP(OTLP{Name: "c", Endpoint: "http://h", Headers: map[string]string{"x": "2"}}),
		}).plan()
		require.NoError(t, err)
		assert.Equal(t, []string{"a", "c"}, names(p.exported()))
		assert.Len(t, p.notices, 1)
	})
}

func TestLangSmithGetsItsFormAlsoAsAnOpenTelemetryEndpoint(t *testing.T) {
	for name, test := range map[string]struct {
		variables map[string]string
		headers   map[string]string
		langsmith bool
	}{
		"the documented recipe": {
			map[string]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT": "https://api.smith.langchain.com/otel",
				"OTEL_EXPORTER_OTLP_HEADERS":  "x-api-key=mine,Langsmith-Project=here",
			},
			map[string]string{"X-Api-Key": "mine", "Langsmith-Project": "here"},
			true,
		},
		"a region, the project of the environment": {
			map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://eu.api.smith.langchain.com/otel", "LANGSMITH_PROJECT": "p"},
			map[string]string{"Langsmith-Project": "p"},
			true,
		},
		"the endpoint that is named": {
			map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://Smith.acme.com/api/v1/otel", "LANGSMITH_ENDPOINT": "https://smith.acme.com/api/v1"},
			map[string]string{"Langsmith-Project": "default"},
			true,
		},
		"another host": {
			map[string]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT": "https://api.smith.langchain.com.evil.example", "LANGSMITH_API_KEY": "k",
				"LANGSMITH_ENDPOINT": "https://smith.acme.com", "LANGSMITH_TRACING": "false",
			},
			map[string]string{},
			false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			setenv(t, test.variables)
			d := resolved(t)
			assert.Equal(t, "otlp", d.Name)
			assert.Equal(t, test.headers, headers(t, d))
			question, answer := sees(d)
			assert.Equal(t, test.langsmith, question)
			assert.Equal(t, test.langsmith, answer)
		})
	}
}

func TestWorkspacesOfOneKeyAreSeveralReceivers(t *testing.T) {
	const url = "https://api.smith.langchain.com/otel"
	for workspace, count := range map[string]int{"A": 1, "B": 2, "": 2} {
		all, err := destinations(WithLangSmith(LangSmith{APIKey: "k", WorkspaceID: "A"}), WithOTLP(OTLP{
			Endpoint: url, Headers: map[string]string{"x-api-key": "k", "x-tenant-id": workspace, "langsmith-project": "default"},
		}))
		require.NoError(t, err)
		assert.Len(t, all, count, workspace)
	}
}

func TestAHeaderForAProjectMakesNoLangSmith(t *testing.T) {
	all, err := destinations(
		WithOTLP(OTLP{Name: "a", Endpoint: "http://h", Headers: map[string]string{"Langsmith-Project": "p", "x-tenant": "1"}}),
		WithOTLP(OTLP{Name: "b", Endpoint: "http://h", Headers: map[string]string{"Langsmith-Project": "p", "x-tenant": "2"}}),
	)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, names(all))
}

func TestOfTwoContentPoliciesForOneReceiverTheStricterHolds(t *testing.T) {
	policies := map[Content]struct {
		rank  int
		sends string
	}{
		ContentExclude: {0, "without content"}, ContentDefault: {1, "with the content that is on the span"}, ContentInclude: {2, "with content"},
	}
	for first, one := range policies {
		for second, other := range policies {
			p, err := newConfig([]Option{
				WithOTLP(OTLP{Name: "a", Endpoint: "http://h", Content: first}), WithOTLP(OTLP{Name: "b", Endpoint: "http://h", Content: second}),
			}).plan()
			require.NoError(t, err)
			require.Equal(t, []string{"a"}, names(p.exported()))
			want := one
			if other.rank < one.rank {
				want = other
			}
			assert.Equal(t, []string{"a and b are the same receiver; it gets spans once, " + want.sends}, p.notices)
			assert.Equal(t, "a (h) "+want.sends, p.String())
			question, answer := sees(p.exported()[0])
			assert.Equal(t, want.rank == 2, question)
			assert.Equal(t, want.rank == 2, answer)
			assert.Equal(t, want.rank == 1, p.exported()[0].View == nil)
		}
	}
	t.Run("at LangSmith", func(t *testing.T) {
		langsmith := WithLangSmith(LangSmith{APIKey: "k"})
		header := map[string]string{"x-api-key": "k", "langsmith-project": "default"}
		d := resolved(t, langsmith, WithOTLP(OTLP{Endpoint: "https://api.smith.langchain.com/otel", Headers: header, Content: ContentExclude}))
		question, answer := sees(d)
		assert.False(t, question || answer)
		assert.Equal(t, "langsmith", d.Name)
	})
	t.Run("at Langtrace", func(t *testing.T) {
		langtrace := WithLangtrace(Langtrace{APIKey: "k"})
		for policy, want := range map[Content]bool{ContentDefault: true, ContentInclude: true, ContentExclude: false} {
			d := resolved(t, langtrace, WithOTLP(OTLP{
				TracesEndpoint: "https://app.langtrace.ai/api/trace", Headers: map[string]string{"x-api-key": "k"}, Content: policy,
			}))
			question, answer := sees(d)
			assert.Equal(t, want, question)
			assert.Equal(t, want, answer)
		}
	})
	t.Run("at a LangSmith that looks like any endpoint", func(t *testing.T) {
		langsmith := WithLangSmith(LangSmith{APIKey: "k", Endpoint: "https://smith.acme.com"})
		for policy, want := range map[Content]bool{ContentDefault: true, ContentInclude: true, ContentExclude: false} {
			header := map[string]string{"x-api-key": "k", "langsmith-project": "default"}
			d := resolved(t, langsmith, WithOTLP(OTLP{Endpoint: "https://smith.acme.com/otel", Headers: header, Content: policy}))
			question, answer := sees(d)
			assert.Equal(t, want, question)
			assert.Equal(t, want, answer)
		}
	})
}

func TestTheKeyOfLangSmithGoesToLangSmithOnly(t *testing.T) {
	for name, test := range map[string]struct {
		langsmith, endpoint string
		key, form           bool
	}{
		"a region":                          {"", "https://eu.api.smith.langchain.com/otel", true, true},
		"two regions":                       {"https://eu.api.smith.langchain.com", "https://apac.api.smith.langchain.com/otel", true, true},
		"the URL that is named":             {"https://obs.corp/langsmith", "https://obs.corp/langsmith/otel", true, true},
		"the URL that is named, in clear":   {"http://obs.corp:1984/api/v1", "http://obs.corp:1984/api/v1/otel", true, true},
		"a collector on the same host":      {"https://obs.corp/langsmith", "https://obs.corp/collector", false, false},
		"a URL below the one that is named": {"https://obs.corp/langsmith", "https://obs.corp/langsmith/otel/other", false, false},
		"another port":                      {"https://obs.corp/langsmith", "https://obs.corp:4318/langsmith/otel", false, false},
		"without the encryption":            {"https://obs.corp/langsmith", "http://obs.corp/langsmith/otel", false, false},
		"LangSmith's host in clear":         {"", "http://api.smith.langchain.com/otel", false, false},
		"a host with such an end":           {"", "https://evil-api.smith.langchain.com/otel", false, false},
		"a host with such a beginning":      {"", "https://api.smith.langchain.com.evil.example/otel", false, false},
		"LangSmith's, but the key is not":   {"https://obs.corp/langsmith", "https://api.smith.langchain.com/otel", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			setenv(t, map[string]string{
				"LANGSMITH_API_KEY": "SECRET", "LANGSMITH_ENDPOINT": test.langsmith, "LANGSMITH_TRACING_MODE": "hybrid",
				"OTEL_EXPORTER_OTLP_ENDPOINT": test.endpoint,
			})
			p, err := newConfig([]Option{WithLangSmith(LangSmith{APIKey: "another"})}).plan()
			require.NoError(t, err)
			require.Len(t, p.destinations, 2)
			d := p.exported()[1]
			assert.Equal(t, test.key, headers(t, d)["X-Api-Key"] == "SECRET", d.Headers)
			assert.Equal(t, test.key, len(d.Headers) > 0, d.Headers)
			question, answer := sees(d)
			assert.Equal(t, test.form, question)
			assert.Equal(t, test.form, answer)
		})
	}
	t.Run("over gRPC", func(t *testing.T) {
		setenv(t, map[string]string{
			"LANGSMITH_API_KEY": "SECRET", "LANGSMITH_TRACING_MODE": "hybrid", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
			"OTEL_EXPORTER_OTLP_ENDPOINT": "https://api.smith.langchain.com",
		})
		all, err := destinations()
		require.NoError(t, err)
		require.Len(t, all, 2)
		assert.Empty(t, all[1].Headers)
	})
}

func TestTheWorkspaceGoesWithItsOwnKeyOnly(t *testing.T) {
	for given, want := range map[string]map[string]string{
		"":                               {"X-Api-Key": "k", "X-Tenant-Id": "w", "Langsmith-Project": "default"},
		"x-api-key=k":                    {"X-Api-Key": "k", "X-Tenant-Id": "w", "Langsmith-Project": "default"},
		"X-Tenant-ID=mine":               {"X-Api-Key": "k", "X-Tenant-Id": "mine", "Langsmith-Project": "default"},
		"x-api-key=other":                {"X-Api-Key": "other", "Langsmith-Project": "default"},
		"x-api-key=o,x-tenant-id=theirs": {"X-Api-Key": "o", "X-Tenant-Id": "theirs", "Langsmith-Project": "default"},
	} {
		t.Run(given, func(t *testing.T) {
			setenv(t, map[string]string{
				"LANGSMITH_API_KEY": "k", "LANGSMITH_WORKSPACE_ID": "w", "LANGSMITH_TRACING_MODE": "hybrid",
				"OTEL_EXPORTER_OTLP_ENDPOINT": "https://eu.api.smith.langchain.com/otel", "OTEL_EXPORTER_OTLP_HEADERS": given,
			})
			all, err := destinations()
			require.NoError(t, err)
			require.Len(t, all, 2)
			assert.Equal(t, want, headers(t, all[1]))
		})
	}
}

func TestAnOTLPOptionAtLangSmithTakesItsFormAndNothingOfTheEnvironment(t *testing.T) {
	setenv(t, map[string]string{
		"LANGSMITH_API_KEY": "SECRET", "LANGSMITH_PROJECT": "p", "LANGSMITH_WORKSPACE_ID": "w", "LANGSMITH_ENDPOINT": "https://smith.acme.com",
	})
	for name, test := range map[string]struct {
		endpoint        string
		content, common Content
		hidden          string
		want            bool
	}{
		"LangSmith's own":               {endpoint: "https://api.smith.langchain.com/otel", want: true},
		"excluded":                      {endpoint: "https://api.smith.langchain.com/otel", content: ContentExclude},
		"excluded for all":              {endpoint: "https://api.smith.langchain.com/otel", common: ContentExclude},
		"included here":                 {endpoint: "https://api.smith.langchain.com/otel", content: ContentInclude, common: ContentExclude, want: true},
		"hidden by a variable":          {endpoint: "https://api.smith.langchain.com/otel", hidden: "true"},
		"in clear":                      {endpoint: "http://api.smith.langchain.com/otel"},
		"the one of the environment":    {endpoint: "https://smith.acme.com/otel"},
		"on the host of that, in clear": {endpoint: "http://smith.acme.com/collector"},
	} {
		t.Run(name, func(t *testing.T) {
			setenv(t, map[string]string{"LANGSMITH_HIDE_INPUTS": test.hidden, "LANGSMITH_HIDE_OUTPUTS": test.hidden})
			given := map[string]string{"x-api-key": "mine"}
			all, err := destinations(WithContent(test.common), WithOTLP(OTLP{Endpoint: test.endpoint, Content: test.content, Headers: given}))
			require.NoError(t, err)
			require.Len(t, all, 2)
			assert.Equal(t, given, all[1].Headers)
			question, answer := sees(all[1])
			assert.Equal(t, test.want, question)
			assert.Equal(t, test.want, answer)
		})
	}
}

func TestWhereLangSmithIsSwitchedOffItsURLIsOneLikeAnyOther(t *testing.T) {
	for name, variables := range map[string]map[string]string{
		"by the mode":   {"LANGSMITH_TRACING_MODE": "otel"},
		"by its switch": {"LANGSMITH_TRACING": "false"},
		"in hybrid":     {"LANGSMITH_TRACING": "false", "LANGSMITH_TRACING_MODE": "hybrid"},
	} {
		t.Run(name, func(t *testing.T) {
			setenv(t, variables)
			setenv(t, map[string]string{
				"LANGSMITH_API_KEY": "SECRET", "LANGSMITH_PROJECT": "p", "LANGSMITH_WORKSPACE_ID": "w",
				"OTEL_EXPORTER_OTLP_HEADERS": "x-api-key=mine",
			})
			for _, endpoint := range []string{"https://api.smith.langchain.com/otel", "https://smith.acme.com/otel"} {
				setenv(t, map[string]string{"LANGSMITH_ENDPOINT": strings.TrimSuffix(endpoint, "/otel"), "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint})
				for _, d := range []export.Destination{
					resolved(t), resolved(t, WithOTLP(OTLP{Endpoint: endpoint, Headers: map[string]string{"x-api-key": "mine"}})),
				} {
					assert.Equal(t, endpoint+"/v1/traces", d.URL)
					assert.Equal(t, map[string]string{"x-api-key": "mine"}, d.Headers)
					assert.Nil(t, d.View, "spans go as they are")
				}
			}
		})
	}
}

func TestLangSmithCanBeSeveralWorkspaces(t *testing.T) {
	for name, list := range map[string]string{
		"a list": `[{"api_url":"https://a","api_key":"1","project_name":"p","primary":true},{"api_url":"https://b/api/v1","api_key":"2"}]`,
		"a map":  `{"https://b/api/v1":"2","https://a":"1"}`,
	} {
		t.Run(name, func(t *testing.T) {
			setenv(t, map[string]string{"LANGSMITH_RUNS_ENDPOINTS": list, "LANGSMITH_PROJECT": "common"})
			all, err := destinations()
			require.NoError(t, err)
			require.Len(t, all, 2)
			assert.Equal(t, []string{"langsmith", "langsmith-2"}, names(all))
			assert.Equal(t, "https://a/otel/v1/traces", all[0].URL)
			assert.Equal(t, "https://b/api/v1/otel/v1/traces", all[1].URL)
			assert.Equal(t, "1", headers(t, all[0])[http.CanonicalHeaderKey("x-api-key")])
			assert.Equal(t, "2", headers(t, all[1])[http.CanonicalHeaderKey("x-api-key")])
			assert.Equal(t, name == "a list", headers(t, all[0])["Langsmith-Project"] == "p")
			assert.Equal(t, "common", headers(t, all[1])["Langsmith-Project"])
		})
	}
	for name, list := range map[string]string{
		"no JSON": "SECRET", "no list": `"SECRET"`, "no key": `[{"api_url":"https://SECRET"}]`, "no URL": `[{"api_key":"SECRET"}]`,
		"two primaries": `[{"api_url":"https://a","api_key":"SECRET","primary":true},{"api_url":"https://b","api_key":"2","primary":true}]`,
		"nothing":       `[]`, "no endpoint": `{"SECRET":"2"}`, "wrong types": `[{"api_url":["SECRET"],"api_key":"k"}]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("LANGCHAIN_RUNS_ENDPOINTS", list)
			_, err := destinations()
			require.ErrorContains(t, err, "LANGCHAIN_RUNS_ENDPOINTS")
			assert.NotContains(t, err.Error(), "SECRET")
		})
	}
	t.Run("beside an endpoint", func(t *testing.T) {
		setenv(t, map[string]string{"LANGSMITH_RUNS_ENDPOINTS": `{"https://a":"1"}`, "LANGSMITH_ENDPOINT": "https://b"})
		_, err := destinations()
		require.ErrorContains(t, err, "LANGSMITH_ENDPOINT")
	})
	t.Run("an option wins", func(t *testing.T) {
		t.Setenv("LANGSMITH_RUNS_ENDPOINTS", `{"https://a":"1"}`)
		assert.Equal(t, "https://b/otel/v1/traces", resolved(t, WithLangSmith(LangSmith{APIKey: "k", Endpoint: "https://b"})).URL)
	})
}

func TestTheRateOfLangSmithThinsLangSmithOnlyAndByWholeTraces(t *testing.T) {
	t.Setenv("LANGSMITH_TRACING_SAMPLING_RATE", "0.25")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h")
	all, err := destinations(WithMode(ModeHybrid), WithLangSmith(LangSmith{APIKey: "k"}))
	require.NoError(t, err)
	require.Len(t, all, 2)
	assert.Nil(t, all[1].View, "the other destination gets every span as it is")

	const traces = 4000
	kept := 0
	random := rand.New(rand.NewPCG(1, 2))
	for range traces {
		var id trace.TraceID
		binary.BigEndian.PutUint64(id[8:], random.Uint64())
		first, second := shows(all[0], id), shows(all[0], id)
		require.Equal(t, first, second, "spans of one trace share its fate")
		if first {
			kept++
		}
	}
	assert.InDelta(t, traces/4, kept, traces/20)

	for value, all := range map[string]bool{"0": false, "1": true, "1.0": true} {
		t.Setenv("LANGSMITH_TRACING_SAMPLING_RATE", value)
		assert.Equal(t, all, shows(resolved(t, WithLangSmith(LangSmith{APIKey: "k"}), WithMode(ModeLangSmith)), trace.TraceID{8: 0x7f, 15: 1}), value)
	}
	for _, value := range []string{"-0.1", "1.1", "NaN", "SECRET", "50%"} {
		t.Setenv("LANGSMITH_TRACING_SAMPLING_RATE", value)
		_, err := destinations(WithLangSmith(LangSmith{APIKey: "k"}))
		require.ErrorContains(t, err, "LANGSMITH_TRACING_SAMPLING_RATE", value)
		assert.NotContains(t, err.Error(), "SECRET")
	}
}

// shows tells whether a destination gets a span of a trace.
func shows(d export.Destination, id trace.TraceID) bool {
	stub := tracetest.SpanStub{
		Name:        "chat",
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled}),
	}
	return d.View(stub.Snapshot(), nil) != nil
}

func TestThePlanSaysWhatGoesWhereAndNoSecret(t *testing.T) {
	setenv(t, map[string]string{"LANGSMITH_HIDE_OUTPUTS": "true", "LANGTRACE_API_KEY": "SECRET", "TRACE_PROMPT_COMPLETION_DATA": "false"})
	p, err := newConfig([]Option{
		WithLangSmith(LangSmith{APIKey: "SECRET", Endpoint: "https://user:SECRET@eu.api.smith.langchain.com/?SECRET"}),
		WithOTLP(OTLP{Name: "collector", Endpoint: "http://localhost:4318", Headers: map[string]string{"a": "SECRET"}}),
		WithOTLP(OTLP{Name: "archive", Endpoint: "http://archive", Content: ContentInclude}),
	}).plan()
	require.NoError(t, err)
	assert.Equal(t, "langsmith (eu.api.smith.langchain.com) with prompts, without answers; "+
		"langtrace (app.langtrace.ai) without content; "+
		"collector (localhost:4318) with the content that is on the span; "+
		"archive (archive) with content", p.String())
}

func TestThePlanSaysThatLangSmithGetsNoMetadata(t *testing.T) {
	setenv(t, map[string]string{
		"LANGSMITH_HIDE_METADATA": "true", "LANGSMITH_HIDE_INPUTS": "true",
		"OTEL_EXPORTER_OTLP_ENDPOINT": "https://eu.api.smith.langchain.com/otel",
	})
	p, err := newConfig([]Option{WithLangtrace(Langtrace{APIKey: "k"})}).plan()
	require.NoError(t, err)
	assert.Equal(t, "langtrace (app.langtrace.ai) with content; "+
		"otlp (eu.api.smith.langchain.com) with answers, without prompts, without metadata", p.String())
}
