package langtrace

// HeaderAPIKey is the request header with the API key. The key names the project:
// there is no header for it.
const HeaderAPIKey = "x-api-key"
