package genotel

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/otelgenai/record"
)

// asksInOpenInference tells whether a destination gets the kind of span that OpenInference
// wants.
func asksInOpenInference(d export.Destination) bool {
	if d.View == nil || !d.WantsRecord {
		return false
	}
	for _, kv := range d.View(tracetest.SpanStub{Name: "chat"}.Snapshot(), &record.Call{Operation: "chat"}).Attributes() {
		if kv == attribute.String("openinference.span.kind", "LLM") {
			return true
		}
	}
	return false
}

func TestAFormSaysNothingOfContent(t *testing.T) {
	for name, test := range map[string]struct {
		own, common Content
		shown       bool
		sends       string
	}{
		"default":          {sends: "with the content that is on the span"},
		"included":         {own: ContentInclude, shown: true, sends: "with content"},
		"excluded":         {own: ContentExclude, sends: "without content"},
		"included for all": {common: ContentInclude, shown: true, sends: "with content"},
		"excluded for all": {common: ContentExclude, sends: "without content"},
		"included here":    {own: ContentInclude, common: ContentExclude, shown: true, sends: "with content"},
		"excluded here":    {own: ContentExclude, common: ContentInclude, sends: "without content"},
	} {
		t.Run(name, func(t *testing.T) {
			d := Phoenix("http://localhost:6006", "")
			d.Content = test.own
			p, err := newConfig([]Option{WithContent(test.common), WithOTLP(d)}).plan()
			require.NoError(t, err)
			require.Len(t, p.destinations, 1)
			question, answer := sees(p.exported()[0])
			assert.Equal(t, []bool{test.shown, test.shown}, []bool{question, answer})
			assert.True(t, asksInOpenInference(p.exported()[0]))
			assert.Equal(t, "phoenix (localhost:6006) as OpenInference, "+test.sends, p.String())
		})
	}
}

func TestWhatIsOnTheSpanStaysThereByDefaultAndIsHiddenOtherwise(t *testing.T) {
	span := tracetest.SpanStub{Name: "chat", Attributes: []attribute.KeyValue{attribute.String("gen_ai.input.messages", "[]")}}
	for policy, want := range map[Content]bool{ContentDefault: true, ContentInclude: true, ContentExclude: false} {
		d := resolved(t, WithOTLP(OTLP{Endpoint: "http://h", Form: FormOpenInference, Content: policy}))
		for _, call := range []*record.Call{nil, {Operation: "chat"}} {
			seen := d.View(span.Snapshot(), call).Attributes()
			assert.Equal(t, want, len(seen) > 0 && seen[0] == span.Attributes[0], "%d", policy)
		}
	}
}

func TestAFormThatDoesNotExistIsAnError(t *testing.T) {
	_, err := destinations(WithOTLP(OTLP{Name: "mine", Endpoint: "http://h", Form: FormOpenInference + 1}))
	require.EqualError(t, err, "mine: OTLP.Form: not one of the forms")
}

func TestLangSmithKeepsItsFormWhateverAnEndpointAsksFor(t *testing.T) {
	t.Setenv("LANGSMITH_HIDE_INPUTS", "true")
	p, err := newConfig([]Option{WithOTLP(OTLP{
		Endpoint: "https://api.smith.langchain.com/otel", Headers: map[string]string{"x-api-key": "k"}, Form: FormOpenInference,
	})}).plan()
	require.NoError(t, err)
	require.Len(t, p.destinations, 1)
	assert.False(t, asksInOpenInference(p.exported()[0]))
	assert.Equal(t, "otlp (api.smith.langchain.com) with answers, without prompts", p.String())
}

func TestAReceiverThatIsNamedInTwoFormsGetsTheOneThatWasAskedForUnderTheStricterPolicy(t *testing.T) {
	ranks := map[Content]int{ContentExclude: 0, ContentDefault: 1, ContentInclude: 2}
	words := []string{"without content", "with the content that is on the span", "with content"}
	for _, forms := range [][2]Form{{FormGenAI, FormOpenInference}, {FormOpenInference, FormGenAI}, {FormOpenInference, FormOpenInference}} {
		for first, one := range ranks {
			for second, other := range ranks {
				p, err := newConfig([]Option{
					WithOTLP(OTLP{Name: "a", Endpoint: "http://h", Form: forms[0], Content: first}),
					WithOTLP(OTLP{Name: "b", Endpoint: "http://h", Form: forms[1], Content: second}),
				}).plan()
				require.NoError(t, err)
				require.Equal(t, []string{"a"}, names(p.exported()))
				want := "as OpenInference, " + words[min(one, other)]
				assert.Equal(t, []string{"a and b are the same receiver; it gets spans once, " + want}, p.notices)
				assert.Equal(t, "a (h) "+want, p.String())
				assert.True(t, asksInOpenInference(p.exported()[0]))
				question, answer := sees(p.exported()[0])
				assert.Equal(t, min(one, other) == 2, question)
				assert.Equal(t, min(one, other) == 2, answer)
			}
		}
	}
	t.Run("another key", func(t *testing.T) {
		all, err := destinations(WithOTLP(Phoenix("http://h", "one")), WithOTLP(OTLP{Endpoint: "http://h"}))
		require.NoError(t, err)
		require.Equal(t, []string{"phoenix", "otlp-2"}, names(all))
		assert.True(t, asksInOpenInference(all[0]))
		assert.False(t, asksInOpenInference(all[1]))
	})
}
