package langsmith

// Headers by which LangSmith's own SDKs hand a trace on from service to service. They are
// between services, LangSmith itself does not read them.
const (
	// HeaderTrace carries the dotted order of the calling run: the first UUID in it is the
	// trace, the last one the run.
	HeaderTrace = "langsmith-trace"

	// HeaderBaggage is W3C's header of that name, with the items below among others.
	HeaderBaggage = "baggage"
)

// Items of [HeaderBaggage]. Their values are percent-encoded.
const (
	// BaggageNamespace starts the names of all of them.
	BaggageNamespace = "langsmith-"

	// BaggageMetadata is the metadata of the calling run: a JSON object.
	BaggageMetadata = "langsmith-metadata"

	// BaggageTags are the tags of the calling run, separated by commas.
	BaggageTags = "langsmith-tags"

	// BaggageProject is the project of the calling run, by its name.
	BaggageProject = "langsmith-project"
)
