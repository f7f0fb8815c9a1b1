package openinference

import "go.opentelemetry.io/otel/attribute"

// Attributes of a tool run, and of a tool in [LLMToolsKey].
const (
	// ToolNameKey is the name of the tool. A string. LangSmith: name of the run, when
	// the span kind is exactly TOOL.
	ToolNameKey = attribute.Key("tool.name")

	// ToolIDKey is the id of the tool call that is run. A string.
	ToolIDKey = attribute.Key("tool.id")

	// ToolDescriptionKey says what the tool does. A string.
	ToolDescriptionKey = attribute.Key("tool.description")

	// ToolParametersKey is the parameters of the tool: JSON text.
	ToolParametersKey = attribute.Key("tool.parameters")

	// ToolJSONSchemaKey is the definition of a tool offered to a model: JSON text.
	ToolJSONSchemaKey = attribute.Key("tool.json_schema")
)

// Attributes of an embedding call.
const (
	// EmbeddingModelNameKey is the model. A string.
	EmbeddingModelNameKey = attribute.Key("embedding.model_name")

	// EmbeddingInvocationParametersKey is the parameters of the request, without its
	// input, in one JSON object, as text.
	EmbeddingInvocationParametersKey = attribute.Key("embedding.invocation_parameters")

	// EmbeddingEmbeddingsKey is the list of inputs and results. Members:
	// [EmbeddingTextKey] and [EmbeddingVectorKey].
	EmbeddingEmbeddingsKey = attribute.Key("embedding.embeddings")

	// EmbeddingTextKey is the text of one input.
	EmbeddingTextKey = attribute.Key("embedding.text")

	// EmbeddingVectorKey is the vector of one input. A list of doubles.
	EmbeddingVectorKey = attribute.Key("embedding.vector")
)

// Attributes of a retrieval.
const (
	// RetrievalDocumentsKey is the list of documents found. Members: Document*.
	// LangSmith: outputs.documents; reading stops at the first document without
	// content or without metadata.
	RetrievalDocumentsKey = attribute.Key("retrieval.documents")

	// DocumentIDKey is the id of a document. A string.
	DocumentIDKey = attribute.Key("document.id")

	// DocumentContentKey is the text of a document. LangSmith: page_content.
	DocumentContentKey = attribute.Key("document.content")

	// DocumentScoreKey is the relevance of a document. A double.
	DocumentScoreKey = attribute.Key("document.score")

	// DocumentMetadataKey is the metadata of a document: a JSON object as text.
	// LangSmith: metadata; send {} when there is none, or the document is lost.
	DocumentMetadataKey = attribute.Key("document.metadata")
)

// Content of a reranking.
const (
	// RerankerQueryKey is the text that documents are compared with. A string.
	RerankerQueryKey = attribute.Key("reranker.query")

	// RerankerInputDocumentsKey is the list of documents to rank. Members: Document*.
	RerankerInputDocumentsKey = attribute.Key("reranker.input_documents")

	// RerankerOutputDocumentsKey is the list of documents, best first. Members:
	// Document*.
	RerankerOutputDocumentsKey = attribute.Key("reranker.output_documents")
)
