package langsmith

// Request headers of LangSmith's OTLP endpoint.
const (
	// HeaderAPIKey carries the API key.
	HeaderAPIKey = "x-api-key"

	// HeaderProject carries the name of the project for every run of the request. It
	// beats [TraceSessionNameKey].
	HeaderProject = "Langsmith-Project"

	// HeaderTenantID carries the id of the workspace. An API key of a whole
	// organization is refused without it.
	HeaderTenantID = "X-Tenant-Id"
)
