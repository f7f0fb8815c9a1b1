package dialect

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/internal/jsonappend"
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
	"github.com/genotel/genotel/semconv/langsmith"
)

// AppendLangSmith appends the scalar langsmith.* set: what LangSmith needs to
// show a model call as one and to price it, without content.
func AppendLangSmith(dst []attribute.KeyValue, c *record.Call) []attribute.KeyValue {
	dst = append(dst, langsmith.SpanKindKey.String(runType(c)))
	if isStep(c) {
		return dst
	}
	dst = appendText(dst, langsmith.MetadataLSModelTypeKey, modelType(c))
	provider, name := pricedAs(c)
	dst = appendText(dst, langsmith.MetadataLSProviderKey, provider)
	dst = appendText(dst, langsmith.MetadataLSModelNameKey, name)
	dst = appendFloat(dst, langsmith.MetadataLSTemperatureKey, c.Request.Temperature)
	dst = appendInt(dst, langsmith.MetadataLSMaxTokensKey, c.Request.MaxTokens)
	if len(c.Request.StopSequences) > 0 {
		dst = append(dst, langsmith.MetadataLSStopKey.String(stringList(c.Request.StopSequences)))
	}
	dst = append(dst, langsmith.MetadataLSInvocationParamsKey.String(invocationParams(c)))
	if u := usage(c); u.Input.IsSet() || u.Output.IsSet() || u.Cost.IsSet() {
		dst = append(dst, langsmith.UsageMetadataKey.String(usageMetadata(u)))
	}
	if c.Gateway != nil {
		dst = appendText(dst, langsmith.MetadataLiteLLMCallIDKey, c.Gateway.CallID)
	}
	return dst
}

// runType is needed because LangSmith understands few operation names by itself.
func runType(c *record.Call) string {
	if tracedBelow(c) {
		return langsmith.SpanKindChain
	}
	switch c.Operation {
	case semconv.GenAIOperationNameEmbeddings:
		return langsmith.SpanKindEmbedding
	case semconv.GenAIOperationNameExecuteTool:
		return langsmith.SpanKindTool
	case semconv.GenAIOperationNameRetrieval:
		return langsmith.SpanKindRetriever
	case semconv.GenAIOperationNameChat, semconv.GenAIOperationNameGenerateContent,
		semconv.GenAIOperationNameTextCompletion, semconv.OperationNameModeration:
		return langsmith.SpanKindLLM
	case semconv.GenAIOperationNameFetchResponse:
		if generates(c) {
			return langsmith.SpanKindLLM
		}
		return langsmith.SpanKindChain
	default:
		return langsmith.SpanKindChain
	}
}

// modelType is empty for models that LangSmith has no type for, and where no model
// answers.
func modelType(c *record.Call) string {
	switch {
	case c.Operation == semconv.GenAIOperationNameTextCompletion:
		return langsmith.ModelTypeLLM
	case c.Operation == semconv.GenAIOperationNameEmbeddings, c.Operation == semconv.OperationNameModeration, !generates(c):
		return ""
	default:
		return langsmith.ModelTypeChat
	}
}

// generates reports whether a call stands for the work of a model, rather than that
// one is prepared, searched beside, asked for what it did before, or that a gateway
// tells of it. A call that
// fetches what was made in the background does when it is the one to tell the tokens.
func generates(c *record.Call) bool {
	if tracedBelow(c) || isStep(c) {
		return false
	}
	switch c.Operation {
	case semconv.GenAIOperationNameFetchResponse:
		return *usage(c) != (record.Usage{})
	case semconv.GenAIOperationNameCreateAgent, semconv.GenAIOperationNameRetrieval,
		semconv.OperationNameCountTokens, semconv.OperationNameCreateBatch:
		return false
	case semconv.GenAIOperationNameExecuteTool, semconv.GenAIOperationNameInvokeWorkflow, semconv.GenAIOperationNamePlan,
		semconv.GenAIOperationNameSearchMemory, semconv.GenAIOperationNameCreateMemory, semconv.GenAIOperationNameUpdateMemory,
		semconv.GenAIOperationNameUpsertMemory, semconv.GenAIOperationNameDeleteMemory,
		semconv.GenAIOperationNameCreateMemoryStore, semconv.GenAIOperationNameDeleteMemoryStore:
		return false // steps of the program
	default:
		return true
	}
}

