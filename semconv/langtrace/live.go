package langtrace

import "go.opentelemetry.io/otel/attribute"

// Attributes of the live set, which fill the user interface. Strings unless the
// comment says otherwise.
const (
	// ServiceTypeKey is one of the ServiceType values; llm opens the conversation
	// view. It serves filters, counts and evaluation. A trace takes the type of its
	// last span.
	ServiceTypeKey = attribute.Key("langtrace.service.type")

	// ServiceNameKey fills the vendor column and picks the logo. In lower case it is
	// the key of the price table: any other name than the ServiceName values has no
	// cost.
	ServiceNameKey = attribute.Key("langtrace.service.name")

	// ServiceVersionKey is the version of the vendor's client. Display only.
	ServiceVersionKey = attribute.Key("langtrace.service.version")

	// SDKNameKey is the name of the SDK that made the span. Display only.
	SDKNameKey = attribute.Key("langtrace.sdk.name")

	// VersionKey is the version of the SDK that made the span. Display only.
	VersionKey = attribute.Key("langtrace.version")

	// LLMModelKey is the model. Of the three model keys the interface reads it
	// second, the database queries first.
	LLMModelKey = attribute.Key("llm.model")

	// UserIDKey fills the user column and its filter. The key user.id does not.
	UserIDKey = attribute.Key("user_id")

	// PromptIDKey fills the prompt column and links to the prompt registry.
	PromptIDKey = attribute.Key("prompt_id")

	// PromptVersionKey fills the column of the prompt's version.
	PromptVersionKey = attribute.Key("prompt_version")

	// ExperimentKey names the experiment the span belongs to.
	ExperimentKey = attribute.Key("experiment")

	// RunIDKey is the id of the run within an experiment.
	RunIDKey = attribute.Key("run_id")

	// DescriptionKey describes the experiment.
	DescriptionKey = attribute.Key("description")
)

// Values of [ServiceTypeKey].
const (
	ServiceTypeLLM       = "llm"
	ServiceTypeVectorDB  = "vectordb"
	ServiceTypeFramework = "framework"
)

// Values of [ServiceNameKey] that the price table knows, in the spelling that is
// displayed; the letter case does not matter to the lookup. Every name containing
// "bedrock" is priced as Bedrock.
const (
	ServiceNameOpenAI     = "OpenAI"
	ServiceNameAzure      = "Azure"
	ServiceNameAnthropic  = "Anthropic"
	ServiceNameCohere     = "Cohere"
	ServiceNameGroq       = "Groq"
	ServiceNamePerplexity = "Perplexity"
	ServiceNameGemini     = "Gemini"
	ServiceNameXAI        = "XAI"
	ServiceNameMistral    = "Mistral"
	ServiceNameDeepSeek   = "DeepSeek"
	ServiceNameLiteLLM    = "LiteLLM"
	ServiceNameAWSBedrock = "AWS Bedrock"
	ServiceNameAI         = "ai"
)