// langsmithProvider translates the names that LangSmith's price table spells
// differently: as LangChain's integrations do. Gateways that sell nothing
// of their own have no prices there; they keep the flavor of the protocol, by which
// the models of OpenAI behind them are found.
func langsmithProvider(provider string) string {
	switch provider {
	case semconv.GenAIProviderNameAzureAIOpenAI:
		return "azure"
	case semconv.GenAIProviderNameGCPGemini:
		return "google_genai"
	case semconv.GenAIProviderNameGCPVertexAI:
		return "google_vertexai"
	case semconv.GenAIProviderNameMistralAI:
		return "mistral"
	case semconv.GenAIProviderNameXAI:
		return "xai"
	case semconv.GenAIProviderNameAWSBedrock:
		return "amazon_bedrock"
	case "cloudflare", "portkey", "requesty", "vercel":
		return semconv.GenAIProviderNameOpenAI
	default:
		return provider
	}
}

// model is the model that answered, since an alias or a deployment name has no
// price, or else the one asked for.
func model(c *record.Call) string {
	if c.Response.Model != "" {
		return c.Response.Model
	}
	return c.Request.Model
}

func stringList(list []string) string {
	var w jsonappend.Writer
	w.Array()
	for _, s := range list {
		w.String(s)
	}
	w.EndArray()
	return string(w.Bytes())
}

func invocationParams(c *record.Call) string {
	r := &c.Request
	var w jsonappend.Writer
	w.Object()
	writeOptional(&w, "model", r.Model)
	writeInt(&w, "max_tokens", r.MaxTokens)
	writeFloat(&w, "temperature", r.Temperature)
	writeFloat(&w, "top_p", r.TopP)
	writeInt(&w, "top_k", r.TopK)
	writeFloat(&w, "frequency_penalty", r.FrequencyPenalty)
	writeFloat(&w, "presence_penalty", r.PresencePenalty)
	writeInt(&w, "seed", r.Seed)
	writeInt(&w, "n", r.ChoiceCount)
	if len(r.StopSequences) > 0 {
		w.Key("stop")
		w.Array()
		for _, s := range r.StopSequences {
			w.String(s)
		}
		w.EndArray()
	}
	writeInt(&w, "dimensions", r.Dimensions)
	if len(r.EncodingFormats) == 1 {
		w.StringField("encoding_format", r.EncodingFormats[0])
	}
	writeOptional(&w, "reasoning_effort", r.ReasoningLevel)
	writeOptional(&w, "service_tier", r.ServiceTier)
	if r.Stream {
		w.Key("stream")
		w.Bool(true)
	}
	for _, option := range r.Options {
		w.Key(option.Name)
		writeLiteral(&w, option.Value)
	}
	w.EndObject()
	return string(w.Bytes())
}

// writeLiteral writes a number or a truth value as what it is, and anything else as
// a text.
func writeLiteral(w *jsonappend.Writer, value string) {
	s := jsonscan.NewString(value)
	kind := s.Kind()
	s.Skip()
	if s.End() && (kind == jsonscan.Number || kind == jsonscan.Bool) {
		w.Raw([]byte(value))
		return
	}
	w.String(value)
}

// usageMetadata is LangSmith's own usage object. It wins over gen_ai.usage.*,
// and only it has the details that are priced apart.
func usageMetadata(u *record.Usage) string {
	var w jsonappend.Writer
	w.Object()
	writeInt(&w, "input_tokens", u.Input)
	writeInt(&w, "output_tokens", u.Output)
	writeInt(&w, "total_tokens", total(u))
	writeDetails(&w, "input_token_details", []detail{
		{"cache_read", u.CacheRead},
		{"cache_creation", u.CacheWrite},
		{"text", u.TextInput},
		{"audio", u.AudioInput},
		{"image", u.ImageInput},
	})
	writeDetails(&w, "output_token_details", []detail{
		{"reasoning", u.Reasoning},
		{"text", u.TextOutput},
		{"audio", u.AudioOutput},
		{"image", u.ImageOutput},
	})
	writeFloat(&w, "total_cost", u.Cost)
	w.EndObject()
	return string(w.Bytes())
}

type detail struct {
	name  string
	value record.Opt[int64]
}

// writeDetails writes the details that are not zero, and no object when none is.
func writeDetails(w *jsonappend.Writer, key string, details []detail) {
	open := false
	for _, d := range details {
		if d.value.Or(0) == 0 {
			continue
		}
		if !open {
			w.Key(key)
			w.Object()
			open = true
		}
		writeInt(w, d.name, d.value)
	}
	if open {
		w.EndObject()
	}
}

func writeInt(w *jsonappend.Writer, key string, value record.Opt[int64]) {
	if v, ok := value.Get(); ok {
		w.Key(key)
		w.Int(v)
	}
}

func writeFloat(w *jsonappend.Writer, key string, value record.Opt[float64]) {
	if v, ok := value.Get(); ok {
		w.Key(key)
		w.Float(v)
	}
}
